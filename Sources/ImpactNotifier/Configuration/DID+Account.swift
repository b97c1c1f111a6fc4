internal import ATProtocol

extension DID {
    /// The DID of an account; nil for a text that cannot be one.
    static func ofAccount(_ text: String) -> DID? { (try? DID(text)).flatMap { $0.isSupported ? $0 : nil } }

    /// Why a text is not the DID of an account; nil when it is.
    static func objection(toAccount text: String) -> String? {
        do throws(SyntaxError) {
            guard !(try DID(text)).isSupported else { return nil }
            return "it can be nobody's: behind did:plc: stand 24 letters and digits, behind did:web: a host's name"
        } catch { return error.reason }
    }
}

extension ATURI.Authority {
    /// An account as an operator writes it, a DID or a handle; nil when nobody can have it.
    static func ofAccount(_ text: String) -> ATURI.Authority? {
        if text.hasPrefix("did:") { return DID.ofAccount(text).map(ATURI.Authority.did) }
        return (try? Handle(text)).flatMap { $0.isDisallowed ? nil : ATURI.Authority.handle($0) }
    }

    /// Why a text is not an account; nil when it is.
    static func objection(toAccount text: String) -> String? {
        if text.hasPrefix("did:") { return DID.objection(toAccount: text) }
        do throws(SyntaxError) {
            return try Handle(text).isDisallowed ? "its top-level domain is not a public one" : nil
        } catch { return error.reason }
    }
}

extension ConfigurationSection {
    /// The DIDs of a list.
    func dids(_ key: String) -> Set<DID> {
        Set(list(key, default: [], expected: "a DID", objection: DID.objection, parse: DID.ofAccount))
    }
}
