internal import ATProtocol
internal import ArgumentParser
internal import LedgerStorage
internal import Network
internal import Notifier

/// `suppress`: who gets no messages.
struct Suppress: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists, adds and removes accounts that get no messages.",
        discussion: """
            Owners put themselves here by a block or by answering STOP. Adding an account calls off what waits for it.
            """,
        subcommands: [List.self, Add.self, Remove.self],
        defaultSubcommand: List.self
    )

    /// The command `suppress list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the accounts, the latest first.")

        @OptionGroup var ledger: LedgerOption
        @Flag(help: "One JSON object a line.") var json = false

        func run() async throws {
            try await ledger.withLedger { ledger throws(LedgerError) in
                for entry in try await ledger.suppressions.all() {
                    let since = Timestamp.rfc3339(entry.addedAt)
                    let object: JSONValue = [
                        "did": .string(entry.did.text), "reason": .string(entry.reason.rawValue),
                        "since": .string(since),
                        "note": .string(entry.note),
                    ]
                    let note = entry.note.isEmpty ? "" : ": \(entry.note)"
                    StandardOutput.print(
                        json ? object.encodedText : "\(entry.did) since \(since) (\(entry.reason.rawValue))\(note)"
                    )
                }
                let forgotten = try await ledger.suppressions.countForgotten()
                if !json, forgotten > 0 {
                    StandardOutput.print("\(forgotten) more, who were forgotten: of them only a hash is kept")
                }
            }
        }
    }

    /// The command `suppress add`.
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Never writes to an account again.")

        @OptionGroup var ledger: LedgerOption
        @OptionGroup var account: AccountArgument
        @Option(help: "Why, for those who come later.") var note = ""
        @Flag(help: "A JSON object.") var json = false

        func run() async throws {
            let did = try await account.did(by: try ledger.configuration.load().configuration)
            guard did.isSupported else {
                StandardOutput.printError(
                    "\(did) can be nobody's: behind did:plc: stand 24 letters and digits, behind did:web: a host's name."
                )
                throw ExitCode(ExitStatus.usage.rawValue)
            }
            try await ledger.withLedger { ledger throws(LedgerError) in
                let count = try await ledger.suppressions.suppress(
                    did,
                    reason: .operatorDecision,
                    note: note,
                    now: SystemClock().now()
                )
                let object: JSONValue = ["did": .string(did.text), "called_off": .integer(Int64(count))]
                StandardOutput.print(json ? object.encodedText : "\(did) is suppressed; \(count) messages called off.")
            }
        }
    }

    /// The command `suppress remove`.
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets an account get messages again; what was called off stays called off."
        )

        @OptionGroup var ledger: LedgerOption
        @OptionGroup var account: AccountArgument
        @Flag(help: "A JSON object.") var json = false

        func run() async throws {
            let did = try await account.did(by: try ledger.configuration.load().configuration)
            var wasListed = false
            try await ledger.withLedger { ledger throws(LedgerError) in
                wasListed = try await ledger.suppressions.lift(did)
                let object: JSONValue = ["did": .string(did.text), "removed": .bool(wasListed)]
                let sentence = wasListed ? "\(did) may get messages again." : "\(did) was not on the list."
                StandardOutput.print(json ? object.encodedText : sentence)
            }
            if !wasListed { throw ExitCode(ExitStatus.failure.rawValue) }
        }
    }
}
