import Glibc

/// An independent implementation in Python that reads the same bytes.
struct Oracle {
    /// What it came to.
    struct Answer {
        let events: String
        /// The close code that it would end with, 0 while open.
        let closeCode: UInt16
    }

    struct Failed: Error {}

    let python: String
    let script: String

    /// Judges byte sequences; one line of hexadecimal each goes in, events and `end CODE` come out.
    func judge(_ cases: [[UInt8]]) throws -> [Answer] {
        var template = Array("/tmp/websocket-oracle-XXXXXX".utf8CString)
        let input = unsafe mkstemp(&template)
        guard input >= 0 else { throw Failed() }
        let path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { _ = unsafe unlink(path) }
        for bytes in cases {
            let line = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\n"
            guard unsafe write(input, line, line.utf8.count) == line.utf8.count else { throw Failed() }
        }
        close(input)
        guard let pipe = unsafe popen("'\(python)' '\(script)' '\(path)'", "r") else { throw Failed() }
        defer { unsafe pclose(pipe) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, pipe)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return Self.parse(String(decoding: text, as: UTF8.self))
    }

    private static func parse(_ text: String) -> [Answer] {
        var answers: [Answer] = []
        var events: [Substring] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("end ") {
                let code = UInt16(line.dropFirst(4)) ?? 0
                answers.append(Answer(events: events.joined(separator: "\n"), closeCode: code))
                events = []
            } else {
                events.append(line)
            }
        }
        return answers
    }
}
