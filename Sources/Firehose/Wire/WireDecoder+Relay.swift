internal import ATProtocol
internal import Network

extension WireDecoder {
    /// One in this many skipped commits has its time read.
    static let sampling = 64

    /// Decodes one message of a relay (com.atproto.sync.subscribeRepos).
    ///
    /// In a commit, only the paths of its operations are read until one of them is wanted. Then everything is decoded
    /// and, if configured, verified. Other commits are not verified, because they are not used. For a malformed message
    /// the protocol asks to drop the connection. But the next connection would begin with the same message, so it is
    /// rejected instead. The messages after it are complete by themselves.
    mutating func decodeRelay(_ bytes: RawSpan) -> WireMessage {
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
        let outline = try RelayOutline(&reader, filter, needsTime: samples)
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
        } catch let error as RepositoryError {
            return .read(rejected(bytes, sequence, RejectedEvent.Reason(error), error.description, of: author))
        } catch {
            return .read(rejected(bytes, sequence, .invalidSyntax, "\(error)", of: author))
        }
    }

    private func decoded(_ message: RelayCommit, of did: DID, _ bytes: RawSpan) throws -> WireContent {
        let archive = try CARFile(message.blocks)
        var content = WireContent(value: message.sequence)
        for operation in message.operations where filter.wants(path: operation.path) {
            do {
                let commit = try Self.commit(operation, rev: message.rev, archive)
                content.events.append(event(message.sequence, did, .commit(commit)))
            } catch {
                // One record that cannot be understood must not hide the others of its commit.
                content.rejected += rejected(bytes, message.sequence, .malformed, "\(error)", of: did).rejected
            }
        }
        guard verification != .off else { return content }
        let commit = try RepositoryCommit(message, archive, now: now)
        // Checking the signature may need a request, for which the decoder does not wait.
        if !content.events.isEmpty {
            let refusal = rejected(bytes, message.sequence, .unproven, "", of: did).rejected
            content.unverified = refusal.map { UnverifiedCommit(commit: commit, refusal: $0) }
        }
        return content
    }

    /// Records the time that an account's server wrote.
    ///
    /// It is limited by the time of most servers, because it may be in the future.
    private mutating func observe(_ time: Int64, of account: String) {
        guard let quartile = times.add(time) else { return }
        _ = witness.observe(min(quartile, time), of: account.hashValue)
    }

    /// The current time, or the network's if our clock is behind: a slow clock must not reject all commits.
    private var now: UnixTime {
        isCertain ? max(clock.now(), UnixTime(microseconds: witnessed)) : .distantFuture
    }

    private static func commit(
        _ operation: RelayCommit.Operation,
        rev: String,
        _ archive: CARFile
    ) throws -> StreamEvent.Commit {
        let parts = operation.path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let action = StreamEvent.Commit.Operation(rawValue: operation.action) else {
            throw RepositoryError(code: .malformed, detail: "an operation is not create, update or delete")
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
            throw RepositoryError(code: .missingBlock, detail: "the record \(operation.path) is not in the archive")
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
            let name = json[kind == .error ? "error" : "name"]
            return WireContent(value: nil, notice: WireContent.Notice(isError: kind == .error, name: name, json))
        }
        guard let sequence = json["seq"]?.integer, sequence.isSequence else {
            guard kind != .unknown else { return WireContent(value: nil) }
            return rejected(bytes, nil, .malformed, "it has no sequence number")
        }
        let time = json["time"]?.string.flatMap { try? Datetime($0) }?.microseconds
        if let time { observe(time, of: json["did"]?.string ?? "") }
        guard let body = StreamEvent.Body(kind.rawValue, json) else { return WireContent(value: sequence) }
        do {
            let did = try DID(json["did"]?.string ?? "")
            return WireContent(value: sequence, events: [event(sequence, did, body)], time: time)
        } catch {
            return rejected(bytes, sequence, .invalidSyntax, error.description)
        }
    }
}

extension RejectedEvent.Reason {
    /// The reason for a failed proof.
    init(_ failure: RepositoryError) {
        switch failure.code {
        case .malformed: self = .malformed
        case .futureRevision: self = .futureRevision
        default: self = .unproven
        }
    }
}
