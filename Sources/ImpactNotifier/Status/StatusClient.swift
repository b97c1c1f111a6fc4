internal import Network

/// Asks the daemon on this machine; for a container's HEALTHCHECK, without curl in the image.
///
/// It blocks its thread for at most its patience, and is meant for a sub-command that does nothing else.
struct StatusClient {
    /// Where the daemon listens.
    let address: StatusAddress
    /// The longest wait for the whole answer.
    var patience: Duration = .seconds(5)

    /// The largest answer that is read, in bytes.
    private static let longestAnswer = 4 << 20

    /// The body of an answer with status 200 to `GET path`.
    ///
    /// - Throws: ``StatusError`` without an answer, or for another status.
    func get(_ path: String) throws(StatusError) -> String {
        let answer: String
        do throws(SystemError) {
            let request = "GET \(path) HTTP/1.1\r\nHost: \(address.reachable)\r\nConnection: close\r\n\r\n"
            let bytes = try PlainExchange(address.reachable.socketAddress, patience: patience)
                .send(Array(request.utf8), longestAnswer: Self.longestAnswer)
            answer = String(decoding: bytes, as: UTF8.self)
        } catch {
            throw StatusError(code: .noAnswer, address: address, detail: error.description)
        }
        let end = answer.firstRange(of: "\r\n\r\n")
        let body = end.map { answer[$0.upperBound...] } ?? ""
        let line = answer.prefix { !$0.isNewline }
        guard !line.isEmpty else {
            throw StatusError(code: .noAnswer, address: address, detail: "it ends the connection without an answer")
        }
        guard line.split(separator: " ").dropFirst().first == "200" else {
            let detail = "\(line.prefix(100)): \(body.prefix { !$0.isNewline }.prefix(200))"
            throw StatusError(code: .unhealthy, address: address, detail: detail)
        }
        return String(body)
    }
}
