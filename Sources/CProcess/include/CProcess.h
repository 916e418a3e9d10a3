#ifndef LANEKEEPER_CPROCESS_H
#define LANEKEEPER_CPROCESS_H
#include <stddef.h>
#include <spawn.h>
#include <stdint.h>

/// Makes this process the parent of whatever its descendants leave behind.
int lk_become_subreaper(void);

/// Gives this process another name, of at most 15 bytes.
void lk_set_name(const char *name);

/// Takes an exclusive flock(2); blocks where `wait` is not 0. Returns 0, or -1 with errno.
int lk_lock(int descriptor, int wait);

/// Gives a flock(2) back and closes its descriptor. A process that is just being started, and has a copy of the
/// descriptor until it becomes its program, then holds nothing either.
void lk_unlock(int descriptor);

/// Blocks SIGCHLD and returns a descriptor that becomes readable when a child ends.
int lk_child_signals(void);

/// Milliseconds since the machine started, suspend included.
int64_t lk_boot_milliseconds(void);

/// Returns the id of this run of the machine, 36 characters, or the empty string; it stays where it is.
const char *lk_boot_id(void);

/// Swaps two files in one step. Returns 0, or -1 with errno.
int lk_exchange(const char *one, const char *two);

/// Moves a file to a name that must not exist. Returns 0, or -1 with errno.
int lk_rename_new(const char *from, const char *to);

/// The same below directories that are open.
int lk_rename_new_at(int source, const char *from, int target, const char *to);

/// Lets freed memory go back to the system soon, instead of one heap for each thread that only grows.
void lk_keep_heap_small(void);

/// Opens a pipe that no child inherits.
int lk_pipe_cloexec(int descriptors[2]);

/// Opens a nameless file in memory; a child inherits it.
int lk_memory_file(const char *name);

/// Makes a copy of this process, as fork(2) does, which Swift does not import.
int lk_fork(void);

/// Lets a child start in another directory.
int lk_spawn_directory(posix_spawn_file_actions_t *actions, const char *directory);

/// Makes two connected sockets that no child inherits. Returns 0, or -1 with errno.
int lk_socket_pair(int ends[2]);

/// Makes a socket file that only this user can use and listens at it. Returns a descriptor, or -1 with
/// errno. The path may be longer than a socket's address.
int lk_unix_listen(const char *directory, const char *name);

/// Connects to a socket file. Returns a descriptor, or -1 with errno.
int lk_unix_connect(const char *directory, const char *name);

/// Waits for the next one who connects. Returns a descriptor that no child inherits, or -1 with errno.
int lk_unix_accept(int listener);

/// Sends bytes together with descriptors, at most 4. Returns 0, or -1 with errno.
int lk_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int number);

/// Receives bytes and at most 4 descriptors, which no child inherits; -1 stands for one that did not
/// come. Returns the number of bytes, or -1 with errno.
long lk_receive_descriptors(int socket, void *bytes, size_t count, int *descriptors, int number);

/// Starts a process that reads process ids from a pipe and lets all of them go on (SIGCONT) when the pipe's
/// other end, `descriptor`, is closed, also by the death of who held it. Returns its id, or -1 with errno.
int lk_start_waker(int *descriptor);

/// Lets a file share the blocks of another (FICLONE). Returns 0, or -1 with errno where the file system
/// does not do that.
int lk_clone(int target, int source);

/// Copies a regular file to a new name in `directory`, with mode and times: by sharing its blocks where the
/// file system can, else byte by byte. The name is there once the file is whole, where the file system knows
/// files without names. Returns 1 where blocks are shared, 0 where not, or -1 with errno.
int lk_copy_file(const char *from, const char *directory, const char *to);

/// Copies what one open file holds to another, from its start on. Returns 0, or -1 with errno.
int lk_copy_bytes(int target, int source);

/// O_PATH, which Swift does not import: opens the place of a file, and not the file.
static const int lk_path_only = 010000000;

/// Opens a path beneath a directory, for which no link is followed and nothing above is reached: by openat2(2),
/// or, where that is not known or `stepwise` is not 0, name by name. `path` has no empty part, `.` or `..`.
/// Returns a descriptor that no child inherits, or -1 with errno.
int lk_open_beneath(int root, const char *path, int flags, unsigned mode, int stepwise);

/// Tells whether this process works for an agent: a guard is among its ancestors, its environment says so, or a run
/// is at work and it can't be shown that no guard is, as in a PID namespace that the run does not share, or below a
/// /proc that is not the kernel's. `locks` is the directory in which runs note their namespace (`pid:[<number>]`), or
/// null. Returns 1 or 0.
int lk_works_for_agent(const char *locks);

/// Tells whether all ancestors of this process can be seen, from the machine's first PID namespace, and none is a
/// guard. Returns 1 or 0.
int lk_stands_outside(void);

/// The number of this process's PID namespace, or 0 where it can't be told.
uint64_t lk_pid_namespace(void);

/// Makes a control group whose processes together may use so many bytes of memory, beside or below that of
/// this process, with version 2 or 1 of cgroups. Writes its directory to `group`, and that of this
/// process's own group to `home`. `name` begins with `lanekeeper-`. Returns the version, or -1 with errno.
int lk_memory_group_make(const char *name, int64_t bytes, char *group, size_t size, char *home,
                         size_t home_size);

/// Moves this process into a control group. Returns 0, or -1 with errno.
int lk_memory_group_enter(const char *group);

/// How many processes of a control group the kernel has killed for want of memory.
int64_t lk_memory_group_kills(const char *group);

/// Removes a control group that lk_memory_group_make has made, once it is empty; waits a second for that.
/// Returns 0, or -1 with errno.
int lk_memory_group_remove(const char *group);

/// How many bytes of the disk a file, or a directory with all that is below it, takes.
int64_t lk_tree_bytes(const char *path);

/// Names each pipe, socket and device below a directory; links are not followed.
void lk_each_special(const char *path, void *context, void (*body)(const char *path, void *context));

/// Closes all descriptors from 3 on but `count` of them, which are in rising order.
void lk_close_others(const int *kept, int count);

/// Lets a child start without the descriptors from `first` on.
int lk_spawn_close_from(posix_spawn_file_actions_t *actions, int first);
#endif
