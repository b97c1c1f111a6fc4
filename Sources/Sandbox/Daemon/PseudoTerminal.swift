internal import CLinux
internal import Glibc

/// A terminal without a screen: what a program that asks its user is tested with (pty(7)).
final class PseudoTerminal: Sendable {
    /// The device that the program opens.
    let name: String
    /// What the program shows, echo included; whoever reads it closes it.
    let output: Int32
    private let keyboard: Int32

    /// Opens one.
    init() throws(SandboxError) {
        let descriptor = posix_openpt(O_RDWR | O_NOCTTY)
        var name = [CChar](repeating: 0, count: 128)
        guard descriptor >= 0, grantpt(descriptor) == 0, unlockpt(descriptor) == 0,
            unsafe ptsname_r(descriptor, &name, name.count) == 0
        else { throw SandboxError("no pseudo-terminal: errno \(errno)") }
        self.name = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        keyboard = descriptor
        output = dup(descriptor)
        for descriptor in [keyboard, output] { _ = shim_fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }

    deinit { _ = close(keyboard) }

    /// Types a text.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(keyboard, bytes, bytes.count)
    }
}
