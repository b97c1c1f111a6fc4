import Testing

@testable import ATProtocol

@Suite struct `An archive of blocks` {
    /// A CAR file of small blocks, which hold what their identifiers do not say.
    private func archive(_ identifiers: [CID], root: CID) throws -> CARFile {
        let header: JSONValue = ["roots": [["$link": .string(root.text)]], "version": 1]
        let sections = try [header.dagCBOR()] + identifiers.map { $0.bytes + [0xF6] }
        return try CARFile(sections.flatMap { [UInt8($0.count)] + $0 })
    }

    @Test(arguments: 2...40) func `names the first wrong block of the file, whatever else is wrong`(count: Int) throws {
        let identifiers = (0..<count).map { CID(of: [UInt8($0)]) }
        let archive = try archive(identifiers, root: identifiers[count - 1])
        let error = #expect(throws: RepositoryError.self) { try archive.verify() }
        #expect(error?.code == .wrongContent && error?.detail.contains(identifiers[0].text) == true)
    }
}
