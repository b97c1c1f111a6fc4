/// Looks at a document as strictly as XML would, where HTML forgives.
enum Markup {
    private static let empty: Set<Substring> = ["meta", "link", "br"]

    /// What is not as it should be: elements that do not close, attributes without quotes, what leads elsewhere.
    static func problems(in document: String) -> [String] {
        let text = document.replacing("<!DOCTYPE html>", with: "", maxReplacements: 1)
            .replacing(#/<style>.*?<\/style>/#.dotMatchesNewlines(), with: "<style></style>")
            .replacing(#/<script>.*?<\/script>/#.dotMatchesNewlines(), with: "<script></script>")
        var problems: [String] = []
        var (open, ids, named): ([Substring], [Substring], [Substring]) = ([], [], [])
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            problems += stray(rest[..<start])
            rest = rest[start...]
            guard let tag = rest.prefixMatch(of: #/<(\/?)([a-z0-9]+)((?: [a-zA-Z-]+="[^"<>]*")*)>/#) else {
                problems.append("not a tag: \(rest.prefix(60))")
                rest = rest.dropFirst()
                continue
            }
            rest = rest[tag.range.upperBound...]
            if !tag.1.isEmpty {
                if open.popLast() != tag.2 { problems.append("</\(tag.2)> closes what is not open") }
                continue
            }
            if !empty.contains(tag.2) { open.append(tag.2) }
            for attribute in tag.3.matches(of: #/ ([a-zA-Z-]+)="([^"]*)"/#) {
                let (name, value) = (attribute.1, attribute.2)
                problems += stray(value)
                switch name {
                case "id": ids.append(value)
                case "aria-labelledby": named += value.split(separator: " ")
                case "href" where value != "data:," && value.contains(#/[:\/]/#): problems.append("leads to \(value)")
                case "src", "srcset", "style", "action": problems.append("has \(name)")
                case let name where name.hasPrefix("on"): problems.append("has \(name)")
                default: break
                }
            }
        }
        problems += stray(rest)
        problems += open.map { "<\($0)> stays open" }
        problems += Set(named).subtracting(ids).map { "nothing is called \($0)" }
        if Set(ids).count != ids.count { problems.append("a name is there twice") }
        return problems
    }

    private static func stray(_ text: Substring) -> [String] {
        text.contains(#/&(?!amp;|lt;|gt;|quot;|#39;)/#) || text.contains(">") ? ["not escaped: \(text.prefix(60))"] : []
    }
}
