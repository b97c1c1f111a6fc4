internal import COpenSSL

/// Why a cryptographic operation failed; never contains key material.
public struct CryptoError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; stable in logs.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// This program cannot use the key.
        public static let invalidKey = Code(rawValue: "key-invalid")
        /// A token or ciphertext is malformed or was modified.
        public static let invalidInput = Code(rawValue: "input-invalid")
        /// An error of OpenSSL.
        public static let library = Code(rawValue: "openssl")
    }

    public var code: Code
    /// What is wrong, as a clause.
    public var detail: String

    public init(code: Code, detail: String) {
        self.code = code
        self.detail = detail
    }

    /// Makes a failure from the newest error in this thread's OpenSSL queue, and empties the queue.
    static func library(_ operation: String) -> CryptoError {
        var buffer = [CChar](repeating: 0, count: 256)
        unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe ERR_error_string_n(ERR_get_error(), $0.baseAddress, $0.count)
        }
        ERR_clear_error()
        let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return CryptoError(code: .library, detail: "\(operation) failed: \(text)")
    }

    /// A sentence for the operator.
    public var description: String { "\(detail) (\(code.rawValue))" }
}
