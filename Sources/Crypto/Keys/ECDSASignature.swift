/// An ECDSA signature as in JOSE and the network: r ‖ s, each 32 octets, big-endian (RFC 7518 §3.4).
struct ECDSASignature {
    /// The first integer, 32 octets.
    let r: [UInt8]
    /// The second integer, 32 octets.
    let s: [UInt8]

    /// Splits 64 octets into r and s; nil for another length.
    init?(raw: [UInt8]) {
        guard raw.count == 64 else { return nil }
        r = Array(raw[..<32])
        s = Array(raw[32...])
    }

    private init(r: [UInt8], s: [UInt8]) {
        self.r = r
        self.s = s
    }

    /// Parses OpenSSL's output: a DER sequence of two integers, with short lengths.
    init?(der: [UInt8]) {
        guard der.count >= 8, der[0] == 0x30, Int(der[1]) == der.count - 2 else { return nil }
        var rest = der[2...]
        guard let r = Self.integer(&rest), let s = Self.integer(&rest), rest.isEmpty else { return nil }
        self.init(r: r, s: s)
    }

    private static func integer(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard rest.popFirst() == 0x02, let length = rest.popFirst(), length <= 33, rest.count >= length else {
            return nil
        }
        let value = rest.prefix(Int(length)).drop { $0 == 0 }
        rest = rest.dropFirst(Int(length))
        guard value.count <= 32 else { return nil }
        // An integer may be shorter than 32 octets. Without the padding, signatures fail now and then.
        return [UInt8](repeating: 0, count: 32 - value.count) + value
    }

    /// r ‖ s, 64 octets.
    var raw: [UInt8] { r + s }

    /// The DER form, as OpenSSL verifies it.
    var der: [UInt8] {
        let body = Self.derInteger(r) + Self.derInteger(s)
        return [0x30, UInt8(body.count)] + body
    }

    private static func derInteger(_ value: [UInt8]) -> [UInt8] {
        var digits = Array(value.drop { $0 == 0 })
        if digits.isEmpty || digits[0] & 0x80 != 0 { digits.insert(0, at: 0) }
        return [0x02, UInt8(digits.count)] + digits
    }

    /// Whether s is at most half the group order; of the two valid signatures the network accepts only this one.
    func isLowS(on curve: Curve) -> Bool {
        let complement = Self.subtract(s, from: curve.order)
        return !complement.lexicographicallyPrecedes(s)
    }

    /// The equivalent signature with s in the lower half.
    func lowS(on curve: Curve) -> ECDSASignature {
        isLowS(on: curve) ? self : ECDSASignature(r: r, s: Self.subtract(s, from: curve.order))
    }

    private static func subtract(_ small: [UInt8], from large: [UInt8]) -> [UInt8] {
        var out = large
        var borrow = 0
        for index in large.indices.reversed() {
            let difference = Int(large[index]) - Int(small[index]) - borrow
            borrow = difference < 0 ? 1 : 0
            out[index] = UInt8(truncatingIfNeeded: difference)
        }
        return out
    }
}
