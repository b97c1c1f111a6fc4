internal import ATProtocol
internal import Network

extension GuardedClient {
    /// The value of a record in a repository; if it is missing, the PDS is asked whether the repository is active.
    func record(_ uri: ATURI, of repository: DID, at pds: WebURL) async throws(CallError) -> JSONValue {
        guard let collection = uri.collection, let key = uri.recordKey else {
            throw .refused(Refusal(.referenceWithoutRecord, uri.text))
        }
        let response = try await ask(
            pds,
            "com.atproto.repo.getRecord",
            [("repo", repository.text), ("collection", collection.text), ("rkey", key.text)]
        )
        guard response.isSuccess else {
            let error = XRPCError(response)
            guard classify(.project, .answer(error)).followUp == .checkRepository else { throw .answer(error) }
            // A PDS without the repository asks its AppView, which knows only Bluesky's own records.
            try await check(repository, at: pds)
            throw .answer(error)
        }
        let json = try response.json()
        guard let value = json["value"], let name = json["uri"]?.string else {
            throw .unreadable(status: response.status, detail: "the answer has no record")
        }
        guard name == "at://\(repository)/\(collection)/\(key)" else {
            throw .misdirected("the answer is another record than was asked for")
        }
        guard value["$type"]?.string == collection.text else {
            throw .refused(Refusal(.projectInvalid, "the record is of another type than its collection"))
        }
        return value
    }

    /// Returns if the repository is active, and throws otherwise.
    private func check(_ repository: DID, at pds: WebURL) async throws(CallError) {
        let response = try await ask(pds, "com.atproto.sync.getRepoStatus", [("did", repository.text)])
        let json = try response.json()
        guard json["did"]?.string.map({ $0 == repository.text }) ?? true else {
            throw .misdirected("the answer is about another repository")
        }
        guard let isActive = json["active"]?.bool else {
            throw .unreadable(status: response.status, detail: "the answer does not say the state of the repository")
        }
        guard isActive else { throw .inactiveRepository(status: json["status"]?.string) }
    }
}
