internal import ArgumentParser
internal import Sandbox

/// `demo`: the main job, on the screen.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the real daemon in the network: change requests are written, direct messages appear.",
        discussion: """
            The daemon logs in by OAuth, and is killed with SIGKILL once while a message is on its way. --once ends after \
            three messages, with status 0 when each came exactly once and 1 when one is missing or doubled.
            """
    )

    @Option(help: "The daemon's binary; the one beside this program by default.")
    var daemon: String?

    @Flag(help: "End after three messages, one restart included.")
    var once = false

    @Option(help: "Seconds between two change requests.")
    var every: Double = 4

    func run() async throws {
        guard let binary = daemon ?? LocalDaemon.builtBinary else {
            throw ValidationError("there is no impact-notifier beside this program: give --daemon PATH")
        }
        let terminal = Terminal()
        let (isOnce, pause) = (once, Duration.seconds(every))
        let isGood = try await Interruption.run {
            let run = try await DemoRun(binary: binary, terminal: terminal, pause: pause)
            return await run.play(requests: isOnce ? 3 : nil)
        }
        guard let isGood else {
            terminal.say("stopped")
            return
        }
        if !isGood { throw ExitCode(1) }
    }
}
