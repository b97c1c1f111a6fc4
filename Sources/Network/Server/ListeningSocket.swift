internal import CLinux
internal import Glibc

/// A listening TCP socket, to be handed to a server.
public struct ListeningSocket: ~Copyable, Sendable {
    /// How many connections may wait to be accepted; the kernel refuses further ones, or lets them retry.
    private static let backlog: Int32 = 128

    /// The port, even if the system chose it.
    public let port: UInt16
    let descriptor: Descriptor

    /// Binds a socket and listens.
    ///
    /// - Parameter address: an address of this machine; port 0 takes any free port.
    /// - Throws: ``ServerError`` with the system's message.
    public init(_ address: SocketAddress) throws(ServerError) {
        let descriptor = try Self.bound(to: address)
        guard listen(descriptor.rawValue, Self.backlog) == 0, let port = Self.port(of: descriptor.rawValue) else {
            throw ServerError(.cannotListen, errno)
        }
        self.port = port
        self.descriptor = descriptor
    }

    /// Why this user cannot listen at an address, in the system's words; an address in use is not counted.
    public static func obstacle(at address: SocketAddress) -> String? {
        do throws(ServerError) { _ = try bound(to: address) } catch {
            return error.number == EADDRINUSE ? nil : error.description
        }
        return nil
    }

    private static func bound(to address: SocketAddress) throws(ServerError) -> Descriptor {
        let number = shim_stream_socket(address.family == .ipv4 ? AF_INET : AF_INET6)
        guard number >= 0 else { throw ServerError(.cannotListen, errno) }
        let descriptor = Descriptor(owning: number)
        var isOn: Int32 = 1
        // Connections of a server that has just ended must not keep its successor from the port.
        unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        guard unsafe address.withSockaddr({ unsafe bind(number, $0, $1) }) == 0 else {
            throw ServerError(.cannotListen, errno)
        }
        return descriptor
    }

    private static func port(of socket: Int32) -> UInt16? {
        // The port is at the same offset in both families.
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket, $0, &length)
            }
        }
        return result == 0 ? UInt16(bigEndian: address.sin6_port) : nil
    }
}
