/// The head of a Jetstream message as its servers write it: enough to pass over what nobody asked for.
///
/// They write no white space, and their members in this order. A message that is written otherwise is for the full
/// parser, which takes longer and decides the same.
enum JetstreamHead {
    /// The position of a commit of v1 to a collection that is not wanted; nil for everything else.
    static func unwanted(version1 bytes: RawSpan, _ filter: CollectionFilter) -> Int64? {
        var head = HeadReader(bytes)
        guard head.skip(#"{"did":""#), head.skipString(of: 32), head.skip(#","time_us":"#), let time = head.integer(),
            (1..<JetstreamFields.endOfTime).contains(time)
        else { return nil }
        // The sequence number of v2, from hosts that speak both.
        if head.skip(#","cursor":"#), head.integer() == nil { return nil }
        guard head.skip(#","kind":"commit","commit":{"rev":""#) else { return nil }
        return isUnwanted(&head, filter) ? time : nil
    }

    /// The sequence number of a commit of v2 to a collection that is not wanted; nil for everything else.
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

    /// Goes on within the commit's revision.
    @inline(__always)
    private static func isUnwanted(_ head: inout HeadReader, _ filter: CollectionFilter) -> Bool {
        guard head.skipString(of: 13), head.skip(#","operation":""#), head.skipString(of: 6),
            head.skip(#","collection":""#), let collection = head.string()
        else { return false }
        return !filter.wants(collection, in: head)
    }
}
