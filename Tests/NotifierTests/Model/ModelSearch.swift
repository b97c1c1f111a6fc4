@testable import Notifier

/// A breadth-first walk over distinct states: each is expanded once, so that the first way to a fault is a shortest one.
struct ModelSearch {
    /// A state that is still to be expanded.
    private struct Node {
        let state: ModelState
        let key: ModelState.Key
        let view: ModelView
        let place: Int
    }

    let scenario: ModelScenario
    private let store: ModelLedger
    private var seen: Set<ModelState.Key> = []
    /// From where each state was reached, and by which step.
    private var ways: [(from: Int, step: ModelStep)] = []
    /// States from which everything comes to a good end when nothing bad happens any more.
    private var restful: Set<ModelState.Key> = []
    private(set) var coverage: Set<String> = []
    /// What went wrong, with the steps that led there; each fault once.
    private(set) var faults: [String: [String]] = [:]

    init(_ scenario: ModelScenario) throws {
        self.scenario = scenario
        store = try ModelLedger()
    }

    /// Walks through everything that can happen in so many steps.
    mutating func walk(depth: Int) async throws {
        var level = [try await start()]
        for distance in 1...depth {
            var next: [Node] = []
            for node in level {
                for step in scenario.steps where step.isPossible(node.state, node.view) {
                    guard let reached = try await take(step, from: node) else { continue }
                    if distance < depth { next.append(reached) }
                }
                // One fault hides others behind it; some are enough.
                if faults.count > 8 { return }
            }
            level = next
        }
    }

    private mutating func start() async throws -> Node {
        var driver = ModelDriver(store: store, state: ModelState())
        driver.state.world = scenario.world
        driver.state.rows = try await store.save()
        try await store.load(driver.state.rows.map { _ in "[]" })
        for step in [ModelStep.restart, .review] { try await driver.take(step) }
        var view = try await store.view()
        for step in scenario.prefix {
            let before = view
            try await driver.take(step)
            view = try await store.view()
            cover(step, before, view)
            ways.append((ways.count - 1, step))
        }
        driver.state.rows = try await store.save()
        let key = try await driver.key()
        seen.insert(key)
        let node = Node(state: driver.state, key: key, view: view, place: ways.count - 1)
        try await check(driver, node)
        return node
    }

    /// Takes a step; nil when it leads to a state that is known, or wrong.
    private mutating func take(_ step: ModelStep, from node: Node) async throws -> Node? {
        try await store.load(node.state.rows)
        var driver = ModelDriver(store: store, state: node.state)
        try await driver.take(step)
        // What was wrong on the way counts wherever the way leads.
        guard driver.faults.isEmpty else {
            ways.append((node.place, step))
            note(driver.faults, at: ways.count - 1, [])
            return nil
        }
        let key = try await driver.key()
        guard key != node.key else { return nil }
        coverage.insert(step.kind)
        let view = try await store.view()
        cover(step, node.view, view)
        guard seen.insert(key).inserted else { return nil }
        ways.append((node.place, step))
        driver.state.rows = try await store.save()
        let reached = Node(state: driver.state, key: key, view: view, place: ways.count - 1)
        return try await check(driver, reached) ? reached : nil
    }

    /// Whether nothing is wrong with a state, and everything comes to a good end from it.
    @discardableResult
    private mutating func check(_ driver: ModelDriver, _ node: Node) async throws -> Bool {
        let found = try await driver.faults + store.faults() + node.state.world.faults(in: node.view)
        guard found.isEmpty else {
            note(found, at: node.place, [])
            return false
        }
        return try await settle(driver, node)
    }

    /// Lets everything go well until nothing happens any more.
    private mutating func settle(_ driver: ModelDriver, _ node: Node) async throws -> Bool {
        var driver = driver
        var view = node.view
        var steps: [ModelStep] = []
        var path: [ModelState.Key] = []
        while true {
            let key = try await driver.key()
            guard !restful.contains(key) else { break }
            let isStill = path.last == key
            path.append(key)
            guard !isStill, let step = driver.state.nextGoodStep(view) else {
                let found = driver.state.faultsAtRest(in: view)
                if !found.isEmpty { note(found, at: node.place, steps) }
                guard found.isEmpty else { return false }
                break
            }
            try await driver.take(step)
            steps.append(step)
            view = try await store.view()
            let found = try await driver.faults + store.faults() + driver.state.world.faults(in: view)
            guard found.isEmpty, steps.count < 60 else {
                note(found.isEmpty ? ["it does not come to rest"] : found, at: node.place, steps)
                return false
            }
        }
        restful.formUnion(path)
        return true
    }

    private mutating func note(_ found: [String], at place: Int, _ steps: [ModelStep]) {
        var way: [String] = []
        var place = place
        while place >= 0 {
            way.insert(ways[place].step.text, at: 0)
            place = ways[place].from
        }
        if !steps.isEmpty { way += ["and then"] + steps.map(\.text) }
        for fault in found where faults[fault] == nil { faults[fault] = way }
    }

    /// Notes what a step did to which row.
    private mutating func cover(_ step: ModelStep, _ before: ModelView, _ after: ModelView) {
        func name(_ state: String, _ reason: Reason?) -> String { reason.map { "\(state)(\($0.rawValue))" } ?? state }
        func compare(_ kind: String, _ before: [String: String], _ after: [String: String]) {
            for place in Set(before.keys).union(after.keys) where before[place] != after[place] {
                coverage.insert("\(step.kind): \(kind) \(before[place] ?? "-") > \(after[place] ?? "-")")
            }
        }
        func requests(_ view: ModelView) -> [String: String] {
            Dictionary(uniqueKeysWithValues: view.requests.map { ("\($0.id)", name($0.state.rawValue, $0.reason)) })
        }
        func jobs(_ view: ModelView) -> [String: String] {
            Dictionary(
                uniqueKeysWithValues: view.jobs.map { job in
                    let mark = job.withdrawal.map { "!\($0.rawValue)" } ?? ""
                    return ("\(job.request)\(job.owner)", name(job.state.rawValue, job.reason) + mark)
                }
            )
        }
        func messages(_ view: ModelView) -> [String: String] {
            Dictionary(uniqueKeysWithValues: view.messages.map { ("\($0.id)", name($0.state.rawValue, $0.reason)) })
        }
        compare("request", requests(before), requests(after))
        compare("job", jobs(before), jobs(after))
        compare("message", messages(before), messages(after))
        for _ in after.suppressed.subtracting(before.suppressed) { coverage.insert("\(step.kind): suppressed") }
    }
}
