#if FUZZING || DEBUG
import FuzzDriver

/// The targets by name.
enum FuzzTarget {
    /// What each target checks.
    static let all: [String: FuzzDriver.Check] = [
        "websocket-frames": FrameCheck.frames,
        "websocket-deflate": FrameCheck.deflate,
        "websocket-handshake": HandshakeCheck.response,
        "websocket-close": HandshakeCheck.close,
    ]
}
#endif
