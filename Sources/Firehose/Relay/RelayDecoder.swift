internal import ATProtocol
internal import Network

/// Turns the messages of a relay into events (com.atproto.sync.subscribeRepos).
///
/// Of a commit only the paths of its operations are read until one of them is wanted; then everything is decoded,
/// and, if asked for, proven. The rest is believed: nothing is made of it.
package struct RelayDecoder: Sendable {
    /// The time is read of every so many commits that are passed over.
    private static let sampling = 64

    private let host: String
    private let prefixes: [[UInt8]]
    private let verification: StreamConfiguration.Verification
    private let clock: any WallClock
    private var sinceSample = Self.sampling
    private var times = ServerTimes()
    private var witness: WitnessClock

    /// - Parameters:
    ///   - host: the name that positions carry.
    ///   - collections: the collections whose commits are wanted.
    ///   - verification: which commits are proven.
    ///   - witnessed: what is known before the first message.
    ///   - isCertain: whether a stream has told it.
    ///   - clock: the date.
    init(
        host: String,
        collections: [CollectionPattern],
        verification: StreamConfiguration.Verification,
        witnessed: Int64,
        isCertain: Bool = true,
        clock: any WallClock = SystemClock()
    ) {
        self.host = host
        self.verification = verification
        self.clock = clock
        prefixes = collections.outermost.map { Array(($0.isNamespace ? $0.beginning : $0.text + "/").utf8) }
        witness = WitnessClock(witnessed, isCertain: isCertain, clock: clock)
    }

    /// When the relay saw what it sent last, in microseconds since the Unix epoch.
    var witnessed: Int64 { witness.value }

    /// Whether the stream, and not our clock alone, has told when that was.
    var isCertain: Bool { witness.isCertain }

    /// Decodes one message; never fails, a message that cannot be understood comes back as rejected.
    ///
    /// The protocol calls a malformed message a reason to drop the connection. The next connection would begin with the
    /// same message: it is put aside instead, and messages behind it are whole by themselves.
    mutating func decode(_ encoding: WireEncoding, _ bytes: RawSpan) -> WireMessage {
        guard encoding == .binary else { return .read(rejected(bytes, nil, .malformed, "it is a text message")) }
        var reader = CBORReader(bytes)
        do throws(CBORError) {
            let header = try RelayHeader(&reader)
            guard header.kind == .commit else {
                return .read(try other(header.kind, bytes, from: reader.position))
            }
            return try commit(bytes, reader)
        } catch {
            return .read(rejected(bytes, nil, .malformed, error.description))
        }
    }

    private mutating func commit(_ bytes: RawSpan, _ payload: borrowing CBORReader) throws(CBORError) -> WireMessage {
        sinceSample += 1
        let samples = sinceSample >= Self.sampling || !isCertain
        var reader = copy payload
        let outline = try RelayOutline(&reader, prefixes, needsTime: samples)
        guard let sequence = outline.sequence else { throw reader.failure("the commit has no sequence number") }
        if samples, let time = outline.time, let account = outline.account,
            let moment = try? Datetime(reader.text(time)).microseconds
        {
            sinceSample = 0
            observe(moment, of: try reader.text(account))
            if outline.isWanted { witness.suggest(moment) }
        }
        guard outline.isWanted else { return .missed(value: sequence) }
        var author: DID?
        do {
            reader = copy payload
            let message = try RelayCommit(&reader)
            let did = try DID(message.repo)
            author = did
            return .read(try decoded(message, of: did, bytes))
        } catch let error as CBORError {
            return .read(rejected(bytes, sequence, .malformed, error.description, of: author))
        } catch let error as RepositoryFailure {
            return .read(rejected(bytes, sequence, RejectedMessage.Reason(error), error.description, of: author))
        } catch {
            return .read(rejected(bytes, sequence, .invalidSyntax, "\(error)", of: author))
        }
    }

    private func decoded(_ message: RelayCommit, of did: DID, _ bytes: RawSpan) throws -> WireContent {
        let archive = try BlockArchive(message.blocks)
        var content = WireContent(value: message.sequence)
        let position = StreamPosition(host: host, wire: .relay, value: message.sequence, witnessed: witnessed)
        for operation in message.operations where isWanted(operation.path) {
            do {
                let commit = try Self.commit(operation, rev: message.rev, archive)
                content.events.append(StreamEvent(position: position, did: did, body: .commit(commit)))
            } catch {
                // One record that cannot be understood does not hide the others of its commit.
                content.rejected += rejected(bytes, message.sequence, .malformed, "\(error)", of: did).rejected
            }
        }
        guard verification != .off else { return content }
        let proof = try CommitProof(message, archive, now: now)
        // Whose signature it is takes a request to tell, for which nobody waits here.
        if !content.events.isEmpty {
            let refusal = rejected(bytes, message.sequence, .unproven, "", of: did).rejected
            content.unsigned = refusal.map { UnsignedCommit(proof: proof, refusal: $0) }
        }
        return content
    }

    /// Takes note of the time that an account's server writes.
    ///
    /// It counts for no more than what most servers say, who may have come before it, and what it says itself.
    private mutating func observe(_ time: Int64, of account: String) {
        guard let quartile = times.add(time) else { return }
        _ = witness.observe(min(quartile, time), of: account.hashValue)
    }

    /// The time, or the network's when ours is behind: a slow clock must not refuse what everybody writes.
    private var now: UnixTime {
        isCertain ? max(clock.now(), UnixTime(microseconds: witnessed)) : .distantFuture
    }

    private func isWanted(_ path: String) -> Bool { prefixes.contains { path.utf8.starts(with: $0) } }

    private static func commit(
        _ operation: RelayCommit.Operation,
        rev: String,
        _ archive: BlockArchive
    ) throws -> StreamEvent.Commit {
        let parts = operation.path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let action = StreamEvent.Commit.Operation(rawValue: operation.action) else {
            throw RepositoryFailure(code: .malformed, detail: "an operation is not create, update or delete")
        }
        var commit = StreamEvent.Commit(
            operation: action,
            collection: try NSID(String(parts[0])),
            recordKey: try RecordKey(parts.count == 2 ? String(parts[1]) : ""),
            rev: try TID(rev).text,
            cid: nil,
            record: nil
        )
        guard action != .delete else { return commit }
        guard let cid = operation.cid, let block = try archive.block(cid) else {
            throw RepositoryFailure(code: .missingBlock, detail: "the record \(operation.path) is not in the archive")
        }
        commit.cid = cid.text
        commit.record = try JSONValue(dagCBOR: unsafe block.span.bytes)
        return commit
    }

    private mutating func other(
        _ kind: RelayHeader.Kind,
        _ bytes: RawSpan,
        from start: Int
    ) throws(CBORError) -> WireContent {
        let json = try JSONValue(dagCBOR: bytes.extracting(start..<bytes.byteCount))
        if kind == .error || kind == .info {
            let name = json[kind == .error ? "error" : "name"]?.string ?? ""
            let notice = WireContent.Notice(
                isError: kind == .error,
                name: String(name.prefix(100)),
                message: String((json["message"]?.string ?? "").prefix(500))
            )
            return WireContent(value: nil, notice: notice)
        }
        guard let sequence = json["seq"]?.integer, sequence.isSequence else {
            guard kind != .unknown else { return WireContent(value: nil) }
            return rejected(bytes, nil, .malformed, "it has no sequence number")
        }
        if let moment = json["time"]?.string.flatMap({ try? Datetime($0) }) {
            observe(moment.microseconds, of: json["did"]?.string ?? "")
        }
        guard let body = Self.body(kind, json) else { return WireContent(value: sequence) }
        do {
            let position = StreamPosition(host: host, wire: .relay, value: sequence, witnessed: witnessed)
            let did = try DID(json["did"]?.string ?? "")
            return WireContent(value: sequence, events: [StreamEvent(position: position, did: did, body: body)])
        } catch {
            return rejected(bytes, sequence, .invalidSyntax, error.description)
        }
    }

    private static func body(_ kind: RelayHeader.Kind, _ json: JSONValue) -> StreamEvent.Body? {
        switch kind {
        case .identity: .identity(handle: json["handle"]?.string.flatMap { try? Handle($0) })
        case .account: json["active"]?.bool.map { .account(isActive: $0, status: json["status"]?.string) }
        case .sync: json["rev"]?.string.map { .sync(rev: $0) }
        default: nil
        }
    }

    private func rejected(
        _ bytes: RawSpan,
        _ value: Int64?,
        _ reason: RejectedMessage.Reason,
        _ detail: String,
        of account: DID? = nil
    ) -> WireContent {
        let message = RejectedMessage(
            host: host,
            wire: .relay,
            value: value,
            account: account,
            reason: reason,
            detail: detail,
            borrowing: bytes
        )
        return WireContent(value: value, rejected: [message])
    }
}

extension RejectedMessage.Reason {
    /// The reason that a commit does not prove what it should.
    init(_ failure: RepositoryFailure) {
        switch failure.code {
        case .malformed: self = .malformed
        case .futureRevision: self = .futureRevision
        default: self = .unproven
        }
    }
}
