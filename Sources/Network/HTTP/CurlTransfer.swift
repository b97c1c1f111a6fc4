internal import CCurl
internal import Glibc

/// One request in libcurl.
///
/// The caller makes it; after that only the loop's thread uses it. The lock of the inbox hands it over.
@safe final class CurlTransfer: @unchecked Sendable {
    typealias Outcome = Result<HTTPResponse, HTTPError>

    let request: HTTPRequest
    private let configuration: HTTPClientConfiguration
    /// The proxy; nil when the host is reached directly.
    let proxy: HTTPProxy?
    var continuation: CheckedContinuation<Outcome, Never>?
    private(set) var handle: UnsafeMutableRawPointer?

    private var fields: UnsafeMutablePointer<curl_slist>?
    private var proxyFields: UnsafeMutablePointer<curl_slist>?
    /// Where libcurl writes an error message that says more than its code.
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var response = HTTPResponse(status: 0)
    private var headerBytes = 0
    private var isHeadComplete = false
    private var refusedAddress: String?
    private var hasAdmittedAddress = false
    private var isTooLarge = false
    private var isCancelled = false

    /// No response that this program reads needs a larger header section.
    private static let maximumHeaderBytes = 64 << 10

    init(request: HTTPRequest, configuration: HTTPClientConfiguration) {
        self.request = request
        self.configuration = configuration
        proxy = request.reach == .stranger ? nil : configuration.proxy.proxy(for: request.url)
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit { unsafe errorText.deallocate() }

    /// Makes the easy handle, ready to be added; nil when the transfer was cancelled before, which also finishes it.
    func prepare() -> UnsafeMutableRawPointer? {
        guard !isCancelled else {
            finish(.failure(failure(.cancelled, "the request was cancelled", mayHaveBeenSent: false)))
            return nil
        }
        guard let easy = unsafe curl_easy_init() else {
            finish(.failure(failure(.other, "libcurl has no memory", mayHaveBeenSent: false)))
            return nil
        }
        unsafe handle = easy
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe shim_curl_setopt_string(easy, CURLOPT_URL, request.url.description)
        unsafe shim_curl_setopt_string(easy, CURLOPT_PROTOCOLS_STR, request.url.scheme.rawValue)
        unsafe shim_curl_setopt_string(easy, CURLOPT_USERAGENT, configuration.userAgent)
        unsafe shim_curl_setopt_ptr(easy, CURLOPT_ERRORBUFFER, errorText)
        unsafe shim_curl_setopt_long(easy, CURLOPT_NOSIGNAL, 1)
        // Without this, a transfer that ends during name resolution blocks all others until the resolver gives up.
        unsafe shim_curl_setopt_long(easy, CURLOPT_QUICK_EXIT, 1)
        unsafe shim_curl_setopt_long(easy, CURLOPT_FOLLOWLOCATION, 0)
        unsafe shim_curl_setopt_long(easy, CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout))
        unsafe shim_curl_setopt_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(configuration.connectTimeout))
        unsafe shim_curl_setopt_ptr(easy, CURLOPT_WRITEDATA, context)
        unsafe shim_curl_setopt_ptr(easy, CURLOPT_HEADERDATA, context)
        unsafe shim_curl_setopt_write(easy, CURLOPT_WRITEFUNCTION, receiveBody)
        unsafe shim_curl_setopt_write(easy, CURLOPT_HEADERFUNCTION, receiveHeader)
        unsafe shim_curl_setopt_ptr(easy, CURLOPT_OPENSOCKETDATA, context)
        unsafe shim_curl_setopt_opensocket(easy, openSocket)
        if request.reach == .stranger {
            // A reused connection was opened for another request, which may have been allowed to go where this one may
            // not.
            unsafe shim_curl_setopt_ptr(easy, CURLOPT_PREREQDATA, context)
            unsafe shim_curl_setopt_prereq(easy, checkPeer)
        }
        if request.isAlone {
            // RFC 9110 §9.2.2: a client must not automatically retry a non-idempotent request; libcurl does on a reused
            // connection.
            unsafe shim_curl_setopt_long(easy, CURLOPT_FRESH_CONNECT, 1)
            unsafe shim_curl_setopt_long(easy, CURLOPT_FORBID_REUSE, 1)
        }
        // Always set, so that libcurl reads no environment variable and uses the same settings as the streams.
        unsafe shim_curl_setopt_string(easy, CURLOPT_PROXY, proxy.map { "http://\($0.authority)" } ?? "")
        unsafe shim_curl_setopt_string(easy, CURLOPT_NOPROXY, "")
        if let authorization = proxy?.authorization {
            unsafe proxyFields = curl_slist_append(proxyFields, "Proxy-Authorization: \(authorization)")
            unsafe shim_curl_setopt_slist(easy, CURLOPT_PROXYHEADER, proxyFields)
        }
        if let file = configuration.certificateAuthorityFile {
            unsafe shim_curl_setopt_string(easy, CURLOPT_CAINFO, file)
        }
        guard unsafe !request.url.scheme.isSecure || CertificateRule.bind(easy) else {
            let reason = CertificateRule.obstacle ?? "libcurl lets nobody check certificates"
            finish(.failure(failure(.unsupported, reason, mayHaveBeenSent: false)))
            return nil
        }
        unsafe setMethodAndFields(of: easy)
        return unsafe easy
    }

    private func setMethodAndFields(of easy: UnsafeMutableRawPointer) {
        switch request.method {
        case .get: break
        case .head: unsafe shim_curl_setopt_long(easy, CURLOPT_NOBODY, 1)
        case .post:
            unsafe shim_curl_setopt_long(easy, CURLOPT_POST, 1)
            unsafe shim_curl_setopt_off(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
            // Without fields libcurl would read the body from standard input. The size of an empty body stays zero.
            let body = request.body.isEmpty ? [0] : request.body
            unsafe body.withUnsafeBytes { bytes in
                let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                _ = unsafe shim_curl_setopt_ptr(easy, CURLOPT_COPYPOSTFIELDS, start)
            }
        }
        for field in request.headers {
            unsafe fields = curl_slist_append(fields, "\(field.name): \(field.value)")
        }
        // Waiting for a 100 only makes the outcome of a lost connection less certain.
        unsafe fields = curl_slist_append(fields, "Expect:")
        unsafe shim_curl_setopt_slist(easy, CURLOPT_HTTPHEADER, fields)
    }

    private static func milliseconds(_ duration: Duration) -> Int { max(1, Int(duration / .milliseconds(1))) }

    // MARK: Called by libcurl

    fileprivate func appendBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard response.body.count + bytes.count <= request.maximumBody else {
            isTooLarge = true
            return false
        }
        unsafe response.body.append(contentsOf: bytes)
        return true
    }

    fileprivate func appendHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= Self.maximumHeaderBytes else {
            isTooLarge = true
            return false
        }
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // A proxy's response or a 1xx came before; only the last head counts.
            response.headers = HTTPHeaders()
            isHeadComplete = false
        } else if line.allSatisfy(\.isNewline) {
            isHeadComplete = true
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            response.headers.append(Self.trimmed(line[..<colon]), Self.trimmed(value))
        }
        return true
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.unicodeScalars.first, first.properties.isWhitespace { text.unicodeScalars.removeFirst() }
        while let last = text.unicodeScalars.last, last.properties.isWhitespace { text.unicodeScalars.removeLast() }
        return String(text)
    }

    /// Whether a connection to this address is allowed; called after name resolution.
    func admits(_ octets: [UInt8]) -> Bool {
        if AddressGuard.isLoopback(octets), request.url.isLoopback, configuration.allowsLoopback { return true }
        // Plain HTTP is for loopback only, and the name `localhost` must not lead elsewhere.
        let isPlain = !request.url.scheme.isSecure
        let isPublic = octets.count == 4 ? AddressGuard.isPublic(v4: octets) : AddressGuard.isPublic(v6: octets)
        guard !isPlain, request.reach == .trusted || isPublic else {
            refusedAddress = octets.count == 4 ? octets.map(String.init).joined(separator: ".") : "an IPv6 address"
            return false
        }
        hasAdmittedAddress = true
        return true
    }

    /// Whether the request may use a connection to this address; text that is no address is refused.
    func admits(peer text: String) -> Bool {
        AddressGuard.octets(of: text).map { admits($0) } ?? false
    }

    /// The refused address; nil when none was refused, or another could be tried.
    var refusal: String? { hasAdmittedAddress ? nil : refusedAddress }

    // MARK: Ends

    func complete(_ code: CURLcode) {
        guard code != CURLE_OK else {
            // When a connection closes between two header lines, libcurl reports an empty response and success.
            guard isHeadComplete else {
                return finish(.failure(failure(.connectionLost, "the answer ends in its head", mayHaveBeenSent: true)))
            }
            var status = 0
            unsafe shim_curl_getinfo_long(handle, CURLINFO_RESPONSE_CODE, &status)
            response.status = status
            return finish(.success(response))
        }
        let words = unsafe String(cString: errorText)
        let detail = objection ?? (words.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : words)
        if isTooLarge {
            let limit = "the answer is larger than \(request.maximumBody) bytes"
            finish(.failure(failure(.tooLarge, limit, mayHaveBeenSent: true)))
        } else if let refusal {
            let reason = "its name leads to \(refusal), which is not a public address"
            finish(.failure(failure(.refusedHost, reason, mayHaveBeenSent: false)))
        } else if let tunnelRefusal {
            finish(.failure(failure(.connect, tunnelRefusal, mayHaveBeenSent: false)))
        } else {
            let way = proxy.map { "; through the proxy \($0)" } ?? ""
            finish(.failure(failure(Self.code(of: code), detail + way, mayHaveBeenSent: wasSent)))
        }
    }

    /// Explains the proxy's response if it refused the tunnel, so that the request was not sent; otherwise nil.
    private var tunnelRefusal: String? {
        var status = 0
        unsafe shim_curl_getinfo_long(handle, CURLINFO_HTTP_CONNECTCODE, &status)
        guard let proxy, status != 0, status / 100 != 2 else { return nil }
        return proxy.refusal(status, to: "\(request.url.host):\(request.url.effectivePort)")
    }

    /// Marks a transfer whose start is still to come; the start then finishes it.
    func cancelBeforeStart() { isCancelled = true }

    func cancel() {
        finish(.failure(failure(.cancelled, "the request was cancelled", mayHaveBeenSent: wasSent)))
    }

    /// Whether libcurl may have begun to write the request.
    private var wasSent: Bool {
        guard let easy = unsafe handle else { return false }
        var size = 0
        var pretransfer: curl_off_t = 0
        unsafe shim_curl_getinfo_long(easy, CURLINFO_REQUEST_SIZE, &size)
        unsafe shim_curl_getinfo_off(easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer)
        // The request size includes the request to the proxy.
        return pretransfer > 0 || (proxy == nil && size > 0)
    }

    /// What was wrong with the names in the certificate.
    private var objection: String? {
        var result = 0
        unsafe shim_curl_getinfo_long(handle, CURLINFO_SSL_VERIFYRESULT, &result)
        return CertificateRule.objection(result, host: request.url.host)
    }

    private func failure(_ code: HTTPError.Code, _ detail: String, mayHaveBeenSent: Bool) -> HTTPError {
        HTTPError(code: code, origin: request.url.origin, detail: detail, mayHaveBeenSent: mayHaveBeenSent)
    }

    private func finish(_ outcome: Outcome) {
        unsafe curl_easy_cleanup(handle)
        unsafe handle = nil
        unsafe curl_slist_free_all(fields)
        unsafe fields = nil
        unsafe curl_slist_free_all(proxyFields)
        unsafe proxyFields = nil
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    private static func code(of code: CURLcode) -> HTTPError.Code {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameResolution
        case CURLE_COULDNT_CONNECT: .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            .tls
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY:
            .connectionLost
        case CURLE_UNSUPPORTED_PROTOCOL: .unsupported
        default: .other
        }
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
}

