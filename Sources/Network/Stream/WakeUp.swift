internal import CLinux
internal import Glibc
internal import Synchronization

/// Ends another thread's `poll`: an `eventfd` and the flag that says why (eventfd(2)).
///
/// Any thread may signal; one thread waits.
public final class WakeUp: Sendable {
    private let event: Int32
    private let cancelled = Atomic<Bool>(false)

    /// An unsignalled wake-up.
    ///
    /// - Throws: ``StreamFailure`` of code `system` when the process has no descriptors left.
    public init() throws(StreamFailure) {
        event = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard event >= 0 else {
            throw StreamFailure(.system, peer: "this process", "eventfd: \(Descriptor.message(errno))")
        }
    }

    deinit { _ = close(event) }

    /// The descriptor to poll for input.
    public var descriptor: Int32 { event }

    /// Whether ``cancel()`` was called.
    public var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Wakes the waiting thread, or its next wait.
    public func signal() {
        var one: UInt64 = 1
        // The only failure is a counter that is already full, and then the waiter wakes anyway.
        _ = unsafe write(event, &one, 8)
    }

    /// Tells the waiting thread to give up.
    public func cancel() {
        cancelled.store(true, ordering: .releasing)
        signal()
    }

    /// Forgets the signals so far; called by the waiting thread when it has woken.
    public func clear() {
        var count: UInt64 = 0
        _ = unsafe read(event, &count, 8)
    }
}
