/* Callers that connect, ask or say nothing, and read what they are answered late or never. Pid 1
 * may let one of them go for another one once it has CONTROL_IDLE of them, and owes all others what
 * it owes them anyway. */
#include "base/clock.h"
#include "base/file.h"
#include "tests/simulation/lives.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CROWD_MAX = 120, AT_ONCE = 14 };

struct slow {
    int fd; /* -1: a free place */
    char what[CALLER_WHAT];
    bool asks;
    bool leaves;      /* it goes instead of reading */
    int answers;      /* final ones */
    int64_t asked;    /* monotonic ns */
    int64_t reads_at; /* the same; NEVER */
};

static struct slow crowd[CROWD_MAX];
static int64_t crowded; /* monotonic ns: when so many were connected, last, that one may go */

static void connect_one(struct slow *s, struct random *r)
{
    const char *words[CALLER_WORDS] = {NULL};
    *s = (struct slow){.fd = -1, .asked = world.now, .asks = random_chance(r, 75)};
    s->reads_at = random_chance(r, 30) ? NEVER : world.now + random_below(r, 15000) * CLOCK_MS;
    s->leaves = random_chance(r, 20);
    if (s->asks)
        callers_draw_rc(r, words);
    s->fd = callers_connect(s->asks ? words : NULL, s->what);
}

void crowd_come(struct random *r)
{
    uint32_t count = 1 + random_below(r, AT_ONCE);
    size_t open = callers_count();
    story("%u callers come who do not read", count);
    for (struct slow *s = crowd; s < crowd + CROWD_MAX; s++) {
        if (s->fd < 0 && count > 0) {
            connect_one(s, r);
            count--;
        }
        open += s->fd >= 0 ? 1 : 0;
    }
    if (open >= CONTROL_IDLE)
        crowded = world.now;
}

static void over(struct slow *s)
{
    bool was_crowded = crowded >= s->asked || world.accepts_refused >= s->asked;
    if (s->asks && s->answers == 0 && !was_crowded)
        life_fails("let go", "%s, for nobody", s->what);
    fd_drop(&s->fd);
}

static void listen_to(struct slow *s)
{
    char text[8200];
    ssize_t n;
    if (s->leaves) {
        fd_drop(&s->fd);
        return;
    }
    while ((n = recv(s->fd, text, sizeof text, MSG_DONTWAIT)) > 0) {
        if (s->answers > 0)
            life_fails("answered twice", "%s: who read late", s->what);
        s->answers += text[0] == 'x';
        if (text[0] == 'x')
            story("read late: answer %.*s to: %s", (int)n - 1, text + 1, s->what);
    }
    if (n == 0 || errno != EAGAIN)
        over(s);
}

void crowd_listen(void)
{
    for (struct slow *s = crowd; s < crowd + CROWD_MAX; s++)
        if (s->fd >= 0 && s->reads_at <= world.now)
            listen_to(s);
}

void crowd_limits(const struct supervisor *sv)
{
    const struct control *c = &sv->control;
    size_t idle = 0, asking = 0, open = 0;
    for (size_t i = 0; i < CONTROL_PLACES; i++) {
        const struct control_connection *k = &c->connection[i];
        open += k->state != CONNECTION_FREE;
        asking += k->state == CONNECTION_ASKING;
        idle += k->state == CONNECTION_SILENT || k->state == CONNECTION_ENDING;
        /* Each packet has its length and kind in front. */
        if (k->unsent.length - k->sent > CONTROL_UNSENT_MAX + sizeof(uint32_t) + 1)
            life_fails("callers", "%zu bytes wait for one of them", k->unsent.length - k->sent);
    }
    /* Who is let go keeps its place until a child has closed it, and in a stop there is none. */
    if (open == CONTROL_PLACES && (world.spawn_fails > 0 || sv->pid1.stage >= STAGE_TERM))
        world.accepts_refused = world.now;
    if (asking > CONTROL_CONNECTIONS || idle > CONTROL_IDLE + CONTROL_CONNECTIONS)
        life_fails("callers", "%zu ask, and %zu more are here", asking, idle);
}

void crowd_open(void)
{
    crowded = 0;
    for (size_t i = 0; i < CROWD_MAX; i++)
        crowd[i].fd = -1;
}

void crowd_close(void)
{
    for (size_t i = 0; i < CROWD_MAX; i++)
        fd_close(crowd[i].fd);
}
