/* The control socket. A request is what a reader of its own finds well formed, and its words come
 * as they were sent; whatever a caller sends, with descriptors or without, is answered or let go,
 * no descriptor of it is ever ours, and in the end nothing is left of it.
 *
 * Input: for each caller a byte with what it does, two with the length of its packet, then that. */
#include "supervisor/control.h"
#include "supervisor/pid1_calls.h"
#include "tests/fuzz/fuzz.h"
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
    CALLERS_MAX = 6,
    FRAMED = 1,   /* the packet is words; else it is all of the packet */
    WITH_FDS = 2, /* it brings descriptors */
    WAITS = 4,    /* the answer is given later */
    LEAVES = 8,   /* it closes before it has the answer */
    SAYS = 16,    /* it is told much before the answer */
    AGAIN = 32,   /* it sends the packet twice */
    TURNS = 4,
    SAID = 100000, /* bytes, more than a packet's share of a socket */
    SAID_TIMES = 5
};

static struct {
    struct loop loop;
    struct control control;
    char path[64];
    int free_fd; /* the lowest number that is free when nobody calls */
} server;

static struct {
    uint8_t how;
    const char *words[CONTROL_WORDS_MAX];
    long count;                         /* of its words; -1: malformed */
    struct control_connection *pending; /* it has asked and waits */
    bool asked, gone;
} caller;

static void check_free_fd(int in_use)
{
    int fd = dup(0);
    MUST(fd == server.free_fd + in_use);
    close(fd);
}

static int handle(void *context, struct control_connection *from, const char *const *words,
                  size_t count)
{
    static char much[SAID + 1];
    (void)context;
    MUST(!caller.asked && caller.count > 0 && (size_t)caller.count == count);
    for (size_t i = 0; i < count; i++)
        MUST(strcmp(words[i], caller.words[i]) == 0);
    check_free_fd(2); /* the caller's end, and ours */
    caller.asked = true;
    memset(much, 'm', SAID);
    for (int i = 0; i < SAID_TIMES && (caller.how & SAYS) != 0; i++)
        control_say(from, 'o', much);
    if ((caller.how & WAITS) == 0)
        return (int)(count % 100);
    caller.pending = from;
    return CONTROL_PENDING;
}

static void gone(void *context, const struct control_connection *from)
{
    (void)context;
    MUST(from == caller.pending && !caller.gone);
    caller.gone = true;
}

static pid_t close_now(void *context, int fd, uint32_t place)
{
    (void)context;
    MUST(place < CONTROL_PLACES);
    close(fd);
    return 0;
}

static void open_server(void)
{
    struct error e = ERROR_INIT;
    if (server.path[0] != '\0')
        return;
    MUST(snprintf(server.path, sizeof server.path, "%s/control", fuzz_directory()) > 0);
    MUST(loop_open(&server.loop, &e) == 0);
    server.control = (struct control){.loop = &server.loop,
                                      .calls = &pid1_system,
                                      .handler = handle,
                                      .gone = gone,
                                      .closer = close_now};
    MUST(control_open(&server.control, server.path, &e) == 0);
    server.free_fd = dup(0);
    close(server.free_fd);
}

static void turn(void)
{
    struct error e = ERROR_INIT;
    for (int i = 0; i < TURNS; i++) {
        control_flush(&server.control);
        MUST(loop_turn(&server.loop, 0, &e) == 0);
    }
}

/* The words of a packet by another way: the end of each is counted first. */
static long read_words(const char *bytes, size_t length)
{
    uint16_t said = 0;
    size_t ends = 0;
    if (length <= CONTROL_HEADER || strncmp(bytes, "OVL1", 4) != 0 || bytes[length - 1] != '\0')
        return -1;
    memcpy(&said, bytes + 4, sizeof said);
    for (size_t i = CONTROL_HEADER; i < length; i++) {
        if ((i == CONTROL_HEADER || bytes[i - 1] == '\0') && ends < CONTROL_WORDS_MAX)
            caller.words[ends] = bytes + i;
        ends += bytes[i] == '\0';
    }
    return ends == said && ends <= CONTROL_WORDS_MAX ? (long)ends : -1;
}

