/// Writes DAG-CBOR in the one encoding that each value has; the caller must give a map's keys in order.
struct CBORWriter {
    private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: about how many octets will be written.
    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    mutating func integer(_ value: Int64) {
        if value >= 0 { head(0, UInt64(value)) } else { head(1, UInt64(-1 - value)) }
    }

    mutating func bytes(_ value: ArraySlice<UInt8>) {
        head(2, UInt64(value.count))
        bytes += value
    }

    mutating func text(_ value: String) {
        head(3, UInt64(value.utf8.count))
        bytes += value.utf8
    }

    mutating func array(_ count: Int) { head(4, UInt64(count)) }
    mutating func map(_ count: Int) { head(5, UInt64(count)) }

    mutating func link(_ cid: CID) {
        head(6, 42)
        head(2, UInt64(CID.length + 1))
        bytes.append(0)
        cid.append(to: &bytes)
    }

    mutating func bool(_ value: Bool) { bytes.append(value ? 0xF5 : 0xF4) }
    mutating func null() { bytes.append(0xF6) }

    private mutating func head(_ major: UInt8, _ argument: UInt64) {
        let first = major << 5
        switch argument {
        case 0..<24: bytes.append(first | UInt8(argument))
        case 24..<0x100: append(first | 24, argument, 1)
        case 0x100..<0x1_0000: append(first | 25, argument, 2)
        case 0x1_0000..<0x1_0000_0000: append(first | 26, argument, 4)
        default: append(first | 27, argument, 8)
        }
    }

    private mutating func append(_ first: UInt8, _ argument: UInt64, _ count: Int) {
        bytes.append(first)
        for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: argument >> UInt64(shift)))
        }
    }
}
