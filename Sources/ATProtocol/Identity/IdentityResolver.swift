public import Network

/// Resolves DIDs and handles over HTTP, caches the results, and makes one request for concurrent callers.
///
/// A result is fresh for an hour, and is used for a day while the directory does not answer. A failure that is not
/// transient is cached for five minutes. A stranger chooses the host of a `did:web`, so it is reached through the
/// guarded client only.
public actor IdentityResolver: IdentityResolving {
    private typealias Answer = Result<DIDDocument, IdentityError>
    private struct Lookup {
        let number: Int
        let task: Task<Answer, Never>
    }

    private let configuration: IdentityConfiguration
    private let client: any HTTPClient
    private let clock: any WallClock
    private let sleeper: any Clock<Duration>
    private var documents: LRUCache<DID, Answer>
    private var handles: LRUCache<String, DID>
    private var lookups: [DID: Lookup] = [:]
    private var lookupCount = 0
    private var limiter: RateLimiter
    private var hosts: HostBreaker

    /// A resolver with empty caches.
    public init(
        configuration: IdentityConfiguration,
        client: any HTTPClient,
        clock: any WallClock = SystemClock(),
        sleeper: any Clock<Duration> = ContinuousClock()
    ) {
        self.configuration = configuration
        self.client = client
        self.clock = clock
        self.sleeper = sleeper
        documents = LRUCache(capacity: configuration.capacity)
        handles = LRUCache(capacity: configuration.capacity)
        limiter = RateLimiter(rate: configuration.directoryRate)
        hosts = configuration.hosts
    }

    /// Removes a DID from the cache, with its document and handle.
    public func purge(_ did: DID) async {
        documents.remove(did)
        // A look-up that is under way may have begun before the change. Its callers get the result, but it is not
        // cached.
        lookups[did] = nil
    }

    /// The DID document of a DID.
    public func document(of did: DID, isFresh: Bool) async throws(IdentityError) -> DIDDocument {
        try await document(of: did, isFresh: isFresh, isForShow: false)
    }

    /// The cached document of a DID if it is less than a day old.
    public func known(of did: DID) async -> DIDDocument? { remembered(of: did) }

    private func remembered(of did: DID) -> DIDDocument? {
        guard let known = documents.value(of: did, at: clock.now()), known.age < configuration.staleness else {
            return nil
        }
        return try? known.value.get()
    }

    /// The verified handle of an account, if that needs no waiting.
    public func handle(of did: DID) async -> Handle? {
        guard let document = try? await document(of: did, isFresh: false, isForShow: true) else { return nil }
        return await verifiedHandle(in: document)
    }

    private func document(of did: DID, isFresh: Bool, isForShow: Bool) async throws(IdentityError) -> DIDDocument {
        guard did.isSupported else {
            throw IdentityError(
                code: .unsupportedMethod,
                subject: did.text,
                detail: "only did:plc and did:web are resolved"
            )
        }
        let known = documents.value(of: did, at: clock.now())
        if !isFresh, let known {
            let limit =
                switch known.value {
                case .success: configuration.freshness
                case .failure: configuration.negativeFreshness
                }
            if known.age < limit { return try known.value.get() }
        }
        let hasSlot = isForShow && did.method == "plc" && lookups[did] == nil
        if hasSlot { try await waitForIdleSlot(did) }
        let answer = await lookUp(did, hasSlot: hasSlot)
        // A document that was purged meanwhile must not be used.
        if case .failure(let failure) = answer, failure.isTransient, !isFresh, let document = remembered(of: did) {
            return document
        }
        return try answer.get()
    }

    /// Resolves a handle: asks the handle service, then checks the DID's own document.
    public func did(of handle: Handle) async throws(IdentityError) -> DID {
        // The entry counts while the document that confirmed it is cached. Purging the document purges the handle.
        if let known = handles.value(of: handle.normalized, at: clock.now()),
            known.age < configuration.handleFreshness,
            remembered(of: known.value)?.handle?.normalized == handle.normalized
        {
            return known.value
        }
        let did = try await claimedDID(of: handle)
        // The cached document may be from before a change of the handle.
        for isFresh in [false, true] {
            let document = try await document(of: did, isFresh: isFresh)
            guard document.handle?.normalized == handle.normalized else { continue }
            handles.store(did, of: handle.normalized, at: clock.now())
            return did
        }
        throw IdentityError(
            code: .handleUnresolved,
            subject: handle.text,
            detail: "the DID document of \(did) does not name it"
        )
    }

    private func lookUp(_ did: DID, hasSlot: Bool) async -> Answer {
        if let lookup = lookups[did] { return await lookup.task.value }
        lookupCount += 1
        let number = lookupCount
        // A task of its own: the first caller may be cancelled while others wait for the same result.
        let task = Task { await fetch(did, hasSlot: hasSlot) }
        lookups[did] = Lookup(number: number, task: task)
        let answer = await task.value
        guard lookups[did]?.number == number else { return answer }
        lookups[did] = nil
        switch answer {
        case .failure(let failure) where failure.isTransient: break
        default: documents.store(answer, of: did, at: clock.now())
        }
        return answer
    }

    private func fetch(_ did: DID, hasSlot: Bool) async -> Answer {
        do throws(IdentityError) {
            let request = try request(for: did)
            if did.method == "plc", !hasSlot { await waitForSlot() }
            let response = try await send(request, for: did)
            switch response.status {
            case 200: break
            // For a tombstone the directory's code returns 404, its documentation says 410, both in JSON. An answer
            // that is not JSON does not come from the directory itself.
            case 404, 410:
                let isPage = did.method == "plc" && (try? JSONValue(parsing: response.body))?.object == nil
                guard !isPage else { throw unavailable(did.text, response) }
                throw IdentityError(code: .notFound, subject: did.text, detail: "it does not exist")
            default: throw unavailable(did.text, response)
            }
            let json: JSONValue
            do { json = try JSONValue(parsing: response.body) } catch {
                throw IdentityError(
                    code: .invalidDocument,
                    subject: did.text,
                    detail: "its DID document is \(error)"
                )
            }
            return .success(try DIDDocument(json, of: did))
        } catch {
            return .failure(error)
        }
    }

    /// Sends a request to the directory or to a host that a stranger chose, which is paused when it fails repeatedly.
    private func send(_ request: HTTPRequest, for did: DID) async throws(IdentityError) -> HTTPResponse {
        let host = request.reach == .stranger ? request.url.authority : nil
        if let host, let pause = hosts.pause(of: host, now: clock.now()) {
            let detail = "\(host) is left alone for \(pause.length.wholeSeconds) s, after \(pause.failure)"
            throw IdentityError(code: .unavailable, subject: did.text, detail: detail)
        }
        do throws(HTTPError) {
            let response = try await client.send(request)
            if let host { hosts.answered(host, response, now: clock.now()) }
            return response
        } catch {
            if let host { hosts.failed(host, error, now: clock.now()) }
            let code: IdentityError.Code =
                switch error.code {
                case .refusedHost: .refusedHost
                case .tooLarge: .invalidDocument
                default: .unavailable
                }
            throw IdentityError(code: code, subject: did.text, detail: error.description)
        }
    }

    private func request(for did: DID) throws(IdentityError) -> HTTPRequest {
        let headers: HTTPHeaders = ["Accept": "application/did+ld+json,application/json"]
        let url: WebURL
        let reach: HTTPRequest.Reach
        if did.method == "plc" {
            url = configuration.directory.with(path: "/" + did.text)
            reach = .trusted
        } else {
            url = try webURL(of: did)
            reach = .stranger
        }
        return HTTPRequest(
            .get,
            url,
            headers: headers,
            timeout: configuration.timeout,
            maximumBody: configuration.maximumDocument,
            reach: reach
        )
    }

    /// The URL of a `did:web` document; a port, or a name that is not public, is for development only.
    private func webURL(of did: DID) throws(IdentityError) -> WebURL {
        func refused(_ detail: String) -> IdentityError {
            IdentityError(code: .refusedHost, subject: did.text, detail: detail)
        }
        guard let host = PercentEncoding.decode(did.identifier) else { throw refused("its host is malformed") }
        let isLocal = host == "localhost" || host.hasPrefix("localhost:")
        guard !isLocal || configuration.allowsLoopback else { throw refused("its host is this machine") }
        if !isLocal {
            guard let name = try? Handle(host), !name.isDisallowed else {
                throw refused("its host is not a public host name")
            }
        }
        do { return try WebURL("\(isLocal ? "http" : "https")://\(host)/.well-known/did.json") } catch {
            throw refused("its host \(error)")
        }
    }

    private func claimedDID(of handle: Handle) async throws(IdentityError) -> DID {
        func unresolved(_ detail: String) -> IdentityError {
            IdentityError(code: .handleUnresolved, subject: handle.text, detail: detail)
        }
        guard !handle.isDisallowed else { throw unresolved("its top-level domain is not a public one") }
        guard let handleService = configuration.handleService else {
            throw IdentityError(
                code: .unavailable,
                subject: handle.text,
                detail: "no service for handles is configured"
            )
        }
        let url = handleService.with(
            path: "/xrpc/com.atproto.identity.resolveHandle",
            query: [("handle", handle.normalized)]
        )
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await client.send(
                HTTPRequest(.get, url, timeout: configuration.timeout, maximumBody: configuration.maximumDocument)
            )
        } catch {
            throw IdentityError(code: .unavailable, subject: handle.text, detail: error.description)
        }
        guard response.isSuccess else {
            let error = XRPCError(response)
            // An answer without an XRPC error name comes from something in between.
            guard [400, 404].contains(error.status), error.name != nil, !error.isStatusText else {
                throw unavailable(handle.text, response)
            }
            throw unresolved(error.message ?? "it does not resolve")
        }
        guard let text = (try? JSONValue(parsing: response.body))?["did"]?.string, let did = try? DID(text) else {
            throw IdentityError(
                code: .unavailable,
                subject: handle.text,
                detail: "\(handleService.origin) answered without a DID"
            )
        }
        return did
    }

    private func waitForSlot() async {
        let wait = limiter.wait(from: clock.now())
        // A cancelled sleep only means that the request goes out early; the task is never cancelled.
        if wait > .zero { try? await sleeper.sleep(for: wait) }
    }

    /// Waits for an idle moment of the directory and takes its slot, unless the task is cancelled.
    private func waitForIdleSlot(_ did: DID) async throws(IdentityError) {
        while !limiter.isIdle(at: clock.now()) {
            do { try await sleeper.sleep(for: limiter.interval) } catch {
                throw IdentityError(code: .unavailable, subject: did.text, detail: "it was cancelled")
            }
        }
        _ = limiter.wait(from: clock.now())
    }

    private func unavailable(_ subject: String, _ response: HTTPResponse) -> IdentityError {
        IdentityError(
            code: .unavailable,
            subject: subject,
            detail: "the answer was \(XRPCError(response).description)"
        )
    }
}
