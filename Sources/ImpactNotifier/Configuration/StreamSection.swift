internal import ATProtocol
internal import Firehose
internal import Network
internal import Notifier

/// The section that says which streams are read, and how.
struct StreamSection {
    let section: ConfigurationSection
    let files: ConfiguredFiles
    let allowsLoopback: Bool

    /// What the section says, completed by defaults.
    ///
    /// - Parameters:
    ///   - rules: already checked one by one; their collections are what is asked for.
    ///   - authorities: a PEM file to trust beside the system's.
    ///   - proxy: that of the environment.
    /// - Returns: what can be used of it.
    func configuration(rules: [Rule], authorities: String?, proxy: ProxySettings) -> StreamConfiguration {
        let before = section.problemCount
        let hosts = hosts()
        let areRight = section.problemCount == before
        let collections = Set(rules.flatMap { $0.collections + $0.confirmingCollections }).sorted { $0.text < $1.text }
        var stream = StreamConfiguration(hosts: hosts, collections: collections, allowsLoopback: allowsLoopback)
        stream.initialMargin = section.duration(
            "initial_margin",
            default: stream.initialMargin,
            in: .zero ... .seconds(86_400)
        )
        stream.stallTimeout = section.duration(
            "stall_timeout",
            default: stream.stallTimeout,
            in: .seconds(5) ... .seconds(3600)
        )
        stream.parallelHosts = section.integer("parallel_hosts", default: stream.parallelHosts, in: 1...4)
        let names = Set(hosts.map(\.authority))
        if areRight, stream.parallelHosts > names.count {
            section.flag("parallel_hosts", "there are only \(names.count) different hosts under “hosts”")
        }
        stream.missWindow = section.duration(
            "miss_window",
            default: stream.missWindow,
            in: .seconds(1) ... .seconds(3600)
        )
        stream.coalesce = section.duration("coalesce", default: stream.coalesce, in: .zero ... .milliseconds(80))
        stream.verification = section.value(
            "verify",
            default: stream.verification,
            expected: "off or matched (“all” was taken away: write matched)",
            show: \.rawValue
        ) { StreamConfiguration.Verification(rawValue: $0) }
        stream.userAgent = BuildInformation.userAgent
        stream.recorderDirectory = section.path("recorder_directory", in: files, as: .newFolder)
        stream.certificateAuthorities = authorities
        stream.proxy = proxy
        return stream
    }

    private func hosts() -> [WebURL] {
        let before = section.problemCount
        let hosts = section.addresses(
            "hosts",
            default: ["us-east", "us-west"].compactMap { region in
                try? WebURL("wss://jetstream.\(region).bsky.network/xrpc/network.bsky.jetstream.subscribeEvents")
            },
            expected: "a wss:// URL of a Jetstream or a relay",
            reading: { text in
                ServiceAddress(stream: text) {
                    StreamConfiguration.objection(to: $0, allowsLoopback: allowsLoopback)
                }
            },
            identity: { (try? StreamConfiguration.address(of: $0, allowsLoopback: allowsLoopback)) ?? $0 }
        )
        if hosts.isEmpty, section.problemCount == before { section.flag("hosts", "at least one host is needed") }
        return hosts
    }

    /// Who lists the authors of a collection when a gap is swept.
    func sweepDirectories() -> [WebURL] {
        section.addresses(
            "sweep_directories",
            default: ["us-east", "us-west"].compactMap { try? WebURL("https://relay1.\($0).bsky.network") },
            expected: "the https:// origin of a relay",
            reading: { ServiceAddress(origin: $0, allowsLoopback: allowsLoopback) }
        )
    }
}
