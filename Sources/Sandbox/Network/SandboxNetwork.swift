public import ATProtocol
internal import Crypto
public import Network

/// A local AT Protocol network in one process: PLC directory, PDS, authorization server, chat service, public AppView,
/// an index of repositories and stream hosts, on plain HTTP at 127.0.0.1.
///
/// It is strict where the real network is, and it fails on demand: see ``faults`` for HTTP and ``StreamHost`` for streams.
public final class SandboxNetwork: Sendable {
    /// The time of all servers.
    public let clock: SandboxClock
    /// Faults of HTTP requests, stream handshakes included.
    public let faults: FaultPlan
    /// Every request that was made.
    public let journal: Journal
    public let plc: PLCDirectory
    public let chat: ChatService
    public let authorizationServer: AuthorizationServer
    /// The index of who owns which repository of code.
    public let index: RepositoryIndex
    /// The stream hosts, at least one.
    public let streamHosts: [StreamHost]
    /// `http://127.0.0.1:port/` of the PLC directory.
    public let plcURL: WebURL
    /// Of the PDS.
    public let pdsURL: WebURL
    /// Of the authorization server.
    public let authorizationServerURL: WebURL
    /// Of the public AppView.
    public let appViewURL: WebURL
    /// Of the index.
    public let indexURL: WebURL
    /// Of the control endpoint: faults, records, accounts and messages for other programs.
    public let controlURL: WebURL

    private let options: SandboxOptions
    private let tracer: Task<Void, Never>?
    private let servers: [LoopbackServer]
    private let accounts: AccountBook
    private let repositories: RepositoryStore
    private let absent: AbsentRepositories
    private let teller: Teller
    private let sessions: PasswordSessions

    /// Starts a network.
    ///
    /// - Throws: ``SandboxError`` when a port cannot be had.
    public static func start(_ options: SandboxOptions = SandboxOptions()) async throws(SandboxError) -> SandboxNetwork
    {
        try SandboxNetwork(options)
    }

    private init(_ options: SandboxOptions) throws(SandboxError) {
        let clock = SandboxClock()
        let faults = FaultPlan(clock: clock)
        let door = FrontDoor(faults: faults, journal: Journal())
        func bind(_ name: String) throws(SandboxError) -> LoopbackServer {
            try LoopbackServer(name, port: options.ports[name] ?? 0, keepAlive: options.keepAlive, door: door)
        }
        let directory = try bind("plc")
        let dataServer = try bind("pds")
        let authorization = try bind("as")
        let view = try bind("appview")
        let indexServer = try bind("index")
        let control = try bind("control")
        var streams: [LoopbackServer] = []
        for index in 0..<max(1, options.streamHosts) {
            streams.append(try bind(index == 0 ? "stream" : "stream\(index + 1)"))
        }
        let hosts = streams.enumerated().map { index, server in
            StreamHost(server: server, firstSequence: Int64(index + 1) * 1_000_000, clock: clock)
        }
        let teller = Teller(hosts: hosts)
        let accounts = AccountBook()
        let index = RepositoryIndex(options.index, faults: faults)
        let absent = AbsentRepositories()
        let repositories = RepositoryStore(clock: clock) { commits in
            for commit in commits { index.observe(commit) }
            teller.tell(commits.filter { !absent.withholds($0) }.map { ($0.did, .commit($0)) })
        }
        let chat = ChatService(accounts: accounts, repositories: repositories, clock: clock)
        let issuer = try AuthorizationServer(url: authorization.url, accounts: accounts, clock: clock, door: door)
        let plc = PLCDirectory()
        let sessions = PasswordSessions()
        let appView = AppView(accounts: accounts, repositories: repositories)
        let proofs = ProofVerifier(origin: dataServer.url.origin)
        let pds = PersonalDataServer(
            origin: dataServer.url.origin,
            authorizationServer: issuer.issuer,
            accounts: accounts,
            repositories: repositories,
            sessions: sessions,
            guardian: ResourceGuard(proofs: proofs, tokens: issuer.tokens, sessions: sessions, faults: faults),
            proxy: ServiceProxy(chat: chat, appView: appView),
            clock: clock,
            faults: faults,
            requests: RequestCount(options.requestLimit)
        )
        self.options = options
        self.clock = clock
        self.faults = faults
        journal = door.journal
        self.plc = plc
        self.chat = chat
        self.index = index
        self.absent = absent
        self.teller = teller
        self.accounts = accounts
        self.repositories = repositories
        self.sessions = sessions
        authorizationServer = issuer
        streamHosts = hosts
        plcURL = directory.url
        pdsURL = dataServer.url
        authorizationServerURL = authorization.url
        appViewURL = view.url
        indexURL = indexServer.url
        controlURL = control.url
        tracer = options.tracerInterval.map { interval in
            Task {
                guard let did = try? DID("did:plc:tracertracertracertracer") else { return }
                // What is told of an account is often told again in the same words.
                while (try? await Task.sleep(for: interval)) != nil {
                    teller.tell([(did, .identity(handle: "tracer.test"))])
                }
            }
        }
        servers = [directory, dataServer, authorization, view, indexServer, control] + streams
        try directory.serve { .response(plc.answer($0)) }
        try dataServer.serve { .response(pds.answer($0).dated(clock.now().seconds, for: $0, faults)) }
        try authorization.serve { .response(issuer.answer($0).dated(clock.now().seconds, for: $0, faults)) }
        try view.serve { request throws(ResponseError) in .response(try appView.answer(request)) }
        try indexServer.serve { request throws(ResponseError) in
            .response(try index.answer(request, from: repositories))
        }
        try control.serve { [weak self] in .response(ControlEndpoint.answer($0, of: self)) }
        for (server, host) in zip(streams, hosts) {
            try server.serve { request throws(ResponseError) in try host.answer(request) }
        }
    }

