import ATProtocol
import Backfill
import Crypto
import Network
import Synchronization
import TestSupport
import Testing

@testable import Firehose
@testable import ImpactNotifier
@testable import Notifier
@testable import OAuth

@Suite struct `The page for people` {
    private typealias Fixture = StatusPageFixture

    @Test func `says that all is well, with the figures`() throws {
        let page = try Fixture.facts().page
        #expect(page.level == .well && page.findings.isEmpty)
        let html = page.html.markup
        #expect(Markup.problems(in: html) == [])
        for text in [
            "<h2>All is well</h2>", "<p>500 requests, 552 messages.</p>", "jetstream.example",
            "The ledger&#39;s figures are 3 s old.",
            "Since the start: 500 requests, 120 messages delivered, the last 30 s ago.", ">480<",
            "The author is the owner", "did:plc:cccccccccccccccccccccccc", "2028-", "Mostly for", "author-is-owner: 8",
        ] { #expect(html.contains(text), "\(text)") }
        #expect(html.matches(of: /<rect class="requests"/).count == 24)
        #expect(html.contains(#"<rect class="requests" x="401" y="0" width="8" height="100">"#))
        #expect(!html.contains("Words of somebody") && !html.contains("a stranger"), "no text of anybody")
        let text = page.text
        #expect(text.hasPrefix("WELL: All is well.\ndid:plc:aaaaaaaaaaaaaaaaaaaaaaaa, "))
        let (head, first) = (
            "State".padding(to: 18) + "Number  Why", "waits".padding(to: 18) + "12      The owner takes"
        )
        #expect(text.contains("  \(head)\n  \(first) messages only from people they follow"))
        #expect(text.contains("at most 500 in an hour"))
        #expect(!text.contains("Words of somebody") && !text.contains("a stranger"))
    }

    @Test func `counts answers to what people wrote apart from messages`() throws {
        var facts = try Fixture.facts()
        facts.overview?.figures.hours[3].answers = 2
        let page = facts.page
        for text in [page.html.markup, page.text] {
            #expect(text.contains("500 requests, 552 messages, and 2 answers to what people wrote."))
        }
        #expect(page.html.markup.contains(#"<td class="number">6</td><td class="number">2</td></tr>"#))
    }

    @Test func `needs no script to renew itself, and nothing from elsewhere`() throws {
        let html = try Fixture.facts().page.html.markup
        #expect(html.contains(#"<noscript><meta http-equiv="refresh" content="30"></noscript>"#))
        #expect(html.contains(#"<html lang="en""#) && html.contains("<main>") && html.contains("<h1>"))
        let heads = html.matches(of: /<th(?![a-z])( scope="(?:row|col)")?/)
        #expect(!heads.isEmpty && heads.allSatisfy { $0.1 != nil })
        #expect(!html.contains("http://") && !html.contains("//cdn"))
        let policy = StatusPage.securityPolicy
        for element in ["style", "script"] {
            let start = try #require(html.firstRange(of: "<\(element)>")).upperBound
            let end = try #require(html[start...].firstRange(of: "</\(element)>")).lowerBound
            let hash = Base64.encode(Digest.sha256(String(html[start..<end])))
            #expect(policy.contains("\(element)-src 'sha256-\(hash)'"), "\(policy)")
        }
        #expect(policy.hasPrefix("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
    }

    private static let states: [(StatusPage.Level, String, @Sendable (inout StatusFacts.Daemon) -> Void)] = [
        (
            .trouble, "Nothing can be sent: the session needs a login (token-dead): gone; run 'impact-notifier login'",
            { daemon in
                daemon.session.state = .needsLogin(SessionProblem(.tokenDead, "gone"))
                daemon.session.sendObstacle = SendObstacle(
                    "the session needs a login (token-dead): gone",
                    remedy: "impact-notifier login"
                )
            }
        ),
        (
            .trouble,
            "No stream host is connected; the newest event is 10 min old. Nothing is lost: reading goes on from there.",
            { $0.hosts = [StatusPageFixture.host(isConnected: false, age: 600)] }
        ),
        (
            .notice, "The stream is being connected again.",
            { $0.hosts = [StatusPageFixture.host(isConnected: false, age: 5)] }
        ),
        (
            .trouble, "The ledger has not answered for 12 s; the figures are older than that.",
            { $0.ledger = .silent(.seconds(12)) }
        ),
        (
            .notice, "The newest event of the stream is 3 h old: it is being caught up with, or nobody writes.",
            { daemon in
                let behind = StatusPageFixture.host(age: .seconds(10_800))
                daemon.hosts = [behind, StatusPageFixture.host(isConnected: false)]
            }
        ),
        (.trouble, "The ledger cannot be read: no such file", { $0.ledger = .failing("no such file") }),
        (
            .notice, "The stream is being connected.",
            { daemon in
                daemon.hosts = []
                daemon.uptime = 20
            }
        ),
        (
            .trouble, "No stream host could be reached in the 3 min since the start.",
            { daemon in
                daemon.hosts = []
                daemon.uptime = 180
            }
        ),
        (
            .notice,
            "Nothing is sent: SHADOW MODE, sending.enabled is false; set it to true and run 'impact-notifier reload'.",
            { $0.pipeline = StatusPageFixture.pipeline(.off) }
        ),
        (
            .notice, "The session is degraded (unreachable): no answer. Messages are still sent.",
            { $0.session.state = .degraded(SessionProblem(.unreachable, "no answer")) }
        ),
        (
            .trouble, "The session ends in 47 h, on 2026-09-23; then nothing is sent.",
            { $0.session.endsAt = StatusPageFixture.now + .seconds(47 * 3600) }
        ),
        (
            .notice, "The oldest job that waits only for its turn is 2 h old.",
            { $0.pipeline?.oldestPendingAge = .seconds(7200) }
        ),
    ]

    @Test(arguments: states.indices) func `says what is the matter, in both forms and for programs`(index: Int) throws {
        let (level, sentence, change) = Self.states[index]
        let page = try Fixture.facts(change).page
        #expect(page.findings.first?.sentence == sentence && page.level == level, "\(page.findings)")
        #expect(Markup.problems(in: page.html.markup) == [])
        #expect(page.html.markup.contains(#"<div class="verdict \#(level.rawValue)">"#))
        #expect(page.text.hasPrefix(level.rawValue.uppercased() + ": ") && page.text.contains(sentence))
        #expect(page.healthJSON["level"]?.string == level.rawValue)
        #expect(page.healthJSON["findings"]?[0]?["sentence"]?.string == sentence)
    }

    @Test func `shows in the first minute what there is`() throws {
        var facts = try Fixture.facts { daemon in
            daemon.ledger = .opening
            daemon.pipeline = nil
            daemon.hosts = []
            daemon.uptime = 1
        }
        facts.overview = nil
        let page = facts.page
        #expect(page.level == .notice && page.findings.count == 2)
        #expect(page.text.contains("The ledger's figures have not been read yet."))
        #expect(Markup.problems(in: page.html.markup) == [])
    }

    @Test func `says that its figures are old, when they cannot be read`() throws {
        var facts = try Fixture.facts()
        facts.overview?.age = .seconds(900)
        let finding = try #require(facts.page.findings.first)
        #expect(finding.level == .notice)
        #expect(finding.sentence == "The ledger's figures could not be read for 15 min: those here are from before.")
        facts.overview = nil
        #expect(facts.page.findings.count == 1, "an hour after the start there are none")
        // Of a ledger that is silent it is said once.
        facts = try Fixture.facts { $0.ledger = .silent(.seconds(900)) }
        facts.overview?.age = .seconds(900)
        #expect(facts.page.findings.count == 1)
    }

    @Test func `names open gaps, and events that could not be read`() throws {
        var facts = try Fixture.facts { $0.pipeline?.quarantined = 2 }
        let gap = StreamGap(host: "h", wire: .jetstream2, from: 0, until: 60_000_000, reason: .cursorTooOld)
        facts.overview?.figures.openGaps = 1
        let wait = SweepWait(unanswered: "did:web:a.test did not answer", nextAt: 90, patience: 60)
        facts.overview?.figures.gaps = [OpenGap(id: 1, gap: gap, wait: wait)]
        let page = facts.page
        for text in [page.html.markup, page.text] {
            #expect(text.contains("1 gap is open, and the events that may be missing are being looked for:"))
            #expect(
                text.contains("1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z (cursor-too-old); those who have not")
            )
            #expect(text.contains("2 events could not be read") && !text.contains("did:web:a.test"))
        }
    }

