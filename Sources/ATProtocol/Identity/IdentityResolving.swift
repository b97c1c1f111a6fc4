/// Resolves DIDs and handles.
public protocol IdentityResolving: Sendable {
    /// Resolves a DID to its document.
    ///
    /// - Parameters:
    ///   - did: any DID; an unsupported method is an error.
    ///   - isFresh: true bypasses the cache.
    /// - Returns: the document; its `id` has been checked.
    /// - Throws: ``IdentityError``.
    func document(of did: DID, isFresh: Bool) async throws(IdentityError) -> DIDDocument

    /// The cached document of a DID, however old, without a request.
    func known(of did: DID) async -> DIDDocument?

    /// Removes a DID from the cache, because the stream reported a change.
    ///
    /// The result of a look-up that is under way is not cached either. The call is cheap when nothing is cached.
    func purge(_ did: DID) async

    /// Resolves a handle to its DID, verified in both directions.
    ///
    /// - Throws: ``IdentityError``.
    func did(of handle: Handle) async throws(IdentityError) -> DID

    /// The handle of an account if it is verified in both directions; nil when that is not known now.
    ///
    /// It is only for display, so all other look-ups go first.
    func handle(of did: DID) async -> Handle?
}

extension IdentityResolving {
    /// Returns nil: there is no cache.
    public func known(of did: DID) async -> DIDDocument? { nil }

    /// Does nothing: there is no cache.
    public func purge(_ did: DID) async {}

    /// Resolves the DID and verifies its handle, without giving way to other look-ups.
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
public struct IdentityError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; stable in logs and metrics.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Neither a `did:plc` nor a `did:web` in the forms that the network uses.
        public static let unsupportedMethod = Code(rawValue: "did-unsupported")
        /// The directory or host reports that the DID does not exist (404, 410, NXDOMAIN).
        public static let notFound = Code(rawValue: "did-not-found")
        /// The document is malformed or describes another DID.
        public static let invalidDocument = Code(rawValue: "did-document-invalid")
        /// The document names no usable PDS.
        public static let noPDS = Code(rawValue: "did-document-without-pds")
        /// The guard refuses the host, or the address in the document.
        public static let refusedHost = Code(rawValue: "host-refused")
        /// The handle does not resolve, or the DID document does not name it.
        public static let handleUnresolved = Code(rawValue: "handle-unresolved")
        /// No answer, or a server error: try again.
        public static let unavailable = Code(rawValue: "identity-unavailable")
    }

    public var code: Code
    /// The DID or handle concerned.
    public var subject: String
    /// What the server returned, as a clause.
    public var detail: String

    public init(code: Code, subject: String, detail: String) {
        self.code = code
        self.subject = subject
        self.detail = detail
    }

    /// Whether the same look-up may succeed later.
    public var isTransient: Bool {
        // An error page, half a document or another account's document says nothing about this DID.
        code == .unavailable || code == .invalidDocument
    }

    /// A sentence for the operator.
    public var description: String { "\(subject): \(detail) (\(code.rawValue))" }
}
