internal import Dispatch
internal import Glibc

/// The signals that an operator sends, as a sequence.
///
/// They are received by Dispatch: libdispatch parks the main thread with an empty signal mask, so `sigwait` and
/// `signalfd` see nothing.
struct SignalStream: Sendable {
    /// What an operator wants.
    enum Request: Sendable {
        /// SIGTERM or SIGINT: finish what is under way and end.
        case stop
        /// SIGHUP: read the configuration again.
        case reload
        /// SIGUSR1: write the status to the log.
        case report
    }

    /// The requests, in order.
    let requests: AsyncStream<Request>
    private let sources: Sources

    /// Listens from now on, as long as this value lives.
    init() {
        let signals: [(Int32, Request)] = [(SIGTERM, .stop), (SIGINT, .stop), (SIGHUP, .reload), (SIGUSR1, .report)]
        let (requests, continuation) = AsyncStream.makeStream(of: Request.self)
        self.requests = requests
        sources = Sources(
            signals.map { number, request in
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(request) }
                source.activate()
                return source
            }
        )
    }

    /// Keeps the sources alive; accessed only when it is made and when it ends.
    private final class Sources: @unchecked Sendable {
        private let all: [any DispatchSourceSignal]

        init(_ all: [any DispatchSourceSignal]) { self.all = all }

        deinit { for source in all { source.cancel() } }
    }
}
