internal import CLinux
internal import COpenSSL
internal import Glibc

/// What OpenSSL reads from and writes to: a socket with a read buffer for whole records.
///
/// OpenSSL reads each record's header and body separately. One recv(2) of up to 64 KiB serves many of these reads. And
/// because the buffer shows the lengths of the records, we know without a call whether another read will return
/// something. OpenSSL's own read-ahead does not offer that, and moves the bytes once more.
@safe final class TLSSocket {
    private static let capacity = 64 << 10

    private let socket: Int32
    private let storage: UnsafeMutableRawPointer
    private var start = 0
    private var end = 0
    /// Whether the peer has closed its sending side of TCP.
    private(set) var isAtEnd = false

    /// The first bytes received, as many as ``ForeignAnswer`` examines.
    private(set) var opening: [UInt8] = []

    /// The error number of the last failed call, 0 for none.
    private(set) var error: Int32 = 0

    init(_ socket: Int32) {
        self.socket = socket
        unsafe storage = .allocate(byteCount: Self.capacity, alignment: 64)
    }

    deinit { unsafe storage.deallocate() }

    /// Whether the buffer holds a whole record.
    ///
    /// A header has 5 octets, the last two of which are the length of the body (RFC 8446 §5.1).
    var hasRecord: Bool {
        guard end - start >= 5 else { return false }
        let length = unsafe Int(storage.loadUnaligned(fromByteOffset: start + 3, as: UInt16.self).bigEndian)
        return end - start >= 5 + length
    }

    /// Makes a BIO over this object, which must outlive it; nil when memory runs out.
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

    /// Calls the body with the object behind a BIO, without reference counting: this runs twice per record.
    private static func with(_ bio: OpaquePointer?, _ body: (TLSSocket) -> Int) -> Int {
        guard let data = unsafe BIO_get_data(bio) else { return -1 }
        return unsafe Unmanaged<TLSSocket>.fromOpaque(data)._withUnsafeGuaranteedRef(body)
    }

    private static let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

    /// OpenSSL's method table for the BIO; made once and never freed.
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
        // OpenSSL is not told of the end (BIO_CTRL_EOF). It would suspect an attack and refuse to resume the session,
        // which RFC 5246 §7.2.1 no longer requires. A reader sees ``isAtEnd`` and reports the truncation.
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return unsafe Method(pointer: method)
    }()
}
