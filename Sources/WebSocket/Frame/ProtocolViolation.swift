/// A violation of the protocol by the server.
enum ProtocolViolation: UInt8, Sendable, CaseIterable {
    case reservedBit
    case unexpectedCompression
    case reservedOpcode
    case maskedFrame
    case fragmentedControlFrame
    case longControlFrame
    case lengthNotMinimal
    case lengthTooLarge
    case continuationWithoutStart
    case startInsideMessage
    case messageTooBig
    case invalidUTF8
    case invalidDeflate
    case closePayloadTooShort
    case invalidCloseCode
    case invalidCloseReason

    /// The code for the close frame (RFC 6455 §7.4.1).
    var closeCode: WebSocketCloseCode {
        switch self {
        case .messageTooBig: .messageTooBig
        case .invalidUTF8, .invalidDeflate, .invalidCloseReason: .invalidPayload
        default: .protocolError
        }
    }

    /// The close frame's reason, and the end of a sentence for the operator.
    var reason: String {
        switch self {
        case .reservedBit: "a reserved bit is set"
        case .unexpectedCompression: "RSV1 is set where no compressed message may begin"
        case .reservedOpcode: "the opcode is reserved"
        case .maskedFrame: "a server's frame is masked"
        case .fragmentedControlFrame: "a control frame is fragmented"
        case .longControlFrame: "a control frame holds more than 125 bytes"
        case .lengthNotMinimal: "the length is not in its shortest form"
        case .lengthTooLarge: "the length is 2^63 or more"
        case .continuationWithoutStart: "a continuation has no message to continue"
        case .startInsideMessage: "a message begins inside another"
        case .messageTooBig: "the message is larger than the limit"
        case .invalidUTF8: "a text message is not UTF-8"
        case .invalidDeflate: "a compressed message cannot be inflated"
        case .closePayloadTooShort: "a close frame holds one byte"
        case .invalidCloseCode: "a close code may not be sent"
        case .invalidCloseReason: "a close reason is not UTF-8"
        }
    }
}
