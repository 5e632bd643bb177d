#include "command/s6/control_client.h"
#include "base/clock.h"
#include "base/file.h"
#include "supervisor/control.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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
    int bad = str_add(&packet, CONTROL_MAGIC, CONTROL_MAGIC_SIZE) | str_add(&packet, &n, sizeof n) |
              str_add(&packet, &zero, sizeof zero);
    for (size_t i = 0; i < count; i++)
        bad |= str_add(&packet, words[i], strlen(words[i]) + 1);
    if (bad == 0)
        bad = send_packet(fd, &packet);
    str_release(&packet);
    return bad == 0 ? 0 : error_system(e, "unable to send a request");
}

static int read_replies(int fd, struct error *e)
{
    char packet[CONTROL_PACKET_MAX];
    for (;;) {
        ssize_t n = recv(fd, packet, sizeof packet - 1, 0);
        if (n < 0 && (errno == EINTR || errno == ECONNRESET)) /* once; the answer comes after it */
            continue;
        if (n <= 0)
            return error_set(e, EXIT_SYSTEM, "no answer from pid 1");
        packet[n] = '\0';
        if (packet[0] == 'x')
            return atoi(packet + 1);
        if (packet[0] == 'w')
            clock_sleep(strtoll(packet + 1, NULL, 10) * CLOCK_MS);
        else
            fd_write_all(packet[0] == 'o' ? 1 : 2, packet + 1, (size_t)n - 1);
    }
}

int control_request(const char *path, const char *const *words, size_t count, struct error *e)
{
    struct sockaddr_un a;
    if (control_address(&a, path, e) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_system(e, "unable to make a socket");
    int result = -1;
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
        if (send_request(fd, words, count, e) == 0)
            result = read_replies(fd, e);
    } else if (errno == EACCES) {
        error_set(e, EXIT_USAGE, "refused: only root and the owner of pid 1 may control it");
    } else {
        error_system(e, "unable to reach pid 1 at %s", path);
    }
    close(fd);
    return result;
}
