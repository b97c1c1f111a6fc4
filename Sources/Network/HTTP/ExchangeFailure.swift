/// Why a server of this machine gave no answer.
public struct ExchangeFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The system's number of the error.
    public let number: Int32

    /// A failure of an error number.
    init(_ number: Int32) { self.number = number }

    /// The system's words.
    public var description: String { Descriptor.message(number) }
}