private func receiveBody(
    _ start: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: size * count)
    return unsafe transfer(context)?.appendBody(bytes) == true ? size * count : 0
}

private func receiveHeader(
    _ start: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: size * count)
    return unsafe transfer(context)?.appendHeader(bytes) == true ? size * count : 0
}

private func checkPeer(
    _ context: UnsafeMutableRawPointer?,
    _ peer: UnsafeMutablePointer<CChar>?,
    _ local: UnsafeMutablePointer<CChar>?,
    _ peerPort: Int32,
    _ localPort: Int32
) -> Int32 {
    guard let transfer = unsafe transfer(context), let peer = unsafe peer,
        transfer.admits(peer: unsafe String(cString: peer))
    else { return CURL_PREREQFUNC_ABORT }
    return CURL_PREREQFUNC_OK
}

private func openSocket(
    _ context: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let transfer = unsafe transfer(context), let address = unsafe address else { return CURL_SOCKET_BAD }
    let octets: [UInt8]
    switch unsafe address.pointee.family {
    case AF_INET:
        octets = unsafe withUnsafeBytes(of: &address.pointee.addr) { unsafe Array($0[4..<8]) }
    case AF_INET6:
        let start = unsafe UnsafeRawPointer(address).advanced(by: MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0)
        octets = unsafe Array(UnsafeRawBufferPointer(start: start + 8, count: 16))
    default: return CURL_SOCKET_BAD
    }
    guard transfer.admits(octets) else { return CURL_SOCKET_BAD }
    return unsafe socket(
        address.pointee.family,
        address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
        address.pointee.protocol
    )
}
