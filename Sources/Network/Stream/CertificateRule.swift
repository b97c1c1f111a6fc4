internal import CCurl
internal import COpenSSL

/// Checks which host a certificate is for; only the subject alternative names count (RFC 9525 §2).
///
/// libcurl falls back to the subject's common name, and lets a wildcard stand for a part of a label. So what libcurl
/// accepts is checked again, by the rules of ``TLSSession``.
enum CertificateRule {
    /// Why the check cannot be added to the libcurl that this process uses; nil when it can.
    static let obstacle: String? = unsafe obstacle(
        library: shim_curl_tls_library().map { unsafe String(cString: $0) } ?? "no TLS library"
    )

    /// The same for a libcurl with this TLS library, as `curl --version` names it: `OpenSSL/3.0.17`.
    ///
    /// libcurl passes us its own TLS library's context. Using another library's context as OpenSSL's would crash.
    static func obstacle(library: String) -> String? {
        if library.hasPrefix("OpenSSL/\(OPENSSL_version_major()).") { return nil }
        return """
            libcurl was built with \(library), so that the names in certificates cannot be checked; install a libcurl that \
            uses OpenSSL \(OPENSSL_version_major()) (Debian: libcurl4)
            """
    }

    /// Adds the check to every TLS connection of a transfer; false when this libcurl cannot.
    static func bind(_ easy: UnsafeMutableRawPointer) -> Bool {
        unsafe obstacle == nil && shim_curl_setopt_ssl_ctx(easy, prepare) == CURLE_OK
    }

    /// What the check found wrong, for the operator; nil when something else ended the handshake.
    ///
    /// - Parameters:
    ///   - result: the result of the verification, as libcurl keeps it.
    ///   - host: the name that the certificate should have been for.
    /// - Returns: the end of a sentence.
    static func objection(_ result: Int, host: String) -> String? {
        switch Int32(result) {
        case X509_V_ERR_APPLICATION_VERIFICATION:
            """
            the certificate has no subject alternative name that names a host, and its common name does not count \
            (RFC 9525); the server needs a certificate for \(host)
            """
        case X509_V_ERR_HOSTNAME_MISMATCH:
            "the certificate is for another name (RFC 9525); the server needs one whose alternative names have \(host)"
        default: distrust(result)
        }
    }

    /// Explains a certificate from an unknown authority; nil for any other result of a verification.
    static func distrust(_ result: Int) -> String? {
        switch Int32(truncatingIfNeeded: result) {
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            """
            nobody vouches for the certificate (\(unsafe String(cString: X509_verify_cert_error_string(result)))); where a \
            proxy or firewall on the way opens TLS, put its authority into network.certificate_authority_file
            """
        default: nil
        }
    }

    /// The error code for a leaf certificate that libcurl trusts; nil when it is right.
    ///
    /// The host is the server name of the handshake, nil for an IP address: libcurl compares that with the certificate
    /// itself.
    fileprivate static func verdict(on leaf: OpaquePointer, host: UnsafePointer<CChar>?) -> Int32? {
        guard unsafe shim_X509_names_host(leaf) == 1 else { return X509_V_ERR_APPLICATION_VERIFICATION }
        guard let host = unsafe host else { return nil }
        let flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
        return unsafe X509_check_host(leaf, host, 0, UInt32(flags), nil) == 1 ? nil : X509_V_ERR_HOSTNAME_MISMATCH
    }
}

private func prepare(
    _ easy: UnsafeMutableRawPointer?,
    _ context: UnsafeMutableRawPointer?,
    _ own: UnsafeMutableRawPointer?
) -> CURLcode {
    guard let context = unsafe context else { return CURLE_SSL_CONNECT_ERROR }
    unsafe SSL_CTX_set_cert_verify_callback(OpaquePointer(context), verify, nil)
    return CURLE_OK
}

private func verify(_ store: OpaquePointer?, _ own: UnsafeMutableRawPointer?) -> Int32 {
    guard let store = unsafe store else { return 0 }
    let isTrusted = unsafe X509_verify_cert(store)
    guard isTrusted == 1 else { return isTrusted }
    guard let leaf = unsafe X509_STORE_CTX_get0_cert(store),
        let connection = unsafe X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
    else { return 0 }
    let host = unsafe SSL_get_servername(OpaquePointer(connection), TLSEXT_NAMETYPE_host_name)
    guard let objection = unsafe CertificateRule.verdict(on: leaf, host: host) else { return 1 }
    unsafe X509_STORE_CTX_set_error(store, objection)
    return 0
}
