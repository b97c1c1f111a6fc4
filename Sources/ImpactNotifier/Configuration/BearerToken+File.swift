internal import Network
internal import OAuth

extension BearerToken {
    /// Reads a token from a file that has it on a line by itself.
    ///
    /// - Throws: ``OAuthError`` of code `configuration`, which never contains any of the file.
    init(file: String) throws(OAuthError) {
        guard let token = BearerToken(try SecretFile().secret(file)) else {
            throw OAuthError(
                code: .configuration,
                sentence: "\(file) holds no token: that is one line of at least \(Self.shortest) ASCII characters "
                    + "without a blank; make one with: openssl rand -hex 32"
            )
        }
        self = token
    }
}
