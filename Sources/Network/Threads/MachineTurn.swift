internal import CLinux
internal import Glibc

/// A named lock that one process on this machine can hold; the kernel releases it however the process ends.
///
/// It is the abstract address of a socket (unix(7)), so it needs no file and no rights. Processes in different network
/// namespaces, such as containers, do not exclude each other. Where the system has no such sockets, everybody gets the
/// turn.
package final class MachineTurn: Sendable {
    private let descriptor: Int32

    /// Takes the turn; nil when another process has it.
    package init?(_ name: String) {
        descriptor = unsafe shim_socket_of_name(name, name.utf8.count)
        guard descriptor >= 0 || errno != EADDRINUSE else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
