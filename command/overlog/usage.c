#include "command/overlog/usage.h"
#include "base/file.h"
#include "base/str.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STAT_MAX = 4096,
    DEPTH_MAX = 1000 /* of ancestors: a list read meanwhile may have a loop */
};

/* --- one process ------------------------------------------------------------------------------ */

int usage_parse(const char *text, long tick, long page, struct usage_process *p)
{
    int pid, parent, session;
    long long user, system, waited_user, waited_system, threads, resident;
    const char *rest = strrchr(text, ')'); /* the name before it may hold anything */
    if (rest == NULL || sscanf(text, "%d", &pid) != 1 || tick <= 0 ||
        sscanf(rest + 1,
               " %*c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld %*d %*d %lld %*d "
               "%*u %*u %lld",
               &parent, &session, &user, &system, &waited_user, &waited_system, &threads,
               &resident) != 8)
        return -1;
    *p = (struct usage_process){.pid = pid,
                                .parent = parent,
                                .session = session,
                                .cpu_ms =
                                    (user + system + waited_user + waited_system) * 1000 / tick,
                                .memory = resident * page,
                                .threads = threads,
                                .descriptors = -1};
    return 0;
}

static long long count_descriptors(pid_t pid)
{
    char path[64];
    long long count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *d = opendir(path);
    if (d == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(d);
    return count;
}

static int read_one(const char *pid, struct usage_process *p)
{
    char path[64], text[STAT_MAX];
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    fd_close(fd);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    if (usage_parse(text, sysconf(_SC_CLK_TCK), sysconf(_SC_PAGESIZE), p) < 0)
        return -1;
    p->descriptors = count_descriptors(p->pid);
    return 0;
}

static int by_pid(const void *a, const void *b)
{
    const struct usage_process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

int usage_read(struct usage_process **all, size_t *count, struct error *e)
{
    struct words names = WORDS_INIT;
    *all = NULL;
    *count = 0;
    if (file_list(AT_FDCWD, "/proc", &names, e) < 0)
        return -1;
    *all = calloc(names.count + 1, sizeof **all);
    for (size_t i = 0; *all != NULL && i < names.count; i++)
        if (names.item[i][0] >= '0' && names.item[i][0] <= '9' &&
            read_one(names.item[i], &(*all)[*count]) == 0)
            (*count)++;
    words_release(&names);
    if (*all == NULL)
        return error_set(e, EXIT_SYSTEM, "out of memory");
    qsort(*all, *count, sizeof **all, by_pid);
    return 0;
}

/* --- their sum -------------------------------------------------------------------------------- */

static const struct usage_process *find(const struct usage_process *all, size_t count, pid_t pid)
{
    struct usage_process key = {.pid = pid};
    return bsearch(&key, all, count, sizeof *all, by_pid);
}

static bool belongs(const struct usage_process *all, size_t count, const struct usage_process *p,
                    pid_t service)
{
    for (int depth = 0; p != NULL && depth < DEPTH_MAX; depth++) {
        if (p->pid == service || p->session == service)
            return true;
        p = p->parent > 1 ? find(all, count, p->parent) : NULL;
    }
    return false;
}

void usage_sum(const struct usage_process *all, size_t count, pid_t service, struct usage *sum)
{
    *sum = (struct usage){.descriptors = -1};
    for (size_t i = 0; service > 0 && i < count; i++) {
        const struct usage_process *p = &all[i];
        if (!belongs(all, count, p, service))
            continue;
        sum->processes++;
        sum->cpu_ms += p->cpu_ms;
        sum->memory += p->memory;
        sum->threads += p->threads;
        if (p->descriptors >= 0)
            sum->descriptors = p->descriptors + (sum->descriptors > 0 ? sum->descriptors : 0);
    }
}

void usage_rate(struct usage *now, const struct usage *before, long long ms)
{
    long long run = now->cpu_ms - before->cpu_ms; /* less when a process is gone since */
    now->cpu_permille = ms > 0 && run > 0 ? run * 1000 / ms : 0;
}

/* --- directories ------------------------------------------------------------------------------ */

long long usage_directory(const char *path)
{
    long long bytes = 0;
    struct stat st;
    DIR *d = path[0] == '\0' ? NULL : opendir(path);
    if (d == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            bytes += (long long)st.st_size;
    closedir(d);
    return bytes;
}
