internal import CLinux
internal import COpenSSL
internal import Glibc

/// What OpenSSL reads and writes through: a socket with a buffer of whole records in front of it.
///
/// OpenSSL asks for each record's header and body by themselves. One recv(2) of up to 64 KiB serves many such questions,
/// and because the records' lengths can be seen in the buffer it is known, without asking, whether another read will bring
/// something (OpenSSL's own read-ahead knows neither, and moves what it has read).
@safe final class TLSSocket {
    private static let capacity = 64 << 10

    private let socket: Int32
    private let storage: UnsafeMutableRawPointer
    private var start = 0
    private var end = 0
    /// Whether the peer has ended its direction of TCP.
    private(set) var isAtEnd = false

    /// The first bytes that came, as many as are looked at to tell that the peer does not speak TLS.
    private(set) var opening: [UInt8] = []

    /// The error number of the call that failed last, 0 for none.
    private(set) var error: Int32 = 0

    /// A buffer over a socket that stays the caller's.
    init(_ socket: Int32) {
        self.socket = socket
        unsafe storage = .allocate(byteCount: Self.capacity, alignment: 64)
    }

    deinit { unsafe storage.deallocate() }

    /// Whether a whole record waits: 5 octets of header, whose last two are the body's length (RFC 8446 §5.1).
    var hasRecord: Bool {
        guard end - start >= 5 else { return false }
        let length = unsafe Int(storage.loadUnaligned(fromByteOffset: start + 3, as: UInt16.self).bigEndian)
        return end - start >= 5 + length
    }

    /// A BIO over this object, which must outlive it; nil without memory.
    func makeBIO() -> OpaquePointer? {
        guard let method = unsafe Self.method.pointer, let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    private func read(into target: UnsafeMutableRawPointer, _ count: Int) -> Int {
        if start == end, !fill() { return isAtEnd ? 0 : -1 }
        let taken = min(count, end - start)
        unsafe target.copyMemory(from: storage + start, byteCount: taken)
        start += taken
        return taken
    }

    private func fill() -> Bool {
        (start, end) = (0, 0)
        while true {
            let count = unsafe recv(socket, storage, Self.capacity, 0)
            if count > 0 {
                end = count
                if opening.isEmpty {
                    unsafe opening = Array(
                        UnsafeRawBufferPointer(start: storage, count: min(count, ForeignAnswer.length))
                    )
                }
                return true
            }
            isAtEnd = count == 0
            if isAtEnd { return false }
            error = errno
            if error != EINTR { return false }
        }
    }

    private func write(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        while true {
            let written = unsafe send(socket, bytes, count, shim_MSG_NOSIGNAL)
            if written >= 0 { return written }
            error = errno
            if error != EINTR { return -1 }
        }
    }

    /// Calls with the object behind a BIO, without counting references: this happens twice for each record.
    private static func with(_ bio: OpaquePointer?, _ body: (TLSSocket) -> Int) -> Int {
        guard let data = unsafe BIO_get_data(bio) else { return -1 }
        return unsafe Unmanaged<TLSSocket>.fromOpaque(data)._withUnsafeGuaranteedRef(body)
    }

    private static let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

    /// OpenSSL's table of functions; made once, never freed.
    @safe private struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    private static let method: Method = {
        let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "TLSSocket")
        unsafe BIO_meth_set_read(method) { bio, target, count in
            unsafe BIO_clear_flags(bio, retryFlags)
            guard let target = unsafe target else { return -1 }
            return unsafe Int32(
                with(bio) { socket in
                    let result = unsafe socket.read(into: target, Int(count))
                    if result < 0, socket.error == EAGAIN {
                        unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                    }
                    return result
                }
            )
        }
        unsafe BIO_meth_set_write(method) { bio, bytes, count in
            unsafe BIO_clear_flags(bio, retryFlags)
            guard let bytes = unsafe bytes else { return -1 }
            return unsafe Int32(
                with(bio) { socket in
                    let result = unsafe socket.write(bytes, Int(count))
                    if result < 0, socket.error == EAGAIN {
                        unsafe BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
                    }
                    return result
                }
            )
        }
        // OpenSSL is not told of the end (BIO_CTRL_EOF): it would take that for an attack and make the session useless for
        // a reconnect, which RFC 5246 §7.2.1 no longer asks for. Who reads sees ``isAtEnd``, and says that it was cut off.
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return unsafe Method(pointer: method)
    }()
}