static void send_packet(int fd, const struct str *packet)
{
    static const int fds[] = {0, 1, 2};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof fds)];
    } rights = {.bytes = {0}};
    struct iovec part = {packet->data, packet->length};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if ((caller.how & WITH_FDS) != 0) {
        m.msg_control = rights.bytes;
        m.msg_controllen = sizeof rights.bytes;
        *CMSG_FIRSTHDR(&m) = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fds)};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, sizeof fds);
    }
    MUST(sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0);
}

/* Reads to the end of file. The exit code; -1: none came. */
static int read_answer(int fd, size_t *said)
{
    static char packet[CONTROL_PACKET_MAX * 4];
    int code = -1;
    *said = 0;
    for (int tries = 0; tries < 100; tries++) {
        ssize_t n = recv(fd, packet, sizeof packet - 1, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != ECONNRESET))
            return code;
        if (n < 0)
            turn();
        else if (packet[0] == 'o')
            *said += (size_t)n - 1;
        else if (packet[0] == 'x')
            packet[n] = '\0', code = atoi(packet + 1);
    }
    abort(); /* it never ends */
}

static void check_answer(int fd, size_t length)
{
    size_t said;
    int code = read_answer(fd, &said);
    if (length == 0) {
        MUST(code == -1 && !caller.asked);
    } else if (caller.count < 0) {
        MUST(code == EXIT_USAGE && !caller.asked && said == 0);
    } else {
        MUST(caller.asked && code == (int)(caller.count % 100));
        MUST(said == (caller.how & SAYS ? (size_t)SAID * SAID_TIMES : 0));
    }
}

static void call(const struct str *packet)
{
    struct sockaddr_un a;
    struct error e = ERROR_INIT;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    MUST(fd == server.free_fd && control_address(&a, server.path, &e) == 0);
    MUST(connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    turn();
    send_packet(fd, packet);
    if ((caller.how & AGAIN) != 0)
        send_packet(fd, packet);
    turn();
    check_free_fd(packet->length > 0 ? 2 : 1);
    bool waits = caller.pending != NULL;
    bool leaves = (caller.how & LEAVES) != 0;
    if (waits && !leaves)
        control_end(caller.pending, (int)(caller.count % 100));
    if (!leaves)
        check_answer(fd, packet->length);
    close(fd);
    turn();
    MUST(caller.gone == (waits && leaves));
    for (size_t i = 0; i < CONTROL_PLACES; i++)
        MUST(server.control.connection[i].state == CONNECTION_FREE);
    check_free_fd(0);
}

/* FRAMED: each blank of the bytes ends a word. */
static void make_packet(struct input *in, struct str *packet)
{
    size_t length = input_byte(in) % 16 * 256U;
    length += input_byte(in);
    length = length < in->left ? length : in->left;
    str_add_text(packet, "");
    if ((caller.how & FRAMED) == 0) {
        str_add(packet, in->at, length);
    } else {
        uint16_t count = 1;
        for (size_t i = 0; i < length; i++)
            count = (uint16_t)(count + (in->at[i] == ' ' || in->at[i] == '\0'));
        str_add(packet, CONTROL_MAGIC, CONTROL_MAGIC_SIZE);
        str_add(packet, &count, sizeof count);
        str_add(packet, "\0\0", 2);
        for (size_t i = 0; i < length; i++)
            str_add_char(packet, (char)(in->at[i] == ' ' ? '\0' : in->at[i]));
        str_add_char(packet, '\0');
    }
    in->at += length;
    in->left -= length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    const char *words[CONTROL_WORDS_MAX];
    open_server();
    for (int i = 0; i < CALLERS_MAX && in.left > 0; i++) {
        struct str packet = STR_INIT;
        memset(&caller, 0, sizeof caller);
        caller.how = input_byte(&in);
        make_packet(&in, &packet);
        caller.count = read_words(packet.data, packet.length);
        char *exact = input_copy(packet.data, packet.length);
        MUST(control_parse(exact, packet.length, words) == caller.count);
        free(exact);
        call(&packet);
        str_release(&packet);
    }
    return 0;
}
