internal import ATProtocol
internal import ArgumentParser
internal import LedgerStorage
internal import Network
internal import Notifier

/// The command `suppress`: who gets no messages.
struct Suppress: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists, adds and removes accounts that get no messages.",
        discussion: """
            Owners put themselves here by a block or by answering STOP. Adding an account drops what waits for it.
            """,
        subcommands: [List.self, Add.self, Remove.self],
        defaultSubcommand: List.self
    )

    /// The command `suppress list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the accounts, the latest first.")

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var output: OutputOption

        func run() async throws {
            let configuration = try configuration.load().configuration
            let (entries, forgotten): ([Suppression], Int) = try await configuration.withLedger {
                ledger throws(LedgerError) in
                (try await ledger.suppressions.all(), try await ledger.suppressions.countForgotten())
            }
            let now = SystemClock().now()
            output.list(
                entries,
                none: forgotten > 0 ? "No account is suppressed by name." : "Nobody is suppressed.",
                header: ["ACCOUNT", "SINCE", "REASON", "NOTE"],
                row: { [$0.did.text, "\((now - $0.addedAt).inWords) ago", $0.reason.rawValue, $0.note] },
                object: \.json
            )
            guard forgotten > 0, !output.json else { return }
            StandardOutput.printError("\(forgotten) more were forgotten: only a hash of each is kept.")
        }
    }

    /// The command `suppress add`.
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Never writes to an account again.")

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var account: AccountArgument
        @Option(help: "Why: a note for whoever reads the list.") var note = ""
        @OptionGroup var output: OutputOption

        func run() async throws {
            let configuration = try configuration.load().configuration
            let did = try await account.did(by: configuration)
            guard did.isSupported else {
                throw ExitStatus.usage.saying(
                    "\(did) can be nobody's: behind did:plc: stand 24 letters and digits, behind did:web: a host's name."
                )
            }
            let count: Int = try await configuration.withLedger { ledger throws(LedgerError) in
                try await ledger.suppressions.suppress(
                    did,
                    reason: .operatorDecision,
                    note: note,
                    now: SystemClock().now()
                )
            }
            output.show(
                ["did": .string(did.text), "called_off": .integer(Int64(count))],
                ["\(did) is suppressed; \(count) jobs dropped."]
            )
        }
    }

    /// The command `suppress remove`.
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets an account get messages again; what was dropped stays dropped."
        )

        @OptionGroup var configuration: ConfigurationOption
        @OptionGroup var account: AccountArgument
        @OptionGroup var output: OutputOption

        func run() async throws {
            let configuration = try configuration.load().configuration
            let did = try await account.did(by: configuration)
            let wasListed = try await configuration.withLedger { ledger throws(LedgerError) in
                try await ledger.suppressions.lift(did)
            }
            output.show(
                ["did": .string(did.text), "removed": .bool(wasListed)],
                [wasListed ? "\(did) may get messages again." : "Nothing to do: \(did) was not on the list."]
            )
            if !wasListed { throw ExitStatus.failure.code }
        }
    }
}

extension Suppression {
    /// The entry as an object.
    fileprivate var json: JSONValue {
        [
            "did": .string(did.text), "reason": .string(reason.rawValue), "since": .string(Timestamp.rfc3339(addedAt)),
            "note": .string(note),
        ]
    }
}
