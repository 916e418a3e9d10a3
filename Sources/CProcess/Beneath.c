#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(010000000 == O_PATH, "O_PATH is another number here");

static int open_stepwise(int root, const char *path, int flags, unsigned mode) {
  int at = root;
  for (;;) {
    char name[256];
    size_t length = strcspn(path, "/");
    if (length == 0 || length >= sizeof name) {
      errno = length ? ENAMETOOLONG : EXDEV;
      break;
    }
    memcpy(name, path, length);
    name[length] = 0;
    if (!strcmp(name, ".") || !strcmp(name, "..")) {
      errno = EXDEV;
      break;
    }
    int is_last = path[length] == 0;
    int next = is_last ? openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)
                       : openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int reason = errno;
    if (at != root) close(at);
    errno = reason;
    if (next < 0 || is_last) return next;
    at = next;
    path += length + 1;
  }
  int reason = errno;
  if (at != root) close(at);
  errno = reason;
  return -1;
}

int lk_open_beneath(int root, const char *path, int flags, unsigned mode, int stepwise) {
  struct open_how how = {
      .flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
      .mode = flags & O_CREAT ? mode : 0,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };
  if (!stepwise) {
    for (int tries = 0; tries < 64; tries++) {
      int result = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
      if (result >= 0) return result;
      if (errno == EINTR || errno == EAGAIN) continue;
      // An old kernel, or a filter of system calls that does not know it.
      if (errno == ENOSYS || errno == EPERM) break;
      return -1;
    }
  }
  return open_stepwise(root, path, flags, mode);
}
