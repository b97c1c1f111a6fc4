import Glibc
import Network
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A stream of signals` {
    /// A signal that nobody has heard would end the tests' process.
    @Test func `hears a signal that comes as soon as it is made`() async {
        for round in 0..<20 {
            let signals = await SignalStream([SIGUSR1: round, SIGUSR2: -round])
            #expect(kill(getpid(), SIGUSR2) == 0)
            #expect(await signals.requests.first { _ in true } == -round)
        }
    }
}
