internal import Crypto
internal import Logging
internal import Network

/// Sends requests with a new proof each; repeats a request at most once for a nonce and once for the clock.
struct DPoPSender: Sendable {
    let clock: any WallClock
    let origins = DPoPNonceCache()
    private let client: any HTTPClient
    private let logger: Logger

    init(_ environment: SessionEnvironment) {
        client = environment.client
        clock = environment.clock
        logger = environment.logger
    }

    /// The time at a server, from its `Date` fields.
    func time(at origin: String) -> UnixTime { clock.now() + .seconds(origins.offset(of: origin)) }

    /// Sends a request.
    ///
    /// - Parameters:
    ///   - url: the URL; its origin determines nonce and clock difference.
    ///   - key: the session's DPoP key.
    ///   - accessToken: for a resource server; nil for others.
    ///   - build: makes the request for one attempt from the server's time; the proof is added to it.
    /// - Returns: the last response. The caller must handle one that still asks for a nonce or complains about the
    ///   time.
    /// - Throws: ``OAuthError``, with the transport's failure when there was no response.
    func send(
        to url: WebURL,
        key: SigningKey,
        accessToken: String? = nil,
        _ build: (_ now: UnixTime) throws(CryptoError) -> HTTPRequest
    ) async throws(OAuthError) -> HTTPResponse {
        var mayRepeatForNonce = true
        var clockTries = 0
        while true {
            let now = time(at: url.origin)
            let nonce = origins.nonce(of: url.origin)
            var request: HTTPRequest
            do throws(CryptoError) {
                request = try build(now)
                request.headers["DPoP"] = try DPoPProof.make(
                    request.method,
                    url,
                    key: key,
                    at: now,
                    nonce: nonce,
                    accessToken: accessToken
                )
            } catch {
                throw OAuthError(code: .crypto, sentence: "A proof could not be signed: \(error.detail).")
            }
            if let accessToken { request.headers["Authorization"] = "DPoP \(accessToken)" }
            let response: HTTPResponse
            do { response = try await client.send(request) } catch { throw OAuthError(error) }
            origins.note(response, from: url.origin, at: clock.now())
            let error = origins.offset(of: url.origin) + (clock.now() - now).inSeconds
            switch DPoPRejection(response, clockError: error) {
            case .nonceWanted where mayRepeatForNonce:
                // Without a new nonce, a repetition would get the same response.
                guard let fresh = response.headers["DPoP-Nonce"], fresh != nonce else { return response }
                mayRepeatForNonce = false
            case .clock where clockTries < 2:
                clockTries += 1
                if clockTries == 1 {
                    origins.forgetOldOffsets(of: url.origin)
                } else {
                    // A cache in between writes its own date, so our clock may be right.
                    guard origins.offset(of: url.origin) != 0 else { return response }
                    origins.distrustDate(of: url.origin)
                }
                // The corrected time is still wrong: row 6 of the failure table.
                logger.warning(
                    "this machine's clock differs from the server's; check it with timedatectl",
                    metadata: [
                        "host": "\(url.origin)", "seconds": .stringConvertible(Int(origins.offset(of: url.origin))),
                    ]
                )
            default:
                return response
            }
        }
    }
}
