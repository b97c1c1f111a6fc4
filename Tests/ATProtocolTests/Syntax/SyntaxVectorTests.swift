import ATProtocol
import TestSupport
import Testing

@Suite struct `Syntax agrees with the interop vectors` {
    private func check<Value: SyntaxValue>(_ type: Value.Type, _ name: String) throws {
        for text in try Corpus.cases("interop/syntax/\(name)_syntax_valid.txt") {
            #expect(throws: Never.self, "valid \(name): \(text)") { try Value(text) }
            #expect((try? Value(text))?.text == text)
        }
        for text in try Corpus.cases("interop/syntax/\(name)_syntax_invalid.txt") {
            #expect(throws: SyntaxError.self, "invalid \(name): \(text)") { try Value(text) }
        }
    }

    @Test func `about DIDs`() throws { try check(DID.self, "did") }
    @Test func `about handles`() throws { try check(Handle.self, "handle") }
    @Test func `about names of collections and methods`() throws { try check(NSID.self, "nsid") }
    @Test func `about record keys`() throws { try check(RecordKey.self, "recordkey") }
    @Test func `about TIDs`() throws { try check(TID.self, "tid") }
    @Test func `about AT-URIs`() throws { try check(ATURI.self, "aturi") }

    @Test func `about authorities, which are DIDs or handles`() throws {
        for text in try Corpus.cases("interop/syntax/atidentifier_syntax_valid.txt") {
            #expect(throws: Never.self, "\(text)") { try ATURI("at://" + text) }
        }
        for text in try Corpus.cases("interop/syntax/atidentifier_syntax_invalid.txt") {
            #expect(throws: SyntaxError.self, "\(text)") { try ATURI("at://" + text) }
        }
    }
}

@Suite struct `Syntax of single values` {
    @Test(arguments: [
        ("did:plc:ewvi7nxzyoun6zhxrhs64oiz", true), ("did:plc:asdf123", false), ("did:web:example.com", true),
        ("did:web:example.com:path", false), ("did:web:localhost%3A1234", true), ("did:web:example.com%3A1234", false),
        ("did:key:zQ3sh", false),
    ]) func `only DIDs that can be resolved are supported`(text: String, isSupported: Bool) throws {
        #expect(try DID(text).isSupported == isSupported)
    }

    @Test func `a TID carries its time and orders by it`() throws {
        let tid = TID(microseconds: 1_783_175_888_085_434, clock: 7)
        #expect(tid.microseconds == 1_783_175_888_085_434)
        #expect(try TID(tid.text) == tid)
        #expect(tid < TID(microseconds: 1_783_175_888_085_435, clock: 0))
    }

    @Test func `the TID of a real revision is close to when the network saw it`() throws {
        // Jetstream witnessed this revision at 1783175888085434.
        let claimed = Int64(try TID("3mptbypluud2a").microseconds)
        #expect(abs(claimed - 1_783_175_888_085_434) < 5_000_000)
    }
}
