internal import ATProtocol

/// Reads the beginning of a Jetstream message: enough to skip unwanted commits, and the whole of account events.
///
/// The servers write no whitespace, and the members in a fixed order. For a message that is written differently the
/// full parser is used; it takes longer and gives the same result.
enum JetstreamHead {
    /// The position of a v1 commit in an unwanted collection; nil for other messages.
    static func unwanted(version1 bytes: RawSpan, _ filter: CollectionFilter) -> Int64? {
        var head = HeadReader(bytes)
        guard head.skip(#"{"did":""#), head.skipString(of: 32), head.skip(#","time_us":"#), let time = head.integer(),
            (1..<JetstreamFields.endOfTime).contains(time)
        else { return nil }
        // The sequence number of v2, on hosts with both versions.
        if head.skip(#","cursor":"#), head.integer() == nil { return nil }
        guard head.skip(#","kind":"commit","commit":{"rev":""#) else { return nil }
        return isUnwanted(&head, filter) ? time : nil
    }

    /// The sequence number of a v2 commit in an unwanted collection; nil for other messages.
    static func unwanted(version2 bytes: RawSpan, _ filter: CollectionFilter) -> Int64? {
        var head = HeadReader(bytes)
        guard
            head.skip(
                #"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":"#
            ),
            let sequence = head.integer(), sequence.isSequence, head.skip(#","did":""#), head.skipString(of: 32),
            head.skip(#","time":""#), head.string() != nil, head.skip(#","rev":""#)
        else { return nil }
        return isUnwanted(&head, filter) ? sequence : nil
    }

    /// Continues after the beginning of the commit's revision.
    @inline(__always)
    private static func isUnwanted(_ head: inout HeadReader, _ filter: CollectionFilter) -> Bool {
        guard head.skipString(of: 13), head.skip(#","operation":""#), head.skipString(of: 6),
            head.skip(#","collection":""#), let collection = head.string()
        else { return false }
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
