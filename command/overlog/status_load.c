#include "command/overlog/status_load.h"
#include "base/clock.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATUS_FILE_MAX = 64 << 20 };

/* Pid 1 holds a lock on it as long as it lives. */
static bool is_kept(int fd)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

/* All of it, once: NULL with errno, 0 for a file that cannot be one. */
static char *slurp(int fd, size_t *length)
{
    struct stat st;
    errno = 0;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > STATUS_FILE_MAX)
        return NULL;
    char *bytes = malloc((size_t)st.st_size + 1);
    ssize_t n = bytes == NULL ? -1 : pread(fd, bytes, (size_t)st.st_size, 0);
    *length = n < 0 ? 0 : (size_t)n;
    if (n >= 0)
        return bytes;
    free(bytes);
    return NULL;
}

enum reading { READ_WELL, READ_AGAIN, READ_GONE, READ_BAD };

/* One look at it; bytes are to be freed after READ_WELL only. */
static enum reading look(const char *path, char **bytes, struct error *e)
{
    struct status_container c = {.replaced = false};
    size_t length = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    *bytes = fd < 0 ? NULL : slurp(fd, &length);
    if (*bytes == NULL) {
        error_system(e, "unable to reach pid 1: unable to read %s", path);
        fd_close(fd);
        return READ_BAD;
    }
    enum status_verdict verdict = status_check(*bytes, length, e);
    if (verdict == STATUS_GOOD)
        status_container(*bytes, &c);
    bool kept = is_kept(fd);
    close(fd);
    if (verdict == STATUS_GOOD && kept && !c.replaced)
        return READ_WELL;
    free(*bytes);
    return verdict == STATUS_BAD ? READ_BAD : kept || c.replaced ? READ_AGAIN : READ_GONE;
}

/* Changes are a matter of microseconds, and so is another file that takes the place of this one. */
char *status_load(const char *path, struct error *e)
{
    enum { TRIES = 2000, SURE = 3 };
    char *bytes = NULL;
    int gone = 0;
    for (int i = 0; i < TRIES && gone < SURE; i++) {
        enum reading r = look(path, &bytes, e);
        if (r == READ_WELL || r == READ_BAD)
            return r == READ_WELL ? bytes : NULL;
        gone = r == READ_GONE ? gone + 1 : 0;
        clock_sleep(CLOCK_MS);
    }
    error_set(e, EXIT_SYSTEM,
              gone == SURE ? "unable to reach pid 1: it is gone, and has left %s"
                           : "unable to read %s: it changes all the time",
              path);
    return NULL;
}

bool status_load_service(const char *bytes, const char *name, struct status_service *s)
{
    for (uint32_t i = 0; i < status_count(bytes); i++) {
        status_service(bytes, i, s);
        if (strcmp(s->name, name) == 0)
            return true;
    }
    return false;
}
