internal import CLinux
internal import Glibc

/// A file descriptor with one owner; it is closed when its lifetime ends.
package struct Descriptor: ~Copyable {
    package let rawValue: Int32

    /// Takes ownership of an open descriptor.
    package init(owning rawValue: Int32) { self.rawValue = rawValue }

    deinit { _ = close(rawValue) }

    /// The C library's message for an error number.
    static func message(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }

    /// Writes all bytes to an open descriptor; an error leaves some of them unwritten.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || (count < 0 && errno == EINTR) else { throw SystemError(errno) }
            rest = rest.dropFirst(max(0, count))
        }
    }
}

/// An error of the C library.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The error number.
    public let number: Int32

    package init(_ number: Int32) { self.number = number }

    /// The C library's message for the number.
    public var description: String { Descriptor.message(number) }
}

/// A pipe whose descriptors no child process inherits.
package struct Pipe: ~Copyable {
    package let output: Descriptor
    package let input: Descriptor

    /// Makes a pipe; nil when the system refuses.
    package init?() {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        output = Descriptor(owning: ends[0])
        input = Descriptor(owning: ends[1])
    }
}
