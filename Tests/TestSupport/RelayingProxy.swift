internal import Dispatch
internal import Glibc
internal import Network
internal import Sandbox
internal import Synchronization

/// A CONNECT proxy on 127.0.0.1 that leads every tunnel to one port of 127.0.0.1, whatever name is asked for.
public final class RelayingProxy: Sendable {
    private let listener = LoopbackListener()
    private let seen = Mutex<[String]>([])

    /// Where it listens.
    public var port: UInt16 { listener.port }
    /// The heads of the requests so far, in order.
    public var requests: [String] { seen.withLock { $0 } }

    /// Serves until ``stop()``.
    public init(to port: UInt16) {
        listener.serve { [self] client, _ in serve(client, to: port) }
    }

    /// Accepts no more connections.
    public func stop() { listener.stop() }

    private func serve(_ client: Int32, to port: UInt16) {
        let target = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer {
            close(client)
            close(target)
        }
        guard readHead(client), connect(target, to: port) else { return }
        let answer = Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
        _ = unsafe send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
        let isDone = DispatchSemaphore(value: 0)
        _ = PlainThread.start {
            Self.copy(target, client)
            isDone.signal()
        }
        Self.copy(client, target)
        isDone.wait()
    }

    private func readHead(_ client: Int32) -> Bool {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
            guard unsafe recv(client, &byte, 1, 0) == 1 else { return false }
            head.append(byte)
        }
        seen.withLock { $0.append(String(decoding: head, as: UTF8.self)) }
        return true
    }

    private func connect(_ socket: Int32, to port: UInt16) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe Glibc.connect(socket, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// Carries bytes, and then the end of them.
    private static func copy(_ source: Int32, _ sink: Int32) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        copying: while true {
            let count = unsafe recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            var sent = 0
            while sent < count {
                let more = unsafe buffer.withUnsafeBytes { bytes in
                    unsafe send(sink, bytes.baseAddress?.advanced(by: sent), count - sent, Int32(MSG_NOSIGNAL))
                }
                guard more > 0 else { break copying }
                sent += more
            }
        }
        shutdown(sink, Int32(SHUT_WR))
        shutdown(source, Int32(SHUT_RD))
    }
}
