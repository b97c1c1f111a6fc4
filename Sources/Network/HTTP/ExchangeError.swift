/// Why a server on this machine gave no response.
public struct ExchangeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The system's error number.
    public let number: Int32

    init(_ number: Int32) { self.number = number }

    /// The system's message for the number.
    public var description: String { Descriptor.message(number) }
}
