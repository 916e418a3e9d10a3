#ifndef LANEKEEPER_CZLIB_H
#define LANEKEEPER_CZLIB_H
#include <zlib.h>

/// Starts inflating; a function in place of zlib's macro.
static inline int lk_inflate_init(z_stream *stream) { return inflateInit(stream); }
#endif
