#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

int lk_clone(int target, int source) { return ioctl(target, FICLONE, source); }

int lk_copy_bytes(int target, int source) {
  char buffer[1 << 16];
  if (lseek(source, 0, SEEK_SET) < 0 || ftruncate(target, 0) < 0) return -1;
  for (;;) {
    ssize_t got = read(source, buffer, sizeof buffer);
    if (got == 0) return 0;
    if (got < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    for (ssize_t done = 0; done < got;) {
      ssize_t put = write(target, buffer + done, got - done);
      if (put < 0) {
        if (errno == EINTR) continue;
        return -1;
      }
      done += put;
    }
  }
}

/// Opens a file that has no name yet, or, where the file system has none of those, one under `name`.
static int open_new(const char *directory, const char *name, int *is_named) {
  int target = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  *is_named = 0;
  if (target >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return target;
  *is_named = 1;
  return open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int lk_copy_file(const char *from, const char *directory, const char *to) {
  int source = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (source < 0) return -1;
  struct stat facts;
  int is_named = 0, result = -1, reason = 0;
  int target = fstat(source, &facts) < 0 ? -1 : open_new(directory, to, &is_named);
  if (target >= 0) {
    int is_cloned = lk_clone(target, source) == 0;
    struct timespec times[2] = {facts.st_atim, facts.st_mtim};
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", target);
    if ((is_cloned || lk_copy_bytes(target, source) == 0) && fchmod(target, facts.st_mode & 07777) == 0 &&
        futimens(target, times) == 0 &&
        (is_named || linkat(AT_FDCWD, path, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0))
      result = is_cloned;
    reason = errno;
    if (result < 0 && is_named) unlink(to);
    close(target);
  } else {
    reason = errno;
  }
  close(source);
  errno = reason;
  return result;
}
