#include "supervisor/control.h"
#include "base/container.h"
#include "supervisor/pid1_calls.h"
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SO_PASSRIGHTS /* Linux 6.16 */
#define SO_PASSRIGHTS 83
#endif

long control_parse(const char *bytes, size_t length, const char *words[CONTROL_WORDS_MAX])
{
    uint16_t count;
    if (length < CONTROL_HEADER || memcmp(bytes, CONTROL_MAGIC, CONTROL_MAGIC_SIZE) != 0)
        return -1;
    memcpy(&count, bytes + 4, sizeof count);
    if (count == 0 || count > CONTROL_WORDS_MAX)
        return -1;
    size_t at = CONTROL_HEADER;
    for (uint16_t i = 0; i < count; i++) {
        const char *end = at < length ? memchr(bytes + at, '\0', length - at) : NULL;
        if (end == NULL)
            return -1;
        words[i] = bytes + at;
        at = (size_t)(end - bytes) + 1;
    }
    return at == length ? (long)count : -1;
}

/* --- the end of a connection ------------------------------------------------------------------ */

/* Closing it drops whatever lies in it unread, and on older kernels what any other socket has
 * dropped: files that may be the last of their kind, and take as long as they like. */
static void begin_close(struct control_connection *k)
{
    struct control *c = k->control;
    pid_t child = c->closer(c->context, k->watch.fd, (uint32_t)(k - c->connection));
    if (child >= 0)
        k->state = CONNECTION_CLOSING;
    if (child == 0)
        control_closed(c, (uint32_t)(k - c->connection));
}

/* The peer sees the end at once, and can send nothing more. */
static void let_go(struct control_connection *k)
{
    loop_unwatch(k->control->loop, &k->watch);
    str_release(&k->unsent);
    shutdown(k->watch.fd, SHUT_RDWR);
    k->state = CONNECTION_OVER;
    begin_close(k);
}

