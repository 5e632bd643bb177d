/* What others do to pid 1 and around it, each by the seed of its event. */
#include "base/clock.h"
#include "base/file.h"
#include "contract/paths.h"
#include "tests/simulation/lives.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CALLERS_MAX = 40, SOON_TURNS = 40 };

/* Somebody at the control socket. */
struct caller {
    int fd; /* -1: a free place */
    char what[CALLER_WHAT];
    int answers;     /* final ones */
    uint32_t update; /* 1 + number of the database that it brings; 0: none */
    int64_t asked;
    uint64_t turn; /* of the life, when it asked */
};

static struct caller callers[CALLERS_MAX];

/* --- letters ---------------------------------------------------------------------------------- */

void callers_write(const char *path, const char *letters)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        story("nobody reads %s", path);
        return;
    }
    story("\"%s\" goes to %s", letters, path);
    if (write(fd, letters, strlen(letters)) < 0)
        story("it is full");
    close(fd);
}

static const char *any_name(struct random *r)
{
    uint32_t n = random_below(r, (uint32_t)life.plan->services + 2 * DIRECTORIES);
    if (n < life.plan->services)
        return plan_name(n);
    return link_name(n % DIRECTORIES);
}

static void svc(struct random *r)
{
    static const char letters[] = "uuuudddoOxxUDQtkhpcPCKrlabq";
    char path[160];
    char text[4] = "";
    bool log = random_chance(r, 25);
    snprintf(path, sizeof path, RUN_SCANDIR "/%s%s/supervise/control", any_name(r),
             log ? "/log" : "");
    uint32_t count = random_chance(r, 75) ? 1 : 1 + random_below(r, 3);
    for (uint32_t i = 0; i < count; i++)
        text[i] = letters[random_below(r, sizeof letters - 1)];
    callers_write(path, text);
}

void callers_scan(const char *letters)
{
    callers_write(RUN_SCANDIR "/.s6-svscan/control", letters);
}

static void scan(struct random *r)
{
    static const char *const letters[] = {"a", "a", "h", "h", "an", "an", "n", "N", "aN", "hN"};
    static const char *const last[] = {"t", "i", "q", "b"};
    if (random_chance(r, 3))
        callers_scan(last[random_below(r, 4)]);
    else
        callers_scan(letters[random_below(r, 10)]);
}

/* --- the control socket ----------------------------------------------------------------------- */

int callers_connect(const char *const *words, char what[CALLER_WHAT])
{
    char packet[CONTROL_PACKET_MAX] = CONTROL_MAGIC;
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = RUN_CONTROL};
    uint16_t count = 0;
    size_t length = CONTROL_HEADER;
    what[0] = '\0';
    for (; words != NULL && words[count] != NULL; count++) {
        size_t size = strlen(words[count]) + 1;
        memcpy(packet + length, words[count], size);
        length += size;
        snprintf(what + strlen(what), CALLER_WHAT - strlen(what), "%s%s", count > 0 ? " " : "",
                 words[count]);
    }
    memcpy(packet + CONTROL_MAGIC_SIZE, &count, sizeof count);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
        (words == NULL || send(fd, packet, length, MSG_NOSIGNAL) >= 0))
        return fd;
    fd_close(fd);
    return -1;
}

void callers_ask(const char *const *words, uint32_t update)
{
    struct caller *c = callers;
    while (c < callers + CALLERS_MAX && c->fd >= 0)
        c++;
    if (c == callers + CALLERS_MAX)
        return;
    *c = (struct caller){.fd = -1, .asked = world.now, .turn = life.turns, .update = update};
    c->fd = callers_connect(words, c->what);
    story("%s: %s", c->fd < 0 ? "no answer to come for" : "somebody asks for", c->what);
}

size_t callers_count(void)
{
    size_t count = 0;
    for (int i = 0; i < CALLERS_MAX; i++)
        count += callers[i].fd >= 0 ? 1 : 0;
    return count;
}

void callers_draw_rc(struct random *r, const char *words[CALLER_WORDS])
{
    static const char *const letters[] = {"u", "d", "u", "d", "D", "up", "da", "ub", "db", "", "a"};
    static const char *const verbs[] = {"change", "change", "change", "change",  "start",
                                        "stop",   "reload", "list",   "listall", "diff"};
    size_t count = 0;
    words[count++] = "s6-rc";
    words[count++] = letters[random_below(r, 11)];
    words[count++] = random_chance(r, 25) ? "1500" : "0";
    words[count++] = "2";
    words[count++] = "0";
    words[count++] = verbs[random_below(r, 10)];
    uint32_t names = random_below(r, 4);
    for (uint32_t i = 0; i < names; i++)
        words[count++] = random_chance(r, 10)
                             ? "user"
                             : plan_name(random_below(r, (uint32_t)life.plan->services));
    words[count] = NULL;
}

static void rc(struct random *r)
{
    const char *words[CALLER_WORDS];
    callers_draw_rc(r, words);
    callers_ask(words, 0);
}

static void halt(struct random *r)
{
    static const char *const what[] = {"halt", "poweroff", "reboot", "cancel"};
    const char *words[] = {"halt", what[random_below(r, 4)], random_chance(r, 60) ? "0" : "3",
                           NULL};
    callers_ask(words, 0);
}

static void leave(struct random *r)
{
    struct caller *c = &callers[random_below(r, CALLERS_MAX)];
    for (int i = 0; i < CALLERS_MAX && c->fd < 0; i++)
        c = c + 1 < callers + CALLERS_MAX ? c + 1 : callers;
    if (c->fd < 0)
        return;
    story("who has asked for %s goes away", c->what);
    fd_drop(&c->fd);
}

