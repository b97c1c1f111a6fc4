internal import ATProtocol
internal import ArgumentParser
internal import Firehose
internal import LedgerStorage
internal import Network
internal import Notifier

/// The command `quarantine`: the events that could not be read, and why.
struct Quarantine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists events of the stream that were put aside, and shows one.",
        discussion: """
            The newest thousand that could not be read, or whose signature does not fit. Each is counted in \
            impact_notifier_stream_decode_errors_total; the stream goes on behind it.
            """,
        subcommands: [List.self, Show.self],
        defaultSubcommand: List.self
    )

    /// The command `quarantine list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the events, the newest first.")

        @OptionGroup var configuration: ConfigurationOption
        @Option(help: "How many at most.") var limit = 50
        @OptionGroup var output: OutputOption

        func validate() throws { try Limit.check(limit) }

        func run() async throws {
            let events = try await configuration.load().configuration.withLedger { ledger throws(LedgerError) in
                try await ledger.stream.quarantine(limit: limit)
            }
            let now = SystemClock().now()
            output.list(
                events,
                none: "No event is put aside.",
                header: QuarantinedEvent.header,
                row: { $0.row(now: now) },
                object: { .object($0.json) }
            )
        }
    }

    /// The command `quarantine show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one event with its bytes.",
            discussion: """
                As text where it is text, else in hexadecimal; nothing in it reaches the terminal that could steer it. Of an \
                event 64 KiB are kept, and 4 KiB shown: --raw writes all of them, to a file or another program.
                """
        )

        @OptionGroup var configuration: ConfigurationOption
        @Argument(help: "Its number in the list.") var id: Int64
        @Flag(help: "Only the bytes, as they came; not to a terminal.") var raw = false
        @OptionGroup var output: OutputOption

        func validate() throws {
            guard raw, output.json else { return }
            throw ValidationError("--raw and --json exclude each other")
        }

        func run() async throws {
            guard !raw || !StandardOutput.isTerminal else {
                throw ValidationError("--raw writes what a stranger sent as it is: pipe it into a file or a program")
            }
            let found = try await configuration.load().configuration.withLedger { ledger throws(LedgerError) in
                try await ledger.stream.quarantined(id)
            }
            guard let (event, bytes) = found else {
                throw ExitStatus.failure.saying(
                    "Event \(id) is not put aside, or is not kept any more; 'impact-notifier quarantine' lists them."
                )
            }
            guard !raw else { return StandardOutput.write(bytes) }
            output.show(
                .object(event.json.merging(["bytes": JSONValue(bytes: bytes)]) { $1 }),
                event.lines + ByteText.lines(bytes)
            )
        }
    }
}

extension QuarantinedEvent {
    /// The column names of a list.
    fileprivate static let header = ["NUMBER", "SEEN", "HOST", "WIRE", "POSITION", "SIZE", "REASON", "WHY"]

    /// A row of a list.
    fileprivate func row(now: UnixTime) -> [String] {
        [
            "\(id)", "\((now - noticedAt).inWords) ago", host, wire.rawValue, position.map { "\($0)" } ?? "-", sizeText,
            reason.rawValue, explanation,
        ]
    }

    /// Everything except the bytes, one line each.
    fileprivate var lines: [String] {
        [
            "event:    \(id)", "seen:     \(Timestamp.rfc3339(noticedAt))", "host:     \(host) (\(wire))",
            "position: \(position.map { "\($0)" } ?? "not known")", "reason:   \(reason.rawValue)",
            "why:      \(explanation)", "size:     \(sizeText)",
        ]
    }

    fileprivate var json: [String: JSONValue] {
        [
            "id": .integer(id), "host": .string(host), "wire": .string(wire.rawValue),
            "position": position.map(JSONValue.integer) ?? .null, "reason": .string(reason.rawValue),
            "sentence": .string(reason.sentence), "detail": .string(detail), "size": .integer(Int64(size)),
            "is_cut": .bool(isCut), "seen_at": .string(Timestamp.rfc3339(noticedAt)),
        ]
    }

    /// On one line, whatever a stranger has put into it.
    private var explanation: String {
        guard !detail.isEmpty else { return reason.sentence }
        return "\(reason.sentence): \(detail)".onOneLine
    }

    private var isCut: Bool { size >= RejectedEvent.maximumBytes }

    private var sizeText: String { isCut ? "\(size) bytes or more" : size == 1 ? "1 byte" : "\(size) bytes" }
}
