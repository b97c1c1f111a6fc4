public import ATProtocol
internal import Network

/// What the sender's own profile says to those who look at it.
public struct SenderProfile: Sendable, Equatable {
    /// Whether it carries the `bot` self-label, as Bluesky asks of automated accounts.
    public let isLabelledBot: Bool

    /// Reads the profile record from the sender's own PDS.
    ///
    /// - Returns: nil when it cannot be read now, or there is none.
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
