#include "supervisor/pid1_calls.h"
#include "base/cgroup.h"
#include "base/clock.h"
#include "base/file.h"
#include "supervisor/console.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int wait_for_events(int epoll, struct epoll_event *events, int most, int ms)
{
    return epoll_wait(epoll, events, most, ms);
}

static ssize_t peek(int fd, void *bytes, size_t size)
{
    return recv(fd, bytes, size, MSG_PEEK | MSG_DONTWAIT);
}

static int create(const char *path, int access, mode_t mode)
{
    return openat(AT_FDCWD, path, access | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

static int create_empty(const char *path, mode_t mode)
{
    return mknod(path, S_IFREG | mode, 0);
}

const struct pid1_calls pid1_system = {
    .loop = {.now = clock_monotonic, .wait = wait_for_events},
    .wall = clock_wall,
    .spawn = process_spawn,
    .close_slowly = process_close,
    .changed = process_changed,
    .kill = kill,
    .session_of = getsid,
    .parent_of = process_parent,
    .signal_rest = remaining_signal,
    .probe_rest = remaining_probe,
    .report = process_report,
    .read = read,
    .peek = peek,
    .messages_to = console_messages_to,
    .write_status = supervise_write_status,
    .tell = supervise_notify,
    .add_death = supervise_add_death,
    .create = create,
    .create_empty = create_empty,
    .write_at = pwrite,
    .write_file = file_write,
    .rename = rename,
    .unlink = unlink,
    .memory_open = cgroup_kills_open,
    .memory_kills = cgroup_kills,
    .memory_limit = cgroup_memory_limit,
};
