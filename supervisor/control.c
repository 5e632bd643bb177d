#include "supervisor/control.h"
#include "base/clock.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char magic[4] = {'O', 'V', 'L', '1'};
enum { HEADER = 8 };

#define OWNER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

long control_parse(const char *bytes, size_t length, const char *words[CONTROL_WORDS_MAX])
{
    uint16_t count;
    if (length < HEADER || memcmp(bytes, magic, sizeof magic) != 0)
        return -1;
    memcpy(&count, bytes + 4, sizeof count);
    if (count == 0 || count > CONTROL_WORDS_MAX)
        return -1;
    size_t at = HEADER;
    for (uint16_t i = 0; i < count; i++) {
        const char *end = at < length ? memchr(bytes + at, '\0', length - at) : NULL;
        if (end == NULL)
            return -1;
        words[i] = bytes + at;
        at = (size_t)(end - bytes) + 1;
    }
    return at == length ? (long)count : -1;
}

static void connection_close(struct control_connection *k)
{
    loop_unwatch(k->control->loop, &k->watch);
    close(k->watch.fd);
    k->watch.fd = -1;
    str_release(&k->unsent);
    for (int i = 0; i < CONTROL_STDIO; i++)
        if (k->stdio[i] >= 0)
            close(k->stdio[i]);
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
    return loop_watch(k->control->loop, &k->watch, EPOLLIN | EPOLLOUT, &ignored);
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
    if (k->ending)
        connection_close(k);
    else
        loop_watch(k->control->loop, &k->watch, EPOLLIN, &ignored);
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
    static const char cut[] = "overlog: fatal: this is not all: it was not read in time\n";
    char text[16];
    int bad = 0;
    if (k->cut)
        bad = put_off(k, 'e', cut, sizeof cut - 1);
    snprintf(text, sizeof text, "%d", k->cut ? EXIT_SYSTEM : code);
    if (bad == 0 && k->unsent.length == 0 && send_now(k->watch.fd, 'x', text, strlen(text)))
        bad = -1; /* nothing is left to be done */
    else if (bad == 0)
        bad = put_off(k, 'x', text, strlen(text));
    k->ending = true;
    if (bad < 0)
        connection_close(k);
}

/* The caller's descriptors; the kernel hands over all of a packet's in one header. Those that no
 * request has a use for are closed. */
static void take_descriptors(struct control_connection *k, struct msghdr *m)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return;
    size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
        if (i < CONTROL_STDIO && k->stdio[i] < 0)
            k->stdio[i] = fd;
        else
            close(fd);
    }
}

/* What anybody in the container may ask: it changes nothing. */
static bool is_harmless(const char *word)
{
    return strcmp(word, "status") == 0 || strcmp(word, "ping") == 0;
}

static void request(struct control_connection *k, char *packet, size_t length)
{
    const char *words[CONTROL_WORDS_MAX];
    long count = control_parse(packet, length, words);
    if (count < 0) {
        control_say(k, 'e', "malformed request\n");
        control_end(k, EXIT_USAGE);
        return;
    }
    if (k->stranger && !is_harmless(words[0])) {
        control_say(k, 'e', "refused: only root and the owner of pid 1 may control it\n");
        control_end(k, EXIT_USAGE);
        return;
    }
    k->pending = true;
    int code = k->control->handler(k->control->context, k, words, (size_t)count);
    if (code != CONTROL_PENDING)
        control_end(k, code);
}

static void connection_ready(struct watch *w, uint32_t events)
{
    char packet[CONTROL_PACKET_MAX];
    struct control_connection *k = OWNER(w, struct control_connection, watch);
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } rights;
    struct iovec part = {.iov_base = packet, .iov_len = sizeof packet};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = rights.bytes,
                       .msg_controllen = sizeof rights.bytes};
    if (events & EPOLLOUT)
        send_rest(k);
    if (w->fd < 0 || (events & ~(uint32_t)EPOLLOUT) == 0)
        return;
    ssize_t n = recvmsg(w->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0)
        take_descriptors(k, &m);
    if (n > 0 && !k->pending) {
        request(k, packet, (size_t)n);
        return;
    }
    if (k->pending && !k->ending && k->control->gone != NULL)
        k->control->gone(k->control->context, k);
    connection_close(k);
}

static void refuse(int fd, const char *why, const char *code)
{
    send_now(fd, 'e', why, strlen(why));
    send_now(fd, 'x', code, strlen(code));
    close(fd);
}

/* When all are taken, or those that strangers may have, one that has not asked for anything, or
 * that does not fetch its answer, must go. NULL: there is none. */
static struct control_connection *free_connection(struct control *c, bool stranger)
{
    struct control_connection *silent = NULL, *unused = NULL;
    size_t strangers = 0;
    for (size_t i = 0; i < CONTROL_CONNECTIONS; i++) {
        struct control_connection *k = &c->connection[i];
        if (k->watch.fd < 0)
            unused = k;
        else if (k->stranger)
            strangers++;
        if (k->watch.fd >= 0 && (!k->pending || k->ending) && (k->stranger || !stranger))
            silent = k;
    }
    if (unused != NULL && (!stranger || strangers < CONTROL_STRANGERS))
        return unused;
    if (silent != NULL)
        connection_close(silent);
    return silent;
}

