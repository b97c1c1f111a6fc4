import Sandbox

/// Changes messages a little: in their bytes, in what they name, and by parts of others.
struct MessageMutator {
    /// Names of equal lengths that may stand for each other: what a filter looks at.
    private static let names = [
        ("app.bsky.feed.like", "app.bsky.feed.post"), ("sh.tangled.repo.pull", "sh.tangled.repo.pulk"),
        ("sh.tangled.repo.note", "sh.tangled.repo.pull"), ("app.bsky.graph.follow", "app.bsky.graph.fo/low"),
        ("collection", "colLection"), ("\"commit\"", "\"commat\""), ("#commit", "#commot"), ("create", "delete"),
    ]
    /// What means something in JSON, or begins something in CBOR.
    private static let marks = Array("{}[]:,\"\\0e-. ".utf8) + [0x00, 0x60, 0x80, 0xA0, 0xF6, 0xD8, 0x18, 0x1B, 0xFF]

    private let messages: [[UInt8]]
    private var generator: SeededGenerator

    /// A mutator of messages of one wire; at least one.
    init(_ messages: [[UInt8]], seed: UInt64) {
        self.messages = messages
        generator = SeededGenerator(seed: seed)
    }

    /// One of the messages with one to three changes.
    mutating func next() -> [UInt8] {
        var message = messages[Int.random(in: messages.indices, using: &generator)]
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !message.isEmpty { change(&message) }
        return message
    }

    private mutating func change(_ message: inout [UInt8]) {
        let place = place(in: message)
        let end = min(message.count, place + Int.random(in: 1...32, using: &generator))
        switch Int.random(in: 0..<10, using: &generator) {
        case 0, 1: message[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: message[place] = Self.marks[Int.random(in: Self.marks.indices, using: &generator)]
        case 3: message.removeSubrange(place..<end)
        case 4: message.insert(contentsOf: message[place..<end], at: place)
        case 5: message.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 6: message.removeSubrange(place...)
        case 7:
            let other = messages[Int.random(in: messages.indices, using: &generator)]
            message = Array(message[..<place]) + other[min(place, other.count)...]
        case 8:
            // A letter as JSON may write it, too.
            guard (0x61...0x7A).contains(message[place]) else { return }
            let escape = "\\u00" + String(message[place], radix: 16)
            message.replaceSubrange(place...place, with: Array(escape.utf8))
        default:
            let (one, other) = Self.names[Int.random(in: Self.names.indices, using: &generator)]
            let isForward = Bool.random(using: &generator)
            let (from, to) = isForward ? (one, other) : (other, one)
            guard let range = message.firstRange(of: Array(from.utf8)) else { return }
            message.replaceSubrange(range, with: Array(to.utf8))
        }
    }

    /// Often near the beginning, which is all that an outline sees.
    private mutating func place(in message: [UInt8]) -> Int {
        let end = Bool.random(using: &generator) ? min(message.count, 400) : message.count
        return Int.random(in: 0..<end, using: &generator)
    }
}
