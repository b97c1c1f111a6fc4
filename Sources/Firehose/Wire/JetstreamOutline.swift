/// What the head of a Jetstream message tells before it is decoded: enough to pass over what nobody asked for.
enum JetstreamOutline: Equatable {
    /// A commit to a collection that is not wanted, at this position.
    case unwanted(value: Int64)
    /// Anything else: the full parser decides.
    case undecided

    /// Reads the head of a v1 message: `{"did":…,"time_us":N,"kind":"commit","commit":{…,"collection":"…"`.
    static func version1(_ bytes: RawSpan, _ filter: CollectionFilter) -> JetstreamOutline {
        var scanner = JSONScanner(bytes)
        var isFirst = true
        var value: Int64?
        var isUnwanted = false
        guard scanner.enterObject() else { return .undecided }
        while let name = scanner.nextName(&isFirst) {
            if scanner.isEqual(name, "time_us") {
                guard let time = scanner.integer(), (1..<JetstreamFields.endOfTime).contains(time) else {
                    return .undecided
                }
                value = time
            } else if scanner.isEqual(name, "commit") {
                guard let collection = member("collection", of: &scanner), !filter.wants(collection, in: scanner) else {
                    return .undecided
                }
                isUnwanted = true
                // The rest of the commit is of interest only where the time stands behind it.
                if value == nil, !leaveObject(&scanner) { return .undecided }
            } else if !scanner.skipValue() {
                return .undecided
            }
            if isUnwanted, let value { return .unwanted(value: value) }
        }
        return .undecided
    }

    /// Reads the head of a v2 message: `{"$type":"message","payload":{"$type":"…#commit","seq":N,…,"collection":"…"`.
    static func version2(_ bytes: RawSpan, _ filter: CollectionFilter) -> JetstreamOutline {
        var scanner = JSONScanner(bytes)
        var isFirst = true
        guard scanner.enterObject() else { return .undecided }
        while let name = scanner.nextName(&isFirst) {
            if scanner.isEqual(name, "payload") { return payload(of: &scanner, filter) }
            guard scanner.isEqual(name, "$type"), let type = scanner.string(), scanner.isEqual(type, "message") else {
                return .undecided
            }
        }
        return .undecided
    }

    private static func payload(of scanner: inout JSONScanner, _ filter: CollectionFilter) -> JetstreamOutline {
        var isFirst = true
        var value: Int64?
        var isCommit = false
        var isUnwanted = false
        guard scanner.enterObject() else { return .undecided }
        while let name = scanner.nextName(&isFirst) {
            if scanner.isEqual(name, "$type") {
                guard let type = scanner.string(),
                    scanner.isEqual(scanner.suffix(of: type, behind: UInt8(ascii: "#")), "commit")
                else { return .undecided }
                isCommit = true
            } else if scanner.isEqual(name, "seq") {
                guard let sequence = scanner.integer(), sequence.isSequence else { return .undecided }
                value = sequence
            } else if scanner.isEqual(name, "collection") {
                guard let collection = scanner.string(), !filter.wants(collection, in: scanner) else {
                    return .undecided
                }
                isUnwanted = true
            } else if !scanner.skipValue() {
                return .undecided
            }
            if isCommit, isUnwanted, let value { return .unwanted(value: value) }
        }
        return .undecided
    }

    /// The string of a member of the object that comes next; the scanner stays behind it.
    private static func member(_ wanted: StaticString, of scanner: inout JSONScanner) -> Range<Int>? {
        var isFirst = true
        guard scanner.enterObject() else { return nil }
        while let name = scanner.nextName(&isFirst) {
            if scanner.isEqual(name, wanted) { return scanner.string() }
            guard scanner.skipValue() else { return nil }
        }
        return nil
    }

    private static func leaveObject(_ scanner: inout JSONScanner) -> Bool {
        var isFirst = false
        while scanner.nextName(&isFirst) != nil {
            guard scanner.skipValue() else { return false }
        }
        return scanner.leaveObject()
    }
}
