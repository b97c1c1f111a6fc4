internal import Crypto

/// Rules of the data model for both JSON and CBOR (atproto.com/specs/data-model).
enum DataModel {
    /// Whether a map key sorts before another: the shorter one first, then by octets.
    static func precedes(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count != other.count ? one.count < other.count : one.lexicographicallyPrecedes(other)
    }

    /// Base64 without padding, as in `$bytes`.
    static func base64(_ bytes: [UInt8]) -> String {
        var text = Base64.encode(bytes)
        while text.hasSuffix("=") { text.removeLast() }
        return text
    }

    static func link(_ members: [String: JSONValue]) throws(DataModelError) -> CID {
        guard members.count == 1, let text = members["$link"]?.string, let cid = try? CID(text) else {
            throw DataModelError("a $link is not an object of one identifier")
        }
        return cid
    }

    static func bytes(_ members: [String: JSONValue]) throws(DataModelError) -> [UInt8] {
        guard members.count == 1, let text = members["$bytes"]?.string, let bytes = Base64.decode(text) else {
            throw DataModelError("a $bytes is not an object of one base64 text")
        }
        return bytes
    }

    /// Checks `$type`, and the fixed members of a blob.
    static func checkType(_ members: [String: JSONValue]) throws(DataModelError) {
        guard let type = members["$type"] else { return }
        guard let name = type.string, !name.isEmpty else { throw DataModelError("a $type is not a name") }
        guard name == "blob" else { return }
        guard let ref = members["ref"]?.object, (try? link(ref)) != nil, members["mimeType"]?.string != nil,
            members["size"]?.integer != nil
        else { throw DataModelError("a blob lacks its ref, mimeType or size") }
    }
}

/// A value that the data model does not allow.
public struct DataModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, as a clause.
    public let reason: String

    init(_ reason: String) { self.reason = reason }

    /// A sentence for the operator.
    public var description: String { "not a value of the data model: \(reason)" }
}

extension JSONValue {
    /// An object `{"$bytes": …}`, the JSON form of bytes.
    public init(bytes: [UInt8]) { self = .object(["$bytes": .string(DataModel.base64(bytes))]) }

    /// The bytes of an object `{"$bytes": …}`; nil for any other value.
    public var dataBytes: [UInt8]? { object.flatMap { try? DataModel.bytes($0) } }
}
