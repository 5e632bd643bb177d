/* Disks that fail and loggers that are killed, for tests of the write path: the Nth call that
 * touches a file goes wrong, for every N. Include it in one file of a test program: it takes the
 * place of the C library's functions there.
 *
 *   faults_sweep(&plan, run, context): run(context) for N = 1, 2, ... until one has no Nth call.
 *   faults_child(run, context): run in a child with the plan armed; its exit code.
 *
 * Time stands still while a plan is armed, and is moved by the test: plan->clock.
 */
#ifndef TESTS_UNIT_LOGGER_FAULTS_H
#define TESTS_UNIT_LOGGER_FAULTS_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { FAULTS_KILLED = 77, FAULTS_MOST = 5000 /* calls of one run, or something does not end */ };

enum fault_kind {
    FAULT_NONE,
    FAULT_ERROR,  /* calls at to at + count - 1 fail with error */
    FAULT_SHORT,  /* the call does half of its bytes; the next count fail with error */
    FAULT_BEFORE, /* killed before the call */
    FAULT_WITHIN, /* killed when half of its bytes are done */
    FAULT_AFTER   /* killed after the call */
};

/* Shared with the children. */
struct fault_plan {
    enum fault_kind kind;
    int at, count, error;
    int then_killed;           /* killed before the call that many after the Nth; 0: not */
    bool writes_only;          /* of all calls, only writes of bytes count */
    bool old_kernel;           /* without renameat2 */
    int64_t clock;             /* ns: of every clock */
    void (*before_sync)(void); /* NULL, or what somebody else does before each fsync */
    bool armed;
    int calls;   /* so far */
    bool struck; /* there was an Nth call */
    bool dies;
};

static struct fault_plan *fault_plan;

/* Memory that was freed is used again: thousands of children are forked, and each page costs. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=0:thread_local_quarantine_size_kb=0";
}

static inline void faults_open(void)
{
    fault_plan =
        mmap(NULL, sizeof *fault_plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(fault_plan != MAP_FAILED);
}

static inline void faults_close(void)
{
    munmap(fault_plan, sizeof *fault_plan);
    fault_plan = NULL;
}

static inline const char *faults_name(const struct fault_plan *p)
{
    static char text[128];
    static const char *const kinds[] = {"nothing",     "error",          "short",
                                        "kill before", "kill within it", "kill after"};
    snprintf(text, sizeof text, "%s, call %d, %d times errno %d, killed %d later%s", kinds[p->kind],
             p->at, p->count, p->error, p->then_killed, p->writes_only ? ", writes" : "");
    return text;
}

/* Does what the plan has for this call. bytes: how many it is asked for, halved perhaps; NULL: it
 * is one that does everything or nothing. True: it fails, with errno. */
static inline bool faults_strike(size_t *bytes, bool is_write)
{
    struct fault_plan *p = fault_plan;
    if (p == NULL || !p->armed || (p->writes_only && !is_write))
        return false;
    if (bytes == NULL && (p->kind == FAULT_SHORT || p->kind == FAULT_WITHIN))
        return false; /* there is no half of it */
    int call = ++p->calls;
    if (call > FAULTS_MOST)
        _exit(99);
    int errors_at = p->at + (p->kind == FAULT_SHORT);
    bool errors = p->kind == FAULT_ERROR || p->kind == FAULT_SHORT;
    if (call == p->at) {
        p->struck = true;
        if (p->kind == FAULT_BEFORE)
            _exit(FAULTS_KILLED);
        p->dies = p->kind == FAULT_AFTER || p->kind == FAULT_WITHIN;
        if (p->kind == FAULT_SHORT || p->kind == FAULT_WITHIN)
            *bytes = (*bytes + 1) / 2;
    }
    if (p->then_killed > 0 && call == p->at + p->then_killed)
        _exit(FAULTS_KILLED);
    if (!errors || call < errors_at || call >= errors_at + p->count)
        return false;
    errno = p->error;
    return true;
}

static inline void faults_done(void)
{
    if (fault_plan != NULL && fault_plan->armed && fault_plan->dies)
        _exit(FAULTS_KILLED);
}

/* Where a long has 32 bits, glibc has these calls under names of their own for times and offsets of
 * 64, and the compiler takes those for us. */
static inline void *faults_libc(const char *name)
{
#if defined(__GLIBC__) && __TIMESIZE == 32
    static const char *const wide[][2] = {{"fstat", "__fstat64_time64"},
                                          {"fstatat", "__fstatat64_time64"},
                                          {"clock_gettime", "__clock_gettime64"},
                                          {"openat", "openat64"},
                                          {"ftruncate", "ftruncate64"},
                                          {"lseek", "lseek64"},
                                          {"fallocate", "fallocate64"}};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (strcmp(name, wide[i][0]) == 0)
            name = wide[i][1];
#endif
    return dlsym(RTLD_NEXT, name);
}

#define FAULTS_REAL(result, name, ...)                                                             \
    static result (*real)(__VA_ARGS__);                                                            \
    if (real == NULL)                                                                              \
    *(void **)&real = faults_libc(name)

