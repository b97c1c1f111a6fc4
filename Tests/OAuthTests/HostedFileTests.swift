import ATProtocol
import FoundationEssentials
import Testing

@testable import OAuth

@Suite struct `The files to host` {
    private func file(_ name: String) throws -> [UInt8] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return Array(try Data(contentsOf: URL(filePath: "/\(root)/config/oauth/\(name)")))
    }

    @Test func `the callback page beside the configuration is the one that the command prints`() throws {
        #expect(try String(decoding: file("callback.html"), as: UTF8.self) == CallbackPage.html + "\n")
    }

    @Test func `the callback page asks nobody for anything`() {
        #expect(!CallbackPage.html.contains("http://") && !CallbackPage.html.contains("https://"))
        #expect(CallbackPage.html.contains(#"content="no-referrer""#))
    }

    @Test func `the example metadata is what the command makes, but for the key`() throws {
        var fixture = try SessionFixture()
        fixture.configuration.scope = .transition
        fixture.configuration.clientID = "https://example.org/notifier/oauth-client-metadata.json"
        var made = try ClientMetadata(fixture.configuration, fixture.environment).document(keys: []).object ?? [:]
        var example = try JSONValue(parsing: file("oauth-client-metadata.json")).object ?? [:]
        let keys = try #require(example["jwks"]?["keys"]?.array)
        #expect(keys.count == 1 && keys.allSatisfy { $0["d"] == nil })
        made["jwks"] = nil
        example["jwks"] = nil
        #expect(made == example)
    }
}
