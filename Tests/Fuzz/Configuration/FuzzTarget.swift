#if FUZZING || DEBUG
import Firehose
import FoundationEssentials
import FuzzDriver
import Glibc
import Network
import Notifier

/// The target by name.
enum FuzzTarget {
    /// What the target checks.
    static let all: [String: FuzzDriver.Check] = ["configuration-file": file]

    private static let path = "/tmp/impact-notifier-fuzz-\(getpid()).yaml"

    /// A file is a configuration that keeps its rules, or a list of what is wrong with it, each with its place.
    private static func file(_ bytes: [UInt8]) {
        // Foundation does not give back the buffer for an empty file, which the sanitizer takes for a leak of ours.
        guard !bytes.isEmpty else { return }
        guard (try? Data(bytes).write(to: URL(filePath: path))) != nil else { return require(false) }
        defer { _ = unsafe unlink(path) }
        do throws(ConfigurationError) { check(try ConfigurationLoader(environment: [:]).load(path: path)) } catch {
            require(!error.issues.isEmpty)
            let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 2
            for issue in error.issues { check(issue, lines: lines) }
        }
    }

    private static func check(_ loaded: ConfigurationLoader.Loaded) {
        let configuration = loaded.configuration
        require(!configuration.stream.hosts.isEmpty && !configuration.delivery.rules.isEmpty)
        require(configuration.stream.hosts.allSatisfy { $0.url.scheme == .wss || configuration.allowsLoopback })
        require((0...0.08).contains(configuration.stream.coalesce / .seconds(1)))
        require(configuration.delivery.contradictions.isEmpty)
        require(Set(configuration.delivery.rules.map(\.name)).count == configuration.delivery.rules.count)
        require(!ConfigurationSummary(configuration).lines.isEmpty)
        require(configuration.lastingDifferences(from: configuration).isEmpty)
    }

    private static func check(_ issue: ConfigurationIssue, lines: Int) {
        require(!issue.message.isEmpty && !issue.source.isEmpty && issue.description.contains(issue.message))
        guard let place = issue.place else { return }
        require(place.line >= 1 && place.line <= lines && place.column >= 0)
    }
}
#endif
