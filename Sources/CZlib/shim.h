// zlib for Swift: the initialisers are macros.
#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H
#include <zlib.h>

static inline int shim_inflateInit2(z_streamp s, int window_bits) { return inflateInit2(s, window_bits); }
static inline int shim_deflateInit2(z_streamp s, int level, int window_bits, int memory_level) {
    return deflateInit2(s, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY);
}
#endif
