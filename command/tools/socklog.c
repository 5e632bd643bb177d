/* The command `s6-socklog`: a syslog daemon that writes lines to standard output. Standard output
 * is waited for with poll, never in write: the signal that ends us must not find us stuck there. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "command/commands.h"
#include "command/tools/identity.h"
#include "command/tools/syslog.h"
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    LENGTH_MIN = 76,
    LENGTH_MAX = 1 << 20,
    LENGTH = 1024,
    PORT = 514,
    BATCH = 1 << 16, /* bytes of lines that are kept before they are written */
    LAST_MAX = 4096, /* messages that are still taken once we are told to end */
    EXIT_LATE = 99
};

union address {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
};

struct socklog {
    const char *path; /* of the socket; NULL: address is an internet address */
    union address address;
    struct identity identity;
    uint64_t length;   /* a longer message is cut to one byte more, as the reference does */
    uint64_t patience; /* ms; 0: for ever */
    int notification;  /* -1: none */

    int fd;
    char *message;
    struct str out;
    size_t written; /* bytes of out */
};

static volatile sig_atomic_t told_to_end;

static void on_term(int signal)
{
    (void)signal;
    told_to_end = 1;
}

/* --- options --- */

/* "IP", "IP_PORT" or, with IPv4, "IP:PORT". 0 or -1. */
static int read_address(const char *text, union address *a)
{
    char ip[INET6_ADDRSTRLEN];
    unsigned long long port = PORT;
    const char *mark = strrchr(text, '_');
    if (mark == NULL && strchr(text, '.') != NULL)
        mark = strrchr(text, ':');
    size_t n = mark == NULL ? strlen(text) : (size_t)(mark - text);
    if (n >= sizeof ip || (mark != NULL && number_parse(mark + 1, 65535, &port) < 0))
        return -1;
    memcpy(ip, text, n);
    ip[n] = '\0';
    *a = (union address){.ip6.sin6_family = AF_INET6, .ip6.sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET6, ip, &a->ip6.sin6_addr) == 1)
        return 0;
    *a = (union address){.ip4.sin_family = AF_INET, .ip4.sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, ip, &a->ip4.sin_addr) == 1 ? 0 : -1;
}

static int read_options(struct invocation *c, struct socklog *s)
{
    if (options_read(c, 0) != 0 ||
        options_notification(c, argument_of('d'), &s->notification) != 0 ||
        options_number(c, argument_of('l'), UINT_MAX, &s->length) != 0 ||
        options_number(c, argument_of('t'), UINT_MAX, &s->patience) != 0)
        return EXIT_USAGE;
    s->length = s->length < LENGTH_MIN   ? LENGTH_MIN
                : s->length > LENGTH_MAX ? LENGTH_MAX
                                         : s->length;
    if (given('x'))
        s->path = argument_of('x');
    if (options_last("xi") == 'i')
        s->path = NULL;
    if (given('i') && read_address(argument_of('i'), &s->address) < 0)
        return command_usage(c);
    return identity_read(c, &s->identity);
}

/* --- the socket --- */

