import Logging
import Network
import TestSupport
import Testing

@testable import ImpactNotifier

@Suite struct `Log lines` {
    private func line(
        _ metadata: Logger.Metadata = [:],
        message: Logger.Message = "sent",
        level: Logger.Level = .info,
        format: LogFormat = .logfmt,
        isJournal: Bool = false
    ) -> String {
        let event = LogEvent(
            level: level,
            message: message,
            metadata: nil,
            source: "",
            file: "",
            function: "",
            line: 0
        )
        let encoder = LogEncoder(format: format, isJournal: isJournal)
        let octets = encoder.encode(event, component: "sender", metadata: metadata, time: 1_795_375_800.25)
        return String(decoding: octets, as: UTF8.self)
    }

    @Test func `logfmt begins with level, time, message and component; then the keys in order`() {
        #expect(
            line(["uri": "at://did:plc:a/b/c", "attempt": "2"])
                == "level=info ts=2026-11-22T19:30:00.250Z msg=sent component=sender attempt=2 uri=at://did:plc:a/b/c\n"
        )
    }

    @Test func `JSON has the same members, numbers and truth values bare`() {
        #expect(
            line(["status": .stringConvertible(429), "retry": .stringConvertible(true)], format: .json)
                == #"{"level":"info","ts":"2026-11-22T19:30:00.250Z","msg":"sent","component":"sender","#
                + #""retry":true,"status":429}"# + "\n"
        )
    }

    @Test(arguments: [
        (Logger.Level.critical, 2), (.error, 3), (.warning, 4), (.notice, 5), (.info, 6), (.debug, 7), (.trace, 7),
    ]) func `the journal gets a priority and no time`(level: Logger.Level, priority: Int) {
        #expect(
            line(level: level, isJournal: true) == "<\(priority)>level=\(level.rawValue) msg=sent component=sender\n"
        )
    }

    @Test(arguments: [
        ("a b", #""a b""#), ("", #""""#), (#"say "x""#, #""say \"x\"""#), ("a=b", #""a=b""#), (#"c:\d"#, #""c:\\d""#),
        ("one\ntwo\r\t", #""one\ntwo\r\t""#), ("\u{1B}[2J", #""\u001b[2J""#), ("\0", #""\u0000""#),
        ("a\u{202E}b", #""a\u202eb""#), ("a\u{2028}b", #""a\u2028b""#), ("a\u{A0}b", #""a\u00a0b""#),
        ("\u{E0041}", #""\udb40\udc41""#), ("\u{85}", #""\u0085""#), ("ünïcode 🛩", "\"ünïcode 🛩\""),
    ]) func `a hostile value cannot leave its quotes`(value: String, expected: String) {
        #expect(line(["reason": .string(value)]).hasSuffix(" reason=\(expected)\n"))
    }

    @Test func `a hostile key cannot forge another`() {
        #expect(line(["a=1 level": "x"]).hasSuffix(" a_1_level=x\n"))
        #expect(line(["level": "error"]).hasSuffix(" level_=error\n"))
        #expect(line(["": "x"]).hasSuffix(" _=x\n"))
    }

    @Test(arguments: LogFormat.allCases) func `a line never exceeds PIPE_BUF and says when it left something out`(
        format: LogFormat
    ) {
        let huge = String(repeating: "\u{7}🛩", count: 5000)
        let metadata = Logger.Metadata(uniqueKeysWithValues: (0..<50).map { ("key\($0)", .string(huge)) })
        let text = line(metadata, message: "\(huge)", format: format)
        #expect(text.utf8.count <= LogEncoder.lineLimit)
        #expect(text.contains("…"))
        #expect(text.hasSuffix(format == .json ? #","truncated":true}"# + "\n" : " truncated=true\n"))
        #expect(text.utf8.count { $0 == 10 } == 1)
    }

    @Test(arguments: LogFormat.allCases) func `a record that is named like a token can be found by its AT-URI`(
        format: LogFormat
    ) {
        let uri = "at://ref-0123456789abcdef0123.example.com/a.b.c/abcd-efgh-ijkl-mnop"
        #expect(line(["uri": .string(uri)], format: format).contains(uri))
        #expect(!line(["detail": .string(uri)], format: format).contains("abcd-efgh-ijkl-mnop"))
    }

    @Test func `nested metadata is one value`() {
        #expect(
            line(["hosts": .array(["a", "b"]), "owner": .dictionary(["did": "d", "token": "x"])])
                .hasSuffix(#" hosts="[a b]" owner="{did=d token=[redacted]}""# + "\n")
        )
    }

    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
        (-0.001, "1969-12-31T23:59:59.999Z"), (4_107_542_399.999, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400, "2100-03-01T00:00:00.000Z"), (1_735_689_599, "2024-12-31T23:59:59.000Z"),
    ]) func `times are RFC 3339 in UTC`(time: Double, expected: String) {
        #expect(Timestamp.rfc3339(UnixTime(seconds: time)) == expected)
    }
}
