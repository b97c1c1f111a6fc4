internal import ATProtocol

/// Reads the beginning of a Jetstream message: enough to skip unwanted commits, and the whole of account events.
///
/// The servers write no whitespace, and the members in a fixed order. For a message that is written differently the
/// full parser is used; it takes longer and gives the same result.
enum JetstreamHead {
    // After each part of variable length a new reader begins: so the compiler knows where in it everything is.

    /// The position of a v1 commit in an unwanted collection; nil for other messages.
    static func unwanted(version1 bytes: RawSpan, _ filter: CollectionFilter) -> Int64? {
        var author = HeadReader(bytes)
        guard author.skip(#"{"did":""#), author.skipString(of: 32) else { return nil }
        var position = HeadReader(author.rest)
        guard position.skip(#","time_us":"#), let time = position.integer(),
            (1..<JetstreamFields.endOfTime).contains(time)
        else { return nil }
        // The sequence number of v2, on hosts with both versions.
        if position.skip(#","cursor":"#), position.integer() == nil { return nil }
        var commit = HeadReader(position.rest)
        guard commit.skip(#","kind":"commit","commit":{"rev":""#), isUnwanted(&commit, filter) else { return nil }
        return time
    }

    /// The sequence number of a v2 commit in an unwanted collection; nil for other messages.
    static func unwanted(version2 bytes: RawSpan, _ filter: CollectionFilter) -> Int64? {
        var position = HeadReader(bytes)
        guard
            position.skip(
                #"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":"#
            ),
            let sequence = position.integer(), sequence.isSequence
        else { return nil }
        var author = HeadReader(position.rest)
        guard author.skip(#","did":""#), author.skipString(of: 32), author.skip(#","time":""#), author.string() != nil
        else { return nil }
        var commit = HeadReader(author.rest)
        guard commit.skip(#","rev":""#), isUnwanted(&commit, filter) else { return nil }
        return sequence
    }

    /// Continues after the beginning of the commit's revision, which has thirteen letters; all operations have six.
    @inline(__always)
    private static func isUnwanted(_ head: inout HeadReader, _ filter: CollectionFilter) -> Bool {
        guard head.skip(count: 13), head.skip(#"","operation":""#), head.skip(count: 6),
            head.skip(#"","collection":""#)
        else { return false }
        // Most names differ at once from all that are wanted. The end of such a name is not looked for, but a message that
        // was cut off is not passed over.
        if let word = head.nextWord, filter.excludes(word), head.endsWithBrace { return true }
        guard let collection = head.string() else { return false }
        return !filter.wants(collection, in: head)
    }

    /// The fields of a v1 identity or account message; nil for other messages.
    static func ofAccount(version1 bytes: RawSpan) -> JetstreamFields? {
        var head = HeadReader(bytes)
        guard head.skip(#"{"did":""#), let did = head.string(), head.skip(#","time_us":"#), let time = head.integer(),
            (1..<JetstreamFields.endOfTime).contains(time)
        else { return nil }
        if head.skip(#","cursor":"#), head.integer() == nil { return nil }
        let isIdentity = head.skip(#","kind":"identity","identity":{"#)
        guard isIdentity || head.skip(#","kind":"account","account":{"#),
            let body = isIdentity ? identity(&head) : account(&head), head.skip("}}"), head.isAtEnd, head.isPlain,
            let account = try? DID(head.text(did))
        else { return nil }
        return JetstreamFields(value: time, witnessed: time, did: account, body: body)
    }

    /// The fields of a v2 identity or account message; nil for other messages.
    static func ofAccount(version2 bytes: RawSpan) -> JetstreamFields? {
        var head = HeadReader(bytes)
        guard head.skip(#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#"#) else {
            return nil
        }
        let isIdentity = head.skip(#"identity","seq":"#)
        guard isIdentity || head.skip(#"account","seq":"#), let sequence = head.integer(), sequence.isSequence,
            head.skip(#","did":""#), let did = head.string(), head.skip(#","time":""#), let time = head.string(),
            head.skip(isIdentity ? #","identity":{"# : #","account":{"#),
            let body = isIdentity ? identity(&head) : account(&head), head.skip("}}}"), head.isAtEnd, head.isPlain,
            let account = try? DID(head.text(did))
        else { return nil }
        let witnessed = JetstreamFields.microseconds(head.text(time))
        return JetstreamFields(value: sequence, witnessed: witnessed, did: account, body: body)
    }

    private static func identity(_ head: inout HeadReader) -> StreamEvent.Body? {
        guard head.skip(#""did":""#), head.string() != nil else { return nil }
        var handle: Range<Int>?
        if head.skip(#","handle":""#) {
            handle = head.string()
            guard handle != nil else { return nil }
        }
        guard head.skip(#","seq":"#), head.integer() != nil, skipTime(&head) else { return nil }
        return .identity(handle: handle.flatMap { try? Handle(head.text($0)) })
    }

    private static func account(_ head: inout HeadReader) -> StreamEvent.Body? {
        let isActive = head.skip(#""active":true,"did":""#)
        guard isActive || head.skip(#""active":false,"did":""#), head.string() != nil, head.skip(#","seq":"#),
            head.integer() != nil
        else { return nil }
        var status: Range<Int>?
        if head.skip(#","status":""#) {
            status = head.string()
            guard status != nil else { return nil }
        }
        return skipTime(&head) ? .account(isActive: isActive, status: status.map { head.text($0) }) : nil
    }

    private static func skipTime(_ head: inout HeadReader) -> Bool { head.skip(#","time":""#) && head.string() != nil }
}
