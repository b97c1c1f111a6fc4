internal import ATProtocol
internal import Firehose
internal import Network
internal import Notifier
internal import OAuth

/// The section that says which streams are read, and how.
struct StreamSection {
    let section: ConfigurationSection
    let files: ConfiguredFiles
    let allowsLoopback: Bool

    /// The stream configuration, with defaults.
    ///
    /// - Parameters:
    ///   - rules: the rules, already checked one by one; their collections are asked for.
    ///   - authorities: a PEM file of authorities to trust in addition to the system's.
    ///   - proxy: the proxy from the environment.
    /// - Returns: the usable part of the section.
    func configuration(rules: [Rule], authorities: String?, proxy: ProxySettings) -> StreamConfiguration {
        let before = section.problemCount
        let hosts = hosts()
        let areRight = section.problemCount == before
        let collections = Set(
            rules.flatMap { $0.collections + $0.confirmingCollections + $0.subscriberCollections }
        ).sorted { $0.text < $1.text }
        var stream = StreamConfiguration(hosts: [], collections: collections, allowsLoopback: allowsLoopback)
        stream.hosts = hosts
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
        let names = Set(hosts.map(\.url.authority))
        if areRight, stream.parallelHosts > names.count {
            section.flag("parallel_hosts", "there are only \(names.count) different hosts under 'hosts'")
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
            expected: "off or matched ('all' was taken away: write matched)",
            show: \.rawValue
        ) { StreamConfiguration.Verification(rawValue: $0) }
        stream.userAgent = BuildInformation.userAgent
        stream.recorderDirectory = section.path("recorder_directory", in: files, as: .newFolder)
        stream.certificateAuthorities = authorities
        stream.proxy = proxy
        return stream
    }

    private static let expected = "a wss:// URL of a Jetstream or a relay"

    private func hosts() -> [StreamSource] {
        let before = section.problemCount
        let hosts = section.list(
            "hosts",
            default: ["us-east", "us-west"].compactMap { region in
                let host = "jetstream.\(region).bsky.network"
                return (try? WebURL("wss://\(host)/xrpc/network.bsky.jetstream.subscribeEvents"))
                    .map { StreamSource($0) }
            },
            expected: Self.expected,
            objection: { address($0).objection },
            section: host,
            parse: { address($0).url.map { StreamSource($0) } }
        )
        guard section.problemCount == before else { return hosts }
        if hosts.isEmpty { section.flag("hosts", "at least one host is needed") }
        section.flagRepeated("hosts", hosts.map(identity))
        return hosts
    }

    /// A host with its own terms.
    private func host(_ section: ConfigurationSection) -> StreamSource? {
        let url = section.required("address", expected: Self.expected, objection: { address($0).objection }) {
            address($0).url
        }
        let compression = section.flag("compression", default: false)
        let before = section.problemCount
        let file = section.path("api_key_file", in: files, as: url.map(ConfiguredFiles.Use.hostKey) ?? .unusedSecret)
        guard let url else { return nil }
        var host = StreamSource(url, asksForCompression: compression)
        host.keyFile = file
        guard let file, files.purpose.delivers, section.problemCount == before, !files.isPassedBy(file) else {
            return host
        }
        do throws(OAuthError) { host.key = try HostKey(file: file, for: url) } catch {
            section.flag("api_key_file", error.sentence)
        }
        return host
    }

    private func address(_ text: String) -> ServiceAddress {
        ServiceAddress(stream: text) { StreamConfiguration.objection(to: $0, allowsLoopback: allowsLoopback) }
    }

    /// The address by which two hosts are compared, however they are written.
    private func identity(_ host: StreamSource) -> WebURL {
        (try? StreamConfiguration.address(of: host.url, allowsLoopback: allowsLoopback)) ?? host.url
    }

    /// The directories that list the authors of a collection for sweeps.
    func sweepDirectories() -> [WebURL] {
        section.addresses(
            "sweep_directories",
            default: ["us-east", "us-west"].compactMap { try? WebURL("https://relay1.\($0).bsky.network") },
            expected: "the https:// origin of a relay",
            reading: { ServiceAddress(origin: $0, allowsLoopback: allowsLoopback) }
        )
    }
}
