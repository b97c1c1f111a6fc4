internal import ATProtocol

/// The value of `atproto-proxy`: `did#service`, checked here because a PDS answers a wrong one with a riddle.
enum ProxyHeader {
    /// What is wrong with a value, as the end of a sentence; nil when nothing is.
    static func problem(with value: String) -> String? {
        let parts = value.split(separator: "#", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return "must hold one # between a DID and a service id" }
        guard !value.contains(where: \.isWhitespace) else { return "must not hold a space" }
        guard !parts[1].isEmpty else { return "names no service id behind the #" }
        guard let did = try? DID(String(parts[0])), did.isSupported || did.identifier.contains("%3A") else {
            return "does not start with a did:web or did:plc"
        }
        return nil
    }
}
