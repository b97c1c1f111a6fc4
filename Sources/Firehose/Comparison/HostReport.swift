/// What is known of a host that is followed, or was.
package struct HostReport: Sendable, Equatable {
    /// Host name and port.
    package var host: String
    /// Its wire.
    package var wire: StreamWire
    /// Whether a stream of it is open.
    package var isConnected: Bool
    /// Whether what the last stream of it sent, or sends, is compressed.
    package var isCompressed: Bool
    /// Where the stretch begins that was read without a break, in microseconds since the Unix epoch; nil for none.
    package var since: Int64?
    /// The last time of that stretch, in microseconds since the Unix epoch; nil for none.
    package var until: Int64?
    /// Events that another host brought and this one did not, or not in time.
    package var missed: Int
    /// Those of the missed events that came later after all.
    package var late: Int
}
