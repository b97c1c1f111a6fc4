/// What is known of a host that is followed, or was.
public struct HostReport: Sendable, Equatable {
    /// Host name and port.
    public var host: String
    /// Its wire.
    public var wire: StreamWire
    /// Whether a stream of it is open.
    public var isConnected: Bool
    /// Whether what the last stream of it sent, or sends, is compressed.
    public var isCompressed: Bool
    /// Where the stretch begins that was read without a break, in microseconds since the Unix epoch; nil for none.
    public var since: Int64?
    /// The last time of that stretch, in microseconds since the Unix epoch; nil for none.
    public var until: Int64?
    /// Events that another host brought and this one did not, or not in time.
    public var missed: Int
    /// Those of the missed events that came later after all.
    public var late: Int
}
