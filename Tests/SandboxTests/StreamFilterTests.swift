import ATProtocol
import Network
import Testing

@testable import Sandbox

@Suite struct `The filters of the sandbox's streams` {
    private func filter(_ wire: SandboxWire, _ collections: [String]) throws -> StreamFilter {
        let name = wire == .jetstream2 ? "collections" : "wantedCollections"
        let query = collections.map { "\(name)=\($0)" }.joined(separator: "&")
        let request = IncomingRequest(server: "stream", method: "GET", target: "/?\(query)", headers: [:], body: [])
        return wire == .jetstream2
            ? try StreamFilter(jetstream2: request) : try StreamFilter(jetstream1: request)
    }

    private func event(_ collection: String) throws -> LoggedEvent {
        let did = try DID("did:web:a.test")
        let record = CommittedRecord(
            uri: try ATURI("at://\(did)/\(collection)/k"),
            did: did,
            operation: .create,
            rev: TID(microseconds: 1, clock: 0),
            cid: nil,
            value: nil,
            evidence: nil
        )
        return LoggedEvent(sequence: 1, microseconds: 1, did: did, content: .commit(record))
    }

    @Test(arguments: [SandboxWire.jetstream2, .jetstream1])
    func `take namespaces as the real ones do`(wire: SandboxWire) throws {
        let filter = try filter(wire, ["org.hypercerts.*", "sh.tangled.repo.pull"])
        for name in ["org.hypercerts.a", "org.hypercerts.a.b", "sh.tangled.repo.pull"] {
            #expect(try filter.wants(event(name)))
        }
        for name in ["org.hypercertsx.a", "org.hypercert.s", "sh.tangled.repo.pulls"] {
            #expect(try !filter.wants(event(name)))
        }
        #expect(throws: ResponseError.self) { try self.filter(wire, ["org.hypercerts"]) }
        #expect(throws: ResponseError.self) { try self.filter(wire, (0...100).map { "org.a.x\($0)" }) }
        // Only version 2 looks at what stands before the star.
        let short = try? self.filter(wire, ["org.*"])
        #expect(try short.map { try $0.wants(event("org.hypercerts.a")) } == (wire == .jetstream1 ? true : nil))
    }
}
