#include "supervisor/remaining.h"
#include "base/file.h"
#include "base/process.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, NAMED_MAX = 5 };

/* False for one that is gone or only waits to be reaped. */
static bool look_at(pid_t pid, struct process_stat *s)
{
    return process_stat(pid, s) == 0 && s->state != 'Z' && s->state != 'X';
}

static int compare(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a;
    pid_t y = *(const pid_t *)b;
    return x < y ? -1 : x > y;
}

static void sort_excluded(const struct remaining *r)
{
    if (r->excluded_count > 0)
        qsort(r->excluded, r->excluded_count, sizeof *r->excluded, compare);
}

static bool is_excluded(const struct remaining *r, pid_t pid)
{
    return r->excluded_count > 0 &&
           bsearch(&pid, r->excluded, r->excluded_count, sizeof pid, compare) != NULL;
}

/* Walks up from a process: below a logger it is spared, below us it is ours. */
static bool is_meant(const struct remaining *r, pid_t pid, pid_t parent)
{
    pid_t self = getpid();
    struct process_stat s;
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        if (is_excluded(r, pid))
            return false;
        if (parent == self)
            return true;
        pid = parent;
        if (pid <= 0 || !look_at(pid, &s))
            break;
        parent = s.parent;
    }
    return r->everything;
}

/* The first few; a name may hold anything. */
static void note_name(const struct remaining *r, long before, const char *name)
{
    if (r->names == NULL || before > NAMED_MAX)
        return;
    size_t length = strlen(r->names);
    snprintf(r->names + length, r->names_size - length, "%s%s", before > 0 ? ", " : "",
             before == NAMED_MAX ? "..." : name);
    for (char *c = r->names + length; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

static long signal_one(const struct remaining *r, const char *name, int signal, long before)
{
    pid_t pid = (pid_t)atoi(name);
    struct process_stat s;
    if (pid <= 0 || is_excluded(r, pid) || pid == getpid() || !look_at(pid, &s) ||
        !is_meant(r, pid, s.parent))
        return 0;
    bool there = kill(pid, signal) == 0;
    if (signal == SIGTERM)
        kill(pid, SIGCONT);
    if (there)
        note_name(r, before, s.name);
    return there ? 1 : 0;
}

struct sending {
    const struct remaining *r;
    int signal;
    bool found; /* any process */
    long count;
};

static int send_to(void *to, const char *name)
{
    struct sending *s = to;
    if (name[0] < '1' || name[0] > '9')
        return 0;
    s->found = true;
    s->count += signal_one(s->r, name, s->signal, s->count);
    return 0;
}

long remaining_signal(const struct remaining *r, int signal)
{
    struct sending s = {.r = r, .signal = signal};
    sort_excluded(r);
    int proc = openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return -1;
    (void)fd_each_name(proc, send_to, &s);
    close(proc);
    return s.found ? s.count : -1;
}

/* A number that answers may be that of a thread, whose process would be counted, and signalled,
 * once more. */
static bool is_process(pid_t pid)
{
    return syscall(SYS_tgkill, pid, pid, 0) == 0;
}

long remaining_probe(const struct remaining *r, pid_t top, int signal)
{
    enum { AHEAD = 4096 };
    long count = 0;
    pid_t end = top < REMAINING_PROBED - AHEAD ? top + AHEAD : REMAINING_PROBED;
    sort_excluded(r);
    for (pid_t pid = 2; pid < end; pid++) {
        pid_t session = getsid(pid);
        if (session >= 0 && !is_excluded(r, pid) && !is_excluded(r, session) && is_process(pid))
            count += kill(pid, signal) == 0;
    }
    return count;
}
