internal import CLinux
internal import FlyingSocks
internal import FoundationEssentials
internal import Glibc

/// Asks the daemon on this machine: the container's HEALTHCHECK, without curl in the image.
///
/// It blocks its thread, each step for at most its patience; meant for a sub-command that does nothing else.
struct StatusClient {
    /// Where the daemon listens.
    let address: StatusAddress
    /// Longest wait of connecting, and of each read and write, in seconds.
    var patience = 3

    /// The body of an answer of status 200 to `GET path`.
    ///
    /// - Throws: ``StatusFailure`` when nobody answers, or the answer is another.
    func get(_ path: String) throws(StatusFailure) -> String {
        let answer: String
        do {
            answer = try exchange(path)
        } catch {
            throw StatusFailure(.noAnswer, at: address, cause: error)
        }
        let (head, body) = Self.split(answer)
        let line = head.prefix { !$0.isNewline }
        guard line.split(separator: " ").dropFirst().first == "200" else {
            let detail = "\(line.prefix(100)): \(body.prefix { !$0.isNewline }.prefix(200))"
            throw StatusFailure(code: .unhealthy, address: address, detail: detail)
        }
        return String(body)
    }

    private func exchange(_ path: String) throws -> String {
        let target = try address.reachableSocketAddress()
        let socket = try Socket(domain: Int32(type(of: target).family))
        defer { try? socket.close() }
        limit(socket)
        try socket.connect(to: target)
        _ = try socket.write(Data("GET \(path) HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n".utf8))
        // The server may keep the connection open whatever we ask, so the length decides.
        var answer: [UInt8] = []
        while answer.count < 1 << 20, !Self.isComplete(String(decoding: answer, as: UTF8.self)) {
            answer += try socket.read(atMost: 64 << 10)
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private static func split(_ answer: String) -> (head: Substring, body: Substring) {
        guard let end = answer.firstRange(of: "\r\n\r\n") else { return (answer[...], "") }
        return (answer[..<end.lowerBound], answer[end.upperBound...])
    }

    private static func isComplete(_ answer: String) -> Bool {
        let (head, body) = split(answer)
        let length = head.split(separator: "\r\n").lazy
            .map { $0.split(separator: ":", maxSplits: 1) }
            .first { $0.first?.lowercased() == "content-length" }
            .flatMap { $0.dropFirst().first }
            .flatMap { Int($0.drop { $0 == " " }) }
        return length.map { body.utf8.count >= $0 } ?? false
    }

    private func limit(_ socket: Socket) {
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            var limit = timeval(tv_sec: patience, tv_usec: 0)
            let size = socklen_t(MemoryLayout<timeval>.size)
            unsafe setsockopt(socket.file.rawValue, SOL_SOCKET, option, &limit, size)
        }
    }
}
