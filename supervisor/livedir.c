#include "supervisor/livedir.h"
#include "base/clock.h"
#include "base/file.h"
#include "supervisor/runtree.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void livedir_path(char *out, size_t size, const char *name)
{
    snprintf(out, size, RUN_SERVICEDIRS "/%s", name);
}

static int copy_if_there(int source, int live, const char *name, struct error *e)
{
    if (faccessat(source, name, F_OK, 0) < 0)
        return 0;
    return file_copy(source, name, live, name, 0755, e);
}

static int copy_directory(int source, int live, const char *name, struct error *e)
{
    struct stat s;
    if (fstatat(source, name, &s, 0) < 0 || !S_ISDIR(s.st_mode))
        return 0;
    return file_copy_tree(source, name, live, name, e);
}

static int write_number(int live, const char *name, int number, struct error *e)
{
    char text[16];
    if (number < 0)
        return 0;
    int n = snprintf(text, sizeof text, "%d\n", number);
    return file_write(live, name, text, (size_t)n, 0644, e);
}

static int make_supervise(int live, struct error *e)
{
    if (mkdirat(live, "supervise", 0700) < 0 || mkdirat(live, "event", 0700) < 0)
        return error_system(e, "unable to make supervise/ and event/");
    if (fchmodat(live, "event", 03730, 0) < 0)
        return error_system(e, "unable to set the mode of event/");
    return 0;
}

static int fill(const struct definition *d, int source, int live, struct error *e)
{
    if (copy_if_there(source, live, "run", e) < 0 || copy_if_there(source, live, "finish", e) < 0 ||
        copy_directory(source, live, "data", e) < 0 || copy_directory(source, live, "env", e) < 0 ||
        write_number(live, "notification-fd", d->notification_fd, e) < 0 ||
        write_number(live, "lock-fd", d->lock_fd, e) < 0)
        return -1;
    return make_supervise(live, e);
}

int livedir_make(const struct definition *d, struct error *e)
{
    char path[512];
    char link[512];
    livedir_path(path, sizeof path, d->name);
    snprintf(link, sizeof link, RUN_SCANDIR "/%s", d->name);
    if (file_make_directories(AT_FDCWD, path, 0755, e) < 0)
        return -1;
    int source = open(d->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int live = source < 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = -1;
    if (live < 0)
        error_system(e, "unable to open %s", source < 0 ? d->directory : path);
    else
        result = fill(d, source, live, e);
    if (source >= 0)
        close(source);
    if (live >= 0)
        close(live);
    if (result < 0)
        return -1;
    if (symlink(path, link) < 0 && errno != EEXIST)
        return error_system(e, "unable to link %s", link);
    return 0;
}

static void pack64(unsigned char *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(value >> (56 - 8 * i));
}

void livedir_status_pack(unsigned char out[STATUS_SIZE], const struct service *s,
                         const struct livedir_times *t)
{
    bool never = s->pid == 0 && !s->ever_started;
    bool finishing = s->state == SERVICE_FINISH;
    clock_tain_pack(out, &t->changed);
    clock_tain_pack(out + 12, &t->ready);
    pack64(out + 24, (uint64_t)s->pid);
    out[32] = (unsigned char)((unsigned int)s->wait_status >> 8);
    out[33] = (unsigned char)s->wait_status;
    out[34] = (unsigned char)((never ? 1 : 0) | (finishing ? 2 : 0) | (s->want == WANT_UP ? 4 : 0) |
                              (s->ready ? 8 : 0));
}

int livedir_status_write(const char *name, const struct service *s, const struct livedir_times *t,
                         struct error *e)
{
    unsigned char record[STATUS_SIZE];
    char path[600];
    livedir_status_pack(record, s, t);
    snprintf(path, sizeof path, RUN_SERVICEDIRS "/%.400s/supervise/status", name);
    return file_replace(AT_FDCWD, path, record, sizeof record, 0644, e);
}
