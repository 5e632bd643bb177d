#include "supervisor/remaining.h"
#include "base/str.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
    pid_t pid;
    pid_t parent;
    bool ours; /* a descendant of this process */
    bool spared;
};

struct table {
    struct process *item;
    size_t count;
    size_t capacity;
};

/* Parent and state from /proc/PID/stat: "PID (NAME) STATE PARENT ...". The name may hold anything,
 * so look from its end. */
static bool read_stat(int proc, const char *pid, struct process *p)
{
    char path[64];
    char text[512];
    snprintf(path, sizeof path, "%.32s/stat", pid);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    const char *end = strrchr(text, ')');
    if (end == NULL || strlen(end) < 5)
        return false;
    p->pid = (pid_t)atoi(pid);
    p->parent = (pid_t)atoi(end + 4);
    return end[2] != 'Z' && end[2] != 'X';
}

static bool add(struct table *t, const struct process *p)
{
    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 64 : 2 * t->capacity;
        struct process *item = realloc(t->item, capacity * sizeof *item);
        if (item == NULL)
            return false;
        t->item = item;
        t->capacity = capacity;
    }
    t->item[t->count++] = *p;
    return true;
}

static int read_table(struct table *t)
{
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return -1;
    bool found = false;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        struct process p = {.pid = 0};
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        found = true;
        if (read_stat(dirfd(proc), entry->d_name, &p) && !add(t, &p))
            break;
    }
    closedir(proc);
    return found ? 0 : -1;
}

static bool is_spared(const struct remaining *r, pid_t pid)
{
    for (size_t i = 0; i < r->spare_count; i++)
        if (r->spare[i] == pid)
            return true;
    return false;
}

static const struct process *find(const struct table *t, pid_t pid)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->item[i].pid == pid)
            return &t->item[i];
    return NULL;
}

/* Walks up from p: below a logger it is spared, below us it is ours. */
static void classify(const struct remaining *r, const struct table *t, struct process *p)
{
    pid_t self = getpid();
    const struct process *q = p;
    for (size_t depth = 0; q != NULL && depth < t->count; depth++) {
        if (is_spared(r, q->pid))
            p->spared = true;
        if (q->parent == self)
            p->ours = true;
        q = q->parent > 0 && q->parent != self ? find(t, q->parent) : NULL;
    }
}

long remaining_signal(const struct remaining *r, int signal)
{
    struct table t = {.item = NULL};
    if (read_table(&t) < 0) {
        free(t.item);
        return -1;
    }
    long count = 0;
    for (size_t i = 0; i < t.count; i++) {
        struct process *p = &t.item[i];
        if (p->pid == getpid())
            continue;
        classify(r, &t, p);
        if (p->spared || (!r->everything && !p->ours))
            continue;
        if (kill(p->pid, signal) == 0)
            count++;
        if (signal == SIGTERM)
            kill(p->pid, SIGCONT);
    }
    free(t.item);
    return count;
}
