public import ATProtocol
internal import Network

extension AccountSession {
    /// Whether the profile of the account carries the `bot` self-label, as Bluesky asks of automated accounts.
    ///
    /// - Returns: nil when there is no profile, or it cannot be read now.
    public func isLabelledBot() async -> Bool? {
        let call = XRPCCall.query(
            NSID(known: "com.atproto.repo.getRecord"),
            [("repo", account.text), ("collection", "app.bsky.actor.profile"), ("rkey", "self")]
        )
        guard let response = try? await send(call), response.isSuccess,
            let profile = try? JSONValue(parsing: response.body)["value"]
        else { return nil }
        return (profile["labels"]?["values"]?.array ?? []).contains { $0["val"]?.string == "bot" }
    }
}
