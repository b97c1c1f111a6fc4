/// Finds the documents behind identifiers.
public protocol IdentityResolving: Sendable {
    /// The DID document of a DID.
    ///
    /// - Parameters:
    ///   - did: any DID; an unsupported method is an error, not a trap.
    ///   - isFresh: true bypasses the cache.
    /// - Returns: the document, its `id` checked.
    /// - Throws: ``IdentityFailure``.
    func document(of did: DID, isFresh: Bool) async throws(IdentityFailure) -> DIDDocument

    /// What is remembered of a DID, however old, without asking anybody.
    func known(of did: DID) async -> DIDDocument?

    /// Forgets what is remembered of a DID: the stream told that it may be another now.
    ///
    /// What is being asked meanwhile is not remembered either. Cheap where nothing is remembered.
    func purge(_ did: DID) async

    /// The DID that a handle stands for, verified in both directions.
    ///
    /// - Throws: ``IdentityFailure``.
    func did(of handle: Handle) async throws(IdentityFailure) -> DID

    /// The handle of an account when it is verified in both directions; nil when that cannot be said now.
    ///
    /// For show alone: whatever else is asked goes first.
    func handle(of did: DID) async -> Handle?
}

extension IdentityResolving {
    /// Nothing, where nothing is remembered.
    public func known(of did: DID) async -> DIDDocument? { nil }

    /// Nothing is to be done where nothing is remembered.
    public func purge(_ did: DID) async {}

    /// The handle of an account, verified, with no regard to what else is asked.
    public func handle(of did: DID) async -> Handle? {
        guard let document = try? await document(of: did, isFresh: false) else { return nil }
        return await verifiedHandle(in: document)
    }

    func verifiedHandle(in document: DIDDocument) async -> Handle? {
        guard let handle = document.handle, !handle.isDisallowed, (try? await did(of: handle)) == document.did else {
            return nil
        }
        return handle
    }
}

/// Why an identity could not be resolved.
public struct IdentityFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The stable name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Neither `did:plc` nor `did:web` in the forms that the network uses.
        public static let unsupportedMethod = Code(rawValue: "did-unsupported")
        /// The directory or host says that there is no such DID (404, 410, NXDOMAIN).
        public static let notFound = Code(rawValue: "did-not-found")
        /// The document is malformed or speaks of another DID.
        public static let invalidDocument = Code(rawValue: "did-document-invalid")
        /// The document names no usable PDS.
        public static let noPDS = Code(rawValue: "did-document-without-pds")
        /// The document, or the host, is one that the guard refuses.
        public static let refusedHost = Code(rawValue: "host-refused")
        /// The handle does not resolve, or its DID document does not name it.
        public static let handleUnresolved = Code(rawValue: "handle-unresolved")
        /// No answer, or an error of the server: try again.
        public static let unavailable = Code(rawValue: "identity-unavailable")
    }

    /// What is wrong.
    public var code: Code
    /// The DID or handle concerned.
    public var subject: String
    /// One clause: what came back.
    public var detail: String

    /// A failure with these parts.
    public init(code: Code, subject: String, detail: String) {
        self.code = code
        self.subject = subject
        self.detail = detail
    }

    /// Whether the same question may have another answer in a while.
    public var isTransient: Bool {
        // A page, half a document or another account's is no answer about this one.
        code == .unavailable || code == .invalidDocument
    }

    /// A sentence for the operator.
    public var description: String { "\(subject): \(detail) (\(code.rawValue))" }
}
