#if FUZZING || DEBUG
@testable import Network
@testable import OAuth
import FuzzDriver

/// The value of a `WWW-Authenticate` header.
enum ChallengeCheck {
    /// What was read is read again from a well-formed header of the same content.
    static let header: @Sendable ([UInt8]) -> Void = { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let challenges = AuthenticateChallenge.parse(text)
        for challenge in challenges {
            require(!challenge.scheme.isEmpty)
            require(challenge.parameters.keys.allSatisfy { !$0.isEmpty && $0 == $0.lowercased() })
        }
        let written = challenges.map(write).joined(separator: ", ")
        require(AuthenticateChallenge.parse(written) == challenges)
        for status in [400, 401] {
            let response = HTTPResponse(status: status, headers: ["WWW-Authenticate": text])
            let objection = DPoPRejection(response)
            let hasNamed = challenges.contains { $0.scheme.lowercased() == "dpop" && $0.parameters["error"] != nil }
            require(objection == nil || hasNamed)
        }
    }

    /// RFC 9110 §11.6.1, with every value as a quoted string.
    private static func write(_ challenge: AuthenticateChallenge) -> String {
        let parameters = challenge.parameters.sorted { $0.key < $1.key }.map { name, value in
            var quoted = ""
            for scalar in value.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
                quoted.unicodeScalars.append(scalar)
            }
            return "\(name)=\"\(quoted)\""
        }
        return ([challenge.scheme] + [parameters.joined(separator: ", ")]).joined(separator: " ")
    }
}
#endif
