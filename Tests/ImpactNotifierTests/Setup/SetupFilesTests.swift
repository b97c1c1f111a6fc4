import ATProtocol
import Glibc
import Sandbox
import TestSupport
import Testing

@testable import ImpactNotifier

/// What `init` does with files that are there already, and with those that it makes.
@Suite struct `The files that init writes` {
    private var choices: SetupChoices {
        var choices = SetupChoices()
        choices.account = SetupTrial.bot
        return choices
    }

    @Test func `replace nothing`() throws {
        let folder = try SetupFolder()
        try folder.directory.write("account: did:plc:mine\n", to: "impact-notifier.yaml")
        let objection = try #require(folder.place.objection)
        #expect(objection.status == .cannotCreate)
        #expect(objection.description.contains(folder.path) && objection.description.contains("--print"))
        #expect(throws: SetupError.self) { try folder.files.write(choices) }
        #expect(folder.directory.text("impact-notifier.yaml") == "account: did:plc:mine\n")
        #expect(folder.directory.names == ["impact-notifier.yaml"])
    }

    @Test func `are named for programs, too, with the commands that come next`() throws {
        let folder = try SetupFolder()
        let steps = SetupSteps(place: folder.place, choices: choices, start: .now(testing: "you.example.com"))
        #expect(steps.json["configuration"]?.string == folder.path)
        let next = steps.json["next"]?.array?.compactMap(\.string) ?? []
        #expect(next.count == 3, "\(next)")
        #expect(next.contains { $0.contains(" doctor --send-to you.example.com --config ") }, "\(next)")
    }

    @Test func `replace what came with the program and was never changed`() throws {
        let folder = try SetupFolder()
        try folder.directory.write(ShippedFiles.configuration, to: "impact-notifier.yaml")
        #expect(folder.place.objection == nil)
        _ = try folder.files.write(choices)
        #expect(folder.directory.text("impact-notifier.yaml").contains("account: \(SetupTrial.bot)"))
        #expect(folder.directory.names == ["impact-notifier.yaml"])
        #expect(try folder.check().account == .did(DID(SetupTrial.bot)))
    }

    @Test func `are written whatever one left that was killed`() throws {
        let folder = try SetupFolder()
        try folder.directory.write(ShippedFiles.configuration, to: "impact-notifier.yaml")
        try folder.directory.write("half of i", to: "impact-notifier.yaml.new")
        _ = try folder.files.write(choices)
        #expect(try folder.check().account == .did(DID(SetupTrial.bot)))
    }

    @Test func `replace no link, wherever it leads`() throws {
        let folder = try SetupFolder()
        try folder.directory.write(ShippedFiles.configuration, to: "real.yaml")
        try #require(unsafe symlink(folder.directory.file("real.yaml"), folder.path) == 0)
        #expect(folder.place.objection != nil)
        #expect(throws: SetupError.self) { try folder.files.write(choices) }
        #expect(folder.directory.text("real.yaml") == ShippedFiles.configuration)
    }

    @Test func `are none when one cannot be written`() throws {
        let folder = try SetupFolder()
        try folder.directory.write("mine\n", to: "impact-notifier.yaml")
        var choices = choices
        choices.session = .appPassword("abcd-efgh-2345-6789")
        #expect(throws: SetupError.self) { try folder.files.write(choices) }
        #expect(folder.directory.names == ["impact-notifier.yaml"], "nor is there a folder for secrets")
        // One that was there stays.
        #expect(unsafe mkdir(folder.directory.file("secrets"), 0o700) == 0)
        #expect(throws: SetupError.self) { try folder.files.write(choices) }
        #expect(folder.directory.names.sorted() == ["impact-notifier.yaml", "secrets"])
    }

