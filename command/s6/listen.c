#include "command/s6/listen.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/kernel.h"
#include "services/servicedir.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opened under a hidden name first: a notifier that finds it finds a reader. */
static int subscribe(struct listener *l)
{
    char hidden[LISTEN_PATH_MAX + 1];
    char stamp[CLOCK_TAI64N_LENGTH + 1] = "";
    unsigned char noise[3];
    struct timespec now = clock_wall();
    clock_tai64n_format(stamp, &now);
    kernel_noise(noise, sizeof noise);
    for (int i = 0; i < 2; i++)
        if (snprintf(i == 0 ? hidden : l->fifo, LISTEN_PATH_MAX,
                     "%s/event/%sftrig1:%.25s:%02x%02x%02x", l->service, i == 0 ? "." : "", stamp,
                     noise[0], noise[1], noise[2]) >= LISTEN_PATH_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
    mode_t mask = umask(0);
    int made = mkfifo(hidden, 0622);
    umask(mask);
    if (made < 0)
        return -1;
    l->fd = open(hidden, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    l->held = open(hidden, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (l->fd >= 0 && l->held >= 0 && rename(hidden, l->fifo) == 0)
        return 0;
    unlink(hidden);
    return -1;
}

static bool is_like(char want, const struct supervise_status *s)
{
    bool up = s->pid != 0 && !s->finishing;
    switch (want) {
    case 'u':
        return up;
    case 'U':
        return up && s->is_ready;
    case 'd':
        return !up;
    case 'D':
        return s->pid == 0 && s->is_ready;
    default:
        return false; /* r and R: it has to come up anew */
    }
}

int listen_open(struct listener *l, const char *service, char want, struct error *e)
{
    struct supervise_status s;
    *l = (struct listener){.service = service, .fd = -1, .held = -1};
    if (subscribe(l) < 0)
        return error_system(e, "unable to subscribe to events for %s", service);
    int result = servicedir_status(service, &s, e);
    if (result == 0) {
        l->reached = is_like(want, &s);
        l->left = is_like('D', &s);
    }
    return result;
}

void listen_close(struct listener *l)
{
    if (l->fd >= 0 && l->fifo[0] != '\0')
        unlink(l->fifo);
    fd_close(l->fd);
    fd_close(l->held);
    l->fd = l->held = -1;
}

static void hear(struct listener *l, char want, char event)
{
    bool down = event == 'd' || event == 'D';
    /* The end of its supervisor is no better. */
    if ((event == 'O' || event == 'x') && strchr("uUrR", want) != NULL)
        l->failed = true;
    if (down)
        l->left = true;
    switch (want) {
    case 'u':
    case 'r':
        l->reached = down ? false : l->reached || (event == 'u' && (want == 'u' || l->left));
        break;
    case 'U':
    case 'R':
        if (down || event == 'u')
            l->reached = false;
        else if (event == 'U')
            l->reached = want == 'U' || l->left;
        break;
    case 'd':
        l->reached = event == 'u' || event == 'U' ? false : l->reached || down;
        break;
    case 'D':
        l->reached = event == 'D';
        break;
    default:
        break;
    }
}

static int verdict(const struct listener *l, size_t count, bool any, bool *over)
{
    size_t reached = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        reached += l[i].reached;
        failed += l[i].failed && !l[i].reached;
    }
    *over = any ? reached > 0 || failed == count : reached + failed == count;
    return any && reached > 0 ? 0 : (int)failed;
}

int listen_wait(struct listener *l, size_t count, char want, bool any, uint64_t ms)
{
    int64_t deadline = clock_monotonic() + (int64_t)ms * CLOCK_MS;
    struct pollfd *p = calloc(count + 1, sizeof *p);
    bool over = false;
    int result = p == NULL ? EXIT_SYSTEM : verdict(l, count, any, &over);
    for (size_t i = 0; p != NULL && i < count; i++)
        p[i] = (struct pollfd){.fd = l[i].fd, .events = POLLIN};
    while (p != NULL && !over) {
        int64_t left = (deadline - clock_monotonic() + CLOCK_MS - 1) / CLOCK_MS;
        char events[256];
        if (ms > 0 && left <= 0) {
            result = LISTEN_TIMED_OUT;
            break;
        }
        poll(p, (nfds_t)count, ms == 0 ? -1 : left > 60000 ? 60000 : (int)left);
        for (size_t i = 0; i < count; i++) {
            ssize_t n = read(l[i].fd, events, sizeof events);
            for (ssize_t k = 0; k < n && !over; k++) {
                hear(&l[i], want, events[k]);
                result = verdict(l, count, any, &over);
            }
        }
    }
    free(p);
    return result;
}
