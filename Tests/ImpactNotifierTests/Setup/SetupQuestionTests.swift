import ATProtocol
import Testing

@testable import ImpactNotifier
@testable import Notifier

/// The questions of `init`, from lines that somebody types to what was decided.
@Suite struct `The questions of init` {
    private static let uri = "at://\(SetupTrial.author)/com.example.request/3lq2zk5wq2222"

    @Test func `are five, from nothing to a test message`() throws {
        var trial = SetupTrial([
            " @Bot.Example.com ", "Tangled.yaml", "", "", "https://bsky.app/profile/you.example.com",
        ])
        trial.lines[1] = "tangled, hypercerts"
        let choices = try trial.play().get()
        #expect(trial.asked == [.account, .rule, .session, .recipients, .start])
        #expect(choices.account == "\(SetupTrial.bot)  # bot.example.com")
        #expect(choices.rules == .presets(["tangled", "hypercerts"]))
        #expect(choices.session == .loopback)
        #expect(choices.recipients == .followers && !choices.isShadow)
        #expect(trial.start == .now(testing: "you.example.com"))
        #expect(
            trial.said.contains { $0.contains("@bot.example.com is \(SetupTrial.bot), on https://pds.example.com") }
        )
    }

    @Test(arguments: [("", SetupAnswer.Start.now(testing: nil)), ("no", .later), ("y", .now(testing: nil))])
    func `end with whether to log in now`(line: String, start: SetupAnswer.Start) throws {
        var trial = SetupTrial(["bot.example.com", "leaflet", "", "", line])
        _ = try trial.play().get()
        #expect(trial.start == start)
    }

    @Test func `are not asked of what an option says`() throws {
        var trial = SetupTrial(["", "no"], given: [.account: SetupTrial.bot, .rule: "leaflet", .recipients: "anyone"])
        let choices = try trial.play().get()
        #expect(trial.asked == [.session, .start])
        #expect(choices.recipients == .anyone)
    }

    @Test(arguments: 0..<5) func `end with nothing when nobody answers any more`(count: Int) {
        var trial = SetupTrial(Array(["bot.example.com", "leaflet", "", ""].prefix(count)))
        guard case .failure(let objection) = trial.play() else {
            Issue.record("it went on")
            return
        }
        #expect(objection.status == .failure && objection.description.contains("nothing was written"))
        #expect(trial.asked.count == count + 1)
    }

    @Test(arguments: [
        (SetupQuestion.account, "bot", "did you mean 'bot.bsky.social'?"),
        (.account, "nobody.example.com", "no such account"),
        (.account, "", "its handle"),
        (.rule, "tangeld", "did you mean 'tangled'?"),
        (.rule, "at://\(SetupTrial.author)/com.example.request", "not one record"),
        (.rule, "at://\(SetupTrial.author)/com.example.request/none", "is not there"),
        (.session, "hunter22", "never the account's own password"),
        (.session, "confidential", "https:// URL of their folder"),
        (.session, "https://example.org/x?y=z", "is no folder"),
        (.recipients, "follower", "did you mean 'followers'?"),
        (.recipients, "allowlist", "tells nobody"),
        (.recipients, "anyone bob.example.com", "allowlist alone"),
        (.recipients, "allowlist nobody.example.com", "one of them is not there"),
        (.start, "maybe", "did you mean 'maybe.bsky.social'?"),
    ]) func `are asked again when an answer is wrong, with what was probably meant`(
        question: SetupQuestion,
        line: String,
        hint: String
    ) throws {
        var lines = ["bot.example.com", "leaflet", "", "", "no"]
        let number = try #require([.account, .rule, .session, .recipients, .start].firstIndex(of: question))
        lines.insert(line, at: number)
        var trial = SetupTrial(lines)
        _ = try trial.play().get()
        #expect(trial.asked.count == 6)
        #expect(trial.said.contains { $0.contains(hint) }, "\(trial.said)")
        #expect(!trial.said.contains { $0.contains("hunter22") }, "it may be a secret")
    }

    @Test func `are given up after five wrong answers`() {
        var trial = SetupTrial(["bot.example.com"] + Array(repeating: "nothing like it", count: 9))
        guard case .failure(let objection) = trial.play() else {
            Issue.record("it went on")
            return
        }
        #expect(objection.status == .usage && objection.description.contains("nothing was written"))
        #expect(trial.asked == [.account] + Array(repeating: .rule, count: 5))
    }

    @Test func `without a terminal are named by their options, all that are missing at once`() {
        var trial = SetupTrial(isAsking: false)
        guard case .failure(let objection) = trial.play() else {
            Issue.record("it went on")
            return
        }
        #expect(objection.status == .usage)
        #expect(objection.description.contains("--account HANDLE, --rule NAME|AT-URI"))
        #expect(trial.asked.isEmpty)
    }

    @Test func `without a terminal name everything that is wrong at once`() {
        let given: [SetupQuestion: String] = [
            .account: "bot", .rule: "tangeld", .session: "abcd-efgh-2345-6789", .recipients: "follower",
        ]
        var trial = SetupTrial(given: given, isAsking: false)
        guard case .failure(let objection) = trial.play() else {
            Issue.record("it went on")
            return
        }
        let reasons = objection.description.split(separator: "\n")
        #expect(reasons.count == 4 && objection.status == .usage, "\(reasons)")
        #expect(reasons.contains { $0.contains("never stands on a command line") })
        #expect(!objection.description.contains("abcd"))
    }

    @Test func `without a terminal have safe answers`() throws {
        var trial = SetupTrial(given: [.account: "bot.example.com", .rule: "leaflet"], isAsking: false)
        let choices = try trial.play().get()
        #expect(choices.session == .loopback && choices.recipients == .followers)
        #expect(trial.start == .later)
    }

    @Test func `take an app password that nobody sees, where the server offers no OAuth`() throws {
        var trial = SetupTrial(["bot.example.com", "leaflet", "", "abcd-efgh-2345-6789", "", "no"])
        trial.lacksOAuth = "it has no metadata"
        let choices = try trial.play().get()
        #expect(trial.said.contains { $0.contains("offers no login by OAuth") })
        #expect(choices.session == .appPassword("abcd-efgh-2345-6789"))
        #expect(!trial.said.joined().contains("abcd-efgh"))
        #expect(SetupQuestion.session.isHidden)
    }

    @Test func `find the accounts of an allowlist`() throws {
        var trial = SetupTrial([
            "bot.example.com", "leaflet", "", "allowlist: @you.example.com, \(SetupTrial.author)", "no",
        ])
        let choices = try trial.play().get()
        #expect(choices.recipients == .allowlist)
        #expect(choices.allowlist.map(\.text) == [SetupTrial.owner, SetupTrial.author])
    }

    @Test func `know shadow mode`() throws {
        var trial = SetupTrial(["bot.example.com", "leaflet", "", "shadow", "no"])
        let choices = try trial.play().get()
        #expect(choices.isShadow && choices.recipients == .followers)
    }

    // MARK: A record of one's own

    @Test func `make a rule after a record with one reference, and ask nothing more`() throws {
        var trial = SetupTrial(["bot.example.com", Self.uri, "", "", "no"])
        trial.records[Self.uri] = [
            "$type": "com.example.request", "title": "Mend the door",
            "subject": ["uri": .string("at://\(SetupTrial.owner)/com.example.project/p1"), "cid": "bafy"],
        ]
        let choices = try trial.play().get()
        #expect(trial.asked == [.account, .rule, .session, .recipients, .start])
        guard case .own(let rule) = choices.rules else {
            Issue.record("\(choices.rules)")
            return
        }
        #expect(rule.reference.path == "subject" && rule.reference.form == .strongReference)
        #expect(rule.reference.owner == SetupTrial.owner && rule.title == "title")
        #expect(trial.said.contains { $0.contains("Mend the door") }, "the record is shown")
    }

    private static let several: JSONValue = [
        "$type": "com.example.request", "text": "Mend the door",
        "assignee": .string(SetupTrial.bot), "subject": .string("at://\(SetupTrial.owner)/com.example.project/p1"),
        "thread": ["root": .string("at://\(SetupTrial.author)/com.example.request/3lq2zk5wq2221")],
    ]

    @Test(arguments: [("", "subject"), ("2", "assignee"), ("thread.root", "thread.root")])
    func `ask which field counts where several lead to others`(line: String, path: String) throws {
        var trial = SetupTrial(["bot.example.com", Self.uri, "thread.rot", line, "", "", "no"])
        trial.records[Self.uri] = Self.several
        let choices = try trial.play().get()
        #expect(trial.asked == [.account, .rule, .reference, .reference, .session, .recipients, .start])
        #expect(trial.said.contains { $0.contains("did you mean 'thread.root'?") })
        guard case .own(let rule) = choices.rules else {
            Issue.record("\(choices.rules)")
            return
        }
        #expect(rule.reference.path == path)
    }

    @Test(arguments: [nil, "subject", "elsewhere"]) func `take the field from an option where nobody is asked`(
        path: String?
    ) throws {
        var given: [SetupQuestion: String] = [.account: "bot.example.com", .rule: Self.uri]
        given[.reference] = path
        var trial = SetupTrial(given: given, isAsking: false)
        trial.records[Self.uri] = Self.several
        switch trial.play() {
        case .success(let choices):
            guard case .own(let rule) = choices.rules else {
                Issue.record("\(choices.rules)")
                return
            }
            #expect(path == "subject" && rule.reference.path == "subject")
        case .failure(let objection):
            #expect(path != "subject" && objection.status == .usage)
            #expect(objection.description.contains(path == nil ? "--reference-path" : "there is no such field"))
        }
    }

    @Test func `want another record where one refers to nothing`() throws {
        var trial = SetupTrial(["bot.example.com", Self.uri, "leaflet", "", "", "no"])
        trial.records[Self.uri] = ["$type": "com.example.request", "title": "Mend the door"]
        #expect(try trial.play().get().rules == .presets(["leaflet"]))
        #expect(trial.said.contains { $0.contains("name another record") })
    }
}
