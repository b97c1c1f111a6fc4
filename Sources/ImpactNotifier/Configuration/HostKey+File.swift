internal import Network
internal import OAuth

extension HostKey {
    /// Reads a key from a file that has it on a line by itself.
    ///
    /// - Throws: ``OAuthError`` of code `configuration`, which never contains any of the file.
    init(file: String, for url: WebURL) throws(OAuthError) {
        guard let key = HostKey(try SecretFile().secret(file), for: url) else {
            throw OAuthError(
                code: .configuration,
                sentence: "\(file) holds no key: that is one line of ASCII characters without a blank."
            )
        }
        self = key
    }
}
