internal import LedgerStorage
internal import Notifier

/// Why the daemon cannot go on, and the exit status for the service manager.
struct DaemonError: Error, Hashable, CustomStringConvertible {
    /// The exit status that systemd sees.
    var status: ExitStatus
    /// One sentence for the operator.
    var sentence: String

    var description: String { sentence }
}

extension DaemonError {
    /// Damage to our own state is fatal at once, and loud (invariant 8).
    init(_ error: LedgerError) {
        let status: ExitStatus =
            switch error.code {
            case .inUse, .busy: .temporaryFailure
            case .readOnly, .unopenable: .cannotCreate
            case .corrupt, .tooNew: .software
            default: .inputOutput
            }
        self.init(status: status, sentence: error.description)
    }
}
