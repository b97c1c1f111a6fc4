/// The blocks of a CAR file, version 1, by CID (ipld.io/specs/transport/car/carv1).
///
/// It stores only their offsets. A block's bytes are checked against its CID when the block is read.
public struct CARFile: Sendable {
    /// The first root: the commit, in this network's archives.
    public let root: CID
    private let bytes: [UInt8]
    private let places: [CID: Range<Int>]

    /// Parses the header and indexes the blocks.
    ///
    /// - Parameter bytes: the whole file.
    /// - Throws: ``RepositoryError`` with code ``RepositoryError/Code/malformed``.
    public init(_ bytes: [UInt8]) throws(RepositoryError) {
        self.bytes = bytes
        var position = 0
        let header = try Self.section(bytes, &position)
        root = try Self.root(bytes[header])
        var places: [CID: Range<Int>] = [:]
        while position < bytes.count {
            let section = try Self.section(bytes, &position)
            guard section.count >= CID.length, let cid = CID(bytes: bytes.span.extracting(section.prefix(CID.length)))
            else {
                throw Self.malformed("a block has no identifier that the network makes")
            }
            places[cid] = section.dropFirst(CID.length)
        }
        self.places = places
    }

    /// The number of blocks.
    public var count: Int { places.count }

    /// The bytes of a block; nil when it is missing.
    ///
    /// - Throws: ``RepositoryError`` with code ``RepositoryError/Code/wrongContent`` when its digest differs.
    public func block(_ cid: CID) throws(RepositoryError) -> [UInt8]? {
        guard let place = places[cid] else { return nil }
        let block = Array(bytes[place])
        guard CID(of: block, codec: cid.codec) == cid else {
            throw RepositoryError(code: .wrongContent, detail: "the block \(cid) holds something else")
        }
        return block
    }

    /// Checks all blocks in the file's order, including those that nobody reads.
    ///
    /// - Throws: ``RepositoryError`` with code ``RepositoryError/Code/wrongContent``, naming the first wrong block.
    public func verify() throws(RepositoryError) {
        for (cid, _) in places.sorted(by: { $0.value.lowerBound < $1.value.lowerBound }) { _ = try block(cid) }
    }

    private static func root(_ header: ArraySlice<UInt8>) throws(RepositoryError) -> CID {
        let json: JSONValue
        do { json = try JSONValue(dagCBOR: unsafe header.span.bytes) } catch { throw RepositoryError(error) }
        guard json["version"]?.integer == 1, let text = json["roots"]?[0]?["$link"]?.string, let root = try? CID(text)
        else { throw malformed("its header has another version, or no root") }
        return root
    }

    /// The range of the next section: its length as LEB128, then its octets.
    private static func section(_ bytes: [UInt8], _ position: inout Int) throws(RepositoryError) -> Range<Int> {
        var length = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            guard position < bytes.count else { throw malformed("it ends within a length") }
            let byte = bytes[position]
            position += 1
            length |= Int(byte & 0x7F) << shift
            guard byte & 0x80 == 0 else { continue }
            guard length <= bytes.count - position else { throw malformed("it ends within a block") }
            defer { position += length }
            return position..<position + length
        }
        throw malformed("a length has more than five octets")
    }

    private static func malformed(_ detail: String) -> RepositoryError {
        RepositoryError(code: .malformed, detail: "the archive of blocks is malformed: \(detail)")
    }
}
