internal import ATProtocol
internal import Notifier

/// A field of somebody's record that looks like a reference to a project or its owner.
struct ReferenceCandidate: Sendable, Equatable {
    /// Its path, as for `reference_paths`.
    let path: String
    let form: ReferenceReader.Form
    /// Its value; for a list the first element.
    let reference: String
    /// Who would be told.
    let owner: String
    /// The collection of the project; nil when an account is named.
    let collection: NSID?

    /// Its entry in a list.
    var text: String { "\(path)  \(reference)  (tells \(owner))" }

    /// The fields of a record that may be meant, the likeliest first.
    static func all(in record: JSONValue, by author: DID?) -> [ReferenceCandidate] {
        var found: [ReferenceCandidate] = []
        collect(record, at: "", depth: 0, into: &found)
        // Authors are not told of their own records, and a record more often names what it belongs to than whom it is
        // about.
        func rank(_ candidate: ReferenceCandidate) -> Int {
            (candidate.owner == author?.text ? 4 : 0) + (candidate.collection == nil ? 2 : 0)
                + (isUsual(candidate.path) ? 0 : 1)
        }
        return found.sorted { (rank($0), $0.path) < (rank($1), $1.path) }
    }

    private static let usualNames: Set<Substring> = [
        "subject", "subjects", "project", "target", "repo", "repository", "context", "about", "for", "on",
    ]
    private static let deepest = 4
    private static let most = 20

    private static func isUsual(_ path: String) -> Bool { usualNames.contains(path.prefix { $0 != "." && $0 != "[" }) }

    private static func collect(_ value: JSONValue, at path: String, depth: Int, into found: inout [Self]) {
        guard found.count < most, depth <= deepest else { return }
        switch value {
        case .string(let text):
            if let candidate = candidate(text, at: path, .atURI) { found.append(candidate) }
        case .array(let elements):
            if let first = elements.first, !path.isEmpty {
                collect(first, at: path + "[*]", depth: depth + 1, into: &found)
            }
        case .object(let members):
            guard members["$type"]?.string != "blob" else { return }
            if !path.isEmpty, let candidate = candidate(members, at: path) { return found.append(candidate) }
            for (name, member) in members.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("$") {
                let place = path.isEmpty ? name : "\(path).\(name)"
                guard (try? FieldPath(place)) != nil, !name.contains(where: { ".[]".contains($0) }) else { continue }
                collect(member, at: place, depth: depth + 1, into: &found)
            }
        case .null, .bool, .integer, .number: return
        }
    }

    private static func candidate(_ members: [String: JSONValue], at path: String) -> Self? {
        if let uri = members["uri"]?.string, members["cid"]?.string != nil {
            return candidate(uri, at: path, .strongReference)
        }
        guard members["$type"] != nil, let text = (members["uri"] ?? members["did"])?.string else { return nil }
        return candidate(text, at: path, .union)
    }

    private static func candidate(_ text: String, at path: String, _ form: ReferenceReader.Form) -> Self? {
        if DID.ofAccount(text) != nil, form != .strongReference {
            let form = form == .union ? form : .did
            return Self(path: path, form: form, reference: text, owner: text, collection: nil)
        }
        guard let uri = try? ATURI(text), let collection = uri.collection, uri.recordKey != nil else { return nil }
        switch uri.authority {
        case .did(let did):
            guard did.isSupported else { return nil }
            return Self(path: path, form: form, reference: text, owner: did.text, collection: collection)
        case .handle(let handle):
            return Self(path: path, form: form, reference: text, owner: "@\(handle)", collection: collection)
        }
    }
}
