import ATProtocol
import Testing

@Suite struct `Paths to values of a record` {
    private static let record: JSONValue = [
        "title": "t", "subject": ["uri": "at://a", "cid": "c"], "$type": "x", "none": .null,
        "subjects": [["uri": "at://b"], ["cid": "d"], "text", ["uri": "at://c"]], "grid": [["1", "2"], ["3"]],
        "a-b": ["c": "d"],
    ]

    @Test(arguments: [
        ("title", ["t"]), ("subject.uri", ["at://a"]), ("$type", ["x"]), ("a-b.c", ["d"]), ("missing", []),
        ("missing.uri", []), ("title.uri", []), ("title[*]", []), ("title[0]", []), ("none.uri", []),
        ("subjects[*].uri", ["at://b", "at://c"]), ("subjects[0].uri", ["at://b"]), ("subjects[1].uri", []),
        ("subjects[2]", ["text"]), ("subjects[4]", []), ("subjects[999]", []), ("subjects.uri", []),
        ("grid[*][*]", ["1", "2", "3"]), ("grid[*][0]", ["1", "3"]), ("grid[0][*]", ["1", "2"]), ("grid[1][1]", []),
        ("Title", []), ("subject.uri[*]", []),
    ]) func `name the values that stand there, in order`(text: String, values: [String]) throws {
        let path = try FieldPath(text)
        #expect(path.text == text && path.values(in: Self.record).map(\.string) == values)
        #expect(path.isPlural == text.contains("*"))
        #expect(path.values(in: "no object").isEmpty && path.values(in: []).isEmpty && path.values(in: .null).isEmpty)
    }

    @Test func `name whatever kind of value it is`() throws {
        #expect(try FieldPath("none").values(in: Self.record) == [.null])
        #expect(try FieldPath("subject").values(in: Self.record) == [["uri": "at://a", "cid": "c"]])
        #expect(try FieldPath("grid[*]").values(in: Self.record) == [["1", "2"], ["3"]])
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "]", "a.[0]", "a[", "a]", "a[]", "a[*", "a[0", "a*]", "a[0]]", "a[[0]]",
        "a[0]b", "a[*]b.c", "a[b]", "a[**]", "a[-1]", "a[-0]", "a[+1]", "a[01]", "a[1000]", "a[ 1]", "a[0x1]",
        "a[99999999999999999999]", "a]b[0]", "$.a", "$", "a/b", "a.0", "a.*", " a", "a .b", "a, b", "ä",
    ]) func `are refused when a name is missing, or brackets hold anything but an index`(text: String) {
        #expect(throws: SyntaxError.self) { try FieldPath(text) }
    }
}
