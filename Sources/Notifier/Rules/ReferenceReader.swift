public import ATProtocol

/// Where references are in a record, and in which forms.
public struct ReferenceReader: Sendable, Hashable {
    /// The forms in which a record may refer to something.
    public enum Form: String, Sendable, Hashable, CaseIterable {
        /// A text, `at://authority/collection/key`.
        case atURI = "at-uri"
        /// An object `{uri, cid}` (`com.atproto.repo.strongRef`).
        case strongReference = "strong-ref"
        /// A text, `did:…`.
        case did = "did"
        /// An object with a `$type` and a `did` or `uri`.
        case union = "union"
    }

    /// The paths, tried in order until one has an acceptable reference.
    public let paths: [FieldPath]
    /// The acceptable forms.
    public let accepts: Set<Form>

    /// The names of the acceptable forms, in the order of ``Form``.
    public var formNames: [String] { Form.allCases.filter(accepts.contains).map(\.rawValue) }

    /// The most values of a path that are looked at; a record has room for twenty thousand.
    private static let maximumValues = 2000

    /// The references at the first path that has an acceptable one, each once, in order.
    ///
    /// - Parameters:
    ///   - record: the record that refers to something.
    ///   - check: returns the refusal of a reference in an acceptable form; nil for none.
    /// - Returns: at least one reference, or the refusal of the first value found.
    func references(in record: JSONValue, check: (ProjectReference) -> Refusal?) -> Result<[ProjectReference], Refusal>
    {
        var first: Refusal?
        for path in paths {
            var found: [ProjectReference] = []
            var known: Set<ProjectReference> = []
            for value in path.values(in: record).prefix(Self.maximumValues) {
                switch reference(from: value, at: path) {
                case .failure(let refusal): first = first ?? refusal
                case .success(let reference):
                    if let refusal = check(reference) {
                        first = first ?? refusal
                    } else if known.insert(reference).inserted {
                        found.append(reference)
                    }
                }
            }
            guard found.isEmpty else { return .success(found) }
        }
        let names = paths.map(\.text).joined(separator: ", ")
        return .failure(first ?? Refusal(.referenceMissing, "none of \(names) is in the record"))
    }

    private func reference(from value: JSONValue, at path: FieldPath) -> Result<ProjectReference, Refusal> {
        func refused(_ found: String) -> Result<ProjectReference, Refusal> {
            let forms = formNames.joined(separator: ", ")
            return .failure(Refusal(.referenceKindRefused, "\(path) is \(found), and the rule accepts \(forms)"))
        }
        switch value {
        case .string(let text) where text.hasPrefix("did:"):
            return accepts.contains(.did) ? account(text) : refused("a DID")
        case .string(let text): return accepts.contains(.atURI) ? record(text) : refused("a text")
        case .object(let members) where members["$type"] != nil && accepts.contains(.union):
            if let uri = members["uri"]?.string { return record(uri) }
            if let did = members["did"]?.string { return account(did) }
            return refused("a union without uri and did")
        case .object(let members):
            guard let uri = members["uri"]?.string, members["cid"]?.string != nil else {
                let isRecord = members["uri"]?.string != nil
                return refused(
                    isRecord
                        ? "an object with uri and without cid (\(path).uri reads it as at-uri)"
                        : "an object without uri and cid"
                )
            }
            return accepts.contains(.strongReference) ? record(uri) : refused("a strong reference")
        case .array: return refused("an array (\(path)[*] reads each of its elements)")
        default: return refused(value.kind)
        }
    }

    private func account(_ text: String) -> Result<ProjectReference, Refusal> {
        do {
            let did = try DID(text)
            guard did.isSupported else { return .failure(Refusal(.didUnsupported, did.text)) }
            return .success(.account(did))
        } catch {
            return .failure(Refusal(.referenceMalformed, error.description))
        }
    }

    private func record(_ text: String) -> Result<ProjectReference, Refusal> {
        let uri: ATURI
        do { uri = try ATURI(text) } catch { return .failure(Refusal(.referenceMalformed, error.description)) }
        switch uri.authority {
        case .did(let did) where !did.isSupported: return .failure(Refusal(.didUnsupported, did.text))
        case .handle(let handle) where handle.isDisallowed:
            return .failure(Refusal(.handleUnresolved, "\(handle) can never be a handle"))
        default: break
        }
        guard uri.collection != nil, uri.recordKey != nil else {
            return .failure(Refusal(.referenceWithoutRecord, uri.text))
        }
        return .success(.record(uri))
    }
}
