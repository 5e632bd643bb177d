#include "services/livedir.h"
#include "base/file.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
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

/* For the tools of s6 that make instances of a service: theirs to fill. */
static int copy_template(int source, int live, struct error *e)
{
    static const char *const empty[] = {"instance", "instances"};
    if (copy_directory(source, live, "template", e) < 0)
        return -1;
    if (faccessat(live, "template", F_OK, 0) < 0)
        return 0;
    for (int i = 0; i < 2; i++)
        if (mkdirat(live, empty[i], 0755) < 0 && errno != EEXIST)
            return error_system(e, "unable to make the directory %s", empty[i]);
    return 0;
}

/* The defaults need no file: most services have none. */
enum { TIMEOUT_FINISH = 5000, DEATH_TALLY = 100 };

static int write_number(int live, const char *name, int64_t number, int64_t usual, struct error *e)
{
    char text[24];
    if (number == usual)
        return 0;
    int n = snprintf(text, sizeof text, "%lld\n", (long long)number);
    return file_write(live, name, text, (size_t)n, 0644, e);
}

static int fill(const struct definition *d, int source, int live, struct error *e)
{
    if (copy_if_there(source, live, "run", e) < 0 || copy_if_there(source, live, "finish", e) < 0 ||
        copy_directory(source, live, "data", e) < 0 || copy_directory(source, live, "env", e) < 0 ||
        copy_template(source, live, e) < 0 ||
        write_number(live, "notification-fd", d->notification_fd, -1, e) < 0 ||
        write_number(live, "lock-fd", d->lock_fd, -1, e) < 0 ||
        write_number(live, "timeout-kill", d->timeout_kill, 0, e) < 0 ||
        write_number(live, "timeout-finish", d->timeout_finish, TIMEOUT_FINISH, e) < 0 ||
        write_number(live, "max-death-tally", d->max_death_tally, DEATH_TALLY, e) < 0 ||
        write_number(live, "down-signal", d->down_signal, SIGTERM, e) < 0 ||
        write_number(live, "reload-signal", d->reload_signal, SIGHUP, e) < 0)
        return -1;
    if (d->kill_group && file_write(live, "flag-timeout-killpg", "", 0, 0644, e) < 0)
        return -1;
    return copy_if_there(source, live, "flag-newpidns", e);
}

int livedir_fill(const struct definition *d, const char *path, struct error *e)
{
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
    return result;
}

int livedir_make(const struct definition *d, struct error *e)
{
    char path[512];
    char link[512];
    livedir_path(path, sizeof path, d->name);
    snprintf(link, sizeof link, RUN_SCANDIR "/%s", d->name);
    if (livedir_fill(d, path, e) < 0)
        return -1;
    if (symlink(path, link) < 0 && errno != EEXIST)
        return error_system(e, "unable to link %s", link);
    return 0;
}
