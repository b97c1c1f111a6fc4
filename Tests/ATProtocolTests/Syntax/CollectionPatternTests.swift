import ATProtocol
import Testing

@Suite struct `Collections and namespaces` {
    @Test(arguments: [
        ("org.hypercerts.context.evaluation", "org.hypercerts.context.evaluation", false),
        ("org.hypercerts.*", "org.hypercerts.", true), ("org.hypercerts.context.*", "org.hypercerts.context.", true),
        ("a.b1.*", "a.b1.", true), ("a.1-b.*", "a.1-b.", true),
    ]) func `a pattern is a collection, or what its names begin with`(
        text: String,
        beginning: String,
        isNamespace: Bool
    ) throws {
        let pattern = try CollectionPattern(text)
        #expect(pattern.text == text && pattern.beginning == beginning && pattern.isNamespace == isNamespace)
        #expect(pattern.collection?.text == (isNamespace ? nil : text))
        if let collection = pattern.collection { #expect(CollectionPattern(collection) == pattern) }
    }

    @Test(arguments: [
        "", "*", ".*", "org", "org.*", "org.hypercerts", "*.hypercerts.context", "org.*.context", "org.hypercerts*",
        "org.hypercerts.con*", "org.hypercerts.**", "org.hypercerts.*.*", "org.hypercerts.*.context",
        "org.hypercerts..*", "org.hypercerts.context.", "org.-hypercerts.*", "org.hypercérts.*", "org hypercerts.*",
        "org.hypercerts.* ", "Org.hypercerts.*", "org.Hypercerts.a", "org.hypercerts.?",
        "\(String(repeating: "a.", count: 159))*",
    ]) func `anything else is none`(text: String) {
        #expect(throws: SyntaxError.self) { try CollectionPattern(text) }
    }

    @Test(arguments: [
        ("org.hypercerts.*", "org.hypercerts.evaluation", true), ("org.hypercerts.*", "org.hypercerts.a.b.c", true),
        ("org.hypercerts.*", "org.hypercertsx.a", false), ("org.hypercerts.*", "org.hypercert.s", false),
        ("org.hypercerts.claim.*", "org.hypercerts.claim", false), ("org.hypercerts.*", "com.org.hypercerts.a", false),
        ("org.hypercerts.*", "org.Hypercerts.a", false), ("org.hypercerts.a", "org.hypercerts.a", true),
        ("org.hypercerts.a", "org.hypercerts.aa", false), ("org.hypercerts.a", "org.hypercerts.a.b", false),
    ]) func `a namespace has what stands behind its last dot, and nothing beside it`(
        pattern: String,
        collection: String,
        matches: Bool
    ) throws {
        #expect(try CollectionPattern(pattern).matches(NSID(collection)) == matches)
        #expect(try CollectionPattern(pattern).covers(CollectionPattern(NSID(collection))) == matches)
    }

    @Test(arguments: [
        (["org.a.*", "org.a.b"], ["org.a.*"]), (["org.a.b", "org.a.*"], ["org.a.*"]),
        (["org.a.b.*", "org.a.b.c", "org.a.*", "org.ab.*"], ["org.a.*", "org.ab.*"]),
        (["org.a.b", "org.a.b"], ["org.a.b"]), (["org.a.*", "org.a.*"], ["org.a.*"]),
        (["org.a.b", "org.a.b.*"], ["org.a.b", "org.a.b.*"]), (["org.a.c", "org.a.b"], ["org.a.c", "org.a.b"]),
        ([], []),
    ]) func `what another one covers is left out`(patterns: [String], outermost: [String]) throws {
        #expect(try patterns.map { try CollectionPattern($0) }.outermost.map(\.text) == outermost)
    }
}
