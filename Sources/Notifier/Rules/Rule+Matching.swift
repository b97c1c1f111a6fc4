public import ATProtocol

extension Rule {
    /// Whether records of this collection are this rule's business.
    public func covers(_ collection: NSID) -> Bool { collections.contains(collection) }

    /// The project that a record refers to.
    ///
    /// The first path that holds an acceptable reference counts; when none does, the refusal is that of the first path
    /// that holds anything.
    ///
    /// - Returns: the reference, or the reason why there is none.
    public func reference(in record: JSONValue) -> Result<ProjectReference, Refusal> {
        var first: Refusal?
        for path in referencePaths {
            guard let value = record.value(at: path) else { continue }
            switch reference(from: value) {
            case .success(let reference): return .success(reference)
            case .failure(let refusal): first = first ?? refusal
            }
        }
        return .failure(
            first ?? Refusal(.referenceMissing, "none of \(referencePaths.joined(separator: ", ")) is in the record")
        )
    }

    private func reference(from value: JSONValue) -> Result<ProjectReference, Refusal> {
        switch value {
        case .string(let text) where text.hasPrefix("did:"):
            return accepts.contains(.did) ? account(text) : .failure(Refusal(.referenceKindRefused, "a DID"))
        case .string(let text):
            return accepts.contains(.atURI)
                ? project(text, cid: nil) : .failure(Refusal(.referenceKindRefused, "a text"))
        case .object(let members) where members["$type"] != nil && accepts.contains(.union):
            if let uri = members["uri"]?.string { return project(uri, cid: members["cid"]?.string) }
            if let did = members["did"]?.string { return account(did) }
            return .failure(Refusal(.referenceKindRefused, "a union without uri and did"))
        case .object(let members):
            guard accepts.contains(.strongReference), let uri = members["uri"]?.string,
                let cid = members["cid"]?.string
            else { return .failure(Refusal(.referenceKindRefused, "an object that is no strong reference")) }
            return project(uri, cid: cid)
        default:
            return .failure(Refusal(.referenceKindRefused, value.kind))
        }
    }

    private func account(_ text: String) -> Result<ProjectReference, Refusal> {
        guard owner == .did else {
            return .failure(Refusal(.referenceWithoutOwner, "a DID of a project is not a person's account"))
        }
        do {
            let did = try DID(text)
            guard did.isSupported else { return .failure(Refusal(.didUnsupported, did.text)) }
            return .success(.account(did))
        } catch {
            return .failure(Refusal(.referenceMalformed, error.description))
        }
    }

    private func project(_ text: String, cid: String?) -> Result<ProjectReference, Refusal> {
        let uri: ATURI
        do { uri = try ATURI(text) } catch { return .failure(Refusal(.referenceMalformed, error.description)) }
        switch uri.authority {
        case .did(let did) where !did.isSupported: return .failure(Refusal(.didUnsupported, did.text))
        case .handle(let handle) where handle.isDisallowed:
            return .failure(Refusal(.handleUnresolved, "\(handle) can never be a handle"))
        default: break
        }
        guard let collection = uri.collection, uri.recordKey != nil else {
            return .failure(Refusal(.referenceWithoutRecord, uri.text))
        }
        guard projectCollections.isEmpty || projectCollections.contains(collection) else {
            return .failure(Refusal(.projectCollectionUnexpected, collection.text))
        }
        return .success(.record(uri, cid: cid))
    }
}
