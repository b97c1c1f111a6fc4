/// The value of `atproto-proxy`: `did#service`.
///
/// It is checked here because a PDS does not explain what is wrong with it.
package enum ProxyHeader {
    /// What is wrong with a value, as the end of a sentence; nil when it is right.
    package static func problem(with value: String) -> String? {
        let parts = value.split(separator: "#", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return "must hold one # between a DID and a service id" }
        // Any other character would end the header, or be cut out of it.
        guard value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return "must not hold a space, or anything else but ASCII characters"
        }
        guard !parts[1].isEmpty else { return "names no service id behind the #" }
        guard let did = try? DID(String(parts[0])), did.isSupported || did.identifier.contains("%3A") else {
            return "does not start with a did:web or did:plc"
        }
        return nil
    }
}
