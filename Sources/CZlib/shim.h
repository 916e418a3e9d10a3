#ifndef LANEKEEPER_CZLIB_H
#define LANEKEEPER_CZLIB_H
#include <zlib.h>

/// Starts inflating; a function in place of zlib's macro.
static inline int lk_inflate_init(z_stream *stream) { return inflateInit(stream); }

/// Starts packing for `Content-Encoding: gzip`.
static inline int lk_gzip_init(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
#endif