    deinit { stop() }

    /// Closes every port and every connection.
    public func stop() {
        tracer?.cancel()
        for server in servers { server.stop() }
    }

    /// How many connections to a server are open: none is left when all that a dead client asked for is done.
    ///
    /// - Parameter server: its name in the journal, `as` for example.
    /// - Returns: the number.
    public func connectionCount(to server: String) -> Int {
        servers.filter { $0.name == server }.reduce(0) { $0 + $1.connectionCount }
    }

    /// The first stream host's URL of a wire.
    public func streamURL(_ wire: SandboxWire) -> WebURL { streamHosts[0].url(wire) }

    /// Every URL and account as one JSON object, for other programs.
    public var summary: JSONValue {
        var streams: [JSONValue] = []
        for host in streamHosts {
            let urls = SandboxWire.allCases.map { ("\($0)", JSONValue.string(host.url($0).description)) }
            streams.append(.object(Dictionary(uniqueKeysWithValues: urls)))
        }
        return [
            "plc": .string(plcURL.origin), "pds": .string(pdsURL.origin),
            "authorization_server": .string(authorizationServerURL.origin), "appview": .string(appViewURL.origin),
            "index": .string(indexURL.origin), "control": .string(controlURL.origin), "streams": .array(streams),
            "accounts": .array(accounts.all.map(\.summary)),
        ]
    }

    // MARK: Accounts

    /// The account of a DID or handle.
    public func account(named identifier: String) -> SandboxAccount? { accounts.account(named: identifier) }

