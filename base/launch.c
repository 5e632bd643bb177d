#include "base/launch.h"
#include "base/command.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/kernel_call.h"
#include "base/process_child.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

enum { BERTHS = 256, BERTH_SIZE = 40960, STACK_LEAST = 16384, FDS_MOST = 16 };

/* From its end downwards: this, what is copied, the stack. So few pages are written. */
struct berth {
    struct process_spawn s;
    char **again; /* argv of the process that tries again */
    void (*before)(void);
    unsigned char *low; /* what was copied last */
    int report;
};

#define BY_SHELL "sh"

static unsigned char *berths;    /* NULL: none */
static size_t used;              /* the first of them, some of which have memory */
static atomic_int taken[BERTHS]; /* the kernel clears it once the child has left our memory */

static struct berth *berth_at(size_t i)
{
    return (struct berth *)(void *)(berths + (i + 1) * BERTH_SIZE) - 1;
}

/* --- what the child needs --------------------------------------------------------------------- */

static void *take(struct berth *b, const void *bytes, size_t size)
{
    enum { ALIGN = 16 /* of the stack, too */ };
    size_t room = (size_t)(BERTH_SIZE - STACK_LEAST) - (size_t)((unsigned char *)b - b->low);
    if (room < ALIGN || size > room - ALIGN)
        return NULL;
    b->low -= (size + ALIGN - 1) / ALIGN * ALIGN;
    if (bytes != NULL)
        memcpy(b->low, bytes, size);
    return b->low;
}

static char *take_text(struct berth *b, const char *text)
{
    return take(b, text, strlen(text) + 1);
}

/* The words, behind so many places that stay free. */
static char **take_words(struct berth *b, char *const *words, size_t free_places)
{
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    char **copy = take(b, NULL, (free_places + count + 1) * sizeof *copy);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if ((copy[free_places + i] = take_text(b, words[i])) == NULL)
            return NULL;
    copy[free_places + count] = NULL;
    return copy;
}

/* False: there is more than there is room for. */
static bool board(struct berth *b, const struct process_spawn *s)
{
    enum { AGAIN = 4 /* LAUNCH_NAME REPORT HOW PROGRAM */ };
    b->s = *s;
    b->low = (unsigned char *)b - (uintptr_t)b % 16;
    b->s.program = take_text(b, s->program);
    b->again = take_words(b, s->argv, AGAIN);
    b->s.envp = take_words(b, s->envp, 0);
    b->s.fds = take(b, s->fds, s->fd_count * sizeof *s->fds);
    b->s.directory = s->directory == NULL ? NULL : take_text(b, s->directory);
    b->s.blocked = s->blocked == NULL ? NULL : take(b, s->blocked, sizeof *s->blocked);
    b->s.nofile = s->nofile == NULL ? NULL : take(b, s->nofile, sizeof *s->nofile);
    if (b->s.program == NULL || b->again == NULL || b->s.envp == NULL || b->s.fds == NULL ||
        (b->s.directory == NULL) != (s->directory == NULL) ||
        (b->s.blocked == NULL) != (s->blocked == NULL) ||
        (b->s.nofile == NULL) != (s->nofile == NULL))
        return false;
    b->s.argv = b->again + AGAIN;
    b->again[0] = (char *)(uintptr_t)LAUNCH_NAME;
    b->again[2] = (char *)(uintptr_t)(s->by_shell ? BY_SHELL : "");
    b->again[AGAIN - 1] = (char *)(uintptr_t)b->s.program;
    return true;
}

/* --- the child -------------------------------------------------------------------------------- */

static void execute(const char *program, char *const *argv, char *const *envp, long *result)
{
    *result = kernel_call(SYS_execve, (long)program, (long)argv, (long)envp, 0);
}

/* The first that is there of the files that PATH has for it. Apart, for its frame has a path. */
__attribute__((noinline)) static long execute_by_path(const struct berth *b)
{
    struct execute_search s = execute_search(b->s.program, process_path(b->s.envp));
    long result = -ENOENT;
    while ((result == -ENOENT || result == -ENOTDIR) && execute_candidate(&s))
        execute(s.file, b->s.argv, b->s.envp, &result);
    return result;
}

/* By a process that may take its time, and memory. */
static void try_again(const struct berth *b, int report)
{
    char number[PROCESS_DIGITS] = "-1";
    long ignored;
    if (report >= 0)
        process_digits(number, (unsigned int)report);
    b->again[1] = number;
    kernel_call(SYS_fcntl, report, F_SETFD, 0, 0);
    execute(command_program, b->again, b->s.envp, &ignored);
    kernel_call(SYS_fcntl, report, F_SETFD, FD_CLOEXEC, 0);
}