    @Test func `hold no secret where its folder is no folder, or somebody else's`() throws {
        let folder = try SetupFolder()
        var choices = choices
        choices.session = .appPassword("abcd-efgh-2345-6789")
        let secrets = folder.directory.file("secrets")
        try folder.directory.write("", to: "secrets")
        #expect(throws: SetupError.self) { try folder.files.write(choices) }
        #expect(folder.directory.names == ["secrets"])
        try #require(unsafe unlink(secrets) == 0)
        try #require(unsafe mkdir(secrets, 0o755) == 0)
        // Only root can give it away.
        guard geteuid() == 0 else { return }
        try #require(unsafe chown(secrets, 12_345, 12_345) == 0)
        let objection = #expect(throws: SetupError.self) { try folder.files.write(choices) }
        #expect(objection?.description.contains("\(secrets) belongs to 12345") == true)
        #expect(folder.directory.names == ["secrets"])
    }

    @Test(arguments: ["a bot.yaml", "bot #2.yaml", "bot: 2.yaml", "'bot.yaml", "1.yaml"])
    func `name their secrets as YAML understands it, whatever the bot is called`(name: String) throws {
        let directory = try TemporaryDirectory()
        let loader = ConfigurationLoader(environment: ["PATH": "/usr/bin:/bin"])
        let place = SetupPlace(path: directory.file(name), by: loader)
        var choices = choices
        choices.session = .appPassword("abcd-efgh-2345-6789")
        _ = try SetupFiles(place: place, loader: loader).write(choices)
        let file = try loader.load(path: place.path).configuration.session.appPasswordFile
        #expect(file == place.secret("app-password") && SetupPlace.exists(place.secret("app-password")))
    }

    @Test func `are none when check would refuse the configuration`() throws {
        let folder = try SetupFolder()
        var choices = choices
        choices.session = .appPassword(nil)
        let objection = #expect(throws: SetupError.self) { try folder.files.write(choices) }
        #expect(objection?.status == .configuration)
        #expect(objection?.description.contains("secrets/app-password") == true)
        #expect(folder.directory.names.isEmpty)
    }

    @Test func `are closed when they are secrets, and open to the daemon's user when they are not`() throws {
        let folder = try SetupFolder()
        var choices = choices
        choices.session = .appPassword("abcd-efgh-2345-6789")
        _ = try folder.files.write(choices)
        var status = stat()
        try #require(unsafe stat(folder.path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o644)
        try #require(unsafe stat(folder.directory.file("secrets/app-password"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `are named after the bot, where several share a folder`() throws {
        let directory = try TemporaryDirectory()
        let place = SetupPlace(
            path: directory.file("two.yaml"),
            by: ConfigurationLoader(environment: ["CONFIGURATION_DIRECTORY": directory.path])
        )
        var choices = choices
        choices.session = .appPassword("abcd-efgh-2345-6789")
        #expect(place.isInPlace && place.stateDirectory == nil)
        #expect(try choices.text(at: place).contains("\n  app_password_file: two.app-password\n"))
        #expect(place.secret("app-password") == directory.file("secrets/two.app-password"))
    }

    @Test func `want a folder that is there`() {
        let place = SetupPlace(path: "/nowhere/bot.yaml", by: ConfigurationLoader(environment: [:]))
        #expect(place.objection?.description.contains("there is no folder /nowhere") == true)
    }

    @Test func `lead to the commands that come next`() throws {
        let folder = try SetupFolder()
        var steps = SetupSteps(place: folder.place, choices: choices, start: .now(testing: "you.example.com"))
        let typed = steps.lines.filter { $0.hasPrefix("  ") }
        #expect(typed.map { $0.contains("--config \(folder.path)") } == [true, true, true])
        #expect(typed[0].contains(" login ") && typed[1].contains("doctor --send-to you.example.com"))
        #expect(typed[2].contains(" run "))
        #expect(steps.beginning.map { $0[0] } == ["login", "doctor"] && steps.canBegin)
        var hosted = choices
        hosted.session = .confidential(folder: "https://notifier.example.net/")
        steps = SetupSteps(place: folder.place, choices: hosted, start: .later)
        #expect(!steps.canBegin)
        #expect(steps.lines.contains { $0.contains("client metadata --callback-page") })
    }
}
