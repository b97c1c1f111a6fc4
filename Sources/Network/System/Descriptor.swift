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
