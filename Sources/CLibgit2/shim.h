#ifndef LANEKEEPER_CLIBGIT2_H
#define LANEKEEPER_CLIBGIT2_H
#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

/// Lets libgit2 open repositories with these extensions (`git_libgit2_opts` is variadic).
static inline int lk_git_set_extensions(const char **names, size_t count) {
  return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, count);
}

/// Sets up to which size libgit2 keeps objects of a type in memory, and how much in all.
static inline void lk_git_set_cache(git_object_t type, size_t object, ssize_t all) {
  git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, type, object);
  git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, all);
}

/// Lets libgit2 open repositories of other users: git itself is asked whether it accepts them.
static inline void lk_git_leave_owners_to_git(void) {
  git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
}

/// Sets where libgit2 looks for configuration of one level (`git_libgit2_opts` is variadic).
static inline int lk_git_set_search_path(int level, const char *path) {
  return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, path);
}
#endif
