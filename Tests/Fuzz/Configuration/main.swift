// The fuzz target of the configuration; built and run by ../fuzz.sh, which names the target in FUZZ_TARGET.

#if FUZZING
import FuzzDriver

FuzzDriver.run(FuzzTarget.all)
#else
print("built without a fuzzer: run Tests/Fuzz/fuzz.sh")
#endif
