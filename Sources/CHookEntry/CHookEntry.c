// git tells `reference-transaction` of every change twice: before it, when the hook judges, and after
// it, when there is nothing to do for ours. Setting up the C library takes longer than all the rest of
// such a call (it asks the processor what it is some forty times, which a virtual machine makes slow), so
// the second call ends here, before that. Only what is certain ends: a lane of the repository that the
// hook belongs to, in which no other program wants to know. Everything else starts as usual.

#include "CHookEntry.h"

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <asm/unistd.h>
#include <fcntl.h>
#include <unistd.h>

enum { longest = 1024 };

static long call4(long number, long a, long b, long c, long d) {
#if defined(__x86_64__)
  long result;
  register long fourth __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                   : "rcx", "r11", "memory");
  return result;
#else
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
#endif
}

// Nothing here may become a call of the C library, whose functions can't be called yet.
#define FREE_STANDING __attribute__((no_builtin, no_stack_protector))

FREE_STANDING static long length(const char *text) {
  long count = 0;
  while (text[count]) count++;
  return count;
}

/// Returns what follows `start` in `text`; NULL where it does not start so.
FREE_STANDING static const char *after(const char *text, const char *start) {
  while (*start)
    if (*text++ != *start++) return NULL;
  return text;
}

FREE_STANDING static int is_same(const char *one, const char *other) {
  const char *rest = after(one, other);
  return rest && !*rest;
}

/// Returns the value of a variable; NULL where it is not set.
FREE_STANDING static const char *variable(char **environment, const char *name) {
  for (; *environment; environment++) {
    const char *rest = after(*environment, name);
    if (rest && *rest == '=') return rest + 1;
  }
  return NULL;
}

/// Writes `directory` and `name` one after the other. Returns 0 where they are too long.
FREE_STANDING static int join(char *target, const char *directory, long count, const char *name) {
  long more = length(name);
  if (count + more >= longest) return 0;
  for (long i = 0; i < count; i++) target[i] = directory[i];
  for (long i = 0; i <= more; i++) target[count + i] = name[i];
  return 1;
}

FREE_STANDING static int is_absent(const char *path) {
  return call4(__NR_faccessat, AT_FDCWD, (long)path, F_OK, 0) == -2;
}

/// Tells whether `GIT_DIR` is a lane of the repository at `common`, `count` bytes long.
FREE_STANDING static int is_lane(char **environment, const char *common, long count) {
  const char *directory = variable(environment, "GIT_DIR");
  if (!directory || variable(environment, "GIT_COMMON_DIR")) return 0;
  for (long i = 0; i < count; i++)
    if (directory[i] != common[i]) return 0;
  const char *number = after(directory + count, "/worktrees/lane-");
  if (!number || !*number) return 0;
  for (; *number; number++)
    if (*number < '0' || *number > '9') return 0;
  return 1;
}

/// Tells whether a call ends here: that of the launcher `…/lanekeeper/hooks/reference-transaction` with the
/// word committed or aborted, where
/// neither the user's directory of hooks nor ours holds another one of that name, and nobody waits for the
/// word, as the desk of a sandbox does.
FREE_STANDING static int ends(long count, char **words, char **environment) {
  // The program, the launcher whose first line named it, git's argument.
  if (count != 3 || !(is_same(words[2], "committed") || is_same(words[2], "aborted"))) return 0;
  static const char hooks[] = "/lanekeeper/hooks";
  static const char name[] = "/reference-transaction";
  const char *program = words[1];
  long directory = length(program) - (long)(sizeof name - 1);
  long common = directory - (long)(sizeof hooks - 1);
  if (common <= 0 || program[0] != '/' || !is_same(program + directory, name) ||
      !after(program + common, hooks) || !is_lane(environment, program, common))
    return 0;
  char path[longest];
  char user[longest];
  if (!join(path, program, common, "/lanekeeper/socket") || !is_absent(path)) return 0;
  if (!join(path, program, directory, "/reference-transaction.displaced") || !is_absent(path)) return 0;
  if (!join(path, program, directory, "/user")) return 0;
  long size = call4(__NR_readlinkat, AT_FDCWD, (long)path, (long)user, longest);
  // A relative directory counts from places that have to be looked for.
  if (size <= 0 || size >= longest || user[0] != '/') return 0;
  return join(path, user, size, name) && is_absent(path);
}

/// Looks at the stack as the kernel has made it: the count of words, the words, NULL, the environment.
FREE_STANDING __attribute__((used)) static void look(long *stack) {
  char **words = (char **)(stack + 1);
  if (ends(stack[0], words, words + stack[0] + 1)) call4(__NR_exit_group, 0, 0, 0, 0);
}

__attribute__((naked)) void lk_hook_entry(void) {
#if defined(__x86_64__)
  __asm__("mov %rsp, %rdi\n\t"
          "push %rdx\n\t"
          "sub $8, %rsp\n\t"
          "call look\n\t"
          "add $8, %rsp\n\t"
          "pop %rdx\n\t"
          "jmp _start");
#else
  __asm__("str x0, [sp, #-16]!\n\t"
          "add x0, sp, #16\n\t"
          "bl look\n\t"
          "ldr x0, [sp], #16\n\t"
          "b _start");
#endif
}

#else

extern void _start(void);

void lk_hook_entry(void) { _start(); }

#endif