void callers_listen(void)
{
    char text[8200];
    crowd_listen();
    for (struct caller *c = callers; c < callers + CALLERS_MAX; c++) {
        ssize_t n = -1;
        while (c->fd >= 0 && (n = recv(c->fd, text, sizeof text - 1, 0)) > 0) {
            text[n] = '\0';
            if (c->answers > 0)
                life_fails("answered twice", "%s: after its end it got %s", c->what, text);
            c->answers += text[0] == 'x';
            if (text[0] == 'x')
                story("answer %s to: %s", text + 1, c->what);
            else if (text[0] == 'e' && strstr(text, "fatal: ") != NULL)
                story("told %s: %.*s", c->what, (int)strcspn(text + 1, "\n"), text + 1);
        }
        if (c->fd < 0 || n < 0)
            continue;
        if (c->answers == 0)
            life_fails("not answered", "%s, asked for at %.3f", c->what,
                       (double)(c->asked - WORLD_START) / CLOCK_SECOND);
        fd_drop(&c->fd);
        if (c->update > 0)
            update_answered(c->update - 1);
    }
}

void callers_end(void)
{
    callers_listen();
    for (struct caller *c = callers; c < callers + CALLERS_MAX; c++)
        if (c->fd >= 0 && c->answers == 0 && world.accepts_refused < c->asked &&
            life.turns - c->turn > SOON_TURNS)
            life_fails("not answered", "%s, asked for at %.3f", c->what,
                       (double)(c->asked - WORLD_START) / CLOCK_SECOND);
}

void callers_open(void)
{
    crowd_open();
    for (int i = 0; i < CALLERS_MAX; i++)
        callers[i].fd = -1;
}

void callers_close(void)
{
    crowd_close();
    for (int i = 0; i < CALLERS_MAX; i++)
        fd_close(callers[i].fd);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void signal_pid1(struct random *r)
{
    static const int signals[] = {SIGHUP,  SIGALRM, SIGHUP, SIGALRM,  SIGCHLD, SIGTERM,
                                  SIGUSR1, SIGQUIT, SIGINT, SIGWINCH, SIGABRT, SIGUSR2};
    int signal = signals[random_below(r, random_chance(r, 70) ? 5 : 12)];
    story("pid 1 gets signal %d", signal);
    kill(getpid(), signal);
}

static void kill_somebody(struct random *r)
{
    static const int signals[] = {SIGKILL, SIGKILL, SIGTERM, SIGSTOP, SIGCONT, SIGHUP};
    size_t start = random_below(r, (uint32_t)world.top + 1);
    int signal = signals[random_below(r, 6)];
    for (size_t i = 0; i < world.top; i++) {
        const struct process *p = &world.process[(start + i) % world.top];
        if (p->kind == PROCESS_NONE || !p->alive)
            continue;
        story("somebody signals");
        world_kill(random_chance(r, 30) && p->group > 1 ? -p->group : p->pid, signal);
        return;
    }
}

static void fault(struct random *r)
{
    uint32_t percent = random_chance(r, 45) ? 0 : 5 + random_below(r, 90);
    bool all = random_chance(r, 30) || percent == 0;
    uint32_t which = random_below(r, 4);
    if (all || which == 0)
        world.spawn_fails = percent;
    if (all || which == 1)
        world.files_fail = percent;
    if (all || which == 2)
        world.memory_fails = percent;
    if (all || which == 3)
        world.fds_fail = percent;
    if (percent > 0 && world.sv->pid1.stage == STAGE_HOOK) {
        life_allow(EXIT_SYSTEM); /* before the mark it may give up */
        life_allow(1);           /* while it reads the definitions */
    }
    world.console_blocks = random_chance(r, 20);
    story("of forks fail %u, of files %u, of memory %u, of descriptors %u in a hundred; %s the "
          "console",
          world.spawn_fails, world.files_fail, world.memory_fails, world.fds_fail,
          world.console_blocks ? "nobody reads" : "somebody reads");
}

static void set_clock(struct random *r)
{
    int64_t step = ((int64_t)random_below(r, 7200) - 3600) * CLOCK_SECOND;
    if (random_chance(r, 60)) {
        world.wall_step += step;
        story("the clock is set by %lld s", (long long)(step / CLOCK_SECOND));
    } else {
        int64_t slept = random_below(r, 90) * CLOCK_SECOND;
        world.now += slept;
        life.stop_began += slept; /* nobody can do anything meanwhile */
        life.hurry_began += life.hurried ? slept : 0;
        story("the machine has slept");
    }
}

static void write_code(struct random *r)
{
    char text[16];
    if (world.sv->pid1.stage >= STAGE_DRAIN)
        return; /* it was read */
    life.file_code = (int)random_below(r, 256);
    snprintf(text, sizeof text, "%d\n", life.file_code);
    files_write(RUN_EXITCODE, text, 0644);
    story("the exit code file says %d", life.file_code);
}

void callers_act(const struct event *e)
{
    static void (*const acts[EVENT_KINDS])(struct random * r) = {
        [EVENT_SVC] = svc,
        [EVENT_RC] = rc,
        [EVENT_UPDATE] = update_any,
        [EVENT_SCAN] = scan,
        [EVENT_LINK] = links_come,
        [EVENT_UNLINK] = links_go,
        [EVENT_FILES] = links_change,
        [EVENT_SIGNAL] = signal_pid1,
        [EVENT_HALT] = halt,
        [EVENT_KILL] = kill_somebody,
        [EVENT_LEAVE] = leave,
        [EVENT_FAULT] = fault,
        [EVENT_CLOCK] = set_clock,
        [EVENT_EXIT] = write_code,
        [EVENT_CROWD] = crowd_come,
    };
    struct random r = {e->seed};
    acts[e->kind](&r);
}
