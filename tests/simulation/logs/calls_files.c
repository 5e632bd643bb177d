/* Calls on names, and of processes and time. */
#include "base/clock.h"
#include "tests/simulation/logs/calls.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXCHANGE = 2, NOREPLACE = 1 };

/* --- looking ---------------------------------------------------------------------------------- */

static void describe(const struct node *n, struct stat *s)
{
    static const mode_t types[] = {
        [NODE_FILE] = S_IFREG,    [NODE_DIRECTORY] = S_IFDIR, [NODE_PIPE] = S_IFIFO,
        [NODE_MEMORY] = S_IFREG,  [NODE_CONSOLE] = S_IFCHR,   [NODE_NULL] = S_IFCHR,
        [NODE_SIGNALS] = S_IFREG, [NODE_EPOLL] = S_IFREG,     [NODE_PROCESS] = S_IFREG,
        [NODE_INOTIFY] = S_IFREG};
    memset(s, 0, sizeof *s);
    s->st_dev = 7;
    s->st_ino = n->inode;
    s->st_mode = types[n->kind] | (is_of_disk(n) && disk.no_modes ? 0777 : n->mode);
    s->st_nlink = (nlink_t)(n->kind == NODE_DIRECTORY && n->names > 0 ? 2 : n->names);
    s->st_size = (off_t)n->data.length;
    s->st_mtim = n->changed;
    s->st_blocks = (blkcnt_t)(n->data.length / 512);
}

DECLARE(int, fstat, int fd, struct stat *s)
{
    if (OUTSIDE)
        return __real_fstat(fd, s);
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL || (is_of_disk(o->node) && kernel_fails(FAULT_STAT)))
        return -1;
    describe(o->node, s);
    return 0;
}

static int look(int at, const char *path, struct stat *s)
{
    char last[96];
    struct node *parent, *from = directory_of(at);
    kernel_call();
    if (from == NULL)
        return -1;
    struct node *n = disk_find(from, path, &parent, last);
    if (n == NULL || kernel_fails(FAULT_STAT))
        return -1;
    if (s != NULL)
        describe(n, s);
    return 0;
}

DECLARE(int, fstatat, int at, const char *path, struct stat *s, int flags)
{
    return OUTSIDE ? __real_fstatat(at, path, s, flags) : look(at, path, s);
}

DECLARE(int, stat, const char *path, struct stat *s)
{
    return OUTSIDE ? __real_stat(path, s) : look(AT_FDCWD, path, s);
}

DECLARE(int, lstat, const char *path, struct stat *s)
{
    return OUTSIDE ? __real_lstat(path, s) : look(AT_FDCWD, path, s);
}

DECLARE(int, faccessat, int at, const char *path, int mode, int flags)
{
    return OUTSIDE ? __real_faccessat(at, path, mode, flags) : look(at, path, NULL);
}

/* Data of time zones are the machine's. */
DECLARE(int, access, const char *path, int mode)
{
    if (OUTSIDE || strncmp(path, "/usr/", 5) == 0)
        return __real_access(path, mode);
    return look(AT_FDCWD, path, NULL);
}

DECLARE(ssize_t, readlinkat, int at, const char *path, char *to, size_t size)
{
    return OUTSIDE ? __real_readlinkat(at, path, to, size) : refuse(EINVAL);
}

/* What is in a directory now. 0 or -1. */
static int list(struct open *o)
{
    if (kernel_fails(FAULT_LIST))
        return -1;
    o->list = __real_realloc(NULL, (disk.names + 1) * sizeof *o->list);
    for (size_t i = 0; i < disk.names; i++)
        if (disk.name[i].directory == o->node)
            o->list[o->listed++] = disk.name[i];
    return 0;
}

/* The next name; NULL: no more. What went since then is seen, or not. */
static const struct name *next_name(struct open *o)
{
    while (o->at < o->listed) {
        const struct name *n = &o->list[o->at++];
        if (disk_look(o->node, n->text) != NULL || random_chance(&kernel.random, 50))
            return n;
    }
    return NULL;
}

static unsigned char type_of(const struct node *n)
{
    if (random_chance(&kernel.random, 10))
        return DT_UNKNOWN;
    return n->kind == NODE_DIRECTORY ? DT_DIR : DT_REG;
}

DECLARE(DIR *, fdopendir, int fd)
{
    if (OUTSIDE)
        return __real_fdopendir(fd);
    kernel_call();
    struct open *o = open_of(fd);
    return o == NULL || list(o) < 0 ? NULL : (DIR *)(void *)(uintptr_t)(fd + 1);
}

DECLARE(struct dirent *, readdir, DIR *d)
{
    static struct dirent entry;
    if (OUTSIDE)
        return __real_readdir(d);
    struct open *o = open_of((int)(uintptr_t)d - 1);
    const struct name *n = o == NULL ? NULL : next_name(o);
    if (n == NULL)
        return NULL;
    entry.d_type = type_of(n->node);
    strcpy(entry.d_name, n->text);
    return &entry;
}

