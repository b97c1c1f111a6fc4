import Network
import OAuth
import Synchronization

/// A process on a machine that crashes: when it is dead, its requests, writes and sleeps do not happen.
final class MortalProcess: Sendable {
    private struct State {
        var isAsleep = false
        /// Ends the wait for what the process does.
        var leave: (@Sendable () -> Void)?
    }

    private let disk: CrashingFileSystem
    private let epoch: Int
    private let state = Mutex(State())

    init(_ disk: CrashingFileSystem) {
        self.disk = disk
        epoch = disk.epoch
    }

    var isDead: Bool { disk.isDead || disk.epoch != epoch }

    func die() { disk.kill() }

    /// Sleeps as the dead do, and lets those go who wait for the process.
    func sleepForEver() async throws {
        let leave = state.withLock { state in
            state.isAsleep = true
            return state.leave
        }
        leave?()
        try await Task.sleep(for: .seconds(100_000))
    }

    /// What comes of something that the process does, one thing at a time.
    ///
    /// - Returns: nil when the process went to sleep for ever before.
    func outcome<Outcome: Sendable>(of work: @escaping @Sendable () async -> Outcome) async -> Outcome? {
        let (ends, end) = AsyncStream.makeStream(of: Outcome?.self)
        let isAsleep = state.withLock { state in
            state.leave = { end.yield(nil) }
            return state.isAsleep
        }
        guard !isAsleep else { return nil }
        Task { end.yield(await work()) }
        return await ends.first { _ in true } ?? nil
    }
}

/// The disk as a process sees it.
struct MortalFiles: SessionFileSystem {
    let disk: CrashingFileSystem
    let process: MortalProcess

    var owner: UInt32 { disk.owner }

    private func check() throws(FileError) {
        if process.isDead { throw FileError(operation: "live", path: "", number: 5, reason: "dead") }
    }

    func status(of path: String) throws(FileError) -> FileStatus? {
        try check()
        return try disk.status(of: path)
    }

    func read(_ path: String) throws(FileError) -> [UInt8] {
        try check()
        return try disk.read(path)
    }

    func reserve(_ path: String, size: Int) throws(FileError) {
        try check()
        try disk.reserve(path, size: size)
    }

    func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try check()
        try disk.write(bytes, to: path)
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try check()
        try disk.rename(path, to: newPath)
    }

    func syncDirectory(_ path: String) throws(FileError) {
        try check()
        try disk.syncDirectory(path)
    }

    func remove(_ path: String) throws(FileError) {
        try check()
        try disk.remove(path)
    }

    func lock(_ path: String) throws(FileError) -> (any FileLock)? {
        try check()
        return try disk.lock(path).map { Lock(lock: $0, process: process) }
    }

    private struct Lock: FileLock {
        let lock: any FileLock
        let process: MortalProcess

        func unlock() { if !process.isDead { lock.unlock() } }
    }
}

/// A process's connection to the server, sometimes its last act.
final class MortalClient: HTTPClient {
    enum Death: Sendable {
        case beforeServer
        case afterServer
    }

    private let answer: @Sendable (HTTPRequest) throws(HTTPError) -> HTTPResponse
    private let process: MortalProcess
    private let death: Mutex<(death: Death, countdown: Int)?>

    init(
        _ process: MortalProcess,
        _ death: (Death, atRequest: Int)?,
        _ answer: @escaping @Sendable (HTTPRequest) throws(HTTPError) -> HTTPResponse
    ) {
        self.answer = answer
        self.process = process
        self.death = Mutex(death.map { ($0.0, $0.atRequest) })
    }

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let gone = HTTPError(code: .connect, origin: request.url.origin, detail: "dead", mayHaveBeenSent: false)
        guard !process.isDead else { throw gone }
        let last = death.withLock { death -> Death? in
            guard let (kind, countdown) = death else { return nil }
            death = (kind, countdown - 1)
            return countdown == 0 ? kind : nil
        }
        if last == .beforeServer { process.die() }
        guard !process.isDead else { throw gone }
        let response = try answer(request)
        if last == .afterServer { process.die() }
        guard !process.isDead else { throw gone }
        return response
    }
}

/// Sleeps of a process: a dead one never wakes.
struct MortalSleeper: Clock {
    let clock: LeapingClock
    let process: MortalProcess

    var now: LeapingClock.Instant { clock.now }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: LeapingClock.Instant, tolerance: Duration?) async throws {
        if process.isDead { try await process.sleepForEver() }
        try await clock.sleep(until: deadline, tolerance: tolerance)
    }
}
