import Sandbox
import TestSupport
import Testing

@testable import ImpactNotifier

/// What becomes of the environment's proxy in a configuration.
@Suite struct `A proxy variable` {
    private func issues(
        _ environment: [String: String],
        _ purpose: ConfigurationLoader.Purpose
    ) throws -> [ConfigurationIssue] {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            """
            account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa
            state_directory: \(directory.path)
            status:
              listen: off
            rules:
              - name: requests
                collections: [org.example.changeRequest]
                reference_paths: [subject.uri]
                message: "Somebody wrote a change request."
            """,
            to: "impact-notifier.yaml"
        )
        do throws(ConfigurationError) {
            _ = try ConfigurationLoader(environment: environment, purpose: purpose).load(path: path)
            return []
        } catch {
            return error.issues
        }
    }

    @Test(arguments: [
        (["https_proxy": "socks5://p:1080"], "https_proxy"), (["ALL_PROXY": "https://p"], "ALL_PROXY"),
        (["HTTPS_PROXY": "http://p:port"], "HTTPS_PROXY"),
        (["https_proxy": "p:1", "NO_PROXY": "10.0.0.0/99"], "NO_PROXY"),
    ]) func `that cannot be understood is found by check, and at each start`(
        environment: [String: String],
        variable: String
    ) throws {
        for purpose in [ConfigurationLoader.Purpose.command, .start, .check, .reload] {
            let found = try issues(environment, purpose).filter { $0.source == variable }
            #expect(found.count == 1)
            #expect(found.first?.description.contains("write") == true)
        }
    }

    private static let unobjectionable: [[String: String]] = [
        [:], ["https_proxy": "http://user:pass@p:1", "no_proxy": "*"], ["https_proxy": ""],
        ["http_proxy": "socks5://p", "HTTP_PROXY": "nonsense", "no_proxy": "10.0.0.0/99"],
    ]

    @Test(arguments: unobjectionable) func `that can be, or is not looked at, is no mistake`(
        environment: [String: String]
    ) throws {
        #expect(try issues(environment, .start).filter { environment.keys.contains($0.source) } == [])
    }
}
