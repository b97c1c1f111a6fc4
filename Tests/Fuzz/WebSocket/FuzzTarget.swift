#if FUZZING || DEBUG
import Glibc

/// The targets by name, and the one that FUZZ_TARGET names.
enum FuzzTarget {
    /// What each target checks.
    static let all: [String: @Sendable ([UInt8]) -> Void] = [
        "websocket-frames": FrameCheck.frames,
        "websocket-deflate": FrameCheck.deflate,
        "websocket-handshake": HandshakeCheck.response,
        "websocket-close": HandshakeCheck.close,
    ]

    /// Checks one input.
    static let check: @Sendable ([UInt8]) -> Void = {
        let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
        guard let check = all[name] else {
            print("FUZZ_TARGET must be one of \(all.keys.sorted().joined(separator: ", "))")
            exit(2)
        }
        return check
    }()
}
#endif
