internal import COpenSSL

/// How long OpenSSL's global state lives.
public enum OpenSSLLifetime {
    /// Keeps OpenSSL's locks and tables until the process is gone, instead of freeing them in `exit`.
    ///
    /// OpenSSL registers a clean-up with `atexit` when it is first used. The thread of libcurl may be closing its last
    /// connections then, and dies on a lock that is no more (OPENSSL_init_crypto(3), OPENSSL_INIT_NO_ATEXIT). A program
    /// calls this before anything else: later calls do nothing.
    public static func extendToTheEnd() {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}
