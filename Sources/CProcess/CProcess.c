#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void lk_set_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int lk_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int lk_lock(int descriptor, int wait) {
  int result;
  do {
    result = flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  } while (result < 0 && errno == EINTR);
  return result;
}

void lk_unlock(int descriptor) {
  flock(descriptor, LOCK_UN);
  close(descriptor);
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

static char boot_id[37];

static void read_boot_id(void) {
  int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  ssize_t got = file < 0 ? -1 : read(file, boot_id, 36);
  if (file >= 0) close(file);
  boot_id[got > 0 ? got : 0] = 0;
}

const char *lk_boot_id(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, read_boot_id);
  return boot_id;
}

int lk_exchange(const char *one, const char *two) {
  return renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE);
}

int lk_rename_new(const char *from, const char *to) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int lk_rename_new_at(int source, const char *from, int target, const char *to) {
  return renameat2(source, from, target, to, RENAME_NOREPLACE);
}

void lk_keep_heap_small(void) {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 256 << 10);
}

int lk_pipe_cloexec(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int lk_memory_file(const char *name) { return memfd_create(name, 0); }

int lk_spawn_directory(posix_spawn_file_actions_t *actions, const char *directory) {
  return posix_spawn_file_actions_addchdir_np(actions, directory);
}

int lk_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

static void close_between(unsigned first, unsigned last) {
  if (first > last || close_range(first, last, 0) == 0) return;
  // A kernel before 5.9, or a sandbox that forbids what it does not know.
  long most = sysconf(_SC_OPEN_MAX);
  for (unsigned descriptor = first; descriptor <= last && descriptor < most; descriptor++) close(descriptor);
}

void lk_close_others(const int *kept, int count) {
  unsigned first = 3;
  for (int i = 0; i < count; i++) {
    if (kept[i] < (int)first) continue;
    close_between(first, kept[i] - 1);
    first = kept[i] + 1;
  }
  close_between(first, ~0u);
}

int lk_fork(void) { return fork(); }

/// A page of ids at a time; what is called here is safe in a copy of a process with threads.
static void wake_at_the_end(int descriptor) {
  pid_t *all = NULL;
  size_t room = 0, bytes = 0;
  for (;;) {
    if (bytes == room) {
      void *wider = all ? mremap(all, room, room + 4096, MREMAP_MAYMOVE)
                        : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (wider == MAP_FAILED) break;
      all = wider;
      room += 4096;
    }
    ssize_t got = read(descriptor, (char *)all + bytes, room - bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    bytes += (size_t)got;
  }
  for (size_t i = 0; i < bytes / sizeof(pid_t); i++) kill(all[i], SIGCONT);
}

int lk_start_waker(int *descriptor) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  sigset_t every, before;
  sigfillset(&every);
  pthread_sigmask(SIG_BLOCK, &every, &before);
  pid_t waker = fork();
  if (waker == 0) {
    // It must hold nothing else open: locks, and the pipes of others, end with their last holder.
    if (dup2(ends[0], 0) == 0) {
      close_range(1, ~0U, 0);
      wake_at_the_end(0);
    }
    _exit(0);
  }
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(ends[0]);
  if (waker < 0) {
    close(ends[1]);
    errno = error;
    return -1;
  }
  *descriptor = ends[1];
  return waker;
}

int lk_socket_pair(int ends[2]) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends); }

/// An address by way of the directory's descriptor, so that no path is too long for it.
static int unix_address(const char *directory, const char *name, struct sockaddr_un *address) {
  int place = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place < 0) return -1;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  int size = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", place, name);
  if (size < 0 || (size_t)size >= sizeof address->sun_path) {
    close(place);
    errno = ENAMETOOLONG;
    return -1;
  }
  return place;
}

static int unix_socket(const char *directory, const char *name,
                       int (*use)(int, const struct sockaddr *, socklen_t)) {
  struct sockaddr_un address;
  int place = unix_address(directory, name, &address);
  if (place < 0) return -1;
  int result = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (result >= 0 && use(result, (struct sockaddr *)&address, sizeof address) < 0) {
    int reason = errno;
    close(result);
    errno = reason;
    result = -1;
  }
  close(place);
  return result;
}

int lk_unix_listen(const char *directory, const char *name) {
  int result = unix_socket(directory, name, bind);
  if (result >= 0 && listen(result, 64) < 0) {
    close(result);
    return -1;
  }
  return result;
}

int lk_unix_connect(const char *directory, const char *name) {
  return unix_socket(directory, name, connect);
}

int lk_unix_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

enum { most_descriptors = 4 };

int lk_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int number) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int) * most_descriptors)];
  } control;
  if (number < 0 || number > most_descriptors) {
    errno = EINVAL;
    return -1;
  }
  struct iovec vector = {(void *)bytes, count};
  struct msghdr message = {0};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (number > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.room;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * number);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * number);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * number);
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return -1;
  return (size_t)sent == count ? 0 : -1;
}

long lk_receive_descriptors(int socket, void *bytes, size_t count, int *descriptors, int number) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int) * most_descriptors)];
  } control;
  for (int i = 0; i < number; i++) descriptors[i] = -1;
  struct iovec vector = {bytes, count};
  struct msghdr message = {0};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.room;
  message.msg_controllen = sizeof control.room;
  ssize_t got;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return -1;
  int next = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int found = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int i = 0; i < found; i++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(header) + sizeof(int) * i, sizeof descriptor);
      if (next < number)
        descriptors[next++] = descriptor;
      else
        close(descriptor);
    }
  }
  return got;
}
