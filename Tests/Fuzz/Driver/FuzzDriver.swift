internal import Glibc

#if FUZZING
internal import CFuzzer
#endif

/// What every fuzz program does: it puts what libFuzzer thinks up to the check that FUZZ_TARGET names.
///
/// Each input must neither crash nor be judged in two ways. Only `-DFUZZING` links a fuzzer, so that `swift build` needs
/// none; FuzzTests puts the corpus to the checks.
public enum FuzzDriver {
    /// Judges one input; ends the process with a finding.
    public typealias Check = @Sendable ([UInt8]) -> Void

    #if FUZZING
    // A callback of C holds nothing.
    private nonisolated(unsafe) static var check: Check = { _ in }

    /// Fuzzes with one of the checks until libFuzzer has enough.
    public static func run(_ checks: [String: Check]) -> Never {
        let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
        guard let named = checks[name] else {
            print("FUZZ_TARGET must be one of \(checks.keys.sorted().joined(separator: ", "))")
            exit(2)
        }
        unsafe check = named
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = unsafe CommandLine.unsafeArgv
        exit(
            unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in
                unsafe FuzzDriver.check(unsafe Array(UnsafeBufferPointer(start: data, count: size)))
                return 0
            }
        )
    }
    #endif
}

/// Ends the process when what always holds does not.
public func require(_ condition: Bool) { if !condition { abort() } }