    @Test func `asks for a decision where only a human can find out`() throws {
        var facts = try Fixture.facts()
        facts.overview?.figures.standing.append(.init(state: .uncertain, reason: .sendsExhausted, number: 2))
        let finding = try #require(facts.page.findings.first)
        #expect(finding.level == .notice && finding.sentence.hasPrefix("2 jobs need your decision: "))
        #expect(finding.advice?.contains("jobs list --state uncertain") == true)
    }

    @Test func `names nobody where others than this machine may look`() throws {
        var facts = try Fixture.facts()
        facts.namesPeople = false
        let page = facts.page
        for text in [page.html.markup, page.text] {
            #expect(!text.contains("did:plc:bbbb") && !text.contains("did:plc:cccc") && !text.contains("3kabc"))
            #expect(text.contains("The author is the owner"))
        }
        for (address, isLoopback) in [
            ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("0.0.0.0:1", false), ("[::]:1", false),
            ("10.0.0.1:1", false), ("[127::1]:1", false),
        ] {
            let configuration = StatusConfiguration(address: StatusAddress(address))
            #expect(configuration.isReachedByOthers == !isLoopback, "\(address)")
        }
    }

    @Test(arguments: [
        "<script>alert(1)</script>", #""><img src=x onerror=alert(1)>"#, "' onmouseover='alert(1)", "</title></style>",
        "&lt;b&gt;", "a\u{202E}b\u{0}\u{1B}[31m", "]]>", "{{x}}",
    ])
    func `shows a stranger's names as text`(name: String) throws {
        var facts = try Fixture.facts { daemon in
            daemon.hosts = [StatusPageFixture.host(name)]
            daemon.ledger = .failing(name)
            daemon.session.pds = name
            daemon.session.state = .degraded(SessionProblem(.unreachable, name))
        }
        facts.account = name
        facts.rules = [name]
        facts.overview?.figures.rules = [name: RuleTally(matched: 1)]
        facts.overview?.figures.outcomes = [try Fixture.job(.dropped, .tooOld, rule: name)]
        let html = facts.page.html.markup
        #expect(Markup.problems(in: html) == [])
        #expect(html.matches(of: /<script/).count == 1 && html.matches(of: /<style/).count == 1)
        #expect(!html.contains("<img") && !html.unicodeScalars.contains("\u{202E}") && !html.contains("\u{1B}"))
        #expect(html.components(of: HTML.escaped(name)) >= 5, "it is there, as text")
    }

