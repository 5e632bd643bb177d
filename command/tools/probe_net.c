#include "command/tools/probe_net.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/utf8.h"
#include "command/tools/late.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int reason(struct error *e, const char *text)
{
    return error_set(e, EXIT_SYSTEM, "%s", text);
}

/* Waits until fd is ready for these events: 0, or -1 with e. looks: also when the time is over,
 * since who got no processor until then may have its answer. */
static int wait_until(int fd, short events, const struct probe_time *t, bool looks, struct error *e)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        int64_t left = (t->until - clock_monotonic() + CLOCK_MS - 1) / CLOCK_MS;
        if (left <= 0 && !looks)
            return reason(e, "no answer in time");
        int n = poll(&p, 1, left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);
        if (n > 0)
            return 0;
        looks = looks && n < 0;
        if (n < 0 && errno != EINTR)
            return reason(e, strerror(errno));
    }
}

static int connect_to(int type, const struct sockaddr *address, socklen_t length,
                      const struct probe_time *t, struct error *e)
{
    int fd = socket(address->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;
    socklen_t size = sizeof error;
    if (fd < 0)
        return reason(e, strerror(errno));
    if (connect(fd, address, length) == 0)
        return fd;
    error = errno;
    if (error == EINPROGRESS && wait_until(fd, POLLOUT, t, true, e) < 0) {
        close(fd);
        return -1;
    }
    if (error == EINPROGRESS && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
        error == 0)
        return fd;
    close(fd);
    /* of a socket of this machine: its queue is full */
    reason(e, error == EAGAIN ? "it takes no connection" : strerror(error));
    errno = error;
    return -1;
}

static int connect_unix(const char *path, const struct probe_time *t, struct error *e)
{
    static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    int fd = -1;
    memcpy(a.sun_path, path, length);
    if (path[0] == '@')
        a.sun_path[0] = '\0';
    else
        length++;
    errno = EPROTOTYPE;
    for (size_t i = 0; fd < 0 && errno == EPROTOTYPE && i < sizeof types / sizeof types[0]; i++)
        fd = connect_to(types[i], (struct sockaddr *)&a,
                        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length), t, e);
    return fd;
}

/* --- names ------------------------------------------------------------------------------------ */

static int resolve(const struct probe_target *target, const struct probe_time *t,
                   struct addrinfo **list)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    int64_t left = (t->end - clock_monotonic()) / 1000;
    char host[256], late[MESSAGE_MAX];
    if (getaddrinfo(target->host, target->port, &hints, list) == 0)
        return 0;
    if (left <= 0)
        return EAI_AGAIN;
    hints.ai_flags = 0;
    utf8_visible_into(host, sizeof host, target->host, strlen(target->host));
    snprintf(late, sizeof late, "probe: fatal: unable to resolve %s: no answer in time\n", host);
    late_begin(left, late, 1);
    int result = getaddrinfo(target->host, target->port, &hints, list);
    late_end();
    return result;
}

int64_t probe_share(int64_t now, int64_t until, unsigned int addresses)
{
    return now < until ? now + (until - now) / addresses : until;
}

/* Connects to the next of so many addresses: one that is silent leaves time for the others. */
static int connect_one(const struct sockaddr *address, socklen_t length, unsigned int addresses,
                       const struct probe_time *t, struct error *e)
{
    const struct probe_time share = {probe_share(clock_monotonic(), t->until, addresses), t->end};
    return connect_to(SOCK_STREAM, address, length, &share, e);
}

/* Without a hosts file and a name server, too. */
static int connect_local(const struct probe_target *target, const struct probe_time *t,
                         struct error *e)
{
    in_port_t port = htons((in_port_t)atoi(target->port));
    const struct sockaddr_in four = {
        .sin_family = AF_INET, .sin_port = port, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct error other = ERROR_INIT;
    int fd = connect_one((const struct sockaddr *)&four, sizeof four, 2, t, e);
    return fd >= 0 ? fd : connect_one((const struct sockaddr *)&six, sizeof six, 1, t, &other);
}

static int connect_name(const struct probe_target *target, const struct probe_time *t,
                        struct error *e)
{
    struct addrinfo *list = NULL;
    unsigned int left = 0;
    int fd = -1;
    if (strcmp(target->host, "localhost") == 0)
        return connect_local(target, t, e);
    int result = resolve(target, t, &list);
    if (result != 0)
        return error_set(e, EXIT_SYSTEM, "unable to resolve %s: %s", target->host,
                         gai_strerror(result));
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        left++;
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next)
        fd = connect_one(a->ai_addr, a->ai_addrlen, left--, t, e);
    freeaddrinfo(list);
    return fd;
}

int probe_connect(const struct probe_target *target, const struct probe_time *t, struct error *e)
{
    return target->path != NULL ? connect_unix(target->path, t, e) : connect_name(target, t, e);
}

/* --- a question ------------------------------------------------------------------------------- */

static int send_all(int fd, const struct str *request, const struct probe_time *t, struct error *e)
{
    for (size_t sent = 0; sent < request->length;) {
        if (wait_until(fd, POLLOUT, t, sent == 0, e) < 0)
            return -1;
        ssize_t n = send(fd, request->data + sent, request->length - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return reason(e, strerror(errno));
        sent += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int probe_ask(int fd, const struct str *request, struct http_answer *a, const struct probe_time *t,
              struct error *e)
{
    char bytes[8192];
    if (send_all(fd, request, t, e) < 0)
        return -1;
    for (bool more = true, first = true; more; first = false) {
        if (wait_until(fd, POLLIN, t, first, e) < 0)
            return -1;
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return reason(e, strerror(errno));
        if (n == 0) {
            if (http_end(a))
                break;
            return reason(e, "the connection ended before the answer did");
        }
        more = http_take(a, bytes, (size_t)n);
    }
    return a->part == HTTP_BROKEN ? reason(e, "the answer is not HTTP") : 0;
}
