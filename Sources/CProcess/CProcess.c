#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

int lk_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int lk_lock(int descriptor, int wait) {
  int result;
  do {
    result = flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  } while (result < 0 && errno == EINTR);
  return result;
}

int lk_child_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int64_t lk_boot_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int lk_exchange(const char *one, const char *two) {
  return renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE);
}

int lk_rename_new(const char *from, const char *to) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int lk_pipe_cloexec(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int lk_memory_file(const char *name) { return memfd_create(name, 0); }

int lk_spawn_directory(posix_spawn_file_actions_t *actions, const char *directory) {
  return posix_spawn_file_actions_addchdir_np(actions, directory);
}

int lk_fork(void) { return fork(); }
