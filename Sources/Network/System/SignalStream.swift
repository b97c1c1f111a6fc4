internal import Dispatch

/// Signals to this process as a sequence of what they ask for.
///
/// They are received by Dispatch: libdispatch parks the main thread with an empty signal mask, so `sigwait` and
/// `signalfd` see nothing.
package struct SignalStream<Request: Sendable>: Sendable {
    /// The requests, in order.
    package let requests: AsyncStream<Request>
    private let sources: Sources

    /// Listens from its return on, as long as this value lives.
    ///
    /// Dispatch registers a source a moment after it was activated. A signal in between would end the process at once.
    package init(_ meanings: [Int32: Request]) async {
        let (requests, continuation) = AsyncStream.makeStream(of: Request.self)
        var sources: [any DispatchSourceSignal] = []
        for (number, request) in meanings {
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(request) }
            await withCheckedContinuation { registered in
                source.setRegistrationHandler { registered.resume() }
                source.activate()
            }
            sources.append(source)
        }
        self.requests = requests
        self.sources = Sources(sources)
    }

    /// Keeps the sources alive; accessed only when it is made and when it ends.
    private final class Sources: @unchecked Sendable {
        private let all: [any DispatchSourceSignal]

        init(_ all: [any DispatchSourceSignal]) { self.all = all }

        deinit { for source in all { source.cancel() } }
    }
}
