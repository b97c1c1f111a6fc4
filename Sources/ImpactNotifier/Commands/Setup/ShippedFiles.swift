/// The files that come with the program and from which `init` starts: the configuration, and rules for known records.
enum ShippedFiles {
    /// A file of rules.
    struct Preset: Sendable {
        /// Its name without folder and extension.
        let name: String
        /// Its whole content.
        let text: String

        fileprivate init(_ name: String, _ bytes: [UInt8]) {
            self.name = name
            text = String(decoding: bytes, as: UTF8.self)
        }

        /// What it is for: the first sentence of its first line.
        var title: String {
            let line = text.prefix { $0 != "\n" }.drop { $0 == "#" || $0 == " " }
            let sentence = line.firstRange(of: ". ").map { line[..<$0.lowerBound] } ?? line
            return String(sentence.hasSuffix(".") ? sentence.dropLast() : sentence)
        }

        /// Its rules, without what comes before them.
        var rules: Substring { text.firstRange(of: "\nrules:\n").map { text[$0.upperBound...] } ?? "" }
    }

    /// `config/impact-notifier.yaml`.
    static let configuration = String(decoding: PackageResources.impact_notifier_yaml, as: UTF8.self)

    /// `config/rules/change-request.yaml`: the example from which own rules are made.
    static let example = Preset("change-request", PackageResources.change_request_yaml)

    /// The files of `config/rules`, in order.
    static let presets = [
        Preset("calendar", PackageResources.calendar_yaml), Preset("certified", PackageResources.certified_yaml),
        example, Preset("hypercerts", PackageResources.hypercerts_yaml),
        Preset("impactindexer", PackageResources.impactindexer_yaml),
        Preset("leaflet", PackageResources.leaflet_yaml), Preset("tangled", PackageResources.tangled_yaml),
    ]
}
