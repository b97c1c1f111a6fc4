import Testing

@testable import Notifier

/// What an answer asks for, by its words alone.
@Suite struct `A command` {
    private typealias Muting = OwnerCommand.Muting

    static let commands: [(text: String, command: OwnerCommand)] = [
        ("help", .help), ("HELP!", .help), ("Help?", .help), ("ｈｅｌｐ", .help), ("please help me, thanks 🙏", .help),
        ("status", .status), ("Status?", .status), ("status\n\nSent from my iPhone", .status),
        ("On 3 May 2026 at 10:00 they wrote:\n> stop\n\nstatus", .status),
        ("digest daily", .digest(.daily)), ("Digest: DAILY, please", .digest(.daily)),
        ("daily digest", .digest(.daily)), ("digest now", .digest(.now)), ("Digest weekly.", .digest(.weekly)),
        ("hi, digest hourly. thanks", .digest(.hourly)), ("no digest", .digest(.now)),
        ("stop", .stop), ("> status\nstop", .stop), ("nein danke", .stop), ("START", .start),
        ("mute", .mute([])), ("unmute", .unmute([nil])), ("Unmute, please", .unmute(["please", nil])),
        ("unmute all", .unmute(["all", nil])), ("unmute My Engine", .unmute(["My Engine"])),
        ("unmute Engine thanks", .unmute(["Engine thanks", "Engine"])),
    ]

    @Test(arguments: commands) func `is read however it is written`(text: String, command: OwnerCommand) {
        #expect(OwnerCommand(text) == command)
    }

    static let mutings: [(text: String, readings: [(project: String, days: Int?)])] = [
        ("mute Engine", [("Engine", nil)]), ("👋 MUTE:  Engine", [("Engine", nil)]),
        ("mute “My Engine” 7", [("“My Engine” 7", nil), ("“My Engine”", 7)]),
        ("please mute Engine for 2 weeks", [("Engine for 2 weeks", nil), ("Engine", 14)]),
        ("mute Engine 3d, thanks", [("Engine 3d, thanks", nil), ("Engine 3d,", nil), ("Engine", 3)]),
        ("mute at://did:plc:x/a.b.c/k 1 day", [("at://did:plc:x/a.b.c/k 1 day", nil), ("at://did:plc:x/a.b.c/k", 1)]),
        ("mute 7", [("7", nil)]), ("mute Engine 0", [("Engine 0", nil)]), ("mute Engine days", [("Engine days", nil)]),
        ("mute Engine 99999", [("Engine 99999", nil), ("Engine", 3650)]),
        ("mute Engine 99999999999999999999 weeks", [("Engine 99999999999999999999 weeks", nil)]),
        ("mute Engine 999999 weeks", [("Engine 999999 weeks", nil), ("Engine", 3650)]),
    ]

    @Test func `to mute a project says what may be its name, and for how long`() {
        for (text, readings) in Self.mutings {
            let expected = readings.map { Muting(project: $0.project, days: $0.days) }
            #expect(OwnerCommand(text) == .mute(expected), "\(text)")
        }
    }

    @Test(arguments: [
        "", "🙏", "digest", "digest monthly", "digest daily?", "don't digest daily", "digest daily or weekly",
        "mute?", "mute Engine?", "I mute Engine", "never mute Engine", "could you unmute", "> mute Engine",
        "> digest daily\n\nWhat does that mean", "helpful", "status of Engine", "the status is bad",
    ]) func `is none in other words, in a question, nor in what is quoted`(text: String) {
        #expect(OwnerCommand(text) == nil)
    }

    @Test func `is none in a long text`() {
        #expect(OwnerCommand("mute " + String(repeating: "x ", count: 200)) == nil)
    }
}
