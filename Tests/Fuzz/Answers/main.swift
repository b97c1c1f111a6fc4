// Fuzz targets of what servers answer; built and run by ../fuzz.sh, which names the target in FUZZ_TARGET.
//
// Each input must neither crash nor be judged in two ways. A plain build is a stub, so that `swift build` needs no fuzzer;
// FuzzTests puts the corpus to the checks.

#if FUZZING
import CFuzzer
import Glibc

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = unsafe CommandLine.unsafeArgv
exit(
    unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in
        FuzzTarget.check(unsafe Array(UnsafeBufferPointer(start: data, count: size)))
        return 0
    }
)
#else
print("built without a fuzzer: run Tests/Fuzz/fuzz.sh")
#endif