/* As getdents64 does; one record is as long as a name can be. */
static long read_names(int fd, char *to, size_t size)
{
    enum { HEAD = 19, RECORD = 120 };
    const struct name *n;
    size_t used = 0;
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL || (o->list == NULL && list(o) < 0))
        return -1;
    while (used + RECORD <= size && (n = next_name(o)) != NULL) {
        const uint64_t inode = n->node->inode;
        const uint16_t length = RECORD;
        memset(to + used, 0, RECORD);
        memcpy(to + used, &inode, sizeof inode);
        memcpy(to + used + 16, &length, sizeof length);
        to[used + 18] = (char)type_of(n->node);
        strcpy(to + used + HEAD, n->text);
        used += RECORD;
    }
    return (long)used;
}

int __wrap_close(int fd);
DECLARE(int, closedir, DIR *d)
{
    return OUTSIDE ? __real_closedir(d) : __wrap_close((int)(uintptr_t)d - 1);
}

/* --- opening and changing --------------------------------------------------------------------- */

static int open_file(int at, const char *path, int flags, mode_t mode)
{
    char last[96];
    struct node *parent, *from = directory_of(at);
    kernel_call();
    if (from == NULL)
        return -1;
    struct node *n = disk_find(from, path, &parent, last);
    bool creates = (flags & O_CREAT) != 0 && n == NULL;
    if (n == NULL && (!creates || parent == NULL || parent->names + (parent == disk.root) == 0))
        return refuse(errno);
    if (n != NULL && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return refuse(EEXIST);
    if (n != NULL && n->kind == NODE_DIRECTORY && (flags & O_ACCMODE) != O_RDONLY)
        return refuse(EISDIR);
    if (n != NULL && n->kind != NODE_DIRECTORY && (flags & O_DIRECTORY) != 0)
        return refuse(ENOTDIR);
    if (kernel_fails(creates ? FAULT_CREATE : FAULT_OPEN))
        return -1;
    if (creates && disk.names + 8 > NAMES)
        return refuse(ENOSPC);
    if (creates && disk.used >= disk.capacity && random_chance(&kernel.random, 50))
        return refuse(ENOSPC);
    if (creates) {
        n = node_new(NODE_FILE, mode & 07777);
        disk.group++;
        disk_name(parent, last, n);
    }
    if ((flags & O_TRUNC) != 0 && n->kind == NODE_FILE) {
        disk.used -= n->data.length;
        n->data.length = n->safe = 0;
    }
    int fd = open_add(n, flags, 0);
    kernel_done();
    return fd;
}

DECLARE(int, openat, int at, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    return OUTSIDE ? __real_openat(at, path, flags, mode) : open_file(at, path, flags, mode);
}

DECLARE(int, open, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    return OUTSIDE ? __real_open(path, flags, mode) : open_file(AT_FDCWD, path, flags, mode);
}

static int make_directory(int at, const char *path, mode_t mode)
{
    char last[96];
    struct node *parent, *from = directory_of(at);
    kernel_call();
    if (from == NULL)
        return -1;
    if (disk_find(from, path, &parent, last) != NULL)
        return refuse(EEXIST);
    if (parent == NULL)
        return refuse(ENOENT);
    if (kernel_fails(FAULT_CREATE))
        return -1;
    disk.group++;
    disk_name(parent, last, node_new(NODE_DIRECTORY, mode & 07777));
    kernel_done();
    return 0;
}

DECLARE(int, mkdirat, int at, const char *path, mode_t mode)
{
    return OUTSIDE ? __real_mkdirat(at, path, mode) : make_directory(at, path, mode);
}

DECLARE(int, mkdir, const char *path, mode_t mode)
{
    return OUTSIDE ? __real_mkdir(path, mode) : make_directory(AT_FDCWD, path, mode);
}

static int change_mode(int fd, mode_t mode)
{
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL || kernel_fails(FAULT_MODE))
        return -1;
    if (disk.no_modes && is_of_disk(o->node))
        return refuse(EPERM);
    disk_mode(o->node, mode & 07777);
    kernel_done();
    return 0;
}

DECLARE(int, fchmod, int fd, mode_t mode)
{
    return OUTSIDE ? __real_fchmod(fd, mode) : change_mode(fd, mode);
}

DECLARE(int, fsync, int fd)
{
    if (OUTSIDE)
        return __real_fsync(fd);
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL || kernel_fails(FAULT_SYNC))
        return -1;
    disk_sync(o->node);
    kernel_done();
    return 0;
}

DECLARE(int, futimens, int fd, const struct timespec times[2])
{
    if (OUTSIDE)
        return __real_futimens(fd, times);
    struct open *o = open_of(fd);
    if (o == NULL)
        return -1;
    o->node->changed = times == NULL ? clock_wall() : times[1];
    return 0;
}

