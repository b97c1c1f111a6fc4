import Glibc
import LedgerStorage
import Notifier
import TestSupport
import Testing

@testable import ImpactNotifier

@Suite struct `The service manager` {
    /// A datagram socket as systemd has one.
    private func withSocket(_ path: String, _ body: (_ receive: () -> String?) throws -> Void) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var octets = Array(path.utf8)
        if octets[0] == UInt8(ascii: "@") { octets[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        let length = socklen_t(2 + octets.count)
        let bound = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
        try body {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }

    @Test(arguments: ["@impact-notifier-test-", "/tmp/impact-notifier-test-"])
    func `is told in its own words, over paths and abstract names`(prefix: String) throws {
        let path = prefix + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        defer { unsafe unlink(path) }
        try withSocket(path) { receive in
            let manager = ServiceManager(environment: ["NOTIFY_SOCKET": path])
            #expect(manager.ready(status: "Watching\nREADY=0"))
            #expect(receive() == "READY=1\nSTATUS=Watching READY=0")
            manager.watchdog()
            #expect(receive() == "WATCHDOG=1")
            manager.stopping()
            #expect(receive() == "STOPPING=1\nSTATUS=Stopping.")
            manager.reloading()
            let message = try #require(receive())
            #expect(message.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
            #expect(message.split(separator: "=").last.flatMap { UInt64($0) } ?? 0 > 0)
            manager.status("Session needs a login")
            #expect(receive() == "STATUS=Session needs a login")
        }
    }

    @Test func `has patience while a ledger is carried over, and the log says how far it is`() throws {
        let path = "@impact-notifier-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let log = LogRecorder()
        try withSocket(path) { receive in
            func report(_ pace: CarryOverReport.Pace) -> CarryOverReport {
                CarryOverReport(manager: ServiceManager(path: path), logger: log.logger, pace: pace)
            }
            func patience(_ done: Int) -> String {
                "EXTEND_TIMEOUT_USEC=600000000\nSTATUS=Carrying the ledger over to this version: \(done) of 3000 rows."
            }
            let rare = report(CarryOverReport.Pace(first: .seconds(600)))
            rare.tell(.begun(rows: 3000))
            #expect(receive() == patience(0))
            rare.tell(.carried(1000, of: 3000))
            #expect(receive() == nil, "a batch takes a tenth of a second, and nobody reads so fast")
            let eager = report(CarryOverReport.Pace(first: .zero, every: .zero))
            eager.tell(.carried(2000, of: 3000))
            #expect(receive() == patience(2000))
            eager.tell(.finished)
            #expect(receive() == nil)
        }
        #expect(
            log.lines.map(\.message) == [
                "the ledger is being carried over to this version", "carrying the ledger over",
                "the ledger is carried over",
            ]
        )
    }

    @Test func `may be absent`() {
        #expect(ServiceManager(environment: [:]).ready(status: ""))
    }

    @Test(arguments: ["relative", "", "/tmp/nobody-listens-here", "/" + String(repeating: "x", count: 108)])
    func `may be out of reach, which stops nothing`(path: String) {
        #expect(!ServiceManager(path: path).ready(status: ""))
    }

    @Test(arguments: [
        (["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"], 60), (["WATCHDOG_USEC": "60000000"], 60),
        (["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"], nil), ([:], nil), (["WATCHDOG_USEC": "0"], nil),
        (["WATCHDOG_USEC": "soon"], nil),
    ]) func `asks for a watchdog by its variables`(environment: [String: String], seconds: Int?) {
        #expect(
            ServiceManager.watchdogInterval(environment: environment, processID: 7) == seconds.map { .seconds($0) }
        )
    }
}
