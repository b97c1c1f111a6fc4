internal import Crypto
internal import Network
internal import Notifier

extension StatusPage {
    // In the code, because the program is one file; hashes let a browser accept these two parts and nothing else.
    private static let style = String(decoding: PackageResources.page_css, as: UTF8.self)
    private static let script = String(decoding: PackageResources.page_js, as: UTF8.self)

    /// The header field `Content-Security-Policy`: nothing from elsewhere, and of the page's own scripts and styles
    /// these two.
    static let securityPolicy = [
        "default-src 'none'", "style-src '\(hash(of: style))'", "script-src '\(hash(of: script))'",
        "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    private static func hash(of text: String) -> String { "sha256-" + Base64.encode(Digest.sha256(text)) }

    /// The page for a browser, complete in itself.
    var html: HTML {
        """
        <!DOCTYPE html>
        <html lang="en" data-version="\(BuildInformation.version)" data-unit="\(Instance.unit())">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(headline) – impact-notifier</title>
        <link rel="icon" href="data:,">
        <noscript><meta http-equiv="refresh" content="30"></noscript>
        <style>\(HTML(verbatim: Self.style))</style>
        </head>
        <body>
        <header>
        <h1>impact-notifier</h1>
        <div id="moment" data-part=""><p>\(account), \(Self.time(at))</p></div>
        <button id="pause" type="button" aria-pressed="false" hidden="">Pause renewal</button>
        </header>
        <main>
        <p id="gone" role="alert" hidden=""></p>
        <p id="news" class="unseen" role="status"></p>
        <div id="state" data-part="">\(verdict)</div>
        \(sections.map(Self.markup))
        </main>
        <footer>
        <p>Version \(BuildInformation.version). Also here:</p>
        <p><a href="status">status</a>, <a href="metrics">metrics</a>, <a href="readyz">readyz</a></p>
        </footer>
        <script>\(HTML(verbatim: Self.script))</script>
        </body>
        </html>

        """
    }

    private var verdict: HTML {
        let list = findings.map { finding -> HTML in
            let sentence: HTML =
                finding.level == .trouble ? "<strong>\(finding.sentence)</strong>" : "\(finding.sentence)"
            guard let advice = finding.advice else { return "<li>\(sentence)</li>\n" }
            return "<li>\(sentence)<br>\(advice)</li>\n"
        }
        let all: HTML = "<p>The stream is read, the ledger answers, and messages can be sent.</p>\n"
        let body: HTML = findings.isEmpty ? all : "<ul>\n\(list)</ul>\n"
        return """
            <div class="verdict \(level.rawValue)">
            <h2>\(headline)</h2>
            \(body)<p class="quiet">\(age)</p>
            </div>
            """
    }

    private static func time(_ time: UnixTime) -> HTML {
        "<time datetime=\"\(time.description)\">\(time.description)</time>"
    }

    private static func markup(_ section: Section) -> HTML {
        let notes = section.notes.map { note -> HTML in "<p>\(note)</p>\n" }
        return """
            <section aria-labelledby="\(section.id)-title">
            <h2 id="\(section.id)-title">\(section.title)</h2>
            <div id="\(section.id)" data-part="">
            \(notes)\(content(of: section))</div>
            </section>

            """
    }

    private static func content(of section: Section) -> HTML {
        switch section.body {
        case .none: return ""
        case .facts(let facts):
            let pairs = facts.map { fact -> HTML in "<dt>\(fact.name)</dt><dd>\(fact.value)</dd>\n" }
            return "<dl>\n\(pairs)</dl>\n"
        case .table(let columns, let rows):
            return table(columns, rows, id: "\(section.id)-table", title: "\(section.id)-title")
        case .hours(let hours): return chart(hours)
        }
    }

    /// A table that scrolls by itself in a narrow window, also by keyboard.
    private static func table(_ columns: [String], _ rows: [[String]], id: String, title: String) -> HTML {
        let kinds = columns.indices.map { column -> HTML in
            let cells = rows.map { $0[column] }
            if cells.allSatisfy({ Int($0) != nil }) { return " class=\"number\"" }
            return cells.contains { $0.count > 40 } ? " class=\"long\"" : ""
        }
        let heads = columns.indices.map { column -> HTML in
            "<th scope=\"col\"\(kinds[column])>\(columns[column])</th>"
        }
        let lines = rows.map { row -> HTML in
            let cells = row.indices.dropFirst().map { column -> HTML in "<td\(kinds[column])>\(row[column])</td>" }
            return "<tr><th scope=\"row\"\(kinds[0])>\(row[0])</th>\(cells)</tr>\n"
        }
        return """
            <div class="wide" id="\(id)" role="region" tabindex="0" aria-labelledby="\(title)">
            <table>
            <thead><tr>\(heads)</tr></thead>
            <tbody>
            \(lines)</tbody>
            </table>
            </div>

            """
    }

    /// A chart with two columns for each hour, and the same as a table.
    private static func chart(_ hours: [LedgerOverview.Hour]) -> HTML {
        let most = max(1, hours.map { max($0.requests, $0.messages) }.max() ?? 0)
        func column(_ number: Int, at place: Int, _ kind: String) -> HTML {
            let height = number == 0 ? 0 : max(1, number * 100 / most)
            return """
                <rect class="\(kind)" x="\(place)" y="\(100 - height)" width="8" height="\(height)"></rect>

                """
        }
        let columns = hours.indices.flatMap { index in
            [
                column(hours[index].requests, at: index * 20 + 1, "requests"),
                column(hours[index].messages, at: index * 20 + 10, "messages"),
            ]
        }
        let rows = hours.map { [$0.from.description, "\($0.requests)", "\($0.messages)", "\($0.answers)"] }
        let names = ["Hour from (UTC)", "Requests", "Messages", "Answers"]
        let figures = table(names, rows, id: "hours-table", title: "hours-title")
        return """
            <figure>
            <svg viewBox="0 0 \(hours.count * 20) 100" preserveAspectRatio="none" role="img" aria-labelledby="hours-name">
            <title id="hours-name">Requests and messages by the hour; the figures are in the table below.</title>
            \(columns)</svg>
            <div class="scale"><span>\(hours.count) hours ago</span><span>now</span></div>
            <figcaption class="key"><span class="of-requests">Requests</span> <span class="of-messages">Messages</span>
            <span>The highest column is \(most).</span></figcaption>
            </figure>
            <details id="hours"><summary id="hours-title">The hours as a table</summary>
            \(figures)</details>

            """
    }
}
