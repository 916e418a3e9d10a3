#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Where the memory of this process is accounted for: a directory, and which version of cgroups it is of.
struct place {
  int version;
  char top[PATH_MAX];
  char own[PATH_MAX];
};

static int has_word(const char *list, const char *word, char separator) {
  size_t length = strlen(word);
  for (const char *at = list; (at = strstr(at, word)); at += length) {
    int begins = at == list || at[-1] == separator;
    char end = at[length];
    if (begins && (end == separator || end == 0 || end == '\n')) return 1;
  }
  return 0;
}

static int read_text(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t got = read(file, text, size - 1);
  close(file);
  if (got < 0) return -1;
  text[got] = 0;
  return 0;
}

static int write_text(const char *directory, const char *name, const char *text) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path) return -1;
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t put = write(file, text, strlen(text));
  int reason = errno;
  close(file);
  errno = reason;
  return put < 0 ? -1 : 0;
}

/// Reads the line of /proc/self/cgroup for the memory controller of version 1, or for version 2.
static int own_path(int version, char *path, size_t size) {
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (!file) return -1;
  char line[PATH_MAX + 128];
  int found = -1;
  while (found < 0 && fgets(line, sizeof line, file)) {
    char *names = strchr(line, ':');
    char *rest = names ? strchr(names + 1, ':') : NULL;
    if (!rest) continue;
    *rest++ = 0;
    rest[strcspn(rest, "\n")] = 0;
    int fits = version == 2 ? names[1] == 0 && line[0] == '0' : has_word(names + 1, "memory", ',');
    if (fits && snprintf(path, size, "%s", rest) < (int)size) found = 0;
  }
  fclose(file);
  return found;
}

/// Finds the mount of the memory controller of version 1, or of version 2, and this process's place in it.
static int find(int version, struct place *place) {
  char path[PATH_MAX];
  if (own_path(version, path, sizeof path) < 0) return -1;
  FILE *file = fopen("/proc/self/mountinfo", "re");
  if (!file) return -1;
  char *line = NULL;
  size_t room = 0;
  int found = -1;
  while (found < 0 && getline(&line, &room, file) > 0) {
    char root[PATH_MAX], top[PATH_MAX], kind[64], options[1024];
    char *tail = strstr(line, " - ");
    if (!tail || sscanf(line, "%*s %*s %*s %4095s %4095s", root, top) != 2 ||
        sscanf(tail, " - %63s %*s %1023s", kind, options) != 2)
      continue;
    if (version == 2 ? strcmp(kind, "cgroup2") != 0
                     : strcmp(kind, "cgroup") != 0 || !has_word(options, "memory", ','))
      continue;
    const char *below = path;
    size_t length = strlen(root);
    if (length > 1 && strncmp(path, root, length) == 0) below += length;
    place->version = version;
    snprintf(place->top, sizeof place->top, "%s", top);
    if (snprintf(place->own, sizeof place->own, "%s%s", top, strcmp(below, "/") ? below : "") >=
        (int)sizeof place->own)
      continue;
    // A namespace may hide the way from the mount to it.
    if (access(place->own, F_OK) != 0) snprintf(place->own, sizeof place->own, "%s", top);
    if (version == 2) {
      char file[PATH_MAX + 32], list[1024] = "";
      snprintf(file, sizeof file, "%s/cgroup.controllers", top);
      if (read_text(file, list, sizeof list) < 0 || !has_word(list, "memory", ' ')) continue;
    }
    found = 0;
  }
  free(line);
  fclose(file);
  return found;
}

/// Makes the group below one directory and limits it.
static int make(const struct place *place, const char *parent, const char *name, int64_t bytes,
                char *group, size_t size) {
  if (snprintf(group, size, "%s/%s", parent, name) >= (int)size) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (place->version == 2) write_text(parent, "cgroup.subtree_control", "+memory");
  if (mkdir(group, 0755) < 0) return -1;
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)bytes);
  int is_limited;
  if (place->version == 2) {
    is_limited = write_text(group, "memory.max", text) == 0;
    if (is_limited) write_text(group, "memory.swap.max", "0");
  } else {
    is_limited = write_text(group, "memory.limit_in_bytes", text) == 0;
    if (is_limited) write_text(group, "memory.memsw.limit_in_bytes", text);
  }
  char processes[PATH_MAX + 16];
  snprintf(processes, sizeof processes, "%s/cgroup.procs", group);
  if (is_limited && access(processes, W_OK) == 0) return 0;
  int reason = errno;
  rmdir(group);
  errno = reason;
  return -1;
}

int lk_memory_group_make(const char *name, int64_t bytes, char *group, size_t size, char *home,
                         size_t home_size) {
  static const int versions[] = {2, 1};
  int reason = ENOTSUP;
  for (int i = 0; i < 2; i++) {
    struct place place;
    if (find(versions[i], &place) < 0) continue;
    snprintf(home, home_size, "%s", place.own);
    char parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%s", place.own);
    // Below its own group, or where version 2 forbids that since processes are in it, beside it.
    for (int up = 0; up < 2; up++) {
      if (make(&place, parent, name, bytes, group, size) == 0) return place.version;
      reason = errno;
      char *slash = strrchr(parent, '/');
      if (!slash || strlen(parent) <= strlen(place.top)) break;
      *slash = 0;
    }
  }
  errno = reason;
  return -1;
}

int lk_memory_group_enter(const char *group) { return write_text(group, "cgroup.procs", "0"); }

int64_t lk_memory_group_kills(const char *group) {
  static const char *const names[] = {"memory.events", "memory.oom_control"};
  for (int i = 0; i < 2; i++) {
    char path[PATH_MAX + 32], text[1024];
    snprintf(path, sizeof path, "%s/%s", group, names[i]);
    if (read_text(path, text, sizeof text) < 0) continue;
    for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
      long long count;
      if (sscanf(line, "oom_kill %lld", &count) == 1) return count;
    }
  }
  return 0;
}

int lk_memory_group_remove(const char *group) {
  const char *name = strrchr(group, '/');
  if (!name || strncmp(name + 1, "lanekeeper-", 11) != 0 || strstr(group, "/../")) {
    errno = EINVAL;
    return -1;
  }
  // The last process may be gone from our sight a moment before it is gone from the group.
  for (int tries = 0; tries < 200; tries++) {
    if (rmdir(group) == 0 || errno == ENOENT) return 0;
    if (errno != EBUSY) return -1;
    usleep(5000);
  }
  return -1;
}
