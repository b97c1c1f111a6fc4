import Network
import Testing

@testable import WebSocket

/// What servers, proxies and firewalls send in answer to an upgrade, as far as a client may or must understand it.
@Suite struct `An answer to the upgrade` {
    /// A way of writing the right answer.
    struct Writing: CustomTestStringConvertible {
        let testDescription: String
        let write: @Sendable (String) -> String

        init(_ description: String, _ write: @escaping @Sendable (String) -> String) {
            testDescription = description
            self.write = write
        }

        /// With this in place of the line of a field.
        init(instead line: String, _ lines: String) {
            self.init(lines.debugDescription) { $0.replacing(line, with: lines) }
        }
    }

    static let writings = [
        Writing("as it is most often") { $0 },
        Writing("lines that end with a LF") { $0.replacing("\r\n", with: "\n") },
        Writing("an empty line that ends with a LF") { String($0.dropLast()) + "\n" },
        Writing("an empty line behind a LF") { String($0.dropLast(2)) + "\n\r\n" },
        Writing(instead: "101 Switching Protocols", "101"), Writing(instead: "101 Switching Protocols", "101 "),
        Writing(instead: "HTTP/1.1 101 ", "HTTP/1.1\t101 \t"), Writing(instead: "HTTP/1.1", "HTTP/1.2"),
        Writing(instead: "Switching Protocols", "Wechsel gewährt: ja"),
        Writing(instead: "Upgrade: websocket", "upgrade:WebSocket"),
        Writing(instead: "Upgrade: websocket", "UPGRADE: \t WEBSOCKET\t "),
        Writing(instead: "Upgrade: websocket", "Upgrade: ,websocket,"),
        Writing(instead: "Upgrade: websocket", "Upgrade:\r\n\twebsocket"),
        Writing(instead: "Connection: Upgrade", "connection: keep-alive, upgrade"),
        Writing(instead: "Connection: Upgrade", "Connection: keep-alive\r\nConnection: UPGRADE"),
        Writing(instead: "Connection: Upgrade", "Connection: ,\t,Upgrade ,close"),
        Writing(instead: "Connection: Upgrade", "Connection: keep-alive,\r\n  Upgrade"),
        Writing("interim answers before it") {
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + $0
        },
        Writing(instead: "Connection: Upgrade", "Server:\r\nVia: 1.0 é\r\nX-A: a\r\nX-A: b\r\nConnection: Upgrade"),
        // RFC 9112 §6.3: a 1xx has no body, whatever it says.
        Writing(instead: "Connection: Upgrade", "Content-Length: 9\r\nConnection: Upgrade"),
        Writing(instead: "Connection: Upgrade", "Transfer-Encoding: chunked\r\nConnection: Upgrade"),
    ]

    @Test(arguments: writings) func `is understood as it is written, and what follows at once is read`(
        writing: Writing
    ) async throws {
        let server = LoopbackServer { peer, _ in
            let answer = writing.write(ServerPeer.response(to: peer.readRequest(), fields: []))
            peer.write(Array(answer.utf8) + ServerFrame.text("one") + ServerFrame.close(1000))
            _ = peer.readCloseCode()
        }
        defer { server.stop() }
        let (end, recording) = try await Client.run(Client.configuration(server))
        #expect(end.closure?.isClean == true, "\(end.failure?.detail ?? "")")
        #expect(recording.texts == ["one"])
    }

    @Test func `is understood byte by byte, and in Latin-1`() async throws {
        let server = LoopbackServer { peer, _ in
            let answer = ServerPeer.response(to: peer.readRequest(), fields: ["Server: \u{7}"])
            for byte in answer.utf8 { peer.write([byte == 7 ? 0xE9 : byte]) }
            peer.write(ServerFrame.text("one") + ServerFrame.close(1000))
            _ = peer.readCloseCode()
        }
        defer { server.stop() }
        let (end, recording) = try await Client.run(Client.configuration(server))
        #expect(end.closure?.isClean == true, "\(end.failure?.detail ?? "")")
        #expect(recording.texts == ["one"])
    }

    @Test(arguments: [
        (["permessage-deflate"], true), ([" Permessage-Deflate\t; server_max_window_bits = \"15\" "], true),
        (["", "permessage-deflate"], true), ([", permessage-deflate ,"], true),
        (["permessage-deflate; client_max_window_bits=15"], true), (["permessage-deflate, permessage-deflate"], false),
        (["permessage-deflate", "permessage-deflate"], false), (["permessage-deflate", "x-other"], false),
        (["permessage-deflate; server_max_window_bits=\"1,5\""], false), (["x-other"], false),
    ]) func `names the one extension that was offered`(values: [String], isTaken: Bool) async throws {
        let server = LoopbackServer { peer, _ in
            let fields = values.map { "Sec-WebSocket-Extensions:\($0)" }
            peer.upgrade(fields: fields, followedBy: ServerFrame.close(1000))
            _ = peer.readCloseCode()
        }
        defer { server.stop() }
        var configuration = try Client.configuration(server)
        configuration.deflate = DeflateOffer()
        let (end, recording) = try await Client.run(configuration)
        #expect((recording.response?.deflate != nil) == isTaken)
        #expect(end.failure?.code == (isTaken ? nil : .invalidUpgrade))
    }

    private static let foreign: [(bytes: [UInt8], words: String)] = [
        (Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), "it begins with 'SSH-2.0-OpenSSH_9.2'"),
        (Array("220 mail.example ESMTP\r\n".utf8), "'220 mail.example ESMTP'"),
        (Array("<!DOCTYPE html>".utf8), "'<!DOCTYPE html>'"), (Array("\r\nHTTP/1.1 101".utf8), "the octets 0d 0a 48"),
        (Array("http/1.1 200 OK\r\n".utf8), "'http/1.1 200 OK'"), (Array("ICY 200 OK\r\n".utf8), "'ICY 200 OK'"),
        (Array("HTTP/2 200\r\n".utf8), "another version of HTTP"),
        (Array("HTTP/0.9 200".utf8), "another version of HTTP"),
        // SETTINGS, and an alert of TLS.
        ([0, 0, 18, 4, 0, 0, 0, 0, 0], "it speaks HTTP/2"), ([0x15, 3, 3, 0, 2, 2, 70], "this port speaks TLS"),
        ([0x16, 3, 1], "this port speaks TLS"), ([0xFF], "the octets ff"), ([0], "the octets 00"),
    ]

    @Test(arguments: foreign.indices) func `that is no HTTP is refused at once`(index: Int) async throws {
        // The connection stays open: whoever waits for more meets the deadline.
        let server = LoopbackServer { peer, _ in
            peer.write(Self.foreign[index].bytes)
            peer.drain()
        }
        defer { server.stop() }
        let failure = try await Client.run(Client.configuration(server)).end.failure
        #expect(failure?.code == .invalidUpgrade)
        #expect(failure?.detail.hasPrefix("the answer is not HTTP: ") == true)
        #expect(failure?.detail.contains(Self.foreign[index].words) == true, "\(failure?.detail ?? "")")
        #expect(failure?.detail.hasSuffix("; check host and port") == true)
    }
}
