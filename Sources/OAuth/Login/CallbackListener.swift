internal import Dispatch
internal import Glibc
internal import Synchronization

/// Waits on a loopback port for the browser to come back from the authorization server (RFC 8252 §7.3).
///
/// One thread, one `poll`; it answers with one small page, and only the callback's own path counts.
public final class CallbackListener: Sendable {
    /// The port it listens on, of 127.0.0.1.
    public let port: UInt16
    private let socket: Int32
    private let isClosed = Atomic(false)
    private let queue = DispatchQueue(label: "impact-notifier.callback-listener")

    /// Listens.
    ///
    /// - Parameter port: 0 lets the system choose.
    /// - Throws: ``OAuthFailure`` when the port is taken.
    public init(port: UInt16 = 0) throws(OAuthFailure) {
        let file = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { throw Self.failure("open a socket", port) }
        var yes: Int32 = 1
        unsafe setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(file, generic, length) == 0 && listen(file, 8) == 0
                    && getsockname(file, generic, &length) == 0
            }
        }
        guard isListening else {
            let failure = Self.failure("listen", port)
            Glibc.close(file)
            throw failure
        }
        socket = file
        self.port = UInt16(bigEndian: address.sin_port)
    }

    private static func failure(_ what: String, _ port: UInt16) -> OAuthFailure {
        let reason = unsafe String(cString: strerror(errno))
        return OAuthFailure(code: .configuration, sentence: "Cannot \(what) on 127.0.0.1:\(port): \(reason).")
    }

    deinit { Glibc.close(socket) }

    /// The target of the first callback, path and query; nil after ``close()`` or cancellation.
    public func callback() async -> String? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: self.wait()) }
            }
        } onCancel: {
            close()
        }
    }

    /// Stops waiting.
    public func close() { isClosed.store(true, ordering: .relaxed) }

    private func wait() -> String? {
        while !isClosed.load(ordering: .relaxed) {
            guard poll(socket, milliseconds: 100) else { continue }
            let connection = accept(socket, nil, nil)
            guard connection >= 0 else { continue }
            defer { Glibc.close(connection) }
            guard let target = requestTarget(connection) else { continue }
            let path = target.prefix { $0 != "?" }
            guard path == ClientIdentity.loopbackPath, target.contains("state=") else {
                answer(connection, "404 Not Found", "This is not the page of the login.")
                continue
            }
            answer(connection, "200 OK", "Back to the terminal: the login goes on there. You may close this page.")
            return target
        }
        return nil
    }

    private func poll(_ file: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        return unsafe Glibc.poll(&entry, 1, milliseconds) == 1
    }

    /// The target of a GET, from at most 8 KiB within two seconds; nil for anything else.
    private func requestTarget(_ connection: Int32) -> String? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<20 where bytes.count < 8192 {
            guard poll(connection, milliseconds: 100) else { continue }
            let count = unsafe recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
            if bytes.contains(0x0A) { break }
        }
        let line = String(decoding: bytes.prefix { $0 != 0x0D && $0 != 0x0A }, as: UTF8.self)
        let words = line.split(separator: " ")
        guard words.count == 3, words[0] == "GET" else { return nil }
        return String(words[1])
    }

    private func answer(_ connection: Int32, _ status: String, _ sentence: String) {
        let page = "<!doctype html><meta charset=utf-8><title>impact-notifier</title><p>\(sentence)</p>"
        let head = [
            "HTTP/1.1 \(status)", "Content-Type: text/html; charset=utf-8", "Content-Length: \(page.utf8.count)",
            "Referrer-Policy: no-referrer", "Cache-Control: no-store", "Connection: close",
        ]
        let bytes = Array((head.joined(separator: "\r\n") + "\r\n\r\n" + page).utf8)
        _ = unsafe Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(connection, Int32(SHUT_WR))
    }
}
