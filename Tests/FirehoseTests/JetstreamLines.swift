import ATProtocol
import TestSupport

@testable import Firehose

/// The recorded messages of Jetstream v1, and the same messages as v2 would have sent them.
enum JetstreamLines {
    /// Every line of the corpus; empty where there is none.
    static func version1() throws -> [[UInt8]] {
        try Corpus.bytes("expected_v1.jsonl").map { $0.split(separator: 0x0A).map(Array.init) } ?? []
    }

    /// The v2 form of a v1 message, in the order of members of bluesky-social/jetstream's encoder.
    static func version2(_ line: [UInt8], sequence: Int64) throws -> [UInt8] {
        let json = try JSONValue(parsing: line)
        let kind = try require(json["kind"]?.string)
        var members = [
            #""$type":"network.bsky.jetstream.subscribeEvents#\#(kind)""#, #""seq":\#(sequence)"#,
            #""did":\#(try require(json["did"]).encodedText)"#, #""time":"2026-07-04T14:38:08.085434Z""#,
        ]
        if let commit = json["commit"]?.object {
            for name in ["rev", "operation", "collection", "rkey", "cid", "record"] {
                if let value = commit[name] { members.append(#""\#(name)":\#(value.encodedText)"#) }
            }
        } else {
            members.append(#""\#(kind)":\#(try require(json[kind]).encodedText)"#)
        }
        return Array(#"{"$type":"message","payload":{\#(members.joined(separator: ","))}}"#.utf8)
    }
}

/// A missing part of a vector.
struct MissingPart: Error {}

/// The value, or a failure of the test that reads the vectors.
func require<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw MissingPart() }
    return value
}