static void listener_ready(struct watch *w, uint32_t events)
{
    struct control *c = OWNER(w, struct control, listener);
    struct error ignored = ERROR_INIT;
    (void)events;
    int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            loop_pause(c->loop, w); /* it waits until there is a descriptor for it */
        return;
    }
    struct ucred peer = {.uid = (uid_t)-1}; /* who cannot be known is a stranger */
    socklen_t size = sizeof peer;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    bool stranger = peer.uid != 0 && peer.uid != geteuid();
    struct control_connection *k = free_connection(c, stranger);
    if (k == NULL) {
        refuse(fd, "too many requests at once\n", "111");
        return;
    }
    *k = (struct control_connection){.control = c,
                                     .peer = peer.pid,
                                     .stranger = stranger,
                                     .stdio = {-1, -1, -1},
                                     .watch = {.fd = fd, .ready = connection_ready}};
    if (loop_watch(c->loop, &k->watch, EPOLLIN, &ignored) < 0)
        connection_close(k);
}

static int address(struct sockaddr_un *a, const char *path, struct error *e)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a->sun_path)
        return error_set(e, EXIT_SYSTEM, "unable to use %s: name too long", path);
    strcpy(a->sun_path, path);
    return 0;
}

int control_open(struct control *c, struct loop *l, const char *path, control_handler *handler,
                 control_gone *gone, void *context, struct error *e)
{
    struct sockaddr_un a;
    *c = (struct control){.loop = l, .handler = handler, .gone = gone, .context = context};
    for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
        c->connection[i].watch.fd = -1;
    c->listener.fd = -1;
    if (address(&a, path, e) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_system(e, "unable to make a control socket");
    unlink(path);
    mode_t old = umask(0111); /* anybody may ask for the status */
    int bound = bind(fd, (struct sockaddr *)&a, sizeof a);
    umask(old);
    if (bound < 0 || listen(fd, 16) < 0) {
        error_system(e, "unable to listen on %s", path);
        close(fd);
        return -1;
    }
    c->listener = (struct watch){.fd = fd, .ready = listener_ready};
    return loop_watch(l, &c->listener, EPOLLIN, e);
}

void control_close(struct control *c)
{
    if (c->loop == NULL || c->listener.fd < 0)
        return;
    for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
        if (c->connection[i].watch.fd >= 0)
            connection_close(&c->connection[i]);
    loop_unwatch(c->loop, &c->listener);
    close(c->listener.fd);
    c->listener.fd = -1;
}

/* With descriptors 0 to 2, as long as all of them are open. */
static int send_packet(int fd, const struct str *packet)
{
    static const int stdio[CONTROL_STDIO] = {0, 1, 2};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof stdio)];
    } rights;
    struct iovec part = {.iov_base = packet->data, .iov_len = packet->length};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0) {
        memset(&rights, 0, sizeof rights);
        m.msg_control = rights.bytes;
        m.msg_controllen = sizeof rights.bytes;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof stdio);
        memcpy(CMSG_DATA(c), stdio, sizeof stdio);
    }
    return sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int send_request(int fd, const char *const *words, size_t count, struct error *e)
{
    struct str packet = STR_INIT;
    uint16_t n = (uint16_t)count;
    uint16_t zero = 0;
    int bad = str_add(&packet, magic, sizeof magic) | str_add(&packet, &n, sizeof n) |
              str_add(&packet, &zero, sizeof zero);
    for (size_t i = 0; i < count; i++)
        bad |= str_add(&packet, words[i], strlen(words[i]) + 1);
    if (bad == 0)
        bad = send_packet(fd, &packet);
    str_release(&packet);
    return bad == 0 ? 0 : error_system(e, "unable to send a request");
}

static int read_replies(int fd, struct str *out, struct error *e)
{
    char packet[CONTROL_PACKET_MAX];
    for (;;) {
        ssize_t n = recv(fd, packet, sizeof packet - 1, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(e, EXIT_SYSTEM, "no answer from pid 1");
        packet[n] = '\0';
        if (packet[0] == 'x')
            return atoi(packet + 1);
        if (packet[0] == 'w')
            clock_sleep(strtoll(packet + 1, NULL, 10) * CLOCK_MS);
        else if (packet[0] == 'o' && out != NULL)
            str_add(out, packet + 1, (size_t)n - 1);
        else
            fd_write_all(packet[0] == 'o' ? 1 : 2, packet + 1, (size_t)n - 1);
    }
}

int control_request(const char *path, const char *const *words, size_t count, struct error *e)
{
    return control_ask(path, words, count, NULL, e);
}

int control_ask(const char *path, const char *const *words, size_t count, struct str *out,
                struct error *e)
{
    struct sockaddr_un a;
    if (address(&a, path, e) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_system(e, "unable to make a socket");
    int result = -1;
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
        error_system(e, "unable to reach pid 1 at %s", path);
    else if (send_request(fd, words, count, e) == 0)
        result = read_replies(fd, out, e);
    close(fd);
    return result;
}
