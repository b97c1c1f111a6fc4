import Crypto
import TestSupport
import Testing

@testable import ATProtocol

@Suite struct `The data model` {
    private func decode(_ bytes: [UInt8]) throws -> JSONValue { try JSONValue(dagCBOR: unsafe bytes.span.bytes) }

    private func fixtures(_ name: String) throws -> [JSONValue] {
        guard let bytes = try Corpus.bytes("interop/data-model/data-model-\(name).json") else { return [] }
        return try JSONValue(parsing: bytes).array ?? []
    }

    @Test func `JSON, CBOR and identifier of the interop fixtures agree`() throws {
        for fixture in try fixtures("fixtures") {
            let json = try #require(fixture["json"])
            let bytes = try #require(Base64.decode(fixture["cbor_base64"]?.string ?? ""))
            #expect(try json.dagCBOR() == bytes)
            #expect(try decode(bytes) == json)
            #expect(CID(of: bytes).text == fixture["cid"]?.string)
        }
    }

    @Test func `valid values are taken and invalid ones refused`() throws {
        for fixture in try fixtures("valid") {
            let json = try #require(fixture["json"])
            #expect(throws: Never.self, "\(fixture["note"]?.string ?? "")") { try decode(json.dagCBOR()) }
        }
        for fixture in try fixtures("invalid") {
            let json = try #require(fixture["json"])
            #expect(throws: DataModelError.self, "\(fixture["note"]?.string ?? "")") { try json.dagCBOR() }
        }
    }

    @Test(arguments: [
        "", "1800", "1817", "190018", "1a0000ffff", "1b00000000ffffffff", "1bffffffffffffffff", "3bffffffffffffffff",
        "f90000", "fa00000000", "fb0000000000000000", "f7", "f0", "f820", "ff", "5f4100ff", "9f00ff", "bf00ff", "1c",
        "c000", "d82b00", "d82a00", "d82a420001", "41", "61", "61ff", "81", "a1", "a10000", "9bffffffffffffffff",
        "bb7fffffffffffffff", "5b7fffffffffffffff", "a2616200616100", "a2616100616100", "a262616100616200", "0000",
    ]) func `bytes that are not the one form of a value are refused`(text: String) throws {
        let bytes = stride(from: 0, to: text.count, by: 2).compactMap { offset in
            UInt8(text.dropFirst(offset).prefix(2), radix: 16)
        }
        #expect(throws: CBORError.self) { try decode(bytes) }
    }

    @Test func `nesting is bounded, and skipping needs no stack`() throws {
        let deep = [UInt8](repeating: 0x81, count: 200_000) + [0]
        #expect(throws: CBORError.self) { try decode(deep) }
        var reader = unsafe CBORReader(deep.span.bytes)
        try reader.skip()
        #expect(reader.remaining == 0)
    }

    @Test(arguments: [Int64.min, -25, -24, -1, 0, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_296, .max])
    func `an integer of 64 bits survives the way through CBOR`(value: Int64) throws {
        let json: JSONValue = ["n": .integer(value)]
        #expect(try decode(json.dagCBOR()) == json)
    }

    @Test func `identifiers have one text and one binary form`() throws {
        let text = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
        let cid = try CID(text)
        #expect(cid.text == text && CID(bytes: cid.bytes) == cid && cid.codec == .dagCBOR)
        for wrong in ["", "b", text.uppercased(), text + "a", "z" + text.dropFirst(), "Qm" + text.dropFirst(2)] {
            #expect(throws: SyntaxError.self) { try CID(wrong) }
        }
        for name in try Corpus.cases("interop/syntax/cid_syntax_invalid.txt") {
            #expect(throws: SyntaxError.self) { try CID(name) }
        }
    }
}