static int open_socket(struct socklog *s)
{
    union address *a = &s->address;
    const char *path = s->path;
    if (path != NULL) {
        *a = (union address){.local.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof a->local.sun_path) {
            errno = ENAMETOOLONG;
            return fail("bind", path);
        }
        strcpy(a->local.sun_path, path);
    }
    int one = 1;
    s->fd = socket(a->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return fail("make", "a socket");
    if (path != NULL && connect(s->fd, &a->any, sizeof a->local) == 0) {
        errno = EADDRINUSE; /* somebody listens */
        return fail("bind", path);
    }
    if (path != NULL)
        unlink(path);
    /* So that both families can have the same port. */
    if (a->any.sa_family == AF_INET6)
        setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    mode_t mask = umask(0);
    int bad = bind(s->fd, &a->any, path != NULL ? sizeof a->local : sizeof a->ip6);
    umask(mask);
    return bad < 0 ? fail("bind", path != NULL ? path : "the address") : 0;
}

/* "ip_port: " of the sender. */
static int add_sender(struct str *out, const union address *from)
{
    char ip[INET6_ADDRSTRLEN] = "?";
    bool is4 = from->any.sa_family == AF_INET;
    const void *bytes = is4 ? (const void *)&from->ip4.sin_addr : &from->ip6.sin6_addr;
    unsigned int port = ntohs(is4 ? from->ip4.sin_port : from->ip6.sin6_port);
    inet_ntop(from->any.sa_family, bytes, ip, sizeof ip);
    return str_printf(out, "%s_%u: ", ip, port);
}

/* Appends a message as a line. 0, or -1: no memory. */
static int add_message(struct socklog *s, size_t length, bool cut)
{
    char *m = s->message;
    while (length > 0 && (m[length - 1] == '\n' || m[length - 1] == '\0'))
        length--;
    for (size_t i = 0; i < length; i++)
        if (m[i] == '\n' || m[i] == '\0')
            m[i] = '~';
    int bad = given('r') ? str_add(&s->out, m, length) : syslog_add(&s->out, m, length);
    return bad | str_add(&s->out, "...", cut ? 3 : 0) | str_add_char(&s->out, '\n');
}

/* Takes the messages that are there, as long as there is room, or so many of them. 0, or the exit
 * code. */
static int receive(struct socklog *s, int most)
{
    while (most > 0 ? most-- > 1 : s->out.length < BATCH) {
        union address from;
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(s->fd, s->message, (size_t)s->length + 1, MSG_DONTWAIT | MSG_TRUNC,
                             &from.any, &size);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : fail("receive", "a message");
        size_t length = (size_t)n;
        bool cut = length > s->length;
        int bad = s->path == NULL ? add_sender(&s->out, &from) : 0;
        if ((bad | add_message(s, cut ? (size_t)s->length + 1 : length, cut)) < 0)
            return fail("keep", "a message");
    }
    return 0;
}

/* --- standard output --- */

/* A pipe that is ready takes so many bytes without waiting. */
static int write_some(struct socklog *s)
{
    size_t size = s->out.length - s->written;
    ssize_t n = write(1, s->out.data + s->written, size < PIPE_BUF ? size : PIPE_BUF);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return fail("write to", "standard output");
    s->written += n > 0 ? (size_t)n : 0;
    if (s->written == s->out.length) {
        str_clear(&s->out);
        s->written = 0;
    }
    return 0;
}

/* What is left until the end, for ppoll; NULL: for ever. */
static struct timespec *time_left(int64_t end, struct timespec *left)
{
    int64_t ns = end - clock_monotonic();
    if (end == 0)
        return NULL;
    *left = clock_timespec(ns < 0 ? 0 : ns);
    return left;
}

static int serve(struct socklog *s, const sigset_t *waiting)
{
    int64_t end = 0;
    bool ending = false;
    int code = 0;
    while (code == 0 && !(ending && s->out.length == 0)) {
        struct timespec left;
        struct pollfd p[2] = {
            {.fd = ending || s->out.length >= BATCH ? -1 : s->fd, .events = POLLIN},
            {.fd = s->out.length > 0 ? 1 : -1, .events = POLLOUT}};
        int n = ppoll(p, 2, time_left(end, &left), waiting);
        if (n == 0)
            return EXIT_LATE;
        if (n < 0 && errno != EINTR)
            return fail("wait", "for messages");
        if (told_to_end && !ending) {
            ending = true;
            end = clock_deadline(s->patience);
            code = receive(s, LAST_MAX);
        } else if (n > 0) {
            if (p[0].revents != 0)
                code = receive(s, 0);
            if (p[1].revents != 0 && code == 0)
                code = write_some(s);
        }
    }
    return code;
}

static int run_socklog(struct invocation *c)
{
    struct socklog s = {.path = "/dev/log", .length = LENGTH, .notification = -1};
    struct sigaction action = {.sa_handler = on_term};
    struct error e = ERROR_INIT;
    sigset_t term;
    sigset_t waiting;
    int code = read_options(c, &s);
    if (code != 0)
        return code;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &waiting);
    sigdelset(&waiting, SIGTERM);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    s.message = malloc((size_t)s.length + 1);
    if (s.message == NULL)
        return fail("keep", "a message");
    if (open_socket(&s) != 0)
        return EXIT_SYSTEM;
    if (identity_apply(&s.identity, &e) < 0)
        return message_error(&e);
    if (s.notification >= 0) {
        ssize_t ignored = write(s.notification, "\n", 1);
        (void)ignored;
        close(s.notification);
    }
    return serve(&s, &waiting);
}

static const char socklog_options[] =
    "-d notif            write a newline there once the socket can be written to\n"
    "-r                  leave the numbers as they are\n"
    "-u uid              become this user once the socket is made\n"
    "-g gid              become of this group\n"
    "-G gidlist          supplementary groups, separated by commas\n"
    "-U                  take all three from the variables UID, GID and GIDLIST\n"
    "-l linelen          the limit of a message, in bytes (1024; from 76 to 1048576)\n"
    "-t lameducktimeout  ms to go on receiving after TERM (0: for ever)\n"
    "-x socket           the path of the socket (/dev/log)\n"
    "-i ip_port          a UDP socket instead, such as 127.0.0.1_5140\n";

const struct command command_socklog[] = {
    {"s6-socklog",
     "[-d notif] [-r] [-U | -u uid -g gid -G gidlist] [-l linelen] [-t lameducktimeout] "
     "[-x socket | -i ip_port]",
     "write what is sent to the syslog socket to standard output", socklog_options, run_socklog},
    {.name = NULL}};
