import Foundation

/// The seed of a random test, printed; `IMPACT_NOTIFIER_SEED` repeats a run.
public func randomSeed() -> UInt64 {
    let wanted = ProcessInfo.processInfo.environment["IMPACT_NOTIFIER_SEED"].flatMap { UInt64($0) }
    let seed = wanted ?? UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    return seed
}
