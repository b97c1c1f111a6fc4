internal import CLinux
internal import Glibc

/// A file descriptor with one owner; closing is the end of its life.
package struct Descriptor: ~Copyable {
    /// The number that the kernel knows.
    package let rawValue: Int32

    /// Takes ownership of an open descriptor.
    package init(owning rawValue: Int32) { self.rawValue = rawValue }

    deinit { _ = close(rawValue) }

    /// The message of the C library for an error number.
    static func message(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}

/// A pipe, whose ends no program inherits that is started.
package struct Pipe: ~Copyable {
    package let output: Descriptor
    package let input: Descriptor

    /// A new pipe; nil when there can be none.
    package init?() {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        output = Descriptor(owning: ends[0])
        input = Descriptor(owning: ends[1])
    }
}
