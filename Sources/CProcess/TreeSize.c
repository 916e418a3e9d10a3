#define _GNU_SOURCE
#include "CProcess.h"

#include <fts.h>
#include <stddef.h>
#include <sys/stat.h>

void lk_each_special(const char *path, void *context, void (*body)(const char *path, void *context)) {
  char *const roots[] = {(char *)path, NULL};
  FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
  if (!walk) return;
  // Pipes, sockets and devices; all else has a kind of its own.
  for (FTSENT *entry; (entry = fts_read(walk));)
    if (entry->fts_info == FTS_DEFAULT) body(entry->fts_path, context);
  fts_close(walk);
}

int64_t lk_tree_bytes(const char *path) {
  char *const roots[] = {(char *)path, NULL};
  FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
  if (!walk) return 0;
  int64_t total = 0;
  for (FTSENT *entry; (entry = fts_read(walk));) {
    switch (entry->fts_info) {
      case FTS_DP:
      case FTS_NS:
      case FTS_ERR:
      case FTS_DNR:
        break;
      default:
        total += (int64_t)entry->fts_statp->st_blocks * 512;
    }
  }
  fts_close(walk);
  return total;
}
