internal import Glibc
internal import Network

/// What an operator wants by a signal.
enum OperatorSignal: Sendable {
    /// SIGTERM or SIGINT: finish what is under way and end.
    case stop
    /// SIGHUP: read the configuration again.
    case reload
    /// SIGUSR1: write the status to the log.
    case report

    /// Listens from its return on, as long as the result lives.
    static func listen() async -> SignalStream<Self> {
        await SignalStream([SIGTERM: .stop, SIGINT: .stop, SIGHUP: .reload, SIGUSR1: .report])
    }
}
