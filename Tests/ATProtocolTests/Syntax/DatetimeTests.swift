import ATProtocol
import TestSupport
import Testing

@Suite struct `Datetimes` {
    @Test func `the interop vectors agree`() throws {
        for text in try Corpus.cases("interop/syntax/datetime_syntax_valid.txt") {
            #expect(throws: Never.self, "\(text)") { try Datetime(text) }
        }
        for name in ["syntax", "parse"] {
            for text in try Corpus.cases("interop/syntax/datetime_\(name)_invalid.txt") {
                #expect(throws: SyntaxError.self, "\(text)") { try Datetime(text) }
            }
        }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-07-04T14:38:08.085434Z", 1_783_175_888_085_434),
        ("2000-02-29T23:59:59.9999999Z", 951_868_799_999_999), ("1969-12-31T23:59:59.5Z", -500_000),
        ("2026-07-04T16:38:08+02:00", 1_783_175_888_000_000), ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
    ]) func `a moment has its number`(text: String, microseconds: Int64) throws {
        #expect(try Datetime(text).microseconds == microseconds)
    }
}