/* A function that fails where the plan says so. bytes: of its argument that is a number of bytes,
 * the address; or NULL. */
#define FAULTS_WRAP(result, name, parameters, arguments, bytes, is_write)                          \
    result name parameters                                                                         \
    {                                                                                              \
        static result(*real) parameters;                                                           \
        if (real == NULL)                                                                          \
            *(void **)&real = faults_libc(#name);                                                  \
        if (faults_strike(bytes, is_write))                                                        \
            return -1;                                                                             \
        result done = real arguments;                                                              \
        faults_done();                                                                             \
        return done;                                                                               \
    }

FAULTS_WRAP(ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n), &n, true)
FAULTS_WRAP(ssize_t, splice,
            (int from, off64_t *at, int to, off64_t *to_at, size_t n, unsigned int flags),
            (from, at, to, to_at, n, flags), &n, false)
FAULTS_WRAP(int, fstatat, (int at, const char *restrict path, struct stat *restrict s, int flags),
            (at, path, s, flags), NULL, false)
FAULTS_WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), NULL, false)
FAULTS_WRAP(int, mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), NULL, false)
FAULTS_WRAP(int, renameat, (int at, const char *from, int to_at, const char *to),
            (at, from, to_at, to), NULL, false)
FAULTS_WRAP(int, linkat, (int at, const char *from, int to_at, const char *to, int flags),
            (at, from, to_at, to, flags), NULL, false)
FAULTS_WRAP(int, unlinkat, (int at, const char *path, int flags), (at, path, flags), NULL, false)
FAULTS_WRAP(int, ftruncate, (int fd, off_t length), (fd, length), NULL, false)
FAULTS_WRAP(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence), NULL, false)
FAULTS_WRAP(int, fallocate, (int fd, int mode, off_t offset, off_t length),
            (fd, mode, offset, length), NULL, false)
FAULTS_WRAP(int, madvise, (void *at, size_t length, int advice), (at, length, advice), NULL, false)

int fsync(int fd)
{
    FAULTS_REAL(int, "fsync", int);
    if (fault_plan != NULL && fault_plan->armed && fault_plan->before_sync != NULL)
        fault_plan->before_sync();
    if (faults_strike(NULL, false))
        return -1;
    int result = real(fd);
    faults_done();
    return result;
}

int openat(int at, const char *path, int flags, ...)
{
    FAULTS_REAL(int, "openat", int, const char *, int, ...);
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    if (faults_strike(NULL, false))
        return -1;
    int result = real(at, path, flags, mode);
    faults_done();
    return result;
}

int open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    return openat(AT_FDCWD, path, flags, mode);
}

/* What has no name of its own in the C library. */
long syscall(long number, ...)
{
    FAULTS_REAL(long, "syscall", long, ...);
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (fault_plan == NULL || !fault_plan->armed ||
        (number != SYS_renameat2 && number != SYS_pwritev2))
        return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (fault_plan->old_kernel) {
        errno = ENOSYS;
        return -1;
    }
    if (faults_strike(NULL, number == SYS_pwritev2))
        return -1;
    long result = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    faults_done();
    return result;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    FAULTS_REAL(int, "clock_gettime", clockid_t, struct timespec *);
    if (fault_plan == NULL || !fault_plan->armed)
        return real(clock, t);
    int64_t seconds = clock == CLOCK_REALTIME ? 1700000000 : 1000;
    t->tv_sec = (time_t)(seconds + fault_plan->clock / 1000000000);
    t->tv_nsec = (long)(fault_plan->clock % 1000000000);
    return 0;
}

/* Helpers are not the subject here, and children cost time: there is none, and that is tried again.
 */
pid_t fork(void)
{
    FAULTS_REAL(pid_t, "fork", void);
    if (fault_plan == NULL || !fault_plan->armed)
        return real();
    errno = EAGAIN;
    return -1;
}

/* Runs it in a child with the plan armed; its exit code, FAULTS_KILLED when the plan killed it. */
static inline int faults_child(int (*run)(void *context), void *context)
{
    int status;
    fault_plan->calls = 0;
    fault_plan->struck = fault_plan->dies = false;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        fault_plan->armed = true;
        int code = run(context);
        _exit(code);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    fault_plan->armed = false;
    if (!WIFEXITED(status))
        fail_msg("a child died of signal %d: %s", WTERMSIG(status), faults_name(fault_plan));
    return WEXITSTATUS(status);
}

/* Runs it with the plan's fault at the first call, the second, and so on, step apart, until there
 * are no more calls. run is to leave struck as its child set it. */
static inline void faults_sweep(struct fault_plan plan, int step, void (*run)(void *context),
                                void *context)
{
    for (int at = 1;; at += step) {
        *fault_plan = plan;
        fault_plan->at = at;
        run(context);
        if (!fault_plan->struck) {
            assert_true(at > 3 * step); /* or nothing was tried */
            return;
        }
    }
}

#endif
