/* Files of the test: /run and /etc of its own, in a mount namespace of its own. */
#include "base/file.h"
#include "overlay/runtree.h"
#include "tests/simulation/lives.h"
#include "tests/simulation/own_world.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool well, const char *what)
{
    if (well)
        return;
    perror(what);
    exit(EXIT_SYSTEM);
}

void files_enter(void)
{
    umask(022);
    must(own_mounts(), "mount");
    must(mount("tmpfs", "/etc", "tmpfs", 0, "mode=0755") == 0, "/etc");
    must(mkdir("/etc/s6-overlay", 0755) == 0 && symlink(PLAN_TREE, "/etc/s6-overlay/s6-rc.d") == 0,
         "/etc/s6-overlay");
    must(clearenv() == 0 && setenv("PATH", "/command:/usr/bin:/bin", 1) == 0, "environment");
}

void files_open(void)
{
    struct error e = ERROR_INIT;
    must(mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") == 0, "/run");
    must(runtree_prepare("/", "/command", &(struct settings){.log_total = 0}, &e) == 0, "/run");
}

void files_close(void)
{
    must(umount2("/run", MNT_DETACH) == 0, "/run");
}

static bool make_folder(const char *path)
{
    char folder[512];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    return mkdir(folder, 0755) == 0 ||
           (errno == ENOENT && make_folder(folder) && mkdir(folder, 0755) == 0);
}

void files_write(const char *path, const char *content, mode_t mode)
{
    size_t length = strlen(content);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0 && errno == ENOENT && make_folder(path))
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    must(fd < 0 || length == 0 || write(fd, content, length) == (ssize_t)length, path);
    fd_close(fd);
}

void files_remove(const char *path)
{
    struct error ignored = ERROR_INIT;
    file_remove_tree(AT_FDCWD, path, &ignored);
}
