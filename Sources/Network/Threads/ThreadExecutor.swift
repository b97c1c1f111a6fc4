internal import CLinux
internal import Glibc
internal import Synchronization

/// Runs tasks and actors on a thread of its own, so that they may block without occupying the cooperative pool.
///
/// To keep structured cancellation, run work under `withTaskExecutorPreference(executor)` in a `@concurrent` function.
/// An actor uses the executor as its `unownedExecutor`. The thread ends when the executor is released. `SIGPIPE` is
/// blocked on the thread: there, a write to a closed connection returns an error instead of ending the process.
public final class ThreadExecutor: SerialExecutor, TaskExecutor {
    private let queue: ExecutorJobQueue

    /// Starts a thread.
    ///
    /// - Parameter name: at most 15 characters; shown by `ps -L` and `top -H`.
    /// - Throws: ``StreamError`` of code `system` when the system has no thread left.
    public init(name: String) throws(StreamError) {
        queue = ExecutorJobQueue()
        try queue.start(name: String(name.prefix(15)))
    }

    deinit { queue.finish() }

    /// Adds a job at the end of the queue.
    public func enqueue(_ job: consuming ExecutorJob) {
        unsafe queue.add(UnownedJob(job), serial: asUnownedSerialExecutor(), task: asUnownedTaskExecutor())
    }
}

/// The queue of jobs, shared by the tasks that add them and the thread that runs them.
private final class ExecutorJobQueue: Sendable {
    // The references are valid while the job waits: whoever enqueues a job holds the executor.
    @safe private struct Entry: Sendable {
        let job: UnownedJob
        let serial: UnownedSerialExecutor
        let task: UnownedTaskExecutor
    }

    private struct State {
        var jobs: [Entry] = []
        var isFinished = false
    }

    private let state = Mutex(State())
    private let wakeUp = Signal()

    func start(name: String) throws(StreamError) {
        let result = PlainThread.start(name: name) { self.run() }
        guard result == 0 else {
            throw StreamError(.system, peer: "this process", "pthread_create: \(Descriptor.message(result))")
        }
    }

    func add(_ job: UnownedJob, serial: UnownedSerialExecutor, task: UnownedTaskExecutor) {
        state.withLock { unsafe $0.jobs.append(Entry(job: job, serial: serial, task: task)) }
        wakeUp.post()
    }

    func finish() {
        state.withLock { $0.isFinished = true }
        wakeUp.post()
    }

    private func run() {
        while true {
            let (jobs, isFinished) = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                return (jobs, state.isFinished)
            }
            for entry in jobs {
                unsafe entry.job.runSynchronously(isolatedTo: entry.serial, taskExecutor: entry.task)
            }
            if jobs.isEmpty {
                if isFinished { return }
                wakeUp.wait()
            }
        }
    }
}

/// A counting semaphore (sem_overview(7)); a `sem_t` must not move, so it is on the heap.
@safe private final class Signal: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func post() { unsafe sem_post(semaphore) }

    func wait() {
        while unsafe sem_wait(semaphore) != 0 && errno == EINTR {}
    }
}
