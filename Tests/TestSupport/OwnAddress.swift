/// A loopback address for one test alone.
///
/// A port that is free there stays so: what other processes of the machine listen at, or call from, is at others.
public func ownLoopbackAddress() -> String {
    "127.\(Int.random(in: 1...254)).\(Int.random(in: 0...255)).\(Int.random(in: 1...254))"
}
