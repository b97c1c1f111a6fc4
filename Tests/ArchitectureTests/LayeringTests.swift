import Foundation
import Testing

/// Who may use whom, as docs/architecture.md has it: the compiler checks neither modules, which are found however they come,
/// nor folders.
@Suite struct `The layers` {
    /// What every target may use: the language's own modules.
    private static let everywhere: Set = ["Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization"]

    /// A table of the page: the names in the last cell of a row, by each of those in the first.
    private static func table(below heading: String) throws -> [String: [String]] {
        let sections = try Repository.text(of: "docs/architecture.md").components(separatedBy: "\n## ")
        var table: [String: [String]] = [:]
        let section = sections.first { $0.hasPrefix(heading) } ?? ""
        for line in section.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { cell in cell.split { " ,`–".contains($0) }.map(String.init) }
            for name in cells[0] { table[name] = cells[cells.count - 1] }
        }
        return table
    }

    /// What each target of Package.swift depends on.
    private static func dependencies() throws -> [String: Set<String>] {
        let text = try Repository.text(of: "Package.swift")
        let products = text.matches(of: #/let (\w+) = Target\.Dependency\.product\(name: "(\w+)"/#)
            .reduce(into: [String: String]()) { $0[String($1.1)] = String($1.2) }
        var dependencies: [String: Set<String>] = [:]
        for part in text.components(separatedBy: "name: \"").dropFirst() {
            let list = part.firstMatch(of: #/dependencies: \[([^\]]*)\]/#)?.1 ?? ""
            let names = list.matches(of: #/[\w-]+/#).map { String($0.0) }
            dependencies[String(part.prefix { $0 != "\"" })] = Set(names.map { products[$0] ?? $0 })
        }
        return dependencies
    }

    @Test func `are the same on the page, in the package and in what each target imports`() throws {
        let (table, package) = try (Self.table(below: "Targets"), Self.dependencies())
        let sources = try Repository.sources.get()
        #expect(Set(table.keys) == Set(try Repository.targets() + ["TestSupport"]))
        for (target, names) in table {
            let allowed = Set(names)
            #expect(package[target] == allowed, "\(target) in Package.swift")
            let files = sources.filter { $0.target == target }
            let offences = files.filter { !$0.imports.subtracting(Self.everywhere).isSubset(of: allowed) }
            #expect(offences.map(\.path) == [], "\(target) may import \(names)")
            #expect(files.reduce(allowed) { $0.subtracting($1.imports) } == [], "\(target) imports none of these")
        }
    }

    @Test func `have arrows that point one way`() throws {
        let table = try Self.table(below: "Targets")
        // A target may reach only targets that cannot reach it.
        func reach(_ target: String, _ seen: Set<String> = []) -> Set<String> {
            (table[target] ?? []).reduce(into: seen) { seen, next in
                if seen.insert(next).inserted { seen.formUnion(reach(next, seen)) }
            }
        }
        for target in table.keys { #expect(!reach(target).contains(target), "\(target) reaches itself") }
    }

    @Test func `go on within a target: a room uses only those that stand before it on the page`() throws {
        let table = try Self.table(below: "Rooms")
        let sources = try Repository.sources.get().filter { $0.path.hasPrefix("Sources/") }
        let targets = Dictionary(grouping: sources, by: \.target)
            .filter { _, files in files.contains { $0.path.split(separator: "/").count > 3 } }
        #expect(Set(targets.keys) == Set(table.keys), "targets with folders")
        for (target, files) in targets {
            let rooms = table[target] ?? []
            #expect(rooms.count == Set(rooms).count && Set(rooms) == Set(files.map(\.room)), "the rooms of \(target)")
            let home = files.reduce(into: [String: String]()) { home, file in
                for name in file.declared { home[name] = file.room }
            }
            let hidden = files.reduce(into: [String: Set<String>]()) { hidden, file in
                hidden[file.room, default: []].formUnion(file.hidden)
            }
            for file in files {
                let reachable = rooms.prefix { $0 != file.room } + [file.room]
                let foreign = file.named.subtracting(hidden[file.room] ?? [])
                    .filter { name in home[name].map { !reachable.contains($0) } ?? false }
                #expect(foreign == [], "\(file.path) uses what stands behind it")
            }
        }
    }
}