static int rename_file(int at, const char *from, const char *to, unsigned int flags)
{
    char source[96], target[96];
    struct node *parent, *into, *directory = directory_of(at);
    kernel_call();
    if (directory == NULL)
        return -1;
    struct node *n = disk_find(directory, from, &parent, source);
    struct node *other = disk_find(directory, to, &into, target);
    if (n == NULL || into == NULL)
        return refuse(ENOENT);
    if (flags == NOREPLACE && other != NULL)
        return refuse(EEXIST);
    if (flags == EXCHANGE && other == NULL)
        return refuse(ENOENT);
    if (other != NULL && flags != EXCHANGE && other->kind != n->kind)
        return refuse(other->kind == NODE_DIRECTORY ? EISDIR : ENOTDIR);
    if (kernel_fails(FAULT_RENAME))
        return -1;
    if (n == other)
        return 0;
    disk.group++;
    n->names++; /* it has a name throughout */
    disk.moves = true;
    if (flags == EXCHANGE) {
        other->names++;
        disk_name(into, target, n);
        disk_name(parent, source, other);
        other->names--;
    } else {
        disk_name(parent, source, NULL);
        disk_name(into, target, n);
    }
    disk.moves = false;
    n->names--;
    kernel_done();
    return 0;
}

DECLARE(int, renameat, int at, const char *from, int to_at, const char *to)
{
    return OUTSIDE ? __real_renameat(at, from, to_at, to) : rename_file(at, from, to, 0);
}

DECLARE(int, linkat, int at, const char *from, int to_at, const char *to, int flags)
{
    char source[96], target[96];
    struct node *parent, *into;
    if (OUTSIDE)
        return __real_linkat(at, from, to_at, to, flags);
    kernel_call();
    struct node *directory = directory_of(at), *to_directory = directory_of(to_at);
    if (directory == NULL || to_directory == NULL)
        return -1;
    if (disk.no_links)
        return refuse(EPERM);
    struct node *n = disk_find(directory, from, &parent, source);
    if (n == NULL || n->kind == NODE_DIRECTORY)
        return refuse(n == NULL ? ENOENT : EPERM);
    if (disk_find(to_directory, to, &into, target) != NULL)
        return refuse(EEXIST);
    if (kernel_fails(FAULT_RENAME))
        return -1;
    disk.group++;
    disk_name(into, target, n);
    kernel_done();
    return 0;
}

static int unlink_file(int at, const char *path)
{
    char last[96];
    struct node *parent, *from = directory_of(at);
    kernel_call();
    if (from == NULL)
        return -1;
    struct node *n = disk_find(from, path, &parent, last);
    if (n == NULL)
        return -1;
    if (n->kind == NODE_DIRECTORY)
        return refuse(EISDIR);
    if (kernel_fails(FAULT_UNLINK))
        return -1;
    disk.group++;
    disk_name(parent, last, NULL);
    kernel_done();
    return 0;
}

DECLARE(int, unlinkat, int at, const char *path, int flags)
{
    return OUTSIDE ? __real_unlinkat(at, path, flags) : unlink_file(at, path);
}

DECLARE(int, unlink, const char *path)
{
    return OUTSIDE ? __real_unlink(path) : unlink_file(AT_FDCWD, path);
}

/* --- what has no name in the C library -------------------------------------------------------- */

static int find_process(pid_t pid)
{
    for (struct process *p = kernel.process; p < kernel.process + PROCESSES; p++)
        if (p->pid == pid && p->alive) {
            struct node *n = node_new(NODE_PROCESS, 0);
            n->process = p;
            n->data.length = 0;
            return open_add(n, 0, 0);
        }
    return refuse(ESRCH);
}

static int kill_process(int fd)
{
    struct open *o = open_of(fd);
    if (o == NULL)
        return -1;
    if (o->node->process->alive && o->node->process->dies_in != 0)
        o->node->process->dies_in = (int)random_below(&kernel.random, 6);
    return 0;
}

DECLARE(long, syscall, long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (OUTSIDE)
        return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    switch (number) {
    case SYS_renameat2:
        if (disk.no_renameat2 || (disk.no_exchange && a[4] == EXCHANGE))
            return refuse(disk.no_renameat2 ? ENOSYS : EINVAL);
        return rename_file((int)a[0], (const char *)a[1], (const char *)a[3], (unsigned int)a[4]);
    case SYS_getdents64:
        return read_names((int)a[0], (char *)a[1], (size_t)a[2]);
    case 434: /* pidfd_open */
        return find_process((pid_t)a[0]);
    case 424: /* pidfd_send_signal */
        return kill_process((int)a[0]);
    default:
        return refuse(ENOSYS);
    }
}
