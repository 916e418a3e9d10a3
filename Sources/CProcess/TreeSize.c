#define _GNU_SOURCE
#include "CProcess.h"

#include <fts.h>
#include <stddef.h>
#include <sys/stat.h>

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
