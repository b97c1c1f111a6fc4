internal import ATProtocol
internal import Firehose
internal import Notifier

/// A file for `rules test`: rules, the network for their look-ups, and the expected results for records.
struct RuleTestFile {
    /// One record and its expected results.
    struct Test {
        let name: String
        let uri: ATURI
        let operation: StreamEvent.Commit.Operation
        let record: JSONValue
        /// Who is told; empty for nobody.
        let tells: [DID]
        /// The reasons why others, or everybody, are not told.
        let expectedReasons: [String]
        /// The rule that decides; nil when it does not matter.
        let rule: String?
        /// Texts that the messages contain.
        let says: [String]
    }

    let rules: [Rule]
    let network: RehearsedNetwork
    let tests: [Test]

    /// Reads a file.
    ///
    /// - Throws: ``ConfigurationError`` with every problem at once.
    init(path: String) throws(ConfigurationError) {
        let provenance = ConfigurationProvenance(environment: [:])
        let loader = ConfigurationLoader(environment: [:])
        let document = loader.section(of: path, provenance: provenance)
        guard provenance.issues.isEmpty else { throw ConfigurationError(issues: provenance.issues) }
        rules = loader.rules(
            document,
            files: ConfiguredFiles(configuration: path, environment: [:]),
            provenance: provenance
        )
        network = RehearsedNetwork(
            records: document.json("records")?.object ?? [:],
            answers: document.json("answers")?.object ?? [:],
            handles: Self.handles(document)
        )
        for (name, record) in network.records.sorted(by: { $0.key < $1.key }) {
            if record.object == nil { document.flag("records", "'\(name)' is not followed by a record") }
            let address = try? ATURI(name)
            if address?.did == nil || address?.recordKey == nil {
                document.flag("records", "'\(name)' is no AT-URI of a record with a DID")
            }
        }
        let sections = document.sections("tests")
        if sections.isEmpty { document.flag("tests", "the file has no tests") }
        let names = rules.map(\.name)
        tests = sections.compactMap { Self.test($0, names) }
        document.flagUnknownKeys()
        guard provenance.issues.isEmpty else { throw ConfigurationError(issues: provenance.issues) }
    }

    private static func handles(_ document: ConfigurationSection) -> [String: DID] {
        var handles: [String: DID] = [:]
        for (name, value) in document.json("handles")?.object ?? [:] {
            guard let handle = try? Handle(name), let did = value.string.flatMap({ try? DID($0) }) else {
                document.flag("handles", "'\(name)' needs to be a handle, with a DID behind it")
                continue
            }
            handles[handle.normalized] = did
        }
        return handles
    }

    private static func test(_ section: ConfigurationSection, _ rules: [String]) -> Test? {
        let name = section.required("name", expected: "what is tested") { $0 }
        let uri = section.required("uri", expected: "the AT-URI of the record") { try? ATURI($0) }
        let operation = section.value(
            "operation",
            default: StreamEvent.Commit.Operation.create,
            expected: "create or update"
        ) {
            StreamEvent.Commit.Operation(rawValue: $0)
        }
        let tells = section.list("tells", default: [], expected: "a DID") { try? DID($0) }
        let codes = Reason.allCases.map(\.rawValue)
        let reasons = section.list(
            "reasons",
            default: [],
            expected: "a reason code as docs/rules.md has them",
            objection: { EditDistance.nearest(to: $0, in: Set(codes)).map { "did you mean '\($0)'?" } }
        ) { Reason(rawValue: $0)?.rawValue }
        let rule = section.optional(
            "rule",
            expected: "the name of a rule of this file: \(rules.joined(separator: ", "))"
        ) {
            rules.contains($0) ? $0 : nil
        }
        let says = section.list("says", default: [], expected: "a text") { $0 }
        if !says.isEmpty, tells.isEmpty { section.flag("says", "says what messages hold, and 'tells' names nobody") }
        guard let record = section.json("record") else {
            section.flag("record", "this key is required: the record")
            return nil
        }
        guard let name, let uri else { return nil }
        return Test(
            name: name,
            uri: uri,
            operation: operation,
            record: record,
            tells: tells,
            expectedReasons: reasons,
            rule: rule,
            says: says
        )
    }
}
