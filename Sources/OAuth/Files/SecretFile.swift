/// Reads files with keys and passwords; each must be a regular file that other users cannot read.
package struct SecretFile: Sendable {
    /// The value of EACCES.
    private static let refused: Int32 = 13

    private let files: any SessionFileSystem

    /// Reads from the given file system.
    package init(_ files: any SessionFileSystem = POSIXFileSystem()) { self.files = files }

    /// Reads a secret's file.
    ///
    /// It must be a regular file of this user or of root, without permissions for others. Its group may read it if it
    /// is root's; this is how `/etc/impact-notifier/secrets` and `LoadCredential` share a file with the daemon's user.
    ///
    /// - Throws: ``OAuthError`` with ``OAuthError/Code/configuration``; never contains a part of the secret.
    package func read(_ path: String) throws(OAuthError) -> [UInt8] {
        do throws(FileError) {
            guard let status = try files.status(of: path) else { throw .unusable(path, "there is no such file") }
            guard status.isRegular else { throw .unusable(path, "it is not a plain file") }
            guard status.owner == files.owner || status.owner == 0 else {
                throw .unusable(path, "it belongs to another user; run: chown root \(path)")
            }
            guard status.mode & 0o037 == 0, status.mode & 0o040 == 0 || status.owner == 0 else {
                let mode = status.owner == 0 ? "640" : "600"
                throw .unusable(path, "it is open to other users; run: chmod \(mode) \(path)")
            }
            return try files.read(path)
        } catch {
            // For root's file with permissions for its group: the daemon's user is in that group, and nobody else.
            let advice = error.number == Self.refused ? "; run: chgrp impact-notifier \(path); chmod 640 \(path)" : ""
            throw OAuthError(code: .configuration, sentence: "A secret cannot be read: \(error)\(advice).")
        }
    }

    /// Reads a secret without the final line break that editors add; never empty.
    ///
    /// - Throws: as ``read(_:)`` does.
    package func secret(_ path: String) throws(OAuthError) -> [UInt8] {
        var bytes = try read(path)
        while bytes.last == 0x0A || bytes.last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty else { throw OAuthError(code: .configuration, sentence: "\(path) is empty.") }
        return bytes
    }

    /// Reads a secret as text without trailing whitespace, for an app password; never empty.
    ///
    /// - Throws: as ``read(_:)`` does.
    package func text(_ path: String) throws(OAuthError) -> String {
        guard let whole = String(validating: try secret(path), as: UTF8.self) else {
            throw OAuthError(code: .configuration, sentence: "\(path) is not text.")
        }
        let text = String(whole.reversed().drop(while: \.isWhitespace).reversed())
        guard !text.isEmpty else { throw OAuthError(code: .configuration, sentence: "\(path) is empty.") }
        return text
    }

    /// Reads a key of 32 octets, raw or as 64 hexadecimal digits.
    ///
    /// - Throws: as ``read(_:)`` does.
    package func encryptionKey(_ path: String) throws(OAuthError) -> [UInt8] {
        let bytes = try read(path)
        if bytes.count == 32 { return bytes }
        let digits = bytes.filter { $0 != 0x0A && $0 != 0x0D }.map { Character(Unicode.Scalar($0)).hexDigitValue }
        let values = digits.compactMap(\.self)
        guard digits.count == 64, values.count == 64 else {
            throw OAuthError(
                code: .configuration,
                sentence: "\(path) holds neither 32 octets nor 64 hexadecimal digits; run: openssl rand -hex 32"
            )
        }
        return stride(from: 0, to: 64, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }
}
