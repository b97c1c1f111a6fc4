internal import CLinux
internal import Glibc

/// A turn that one process of this machine has at a time, by its name; the kernel takes it back when the process ends,
/// however that does.
///
/// It is the abstract address of a socket (unix(7)), which needs no file and no rights. Processes in different network
/// namespaces, as containers are, do not meet. Where the system gives no such sockets, everybody has the turn.
package final class MachineTurn: Sendable {
    private let descriptor: Int32

    /// Takes the turn; nil when another has it.
    package init?(_ name: String) {
        descriptor = unsafe shim_socket_of_name(name, name.utf8.count)
        guard descriptor >= 0 || errno != EADDRINUSE else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
