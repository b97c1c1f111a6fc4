public import Network

/// A timestamp identifier: 13 characters of sortable base32 (atproto.com/specs/tid).
public struct TID: SyntaxValue, Comparable {
    /// The text as written.
    public let text: String

    /// Parses a text: checks its alphabet and its length.
    public init(_ text: String) throws(SyntaxError) {
        guard text.utf8.count == 13, let first = text.utf8.first, Self.value(of: first).map({ $0 < 16 }) == true,
            text.utf8.allSatisfy({ Self.value(of: $0) != nil })
        else { throw SyntaxError("TID", text, "it is not 13 characters of 2–7 and a–z") }
        self.text = text
    }

    /// Makes the TID of a time and a clock identifier.
    ///
    /// - Parameters:
    ///   - microseconds: since the Unix epoch, 53 bits.
    ///   - clock: 10 bits that distinguish writers.
    public init(microseconds: UInt64, clock: UInt16) {
        let value = microseconds << 10 & 0x7FFF_FFFF_FFFF_FFFF | UInt64(clock & 0x3FF)
        text = String(
            decoding: stride(from: 60, through: 0, by: -5).map { Self.alphabet[Int(value >> UInt64($0) & 31)] },
            as: UTF8.self
        )
    }

    /// Microseconds since the Unix epoch, as the TID claims; its writer may choose any value.
    public var microseconds: UInt64 {
        text.utf8.reduce(0) { $0 << 5 | UInt64(Self.value(of: $1) ?? 0) } >> 10
    }

    /// The moment that the TID claims.
    public var time: UnixTime { UnixTime(microseconds: Int64(microseconds)) }

    /// Whether the first TID sorts before the second.
    public static func < (one: TID, other: TID) -> Bool { one.text.utf8.lexicographicallyPrecedes(other.text.utf8) }

    private static let alphabet = Array("234567abcdefghijklmnopqrstuvwxyz".utf8)

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x32...0x37: byte - 0x32
        case 0x61...0x7A: byte - 0x61 + 6
        default: nil
        }
    }
}
