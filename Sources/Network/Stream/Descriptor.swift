internal import CLinux
internal import Glibc

/// A file descriptor with one owner; closing is the end of its life.
struct Descriptor: ~Copyable {
    /// The number that the kernel knows.
    let rawValue: Int32

    /// Takes ownership of an open descriptor.
    init(owning rawValue: Int32) { self.rawValue = rawValue }

    deinit { _ = close(rawValue) }

    /// The message of the C library for an error number.
    static func message(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
