public import ATProtocol
import Synchronization

/// Identities of a fixed world: every account has the same PDS, and no handle is anybody's.
public final class FixedIdentities: IdentityResolving {
    private let held = Mutex<(dids: Set<DID>, gate: Gate)?>(nil)
    private let answer: Mutex<Result<String, IdentityError>>
    private let forgotten = Mutex<[DID]>([])
    private let renewed = Mutex<[DID]>([])

    /// Accounts on this PDS, a URL.
    public init(pds: String = "https://pds.test") { answer = Mutex(.success(pds)) }

    /// The accounts move to another PDS.
    public func move(to pds: String) { answer.withLock { $0 = .success(pds) } }

    /// The directory is down from now on.
    public func fail() {
        let failure = IdentityError(code: .unavailable, subject: "did", detail: "the directory is down")
        answer.withLock { $0 = .failure(failure) }
    }

    /// The documents of these come when the gate is opened.
    public func hold(_ dids: Set<DID>, at gate: Gate) { held.withLock { $0 = (dids, gate) } }

    /// What was to be forgotten, in order.
    public var purged: [DID] { forgotten.withLock { $0 } }

    /// Whose documents were asked for past every memory, in order.
    public var askedAnew: [DID] { renewed.withLock { $0 } }

    /// Takes note of it.
    public func purge(_ did: DID) async { forgotten.withLock { $0.append(did) } }

    /// The document that names the PDS.
    public func document(of did: DID, isFresh: Bool) async throws(IdentityError) -> DIDDocument {
        if isFresh { renewed.withLock { $0.append(did) } }
        if let held = held.withLock({ $0 }), held.dids.contains(did) { await held.gate.pass() }
        let pds = try answer.withLock { $0 }.get()
        let service: JSONValue = [
            "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": .string(pds),
        ]
        return try DIDDocument(["id": .string(did.text), "service": [service]], of: did)
    }

    /// Fails.
    public func did(of handle: Handle) async throws(IdentityError) -> DID {
        throw IdentityError(code: .handleUnresolved, subject: handle.text, detail: "no handles here")
    }
}
