extension JSONValue {
    /// Decodes exactly one DAG-CBOR item (atproto.com/specs/data-model#json-representation).
    ///
    /// Links become `{"$link": …}` and byte strings `{"$bytes": …}`.
    ///
    /// - Parameters:
    ///   - bytes: one item and nothing after it.
    ///   - maximumDepth: the deepest nesting of arrays and maps.
    /// - Throws: ``CBORError`` for anything except each value's one encoding: for floats, other tags, keys out of
    ///   order, and numbers that are longer than necessary.
    public init(dagCBOR bytes: RawSpan, maximumDepth: Int = 64) throws(CBORError) {
        var reader = CBORReader(bytes)
        self = try Self.read(&reader, depth: maximumDepth)
        guard reader.remaining == 0 else { throw reader.failure("there are bytes behind the item") }
    }

    /// Decodes the next item of a reader.
    static func read(_ reader: inout CBORReader, depth: Int) throws(CBORError) -> JSONValue {
        guard depth > 0 else { throw reader.failure("it is nested too deep") }
        switch try reader.head() {
        case .integer(let value): return .integer(value)
        case .bool(let value): return .bool(value)
        case .null: return .null
        case .bytes(let count):
            let range = try reader.take(count)
            return .object(["$bytes": .string(DataModel.base64(reader.array(range)))])
        case .text(let count):
            let range = try reader.take(count)
            return .string(try reader.text(range))
        case .link: return .object(["$link": .string(try reader.link().text)])
        case .array(let count):
            var elements: [JSONValue] = []
            for _ in 0..<count { elements.append(try read(&reader, depth: depth - 1)) }
            return .array(elements)
        case .map(let count): return .object(try members(&reader, count, depth: depth))
        }
    }

    private static func members(
        _ reader: inout CBORReader,
        _ count: Int,
        depth: Int
    ) throws(CBORError) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        var last: [UInt8]?
        for _ in 0..<count {
            let range = try reader.name()
            let name = reader.array(range)
            if let last, !DataModel.precedes(last, name) {
                throw reader.failure("the names of a map are not in order, or one occurs twice", at: range.lowerBound)
            }
            last = name
            members[try reader.text(range)] = try read(&reader, depth: depth - 1)
        }
        return members
    }

    /// Encodes the value as DAG-CBOR; `{"$link": …}` becomes a link and `{"$bytes": …}` a byte string.
    ///
    /// - Throws: ``DataModelError`` for a value that the data model does not allow.
    public func dagCBOR() throws(DataModelError) -> [UInt8] {
        guard object != nil else { throw DataModelError("only an object stands by itself") }
        var writer = CBORWriter()
        try write(into: &writer)
        return writer.bytes
    }

    private func write(into writer: inout CBORWriter) throws(DataModelError) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .integer(let value): writer.integer(value)
        case .number(let value):
            guard let integer = Int64(exactly: value) else {
                throw DataModelError("a number has a fraction, or more than 64 bits")
            }
            writer.integer(integer)
        case .string(let text): writer.text(text)
        case .array(let elements):
            writer.array(elements.count)
            for element in elements { try element.write(into: &writer) }
        case .object(let members):
            if members["$link"] != nil { return writer.link(try DataModel.link(members)) }
            if members["$bytes"] != nil { return writer.bytes(try DataModel.bytes(members)[...]) }
            try DataModel.checkType(members)
            writer.map(members.count)
            for member in members.sorted(by: { DataModel.precedes(Array($0.key.utf8), Array($1.key.utf8)) }) {
                writer.text(member.key)
                try member.value.write(into: &writer)
            }
        }
    }
}