    @Test(arguments: ["\n", "\r\n", "\u{2028}", "\u{85}"])
    func `lets a stranger's words begin no line in a terminal`(end: String) throws {
        let words = "no answer\(end)WELL: All is well."
        var facts = try Fixture.facts { daemon in
            daemon.ledger = .failing(words)
            daemon.session.pds = words
            daemon.session.state = .degraded(SessionProblem(.unreachable, words))
        }
        facts.account = words
        facts.overview?.figures.outcomes = [try Fixture.job(.dropped, .tooOld, rule: words)]
        let lines = facts.page.text.split(whereSeparator: \.isNewline)
        #expect(lines.first?.hasPrefix("TROUBLE: ") == true)
        #expect(!lines.dropFirst().contains { $0.hasPrefix("WELL") || $0.hasPrefix("  WELL") })
        var job = try Fixture.job(.dropped, .tooOld)
        job.detail = words
        #expect(!job.lines(now: Fixture.now).contains { $0.contains(where: \.isNewline) })
    }

    @Test func `costs twenty readers as much as one`() throws {
        let builds = Mutex(0)
        let page = try Fixture.facts().page
        let pages = StatusPages {
            builds.withLock { $0 += 1 }
            return page
        }
        let start = ContinuousClock.now
        let request = ServerRequest(path: "/", headers: ["Accept": "text/html,*/*;q=0.8"])
        // A minute in which each of twenty asks every five seconds.
        for turn in 0..<240 { _ = pages.reply(to: request, at: start + .milliseconds(250 * turn)) }
        #expect((25...31).contains(builds.withLock(\.self)), "\(builds.withLock(\.self))")
    }

