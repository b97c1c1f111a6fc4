internal import COpenSSL
internal import Glibc

/// A self-signed certificate that is made for one test.
enum StreamCertificate {
    struct Failed: Error {}

    /// Writes certificate and key to files in a new directory.
    ///
    /// - Parameters:
    ///   - names: as in openssl.cnf: `DNS:localhost,IP:127.0.0.1`; nil for no alternative name.
    ///   - subject: the common name.
    /// - Returns: the paths of the two files.
    /// - Throws: when OpenSSL or the file system refuses.
    static func make(names: String?, subject: String) throws -> (certificate: String, key: String) {
        guard let key = unsafe shim_EVP_EC_gen("P-256"), let certificate = unsafe X509_new() else { throw Failed() }
        defer {
            unsafe EVP_PKEY_free(key)
            unsafe X509_free(certificate)
        }
        unsafe X509_set_version(certificate, 2)
        unsafe ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1)
        unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -3600)
        unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), 3600)
        unsafe X509_set_pubkey(certificate, key)
        let name = unsafe X509_get_subject_name(certificate)
        let common = Array(subject.utf8)
        unsafe X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, Int32(common.count), -1, 0)
        unsafe X509_set_issuer_name(certificate, name)
        if let names {
            let alternatives = unsafe X509V3_EXT_conf_nid(nil, nil, NID_subject_alt_name, names)
            guard unsafe alternatives != nil else { throw Failed() }
            unsafe X509_add_ext(certificate, alternatives, -1)
            unsafe X509_EXTENSION_free(alternatives)
        }
        guard unsafe X509_sign(certificate, key, EVP_sha256()) > 0 else { throw Failed() }
        return unsafe try write(certificate, key)
    }

    /// Removes the directory that ``make(names:subject:)`` made.
    static func remove(_ certificate: String) {
        let directory = String(certificate.dropLast("/cert.pem".count))
        _ = unsafe unlink(certificate)
        _ = unsafe unlink(directory + "/key.pem")
        _ = unsafe rmdir(directory)
    }

    private static func write(
        _ certificate: OpaquePointer,
        _ key: OpaquePointer
    ) throws -> (certificate: String, key: String) {
        var template = Array("/tmp/stream-test-XXXXXX".utf8CString)
        guard let _ = unsafe mkdtemp(&template) else { throw Failed() }
        let directory = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let paths = (certificate: directory + "/cert.pem", key: directory + "/key.pem")
        guard let file = unsafe fopen(paths.certificate, "w") else { throw Failed() }
        unsafe PEM_write_X509(file, certificate)
        unsafe fclose(file)
        guard let file = unsafe fopen(paths.key, "w") else { throw Failed() }
        unsafe PEM_write_PrivateKey(file, key, nil, nil, 0, nil, nil)
        unsafe fclose(file)
        return paths
    }
}
