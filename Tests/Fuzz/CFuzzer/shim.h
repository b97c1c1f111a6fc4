// libFuzzer's entry for programs that have a main of their own; linked by -sanitize=fuzzer only.
#ifndef CFUZZER_SHIM_H
#define CFUZZER_SHIM_H
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *_Nonnull argc, char *_Nullable *_Nonnull *_Nonnull argv,
                        int (*_Nonnull check)(const uint8_t *_Nullable data, size_t size));
#endif
