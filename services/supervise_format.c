#include "services/supervise_format.h"
#include "base/clock.h"
#include "base/process.h"
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>

enum { PAUSED = 1, FINISHING = 2, WANT_UP = 4, READY = 8 }; /* bits of a status */
enum { TAIN = 12 };                                         /* bytes of a time stamp */

static unsigned char *put_big_endian(unsigned char *out, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *out++ = (unsigned char)(value >> (8 * i));
    return out;
}

static uint64_t big_endian(const unsigned char *in, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | in[i];
    return value;
}

size_t supervise_pack(unsigned char out[SUPERVISE_STATUS_MOST], const struct supervise_status *s)
{
    clock_tain_pack(out, &s->changed);
    clock_tain_pack(out + TAIN, &s->ready);
    unsigned char *at = put_big_endian(out + 2 * TAIN, (uint64_t)s->pid, 8);
    if (s->grouped)
        at = put_big_endian(at, (uint64_t)s->group, 8);
    at = put_big_endian(at, (unsigned int)s->wait_status, 2);
    *at = (unsigned char)((s->paused ? PAUSED : 0) | (s->finishing ? FINISHING : 0) |
                          (s->want_up ? WANT_UP : 0) | (s->is_ready ? READY : 0));
    return s->grouped ? SUPERVISE_STATUS_GROUPED : SUPERVISE_STATUS_SIZE;
}

int supervise_unpack(struct supervise_status *s, const void *in, size_t length)
{
    const unsigned char *bytes = in;
    if (length < SUPERVISE_STATUS_SIZE) {
        errno = EPIPE;
        return -1;
    }
    bool grouped = length >= SUPERVISE_STATUS_GROUPED;
    const unsigned char *end = bytes + (grouped ? 40 : 32);
    *s = (struct supervise_status){
        .pid = (pid_t)big_endian(bytes + 24, 8),
        .wait_status = (int)big_endian(end, 2),
        .paused = (end[2] & PAUSED) != 0,
        .finishing = (end[2] & FINISHING) != 0,
        .want_up = (end[2] & WANT_UP) != 0,
        .is_ready = (end[2] & READY) != 0,
        .grouped = grouped,
        .group = grouped ? (pid_t)big_endian(bytes + 32, 8) : 0,
    };
    clock_tain_unpack(&s->changed, bytes);
    clock_tain_unpack(&s->ready, bytes + TAIN);
    return 0;
}

bool supervise_is_fresh(const struct supervise_status *s)
{
    return s->pid == 0 && !s->finishing && s->paused;
}

void supervise_death_pack(unsigned char out[SUPERVISE_DEATH_SIZE], const struct timespec *when,
                          int wait_status)
{
    clock_tain_pack(out, when);
    out[TAIN] = (unsigned char)process_exit_code(wait_status);
    out[TAIN + 1] = (unsigned char)(WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0);
}

void supervise_death_unpack(struct supervise_death *d, const unsigned char in[SUPERVISE_DEATH_SIZE])
{
    clock_tain_unpack(&d->when, in);
    d->code = in[TAIN];
    d->signal = in[TAIN + 1];
}

static const struct supervise_letter letters[] = {
    {'a', SUPERVISE_SIGNAL, SIGALRM, SUPERVISE_KEEP},
    {'b', SUPERVISE_SIGNAL, SIGABRT, SUPERVISE_KEEP},
    {'q', SUPERVISE_SIGNAL, SIGQUIT, SUPERVISE_KEEP},
    {'h', SUPERVISE_SIGNAL, SIGHUP, SUPERVISE_KEEP},
    {'k', SUPERVISE_SIGNAL, SIGKILL, SUPERVISE_KEEP},
    {'t', SUPERVISE_SIGNAL, SIGTERM, SUPERVISE_KEEP},
    {'i', SUPERVISE_SIGNAL, SIGINT, SUPERVISE_KEEP},
    {'1', SUPERVISE_SIGNAL, SIGUSR1, SUPERVISE_KEEP},
    {'2', SUPERVISE_SIGNAL, SIGUSR2, SUPERVISE_KEEP},
    {'p', SUPERVISE_SIGNAL, SIGSTOP, SUPERVISE_KEEP},
    {'c', SUPERVISE_SIGNAL, SIGCONT, SUPERVISE_KEEP},
    {'y', SUPERVISE_SIGNAL, SIGWINCH, SUPERVISE_KEEP},
    {'r', SUPERVISE_DOWN_SIGNAL, 0, SUPERVISE_KEEP},
    {'l', SUPERVISE_RELOAD_SIGNAL, 0, SUPERVISE_KEEP},
    {'P', SUPERVISE_GROUP, SIGSTOP, SUPERVISE_KEEP},
    {'C', SUPERVISE_GROUP, SIGCONT, SUPERVISE_KEEP},
    {'K', SUPERVISE_GROUP, SIGKILL, SUPERVISE_KEEP},
    {'o', SUPERVISE_ONCE, 0, SUPERVISE_KEEP},
    {'d', SUPERVISE_DOWN, 0, SUPERVISE_KEEP},
    {'D', SUPERVISE_DOWN, 0, SUPERVISE_MARK_DOWN},
    {'u', SUPERVISE_UP, 0, SUPERVISE_KEEP},
    {'U', SUPERVISE_UP, 0, SUPERVISE_UNMARK_DOWN},
    {'O', SUPERVISE_STAY_DOWN, 0, SUPERVISE_KEEP},
    {'Q', SUPERVISE_STAY_DOWN, 0, SUPERVISE_MARK_DOWN},
    {'x', SUPERVISE_LEAVE, 0, SUPERVISE_KEEP},
    {0, SUPERVISE_NOTHING, 0, SUPERVISE_KEEP},
};

const struct supervise_letter *supervise_letter(char letter)
{
    for (const struct supervise_letter *l = letters; l->letter != 0; l++)
        if (l->letter == letter)
            return l;
    return NULL;
}

char supervise_letter_of(int signal)
{
    const struct supervise_letter *l = letters;
    while (l->letter != '\0' && !(l->wish == SUPERVISE_SIGNAL && l->signal == signal))
        l++;
    return l->letter;
}