    /// Creates an account with a DID document and a repository.
    ///
    /// - Parameters:
    ///   - handle: for example `owner.test`.
    ///   - allowIncoming: who may write to it; nil leaves the record out, which means ``AllowIncoming/following``.
    /// - Returns: the account.
    /// - Throws: ``SandboxError`` when the handle is malformed or taken.
    @discardableResult
    public func createAccount(
        handle: String,
        allowIncoming: AllowIncoming? = .all
    ) throws(SandboxError) -> SandboxAccount {
        guard let name = try? Handle(handle), accounts.account(named: handle) == nil else {
            throw SandboxError("“\(handle)” is not a handle, or taken")
        }
        let key: SigningKey
        // Both curves of the network take their turns.
        do { key = try SigningKey(accounts.all.count.isMultiple(of: 2) ? .p256 : .k256) } catch {
            throw SandboxError("\(error)")
        }
        let did = try plc.register(handle: name, pds: pdsURL, signingKey: key.publicKey)
        if options.signsCommits { try repositories.sign(did, with: key) }
        let account = SandboxAccount(did: did, handle: name, password: SecureRandom.token(bytes: 12))
        accounts.add(account)
        teller.tell([(did, .identity(handle: handle))])
        teller.tell([(did, .account(status: nil))])
        if let allowIncoming { try setAllowIncoming(allowIncoming, of: account) }
        return account
    }

    /// Lets the owner of an account decide who may write to it.
    public func setAllowIncoming(_ policy: AllowIncoming, of account: SandboxAccount) throws(SandboxError) {
        let record: JSONValue = ["allowIncoming": .string(policy.rawValue)]
        try createRecord(by: account, collection: "chat.bsky.actor.declaration", record: record, key: "self")
    }

    /// Gives an account another signing key: its DID document names it, and its repository is signed anew.
    ///
    /// - Throws: ``SandboxError`` when the network does not sign commits.
    public func rotateSigningKey(of account: SandboxAccount) throws(SandboxError) {
        let key: SigningKey
        do { key = try SigningKey(.k256) } catch { throw SandboxError("\(error)") }
        try repositories.rotate(account.did, to: key)
        plc.setDocument(
            of: account.did,
            PLCDirectory.document(
                of: account.did,
                handle: account.handle,
                pds: pdsURL.origin,
                signingKey: key.publicKey.multikey
            )
        )
    }

    /// Makes one account follow another, or not any more.
    public func setFollowing(_ isFollowing: Bool, _ follower: SandboxAccount, _ subject: SandboxAccount) {
        accounts.setFollow(follower.did, subject.did, isFollowing)
    }

    /// Makes one account block another, or not any more.
    public func setBlocking(_ isBlocking: Bool, _ blocker: SandboxAccount, _ subject: SandboxAccount) {
        accounts.setBlock(blocker.did, subject.did, isBlocking)
    }

    /// Takes an account down, deactivates it, …; nil makes it active again; the streams tell.
    public func setStatus(_ status: String?, of account: SandboxAccount) {
        accounts.setStatus(status, of: account.did)
        teller.tell([(account.did, .account(status: status))])
    }

    /// Cuts the repository of an account off from the streams until ``reconnect(_:)``, as a PDS that no relay reaches.
    public func disconnect(_ account: SandboxAccount) { absent.disconnect(account.did) }

    /// Lets the streams tell now what was written since ``disconnect(_:)``.
    public func reconnect(_ account: SandboxAccount) {
        for commit in absent.reconnect(account.did) { teller.tell([(commit.did, .commit(commit))]) }
    }

    /// Lets the streams tell that a repository is another now, as after a recovery or an import.
    ///
    /// No commit tells what was written since ``disconnect(_:)``. Jetstream v2 tells every record again, a relay none, and
    /// version 1 says nothing at all.
    ///
    /// - Throws: ``SandboxError`` when nothing was ever written.
    public func replaceRepository(of account: SandboxAccount) throws(SandboxError) {
        _ = absent.reconnect(account.did)
        let (rev, blocks, records) = try repositories.whole(account.did)
        let events = [LoggedEvent.Content.sync(rev: rev, blocks: blocks)] + records.map(LoggedEvent.Content.repeated)
        teller.tell(events.map { (account.did, $0) })
    }

    /// Makes an app password, with access to direct messages or without.
    public func createAppPassword(for account: SandboxAccount, isPrivileged: Bool) -> String {
        sessions.addAppPassword(account.did, isPrivileged: isPrivileged)
    }

