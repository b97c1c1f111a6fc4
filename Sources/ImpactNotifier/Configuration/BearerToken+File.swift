internal import Network
internal import OAuth

extension BearerToken {
    /// The token that a file holds, in a line by itself.
    ///
    /// - Throws: ``OAuthFailure`` of code `configuration`, which never holds any of it.
    init(file: String) throws(OAuthFailure) {
        guard let token = BearerToken(try SecretFile().secret(file)) else {
            throw OAuthFailure(
                code: .configuration,
                sentence: "\(file) holds no token: that is one line of at least \(Self.shortest) ASCII characters "
                    + "without a blank; make one with: openssl rand -hex 32"
            )
        }
        self = token
    }
}