    @Test func `comes as a browser, or as a terminal, asks for it`() throws {
        let page = try Fixture.facts().page
        let pages = StatusPages { page }
        let html = pages.reply(to: ServerRequest(path: "/", headers: ["Accept": "text/html"])).response
        #expect(html.headers["Content-Type"] == "text/html; charset=utf-8")
        #expect(html.headers["Content-Security-Policy"] == StatusPage.securityPolicy)
        #expect(html.headers["Cache-Control"] == "no-store" && html.headers["X-Content-Type-Options"] == "nosniff")
        #expect(html.headers["Vary"] == "Accept" && html.headers["Referrer-Policy"] == "no-referrer")
        for accept in [[:], ["Accept": "*/*"], ["Accept": "text/plain"]] as [HTTPHeaders] {
            let text = pages.reply(to: ServerRequest(path: "/", headers: accept)).response
            #expect(text.headers["Content-Type"] == "text/plain; charset=utf-8")
            #expect(String(decoding: text.body, as: UTF8.self) == page.text)
        }
    }

    @Test func `is taken from a daemon of this bot alone, whoever else answers in its place`() throws {
        let address = try #require(StatusAddress("127.0.0.1:9464"))
        let account = try DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")
        func answer(_ json: String, _ text: String = "WELL: All is well.\n") throws(StatusFacts.Silence)
            -> StatusCommand.Answer
        { try StatusCommand.Answer(json: json, text: text, from: address, of: .did(account)) }
        let own = #"{"health": {"level": "notice"}, "session": {"account": "\#(account)"}}"#
        #expect(try answer(own).level == .notice && answer(own).shownLevel == .well)
        #expect(throws: StatusFacts.Silence.self) { try answer(own, "<html>") }
        for other in [
            "<html>", "{}", #"{"health": {"level": "fine"}}"#, #"{"status": "ok"}"#,
            #"{"health": {"level": "well"}, "session": {"account": "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"}}"#,
        ] { #expect(throws: StatusFacts.Silence.self, "\(other)") { try answer(other) } }
    }

    @Test func `names the unit of its bot, and no name of a bot changes its script`() throws {
        #expect(Instance.unit(of: nil) == "impact-notifier" && Instance.unit(of: "two") == "impact-notifier@two")
        let page = try Fixture.facts().page.html.markup
        #expect(page.contains(#"data-unit="impact-notifier""#))
        let script = #/<script>.*<\/script>/#.dotMatchesNewlines()
        let written = try #require(page.firstMatch(of: script)).0
        let addressed = try #require(Instance.addressed(page, to: "two").firstMatch(of: script)).0
        #expect(addressed == written && !written.contains("status impact-notifier"))
    }

    @Test func `without a daemon says so, and what the ledger knows`() throws {
        var facts = try Fixture.facts()
        let finding = StatusPage.Finding(level: .trouble, sentence: "No daemon answers.", advice: "Start it.")
        facts.daemon = .failure(.init(finding: finding))
        let page = facts.page
        #expect(page.level == .trouble && page.findings == [finding])
        #expect(page.text.contains("Not known: no running daemon was asked.") && page.text.contains("500 requests"))
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
