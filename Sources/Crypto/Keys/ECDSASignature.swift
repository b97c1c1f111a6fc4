/// An ECDSA signature as JOSE and the network write it: r ‖ s, each 32 octets, big-endian (RFC 7518 §3.4).
struct ECDSASignature {
    /// 32 octets.
    let r: [UInt8]
    /// 32 octets.
    let s: [UInt8]

    /// Splits 64 octets; nil for another length.
    init?(raw: [UInt8]) {
        guard raw.count == 64 else { return nil }
        r = Array(raw[..<32])
        s = Array(raw[32...])
    }

    private init(r: [UInt8], s: [UInt8]) {
        self.r = r
        self.s = s
    }

    /// Reads what OpenSSL writes: a DER sequence of two integers, in short form.
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
        // One integer in 128 has a leading zero octet: without the padding signatures fail now and then.
        return [UInt8](repeating: 0, count: 32 - value.count) + value
    }

    /// r ‖ s, 64 octets.
    var raw: [UInt8] { r + s }

    /// The DER form, which OpenSSL verifies.
    var der: [UInt8] {
        let body = Self.derInteger(r) + Self.derInteger(s)
        return [0x30, UInt8(body.count)] + body
    }

    private static func derInteger(_ value: [UInt8]) -> [UInt8] {
        var digits = Array(value.drop { $0 == 0 })
        if digits.isEmpty || digits[0] & 0x80 != 0 { digits.insert(0, at: 0) }
        return [0x02, UInt8(digits.count)] + digits
    }

    /// Whether s is at most half the group's order: of the two valid signatures the network accepts only this one.
    func isLowS(on curve: Curve) -> Bool {
        let complement = Self.subtract(s, from: curve.order)
        return !complement.lexicographicallyPrecedes(s)
    }

    /// The same signature with s in the lower half.
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
