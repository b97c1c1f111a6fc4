import ATProtocol
import Firehose
import Glibc
import Logging
import Network

/// Follows one stream at its own pace and says what that takes of a processor and of memory.
struct PaceBench {
    /// Nothing is known of earlier runs, and nothing is kept.
    private struct NoPositions: PositionStore {
        func positions() async throws -> [StoredPosition] { [] }
    }

    /// Keys from a file instead of the directory, as if each were known after one question.
    private struct RecordedIdentities: IdentityResolving {
        let documents: JSONValue

        func document(of did: DID, isFresh: Bool) async throws(IdentityError) -> DIDDocument {
            try DIDDocument(documents[did.text] ?? .null, of: did)
        }

        func did(of handle: Handle) async throws(IdentityError) -> DID {
            throw IdentityError(code: .handleUnresolved, subject: handle.text, detail: "nobody asks")
        }
    }

    private let configuration: StreamConfiguration
    private let identities: RecordedIdentities
    private let seconds: Double

    /// Reads what to follow.
    ///
    /// - Parameter arguments: URL, certificate, DID documents, verification, seconds.
    /// - Throws: what is wrong with them.
    init(_ arguments: [String]) throws {
        let collections = ["sh.tangled.repo.pull", "app.bsky.graph.block"]
        var configuration = StreamConfiguration(
            hosts: [try WebURL(arguments[0])],
            collections: try collections.map { try CollectionPattern($0) }
        )
        configuration.certificateAuthorities = arguments[1]
        configuration.verification = StreamConfiguration.Verification(rawValue: arguments[3]) ?? .matched
        self.configuration = configuration
        identities = RecordedIdentities(documents: try JSONValue(parsing: StreamBench.read(arguments[2])))
        seconds = Double(arguments[4]) ?? 60
    }

    func run() async throws {
        let batchQueue = BatchQueue()
        let follower = StreamFollower(
            configuration: configuration,
            positions: NoPositions(),
            batchQueue: batchQueue,
            identities: identities,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
        let following = Task { try await follower.run() }
        let taking = Task {
            var events = 0
            while let batch = await batchQueue.next() { events += batch.events.count }
            return events
        }
        // The handshake and the first keys are not the pace.
        try await Task.sleep(for: .seconds(2))
        let before = Self.usage()
        try await Task.sleep(for: .seconds(seconds))
        let after = Self.usage()
        following.cancel()
        batchQueue.close()
        let events = await taking.value
        let share = (after.seconds - before.seconds) / seconds * 100
        let cores = "\((share * 100).rounded() / 100) % of one core"
        print("\(cores), \(after.kibibytes / 1024) MiB at most, \(events) events")
    }

    private static func usage() -> (seconds: Double, kibibytes: Int) {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let times = [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) / 1e6 }
        return (times[0] + times[1], usage.ru_maxrss)
    }
}