/* It is still there if somebody has killed the child before it had begun. */
static bool is_open(const struct control_connection *k)
{
    struct stat st;
    return fstat(k->watch.fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == k->inode;
}

void control_closed(struct control *c, uint32_t place)
{
    struct control_connection *k = &c->connection[place];
    struct error ignored = ERROR_INIT;
    if (is_open(k)) {
        k->state = CONNECTION_OVER;
        begin_close(k);
        return;
    }
    k->state = CONNECTION_FREE;
    if (!c->listener.armed)
        loop_watch(c->loop, &c->listener, EPOLLIN, &ignored);
}

void control_again(struct control *c)
{
    for (size_t i = 0; i < CONTROL_PLACES; i++)
        if (c->connection[i].state == CONNECTION_OVER)
            begin_close(&c->connection[i]);
}

/* --- replies: never waited for ---------------------------------------------------------------- */

/* False when there is no room; a peer that is gone takes everything. */
static bool send_now(int fd, char kind, const char *text, size_t length)
{
    struct iovec parts[] = {{.iov_base = &kind, .iov_len = 1},
                            {.iov_base = (char *)(uintptr_t)text, .iov_len = length}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
           (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM && errno != EINTR);
}

static int put_off(struct control_connection *k, char kind, const char *text, size_t length)
{
    struct error ignored = ERROR_INIT;
    uint32_t size = (uint32_t)length;
    if (str_reserve(&k->unsent, sizeof size + 1 + length) < 0)
        return -1;
    str_add(&k->unsent, &size, sizeof size);
    str_add_char(&k->unsent, kind);
    str_add(&k->unsent, text, length);
    return loop_watch(k->control->loop, &k->watch, EPOLLRDHUP | EPOLLOUT, &ignored);
}

/* The caller reads to the end of file and closes. Were it us, with its request still in the socket,
 * it would be told of a reset before it has read its answer. */
static void say_end(struct control_connection *k)
{
    shutdown(k->watch.fd, SHUT_WR);
}

/* The end of the answer, now or once there is room for it: it takes no memory. */
static void send_end(struct control_connection *k)
{
    static const char cut[] = "overlog: fatal: this is not all: it was not read in time\n";
    struct error ignored = ERROR_INIT;
    char text[16];
    snprintf(text, sizeof text, "%d", k->code);
    if (k->cut && send_now(k->watch.fd, 'e', cut, sizeof cut - 1))
        k->cut = false;
    k->ended = !k->cut && send_now(k->watch.fd, 'x', text, strlen(text));
    loop_watch(k->control->loop, &k->watch, EPOLLRDHUP | (k->ended ? 0 : EPOLLOUT), &ignored);
    if (k->ended)
        say_end(k);
}

/* What was put off, as far as there is room now. */
static void send_rest(struct control_connection *k)
{
    struct error ignored = ERROR_INIT;
    enum { AHEAD = sizeof(uint32_t) + 1 };
    while (k->sent < k->unsent.length) {
        const char *packet = k->unsent.data + k->sent;
        uint32_t size;
        memcpy(&size, packet, sizeof size);
        if (!send_now(k->watch.fd, packet[AHEAD - 1], packet + AHEAD, size))
            return;
        k->sent += AHEAD + size;
    }
    str_release(&k->unsent);
    k->sent = 0;
    loop_watch(k->control->loop, &k->watch, EPOLLRDHUP, &ignored);
    if (k->state == CONNECTION_ENDING && !k->ended && !k->due)
        send_end(k);
}

void control_say(struct control_connection *k, char kind, const char *text)
{
    size_t length = strlen(text);
    if (k->cut || (k->unsent.length == 0 && send_now(k->watch.fd, kind, text, length)))
        return;
    k->cut = k->unsent.length - k->sent + length > CONTROL_UNSENT_MAX ||
             put_off(k, kind, text, length) < 0;
}

void control_end(struct control_connection *k, int code)
{
    k->state = CONNECTION_ENDING;
    k->code = k->cut ? EXIT_SYSTEM : code;
    k->due = k->control->due = true;
}

void control_flush(struct control *c)
{
    for (size_t i = 0; i < CONTROL_PLACES && c->due; i++) {
        struct control_connection *k = &c->connection[i];
        if (k->due && k->state == CONNECTION_ENDING && k->unsent.length == 0)
            send_end(k);
        k->due = false;
    }
    c->due = false;
}

/* --- requests --------------------------------------------------------------------------------- */

int control_passed(const struct control_connection *k)
{
    return k->watch.fd;
}

/* False: as many wait for us as may. */
static bool may_wait(const struct control *c)
{
    size_t asking = 0;
    for (size_t i = 0; i < CONTROL_PLACES; i++)
        asking += c->connection[i].state == CONNECTION_ASKING ? 1 : 0;
    return asking < CONTROL_CONNECTIONS;
}

static void request(struct control_connection *k, const char *packet, size_t length)
{
    static const int off = 0;
    struct error ignored = ERROR_INIT;
    const char *words[CONTROL_WORDS_MAX];
    long count = control_parse(packet, length, words);
    bool room = may_wait(k->control);
    /* From here on only its end is of interest: what else it sends costs nobody but itself. */
    setsockopt(k->watch.fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off);
    loop_watch(k->control->loop, &k->watch, EPOLLRDHUP, &ignored);
    k->state = CONNECTION_ASKING;
    if (count < 0) {
        control_say(k, 'e', "malformed request\n");
        control_end(k, EXIT_USAGE);
        return;
    }
    if (!room) {
        control_say(k, 'e', "too many requests at once\n");
        control_end(k, EXIT_SYSTEM);
        return;
    }
    int code = k->control->handler(k->control->context, k, words, (size_t)count);
    if (code != CONTROL_PENDING)
        control_end(k, code);
}

/* It is looked at and stays where it is: so nothing that it brings is ever ours. */
static void look(struct control_connection *k)
{
    char packet[CONTROL_PACKET_MAX];
    ssize_t n = k->control->calls->peek(k->watch.fd, packet, sizeof packet);
    if (n > 0)
        request(k, packet, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        let_go(k);
}

static void connection_ready(struct watch *w, uint32_t events)
{
    struct control_connection *k = container_of(w, struct control_connection, watch);
    struct control *c = k->control;
    if ((events & EPOLLOUT) != 0)
        send_rest(k);
    if (k->state == CONNECTION_SILENT) {
        look(k);
        return;
    }
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0 ||
        (k->state != CONNECTION_ASKING && k->state != CONNECTION_ENDING))
        return;
    if (k->state == CONNECTION_ASKING && c->gone != NULL)
        c->gone(c->context, k);
    let_go(k);
}

/* --- callers ---------------------------------------------------------------------------------- */

static struct control_connection *free_place(struct control *c)
{
    for (size_t i = 0; i < CONTROL_PLACES; i++)
        if (c->connection[i].state == CONNECTION_FREE)
            return &c->connection[i];
    return NULL;
}

/* It has its whole answer, and has read that. */
static bool has_read(const struct control_connection *k)
{
    int unread = 1; /* TIOCOUTQ is SIOCOUTQ of the kernel's headers */
    return k->ended && ioctl(k->watch.fd, TIOCOUTQ, &unread) == 0 && unread == 0;
}

/* Who is to go first: who has its answer, then who asks nothing, then who does not read; of equals
 * the one that came first. 0: nobody has to. */
static int urgency(const struct control_connection *k)
{
    if (k->state == CONNECTION_SILENT)
        return 2;
    return k->state != CONNECTION_ENDING ? 0 : has_read(k) ? 3 : 1;
}

/* The one who is to go; NULL: they are not too many. */
static struct control_connection *find_idle(struct control *c)
{
    struct control_connection *worst = NULL;
    int most = 0;
    size_t idle = 0;
    for (size_t i = 0; i < CONTROL_PLACES; i++) {
        struct control_connection *k = &c->connection[i];
        int urgent = urgency(k);
        idle += urgent > 0 ? 1 : 0;
        if (urgent > most || (urgent > 0 && urgent == most && k->order < worst->order)) {
            worst = k;
            most = urgent;
        }
    }
    return idle < CONTROL_IDLE ? NULL : worst;
}

/* Nobody is let go whose request waits to be looked at. */
static void make_room(struct control *c)
{
    struct control_connection *k;
    while ((k = find_idle(c)) != NULL && k->state == CONNECTION_SILENT) {
        look(k);
        if (k->state == CONNECTION_SILENT)
            break;
    }
    if (k == NULL)
        return;
    control_flush(c); /* else its answer could not come any more */
    let_go(k);
}

/* Who connected, as the kernel noted it then; who cannot be known is a stranger. */
static bool may_ask(struct control_connection *k)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t size = sizeof peer;
    getsockopt(k->watch.fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    k->peer = peer.pid;
    return peer.uid == 0 || peer.uid == geteuid();
}

static void take(struct control_connection *k)
{
    struct error ignored = ERROR_INIT;
    struct stat st;
    k->inode = fstat(k->watch.fd, &st) == 0 ? st.st_ino : 0;
    k->state = CONNECTION_SILENT;
    if (!may_ask(k) || loop_watch(k->control->loop, &k->watch, EPOLLIN, &ignored) < 0)
        let_go(k);
}

/* One that could not even be closed is not accepted: it waits, as its caller does. */
static void listener_ready(struct watch *w, uint32_t events)
{
    struct control *c = container_of(w, struct control, listener);
    struct control_connection *k = free_place(c);
    (void)events;
    if (k == NULL) {
        loop_pause(c->loop, w);
        return;
    }
    int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            loop_pause(c->loop, w); /* it waits until there is a descriptor for it */
        return;
    }
    make_room(c);
    *k = (struct control_connection){
        .control = c, .watch = {.fd = fd, .ready = connection_ready}, .order = c->accepted++};
    take(k);
}

int control_address(struct sockaddr_un *a, const char *path, struct error *e)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a->sun_path)
        return error_set(e, EXIT_SYSTEM, "unable to use %s: name too long", path);
    strcpy(a->sun_path, path);
    return 0;
}

int control_open(struct control *c, const char *path, struct error *e)
{
    struct sockaddr_un a;
    c->listener.fd = -1;
    if (control_address(&a, path, e) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_system(e, "unable to make a control socket");
    unlink(path);
    mode_t old = umask(0177);
    int bound = bind(fd, (struct sockaddr *)&a, sizeof a);
    umask(old);
    if (bound < 0 || listen(fd, CONTROL_CONNECTIONS) < 0) {
        error_system(e, "unable to listen on %s", path);
        close(fd);
        return -1;
    }
    c->listener = (struct watch){.fd = fd, .ready = listener_ready};
    return loop_watch(c->loop, &c->listener, EPOLLIN, e);
}
