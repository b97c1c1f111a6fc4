public import ATProtocol
internal import Network

/// What the sender's own profile tells people who look at it.
public struct SenderProfile: Sendable, Equatable {
    /// Whether it carries the `bot` self-label, as Bluesky asks of automated accounts.
    public let isLabelledBot: Bool

    /// Reads the profile record from the sender's own PDS.
    ///
    /// - Returns: the profile; nil when it does not exist or cannot be read now.
    public static func read(with session: any AccountSession) async -> SenderProfile? {
        let call = XRPCCall.query(
            NSID(known: "com.atproto.repo.getRecord"),
            [("repo", session.account.text), ("collection", "app.bsky.actor.profile"), ("rkey", "self")]
        )
        guard let response = try? await session.send(call), response.isSuccess,
            let profile = try? JSONValue(parsing: response.body)["value"]
        else { return nil }
        let labels = profile["labels"]?["values"]?.array ?? []
        return SenderProfile(isLabelledBot: labels.contains { $0["val"]?.string == "bot" })
    }
}
