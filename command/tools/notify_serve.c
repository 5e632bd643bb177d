#include "command/tools/notify_serve.h"
#include "base/container.h"
#include "base/file.h"
#include "base/message.h"
#include "command/tools/beside.h"
#include "command/tools/notify_message.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    FDS_MAX = 253, /* descriptors that one datagram can have */
    SOCKET_FD = BESIDE_FD + NOTIFY_FD_SOCKET,
    READY_FD = BESIDE_FD + NOTIFY_FD_READY
};

struct serving {
    struct beside beside;
    struct watch socket;
    struct notify_state state;
    char name[NAME_MAX + 1];
    bool ready;   /* it was passed on */
    bool refused; /* that a message is not taken was said */
};

/* --- the socket ------------------------------------------------------------------------------- */

static int bind_socket(const char *path, struct error *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    const int on = 1;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    /* Who sends is looked at, so that everybody may be able to: the service runs as who knows whom.
     */
    mode_t mask = umask(0);
    int result = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&a, sizeof a);
    int why = errno;
    umask(mask);
    errno = why;
    if (result == 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0)
        return fd;
    error_system(e, "unable to make the socket %s", path);
    fd_close(fd);
    return -1;
}

int notify_open(char path[NOTIFY_PATH_MAX], struct error *e)
{
    static const char *const files[] = {NOTIFY_SOCKET_FILE, NOTIFY_STATUS_FILE,
                                        NOTIFY_WATCHDOG_FILE, NOTIFY_TRIGGER_FILE};
    char name[NAME_MAX + 1];
    if (beside_name(name, e) < 0)
        return -1;
    notify_place(path, NOTIFY_PATH_MAX, RUN_NOTIFY, name, NULL);
    if (file_make_directories(AT_FDCWD, path, 0755, e) < 0)
        return -1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        notify_place(path, NOTIFY_PATH_MAX, RUN_NOTIFY, name, files[i]);
        if (unlink(path) < 0 && errno != ENOENT)
            return error_system(e, "unable to remove %s", path);
    }
    notify_place(path, NOTIFY_PATH_MAX, RUN_NOTIFY, name, NOTIFY_SOCKET_FILE);
    return bind_socket(path, e);
}

/* --- passing on ------------------------------------------------------------------------------- */

static void pass_ready(struct serving *s)
{
    if (fd_write_all(READY_FD, "\n", 1) < 0)
        message_warning("unable to tell that %s is ready: %s", s->name, strerror(errno));
    s->ready = true;
    close(READY_FD);
}

static void write_place(const struct serving *s, const char *file, const char *text, size_t length)
{
    char path[NOTIFY_PATH_MAX];
    struct error e = ERROR_INIT;
    notify_place(path, sizeof path, RUN_NOTIFY, s->name, file);
    if (length == 0)
        unlink(path);
    else if (file_replace(AT_FDCWD, path, text, length, 0644, &e) < 0)
        message_warning("%s", e.text);
}

static void pass_on(struct serving *s, const struct notify_message *m)
{
    char line[NOTIFY_LINE_MAX];
    if (notify_take(&s->state, m))
        write_place(s, NOTIFY_STATUS_FILE, line, notify_line(&s->state, line));
    if (m->watchdog == NOTIFY_ALIVE)
        write_place(s, NOTIFY_WATCHDOG_FILE, "1\n", 2);
    else if (m->watchdog == NOTIFY_TRIGGER)
        write_place(s, NOTIFY_TRIGGER_FILE, "1\n", 2);
    if (m->ready && !s->ready)
        pass_ready(s);
}

/* Root, us, and whoever the service runs as now. Its processes are not asked for by their pids: one
 * that only sends and ends is gone before it can be looked at. */
static bool may_send(struct serving *s, uid_t sender)
{
    uid_t service;
    if (sender == 0 || sender == geteuid() ||
        (beside_user(&s->beside, &service) && sender == service))
        return true;
    if (!s->refused)
        message_warning(
            "%s: a message of uid %ld is not taken: neither root nor the service sent it", s->name,
            (long)(int)sender);
    s->refused = true;
    return false;
}

/* CMSG_NXTHDR without the conversions that warnings are errors for. */
static struct cmsghdr *next_header(const struct msghdr *m, struct cmsghdr *c)
{
    char *end = (char *)m->msg_control + m->msg_controllen;
    char *next = (char *)c + CMSG_ALIGN(c->cmsg_len);
    return c->cmsg_len < sizeof *c || (size_t)(end - next) < sizeof *c || next > end
               ? NULL
               : (struct cmsghdr *)(void *)next;
}

/* Closes what came with a datagram: for BARRIER=1 that is the answer. The sender's uid, or -1. */
static uid_t take_rights(struct msghdr *m)
{
    uid_t sender = (uid_t)-1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = next_header(m, c)) {
        size_t length = c->cmsg_len - CMSG_LEN(0);
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_CREDENTIALS && length >= sizeof(struct ucred)) {
            struct ucred who;
            memcpy(&who, CMSG_DATA(c), sizeof who);
            sender = who.uid;
        }
        for (size_t i = 0; c->cmsg_type == SCM_RIGHTS && i < length / sizeof(int); i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            close(fd);
        }
    }
    return sender;
}

/* One datagram. False: there is none. */
static bool take_one(struct serving *s)
{
    static union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(FDS_MAX * sizeof(int))];
    } rights;
    char bytes[NOTIFY_MESSAGE_MAX + 1];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = rights.bytes,
                       .msg_controllen = sizeof rights.bytes};
    struct notify_message message;
    ssize_t n = recvmsg(s->socket.fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR;
    if (!may_send(s, take_rights(&m)))
        return true;
    notify_parse(&message, bytes, (size_t)n);
    pass_on(s, &message);
    return true;
}

static void arrived(struct watch *w, uint32_t events)
{
    enum { MOST_AT_ONCE = 100 };
    struct serving *s = container_of(w, struct serving, socket);
    (void)events;
    for (int i = 0; i < MOST_AT_ONCE && take_one(s); i++)
        ;
}

/* What it leaves behind is removed by the next instance, which may be there already. */
int notify_serve(pid_t service)
{
    struct serving s = {.socket = {.fd = SOCKET_FD, .ready = arrived}};
    struct error e = ERROR_INIT;
    if (beside_name(s.name, &e) < 0 || beside_open(&s.beside, service, NOTIFY_FDS, &e) < 0 ||
        loop_watch(&s.beside.loop, &s.socket, EPOLLIN, &e) < 0 || loop_run(&s.beside.loop, &e) < 0)
        return message_error(&e);
    return 0;
}
