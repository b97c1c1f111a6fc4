/// The state of a host that is, or was, followed.
package struct HostReport: Sendable, Equatable {
    /// Host name and port.
    package var host: String
    /// The wire protocol of the host.
    package var wire: StreamWire
    /// Whether a stream from the host is open.
    package var isConnected: Bool
    /// Whether the host compresses, or compressed, its latest stream.
    package var isCompressed: Bool
    /// The start of the stretch that was read without a break, in microseconds since the Unix epoch; nil for none.
    package var since: Int64?
    /// The end of that stretch, in microseconds since the Unix epoch; nil for none.
    package var until: Int64?
    /// How many events another host delivered and this one did not, or not in time.
    package var missed: Int
    /// How many of the missed events came later.
    package var late: Int
}
