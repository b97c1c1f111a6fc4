#if FUZZING || DEBUG
@testable import ATProtocol
@testable import Network
import FuzzDriver

/// The body of an answer with an error status.
enum ErrorCheck {
    /// What is shown is one short line that steers no terminal, and says the same when it is sent on.
    static let answer: @Sendable ([UInt8]) -> Void = { bytes in
        let error = XRPCError(HTTPResponse(status: 400, body: bytes))
        let texts = [error.name, error.message].compactMap(\.self)
        require(texts.allSatisfy { $0.count <= 200 && !$0.unicodeScalars.contains(where: steers) })
        require(!error.description.unicodeScalars.contains(where: steers))
        var members: [String: JSONValue] = [:]
        members["error"] = error.name.map(JSONValue.string)
        members["message"] = error.message.map(JSONValue.string)
        let body = JSONValue.object(members).encoded
        // Of a longer body only the beginning counts.
        guard body.count <= 4096 else { return }
        require(XRPCError(HTTPResponse(status: 400, body: body)) == error)
    }

    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
#endif
