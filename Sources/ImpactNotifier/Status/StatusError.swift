/// Why the status endpoint, or a question to it, failed.
struct StatusError: Error, CustomStringConvertible {
    /// What went wrong; more codes may be added.
    struct Code: RawRepresentable, Hashable, Sendable {
        let rawValue: String
        /// It cannot listen at the address: it is in use, not of this machine, or a port below 1024.
        static let cannotListen = Code(rawValue: "cannot_listen")
        /// It listens but cannot serve, for example because there are no free descriptors.
        static let interrupted = Code(rawValue: "interrupted")
        /// Nobody listens, or there is no answer in time.
        static let noAnswer = Code(rawValue: "no_answer")
        /// The answer is not 200.
        static let unhealthy = Code(rawValue: "unhealthy")
    }

    let code: Code
    let address: StatusAddress
    /// The system's or the server's words.
    let detail: String

    /// One sentence for the operator.
    var description: String {
        switch code {
        case .cannotListen:
            "the status endpoint cannot listen on \(address): \(detail); change status.listen or free the port"
        case .interrupted: "the status endpoint on \(address) takes no connections: \(detail)"
        case .noAnswer: "no daemon answers on \(address): \(detail)"
        default: "the daemon on \(address) is not healthy: \(detail)"
        }
    }
}