static int sail(void *arg)
{
    const struct berth *b = arg;
    struct process_failure f = {.error = 0};
    const char *step = "exec";
    int report = b->report;
    long result;
    if (b->before != NULL)
        b->before();
    if (report >= 0)
        report = process_report_aside(&b->s, report);
    result = process_prepare(&b->s, &step);
    if (result == 0) {
        if (strchr(b->s.program, '/') == NULL)
            result = execute_by_path(b);
        else
            execute(b->s.program, b->s.argv, b->s.envp, &result);
        try_again(b, report);
    }
    f.error = (int)-result;
    memcpy(f.step, step, strlen(step) + 1);
    if (report >= 0)
        kernel_call(SYS_write, report, (long)&f, sizeof f, 0);
    kernel_call(SYS_exit_group, f.error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC, 0, 0, 0);
    return 0;
}

/* --- in us ------------------------------------------------------------------------------------ */

/* What clone of musl calls, which from 1.2.5 on refuses CLONE_CHILD_CLEARTID: -errno. */
int __clone(int (*child)(void *), void *stack, int flags, void *arg, ...);

/* Before Linux 5.16 a core dump of the child would have ended us, too. */
static bool kernel_is_new(void)
{
    enum { MAJOR = 5, MINOR = 16 };
    struct utsname name;
    int major = 0;
    int minor = 0;
    return uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
           (major > MAJOR || (major == MAJOR && minor >= MINOR));
}

void launch_reserve(void)
{
#ifndef __GLIBC__
    if (!KERNEL_CALL_IS_PURE || berths != NULL || process_has_handlers() || !kernel_is_new())
        return;
    void *memory = mmap(NULL, (size_t)BERTHS * BERTH_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, (off_t)0);
    if (memory == MAP_FAILED)
        return;
    madvise(memory, (size_t)BERTHS * BERTH_SIZE, MADV_DONTFORK);
    berths = memory;
#else
    (void)kernel_is_new;
#endif
}

static int free_berth(void)
{
    for (size_t i = 0; berths != NULL && i < BERTHS; i++)
        if (atomic_load(&taken[i]) == 0) {
            used = i < used ? used : i + 1;
            return (int)i;
        }
    return -1;
}

void launch_rest(size_t kept)
{
    size_t last = kept;
    for (size_t i = kept; i < used; i++)
        if (atomic_load(&taken[i]) == 0)
            madvise(berths + i * BERTH_SIZE, BERTH_SIZE, MADV_DONTNEED);
        else
            last = i + 1;
    used = last < used ? last : used;
}

/* What the child does without the C library. */
static bool suits(const struct process_spawn *s)
{
    return !s->orphan && s->parent == NULL && s->passed <= 0 && s->lock <= 0 &&
           s->terminal == PROCESS_TERMINAL_NONE && s->signal_mask == NULL && !s->new_pids &&
           s->fd_count <= FDS_MOST && !(s->by_shell && execute_is_builtin(s->program));
}

pid_t launch(const struct process_spawn *s, int report, int flags, void (*before)(void))
{
    int place = suits(s) ? free_berth() : -1;
    struct berth *b = place < 0 ? NULL : berth_at((size_t)place);
    if (b == NULL || !board(b, s)) {
        errno = ENOSYS;
        return -1;
    }
    b->report = report;
    b->before = before;
    atomic_store(&taken[place], 1);
    pid_t pid = __clone(sail, b->low, flags | CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, b, NULL,
                        NULL, &taken[place]);
    if (pid >= 0)
        return pid;
    errno = -pid;
    atomic_store(&taken[place], 0);
    if (kernel_lacks(errno)) { /* qemu-user, or a filter that wants no such child */
        errno = ENOSYS;
        berths = NULL;
        used = 0;
    }
    return -1;
}

/* --- the process that tries again ------------------------------------------------------------- */

int launch_again(int argc, char **argv)
{
    enum { REPORT = 1, HOW, PROGRAM, ARGV };
    if (argc <= ARGV)
        return EXIT_USAGE;
    int report = atoi(argv[REPORT]);
    fd_cloexec(report, 1);
    bool by_shell = strcmp(argv[HOW], BY_SHELL) == 0;
    return process_execute(argv[PROGRAM], argv + ARGV, environ, by_shell, report);
}
