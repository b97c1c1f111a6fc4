internal import COpenSSL

/// The lifetime of OpenSSL's global state.
public enum OpenSSLLifetime {
    /// Keeps OpenSSL's locks and tables until the process ends, instead of freeing them in `exit`.
    ///
    /// OpenSSL registers a clean-up with `atexit` on first use. libcurl's thread may still be closing a connection
    /// then, and crashes on a lock that has been freed (OPENSSL_init_crypto(3), OPENSSL_INIT_NO_ATEXIT). Call this
    /// first in a program; it has no effect after OpenSSL has been used.
    public static func extendToTheEnd() {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}
