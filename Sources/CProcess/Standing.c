#define _GNU_SOURCE
#include "CProcess.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/// The number that the kernel gives the first PID namespace of a machine (PROC_PID_INIT_INO).
static const uint64_t first_namespace = 0xEFFFFFFC;

/// Opens the kernel's own /proc; whoever has mounts of their own could have put anything in its place.
static int open_proc(void) {
  int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct statfs facts;
  if (proc >= 0 && (fstatfs(proc, &facts) < 0 || facts.f_type != PROC_SUPER_MAGIC)) {
    close(proc);
    return -1;
  }
  return proc;
}

/// Opens what stands in /proc itself, and nothing that is mounted over a part of it.
static int open_in(int proc, const char *path, int flags) {
  struct open_how how = {
      .flags = (unsigned)(flags | O_CLOEXEC),
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
  };
  int result = (int)syscall(SYS_openat2, proc, path, &how, sizeof how);
  if (result < 0 && (errno == ENOSYS || errno == EPERM)) result = openat(proc, path, flags | O_CLOEXEC);
  return result;
}

/// The number of this process in the namespace that /proc shows, which need not be its own.
static long own_number(int proc) {
  char text[32];
  ssize_t count = readlinkat(proc, "self", text, sizeof text - 1);
  if (count <= 0) return -1;
  text[count] = 0;
  return atol(text);
}

static uint64_t namespace_in(int proc) {
  char path[64], text[64];
  long own = own_number(proc);
  if (own <= 0) return 0;
  snprintf(path, sizeof path, "%ld/ns", own);
  int directory = open_in(proc, path, O_RDONLY | O_DIRECTORY);
  if (directory < 0) return 0;
  ssize_t count = readlinkat(directory, "pid", text, sizeof text - 1);
  close(directory);
  if (count <= 0) return 0;
  text[count] = 0;
  unsigned long long number;
  return sscanf(text, "pid:[%llu]", &number) == 1 ? number : 0;
}

/// Reads the parent of a process, and whether it is a guard. Returns -1 where it can't be seen.
static long parent_of(int proc, long pid, int *is_guard) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "%ld/stat", pid);
  int file = open_in(proc, path, O_RDONLY);
  if (file < 0) return -1;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return -1;
  text[count] = 0;
  char *opening = strchr(text, '('), *closing = strrchr(text, ')');
  if (!opening || !closing || closing < opening) return -1;
  // The kernel cuts names to 15 bytes.
  *is_guard = closing - opening == 16 && !memcmp(opening + 1, "lanekeeper-guar", 15);
  long parent;
  char state;
  return sscanf(closing + 1, " %c %ld", &state, &parent) == 2 ? parent : -1;
}

/// Where a process stands, by who started it.
enum standing {
  /// All its ancestors can be seen from the machine's first namespace, and none is a guard.
  OUTSIDE,
  BELOW_GUARD,
  /// None of those that can be seen is a guard, and the namespace has more outside.
  IN_NAMESPACE,
  UNSEEN,
};

static enum standing walk(int proc) {
  int is_guard = 0;
  long pid = own_number(proc);
  if (pid > 0) pid = parent_of(proc, pid, &is_guard);
  for (int steps = 0; steps < 4096; steps++) {
    if (pid < 0) return UNSEEN;
    if (pid == 0) return namespace_in(proc) == first_namespace ? OUTSIDE : IN_NAMESPACE;
    pid = parent_of(proc, pid, &is_guard);
    if (pid >= 0 && is_guard) return BELOW_GUARD;
  }
  return UNSEEN;
}

/// Looks at the runs that live. Returns 1 where one has this namespace, 0 where all have others, and -1 where
/// none lives.
static int shares_namespace(const char *locks, uint64_t own) {
  DIR *directory = opendir(locks);
  if (!directory) return -1;
  int result = -1;
  for (struct dirent *entry; result != 1 && (entry = readdir(directory));) {
    if (strncmp(entry->d_name, "participant-", 12)) continue;
    int file = openat(dirfd(directory), entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) continue;
    char text[64];
    ssize_t count = read(file, text, sizeof text - 1);
    text[count > 0 ? count : 0] = 0;
    unsigned long long number;
    // Written once the lock is held, so that nobody is kept from taking it.
    if (sscanf(text, "pid:[%llu]", &number) == 1 && lk_lock(file, 0) != 0) result = number == own;
    close(file);
  }
  closedir(directory);
  return result;
}

uint64_t lk_pid_namespace(void) {
  int proc = open_proc();
  if (proc < 0) return 0;
  uint64_t number = namespace_in(proc);
  close(proc);
  return number;
}

static enum standing find(uint64_t *own) {
  int proc = open_proc();
  enum standing result = UNSEEN;
  *own = 0;
  if (proc < 0) return result;
  // An ancestor may end while it is looked at.
  for (int tries = 0; tries < 10 && result == UNSEEN; tries++) {
    if (tries) usleep(500);
    result = walk(proc);
  }
  *own = namespace_in(proc);
  close(proc);
  return result;
}

static int is_told(void) { return getenv("LANEKEEPER_GUARD_LOCK") || getenv("LANEKEEPER_MARK"); }

int lk_stands_outside(void) {
  uint64_t own;
  return !is_told() && find(&own) == OUTSIDE;
}

int lk_works_for_agent(const char *locks) {
  if (is_told()) return 1;
  uint64_t own;
  enum standing standing = find(&own);
  if (standing == OUTSIDE || standing == BELOW_GUARD) return standing == BELOW_GUARD;
  int shared = locks ? shares_namespace(locks, own) : -1;
  return standing == IN_NAMESPACE ? shared == 0 : shared >= 0;
}
