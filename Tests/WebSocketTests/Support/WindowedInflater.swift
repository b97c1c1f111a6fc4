import CZlib

/// zlib by itself, with the window that was agreed; one byte of output a call, so that a longer reach is an error.
@safe final class WindowedInflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private let keepsContext: Bool

    init(windowBits: Int, keepsContext: Bool) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        self.keepsContext = keepsContext
        unsafe shim_inflateInit2(stream, Int32(-windowBits))
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// A message, its tail added; nil when it cannot be inflated.
    func inflate(_ message: [UInt8]) -> [UInt8]? {
        var input = message + [0x00, 0x00, 0xFF, 0xFF]
        var out: [UInt8] = []
        let isWhole = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe stream.pointee.next_in = input.baseAddress
            unsafe stream.pointee.avail_in = UInt32(input.count)
            while true {
                var byte: UInt8 = 0
                let (result, left) = unsafe withUnsafeMutablePointer(to: &byte) { place in
                    unsafe stream.pointee.next_out = place
                    unsafe stream.pointee.avail_out = 1
                    let result = unsafe CZlib.inflate(stream, Z_SYNC_FLUSH)
                    return unsafe (result, stream.pointee.avail_out)
                }
                if left == 0 { out.append(byte) }
                guard result == Z_OK else { return unsafe result == Z_BUF_ERROR && stream.pointee.avail_in == 0 }
            }
        }
        if !keepsContext { unsafe inflateReset(stream) }
        return isWhole ? out : nil
    }
}
