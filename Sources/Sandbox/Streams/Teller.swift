internal import ATProtocol
internal import Synchronization

/// Lets every stream host tell of what happens, of all of it in one order.
final class Teller: Sendable {
    private let hosts: Mutex<[StreamHost]>

    init(hosts: [StreamHost]) { self.hosts = Mutex(hosts) }

    /// Tells what happens at one moment.
    func tell(_ events: [(did: DID, content: LoggedEvent.Content)]) {
        hosts.withLock { hosts in
            for host in hosts { host.append(events) }
        }
    }
}
