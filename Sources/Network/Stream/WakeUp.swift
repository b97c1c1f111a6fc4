internal import CLinux
internal import Glibc
internal import Synchronization

/// Ends another thread's `poll`: an `eventfd`, and a flag for cancellation (eventfd(2)).
///
/// Any thread may signal; only one thread may wait.
public final class WakeUp: Sendable {
    private let event: Int32
    private let cancelled = Atomic<Bool>(false)

    /// A wake-up that has not been signalled.
    ///
    /// - Throws: ``StreamError`` with code `system` when the process has no file descriptors left.
    public init() throws(StreamError) {
        event = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard event >= 0 else {
            throw StreamError(.system, peer: "this process", "eventfd: \(Descriptor.message(errno))")
        }
    }

    deinit { _ = close(event) }

    /// The descriptor to poll for reading.
    public var descriptor: Int32 { event }

    /// Whether ``cancel()`` was called.
    public var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Wakes the waiting thread, or ends its next wait.
    public func signal() {
        var one: UInt64 = 1
        // It can fail only when the counter is full, and then the waiting thread wakes anyway.
        _ = unsafe write(event, &one, 8)
    }

    /// Tells the waiting thread to give up.
    public func cancel() {
        cancelled.store(true, ordering: .releasing)
        signal()
    }

    /// Clears all signals; the waiting thread calls it after waking.
    public func clear() {
        var count: UInt64 = 0
        _ = unsafe read(event, &count, 8)
    }
}
