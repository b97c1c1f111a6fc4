public import Network

// Tables of tests write moments and spans of time as numbers of seconds.
extension UnixTime: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    /// So many seconds after the Unix epoch.
    public init(floatLiteral seconds: Double) { self.init(seconds: seconds) }

    /// So many seconds after the Unix epoch.
    public init(integerLiteral seconds: Int64) { self.init(seconds: Double(seconds)) }
}

extension Duration: @retroactive ExpressibleByFloatLiteral, @retroactive ExpressibleByIntegerLiteral {
    /// So many seconds.
    public init(floatLiteral seconds: Double) { self = .seconds(seconds) }

    /// So many seconds.
    public init(integerLiteral seconds: Int64) { self = .seconds(seconds) }
}