    /// Revokes the app passwords of an account.
    public func revokeAppPasswords(of account: SandboxAccount) { sessions.revokeAppPasswords(of: account.did) }

    /// How long the access token of a password session lives, in seconds.
    public func setPasswordAccessLifetime(_ seconds: Double) { sessions.setAccessLifetime(seconds) }

    // MARK: Records

    /// Writes a record and lets the streams tell of it; `$type` is added when it is missing.
    ///
    /// - Parameters:
    ///   - account: whose repository.
    ///   - collection: an NSID.
    ///   - record: an object.
    ///   - key: its name, a new TID when nil; an existing one is updated.
    /// - Returns: where it is.
    /// - Throws: ``SandboxError`` when collection or key are malformed.
    @discardableResult
    public func createRecord(
        by account: SandboxAccount,
        collection: String,
        record: JSONValue,
        key: String? = nil
    ) throws(SandboxError) -> ATURI {
        try createRecords(by: account, collection: collection, [(key, record)])[0]
    }

    /// Writes records in one commit, of which the streams tell at once.
    ///
    /// - Parameters:
    ///   - account: whose repository.
    ///   - collection: an NSID.
    ///   - records: objects with their names; `$type` is added when it is missing.
    /// - Returns: where they are.
    /// - Throws: ``SandboxError`` when collection or a key are malformed.
    @discardableResult
    public func createRecords(
        by account: SandboxAccount,
        collection: String,
        _ records: [(key: String?, record: JSONValue)]
    ) throws(SandboxError) -> [ATURI] {
        var changes: [RepositoryStore.Change] = []
        for (key, record) in records {
            let (type, name) = try Self.place(collection, key)
            changes.append(.init(collection: type, key: name, value: Self.typed(record, collection)))
        }
        return try repositories.write(account.did, changes).map(\.uri)
    }

    /// Lets the streams tell of a record that its author never wrote: no repository holds it.
    ///
    /// - Parameters:
    ///   - account: whose record it would be.
    ///   - collection: an NSID.
    ///   - record: an object; `$type` is added when it is missing.
    /// - Returns: where it would be.
    /// - Throws: ``SandboxError`` when the collection is malformed.
    @discardableResult
    public func forgeRecord(
        by account: SandboxAccount,
        collection: String,
        record: JSONValue
    ) throws(SandboxError) -> ATURI {
        try repositories.forge(account.did, Self.place(collection, nil).0, Self.typed(record, collection))
    }

    /// The records of an account in a collection, the latest key first.
    public func records(of account: SandboxAccount, in collection: String) -> [JSONValue] {
        repositories.records(of: account.did, in: collection).map(\.record.value)
    }

    /// Deletes a record and lets the streams tell of it.
    public func deleteRecord(by account: SandboxAccount, collection: String, key: String) throws(SandboxError) {
        let (type, name) = try Self.place(collection, key)
        try repositories.write(account.did, [RepositoryStore.Change(collection: type, key: name, value: nil)])
    }

    /// The record with its `$type`.
    private static func typed(_ record: JSONValue, _ collection: String) -> JSONValue {
        .object((record.object ?? [:]).merging(["$type": .string(collection)]) { own, _ in own })
    }

    private static func place(_ collection: String, _ key: String?) throws(SandboxError) -> (NSID, RecordKey?) {
        do { return (try NSID(collection), try key.map { key throws(SyntaxError) in try RecordKey(key) }) } catch {
            throw SandboxError("\(error)")
        }
    }
}

extension HTTPResponse {
    /// The response with a `Date` of the network's own time, by which a client corrects its clock.
    fileprivate func dated(_ now: Double, for request: IncomingRequest, _ faults: FaultPlan) -> HTTPResponse {
        let offset = faults.misbehaviour(at: request, \.dateOffset)
        var response = self
        response.headers["Date"] = HTTPDate.text(now + (offset ?? 0))
        return response
    }
}
