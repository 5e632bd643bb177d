#include "base/cgroup.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 4096, PATH_SIZE = 4096 };

/* Version 1 writes the largest number of pages there is where it means none. */
#define NO_LIMIT (1LL << 60)

/* --- text ------------------------------------------------------------------------------------- */

/* Whether the list "cpu,memory" has the controller. */
static bool has_controller(const char *list, size_t length, const char *controller)
{
    size_t size = strlen(controller);
    for (const char *at = list, *end = list + length; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t one = comma == NULL ? (size_t)(end - at) : (size_t)(comma - at);
        if (one == size && memcmp(at, controller, size) == 0)
            return true;
        at += one + 1;
    }
    return false;
}

bool cgroup_path(const char *text, const char *controller, char *out, size_t size)
{
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *list = strchr(line, ':'), *next = strchr(line, '\n');
        const char *path = list == NULL ? NULL : strchr(list + 1, ':');
        size_t length = path == NULL ? 0 : strcspn(path + 1, "\n");
        bool found =
            path != NULL &&
            (controller == NULL ? line[0] == '0' && list == line + 1 && path == list + 1
                                : has_controller(list + 1, (size_t)(path - list - 1), controller));
        if (found && length < size) {
            memcpy(out, path + 1, length);
            out[length] = '\0';
            return true;
        }
        line = next == NULL ? NULL : next + 1;
    }
    return false;
}

long long cgroup_kills_of(const char *text)
{
    static const char key[] = "oom_kill ";
    for (const char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key))
        if (at == text || at[-1] == '\n')
            return strtoll(at + strlen(key), NULL, 10);
    return -1;
}

long long cgroup_limit_of(const char *text)
{
    long long limit = text[0] >= '0' && text[0] <= '9' ? strtoll(text, NULL, 10) : -1;
    return limit >= NO_LIMIT ? -1 : limit;
}

/* --- files ------------------------------------------------------------------------------------ */

static bool read_text(int fd, char text[TEXT_MAX])
{
    ssize_t n = fd < 0 ? -1 : pread(fd, text, TEXT_MAX - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    return n >= 0;
}

/* Opens a file of our group below the place where its kind is mounted: at our path, or, where a
 * container sees its own group as the root of all, at the top. */
static int open_file(const char *groups, const char *controller, const char *mount,
                     const char *name)
{
    char own[PATH_SIZE], path[PATH_SIZE * 2];
    int fd = -1;
    if (cgroup_path(groups, controller, own, sizeof own)) {
        snprintf(path, sizeof path, "%s%s/%s", mount, own, name);
        fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    if (fd < 0) {
        snprintf(path, sizeof path, "%s/%s", mount, name);
        fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    return fd;
}

static int open_any(const char *second, const char *first, bool *is_second)
{
    char groups[TEXT_MAX];
    int self = openat(AT_FDCWD, "/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    read_text(self, groups);
    fd_close(self);
    int fd = open_file(groups, NULL, "/sys/fs/cgroup", second);
    *is_second = fd >= 0;
    return fd >= 0 ? fd : open_file(groups, "memory", "/sys/fs/cgroup/memory", first);
}

long long cgroup_kills(int fd)
{
    char text[TEXT_MAX];
    return read_text(fd, text) ? cgroup_kills_of(text) : -1;
}

int cgroup_kills_open(bool *tells)
{
    int fd = open_any("memory.events", "memory.oom_control", tells);
    if (fd < 0 || cgroup_kills(fd) >= 0)
        return fd;
    close(fd);
    errno = ENOTSUP;
    return -1;
}

long long cgroup_memory_limit(void)
{
    char text[TEXT_MAX];
    bool is_second;
    int fd = open_any("memory.max", "memory.limit_in_bytes", &is_second);
    bool good = read_text(fd, text);
    fd_close(fd);
    return good ? cgroup_limit_of(text) : -1;
}
