internal import CLinux
internal import Glibc

/// One request to a server on this machine, and its response, without TLS; blocks the calling thread.
public struct PlainExchange: Sendable {
    private let address: SocketAddress
    private let deadline: ContinuousClock.Instant

    /// An exchange with an address that ends at the latest when the patience has passed.
    public init(_ address: SocketAddress, patience: Duration) {
        self.address = address
        deadline = .now + patience
    }

    /// Connects, writes, and reads until the server closes the connection.
    ///
    /// - Parameters:
    ///   - request: a short request, written in one piece.
    ///   - longestAnswer: the limit of the response in bytes; the rest is cut off.
    /// - Returns: the response.
    /// - Throws: ``SystemError`` with the system's message.
    public func send(_ request: [UInt8], longestAnswer: Int) throws(SystemError) -> [UInt8] {
        let socket = shim_stream_socket(address.family == .ipv4 ? AF_INET : AF_INET6)
        guard socket >= 0 else { throw SystemError(errno) }
        let descriptor = Descriptor(owning: socket)
        try connect(descriptor)
        var rest = request[...]
        while !rest.isEmpty {
            try wait(descriptor, POLLOUT)
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor.rawValue, $0.baseAddress, $0.count, shim_MSG_NOSIGNAL)
            }
            guard count > 0 || errno == EAGAIN || errno == EINTR else { throw SystemError(errno) }
            rest = rest.dropFirst(max(0, count))
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while answer.count < longestAnswer {
            try wait(descriptor, POLLIN)
            let count = unsafe read(descriptor.rawValue, &buffer, buffer.count)
            if count == 0 { break }
            guard count > 0 || errno == EAGAIN || errno == EINTR else { throw SystemError(errno) }
            answer += buffer[..<max(0, count)]
        }
        return Array(answer.prefix(longestAnswer))
    }

    private func connect(_ descriptor: borrowing Descriptor) throws(SystemError) {
        let socket = descriptor.rawValue
        guard unsafe address.withSockaddr({ unsafe Glibc.connect(socket, $0, $1) }) != 0 else { return }
        guard errno == EINPROGRESS else { throw SystemError(errno) }
        try wait(descriptor, POLLOUT)
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &length)
        guard number == 0 else { throw SystemError(number) }
    }

    private func wait(_ descriptor: borrowing Descriptor, _ events: Int32) throws(SystemError) {
        var entry = pollfd(fd: descriptor.rawValue, events: Int16(events), revents: 0)
        var count: Int32
        repeat { count = unsafe poll(&entry, 1, Poll.milliseconds(until: deadline)) } while count < 0 && errno == EINTR
        guard count > 0 else { throw SystemError(ETIMEDOUT) }
    }
}
