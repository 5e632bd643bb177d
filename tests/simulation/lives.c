/* Runs lives of pid 1 from seeds; tells one; shrinks one that fails.
 *
 * usage: simulate SEEDS [FIRST]        that many, from the seed FIRST on
 *        simulate tell SEED            one, in words
 *        simulate twice SEEDS [FIRST]  each twice, and both times all is the same
 *
 * Each runs in a child, so that nothing that it breaks outlives it. */
#include "tests/simulation/lives.h"
#include "base/clock.h"
#include "base/message.h"
#include "contract/paths.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/own_world.h"
#include "tests/simulation/wrap.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct life life;

/* --- the story -------------------------------------------------------------------------------- */

static void add_to_hash(const char *format, va_list list)
{
    char line[600];
    bool product = world.in_product;
    world.in_product = false;
    vsnprintf(line, sizeof line, format, list);
    *life.hash = random_mix(*life.hash, random_text(line));
    world.in_product = product;
}

void trace(const char *format, ...)
{
    va_list list;
    if (life.hash == NULL)
        return;
    va_start(list, format);
    add_to_hash(format, list);
    va_end(list);
}

void story(const char *format, ...)
{
    va_list list;
    int64_t ms = (world.now - WORLD_START) / CLOCK_MS;
    va_start(list, format);
    if (life.hash != NULL)
        add_to_hash(format, list);
    if (life.tells) {
        printf("%5lld.%03d ", (long long)(ms / 1000), (int)(ms % 1000));
        vprintf(format, list);
        printf("\n");
        fflush(stdout);
    }
    va_end(list);
}

void life_fails(const char *kind, const char *format, ...)
{
    char why[400];
    va_list list;
    va_start(list, format);
    vsnprintf(why, sizeof why, format, list);
    va_end(list);
    story("FAILS: %s: %s", kind, why);
    judge_fails(kind, why);
}

void life_allow(int code)
{
    for (size_t i = 0; i < life.allowed_count; i++)
        if (life.allowed[i] == code)
            return;
    if (life.allowed_count < sizeof life.allowed / sizeof life.allowed[0])
        life.allowed[life.allowed_count++] = code;
}

void life_died(const char *service, int code)
{
    for (size_t i = 0; i < life.plan->services; i++) {
        const struct service_plan *s = &life.plan->service[i];
        if (strcmp(service, plan_name(i)) != 0)
            continue;
        if (s->container_exit != NULL || (s->restart != NULL && s->restart->exits)) {
            life_allow(code);
            life_allow(code != 0 ? code : 1); /* a failure for good is no success */
        }
        if (s->restart != NULL && s->restart->code >= 0)
            life_allow(s->restart->code);
    }
}

/* Who writes what pid 1 says (base/message.h); NULL: nobody yet. */
static message_writer *writer;

DECLARE(void, message_to, message_writer *w)
{
    writer = w;
}

void life_write(const char *line)
{
    if (writer != NULL)
        writer(line, strlen(line));
}

static bool says(const char *line, size_t length, const char *text)
{
    return memmem(line, length, text, strlen(text)) != NULL;
}

/* What pid 1 says. That something is impossible is never right; who gives up has said why before.
 */
static void say(const char *line, size_t length)
{
    bool product = world.in_product;
    world.in_product = false;
    story("says %.*s", (int)(length > 0 && line[length - 1] == '\n' ? length - 1 : length), line);
    if (says(line, length, "unable to read " RUN_EXITCODE))
        life_allow(EXIT_SYSTEM);
    if (says(line, length, "please report this"))
        life_fails("impossible", "%.*s", (int)length, line);
    if (says(line, length, "unable to use the service definitions") && !life.reason)
        life_fails("no reason", "%.*s", (int)length, line);
    life.reason = life.reason || says(line, length, "fatal: ");
    world.in_product = product;
    if (writer != NULL)
        writer(line, length);
}

/* --- what is planned -------------------------------------------------------------------------- */

int64_t life_next(void)
{
    const struct plan *p = life.plan;
    int64_t next = life.stopped ? p->hurry_at : p->stop_at;
    /* Two that pid 1 has not seen would be one. */
    if (life.stopped && !world.sv->stop_asked && next <= world.now)
        next = world.now + CLOCK_MS;
    if (life.hurried)
        next = NEVER;
    while (life.next < p->events && p->event[life.next].dropped)
        life.next++;
    if (life.next < p->events && p->event[life.next].at < next)
        next = p->event[life.next].at;
    return next;
}

static void end_it(const char *what)
{
    story("pid 1 gets SIGTERM%s", what);
    kill(getpid(), SIGTERM);
}

void life_due(void)
{
    const struct plan *p = life.plan;
    while (life_next() <= world.now && life.next < p->events && p->event[life.next].at <= world.now)
        callers_act(&p->event[life.next++]);
    if (!life.stopped && p->stop_at <= world.now) {
        life.stopped = true;
        end_it("");
    } else if (!life.hurried && life.stopped && world.sv->stop_asked && p->hurry_at <= world.now) {
        life.hurried = true;
        life.hurry_began = world.now;
        end_it(" again");
    }
}

/* --- one life --------------------------------------------------------------------------------- */

#define WAIT_MOST "S6_CMD_WAIT_FOR_SERVICES_MAXTIME"

static void draw_settings(struct settings *s, uint64_t seed)
{
    static const uint32_t grace[] = {3000, 3000, 100, 0, 10000};
    static const uint32_t most[] = {0, 0, 9000, 3000, 500};
    struct problems problems = PROBLEMS_INIT;
    struct random r = {random_mix(seed, 3)};
    if (settings_read(s, own_no_variable, false, &problems) < 0)
        life_fails("settings", "they are not read");
    problems_release(&problems);
    s->logging = random_chance(&r, 60)   ? s->logging
                 : random_chance(&r, 50) ? LOGGING_CONSOLE
                                         : LOGGING_DISK;
    s->behaviour = random_chance(&r, 20) ? 2 : (int)random_below(&r, 2);
    s->parents_unset = random_chance(&r, 10);
    s->parents = !s->parents_unset && random_chance(&r, 25);
    s->kill_grace = grace[random_below(&r, 5)];
    s->stop_max = most[random_below(&r, 5)];
    if (random_chance(&r, 10))
        s->hook = "/hook";
    unsetenv(WAIT_MOST);
    if (random_chance(&r, 30)) {
        files_write(RUN_ENVIRONMENT "/" WAIT_MOST, "4000", 0644);
        setenv(WAIT_MOST, "4000", 1);
    }
    for (int code = 1; code <= 2 && s->behaviour == 2; code++)
        life_allow(code);
}

static void begin(struct supervisor *sv, const struct settings *settings)
{
    static char command[] = "command";
    static char *argv[2];
    int code = 0;
    argv[0] = life.plan->no_cmd ? NULL : command;
    struct supervisor_start start = {.settings = settings,
                                     .program = "/command/overlog",
                                     .cmd = argv,
                                     .workdir = "/",
                                     .nofile = {1024, 1024}};
    sv->pid1.is_init = true;
    if (!supervisor_begin(sv, &start, world_calls(), &code))
        life_fails("boot", "pid 1 gives up with %d", code);
    if (world.many_children)
        sv->many_children = 0;
}

static uint64_t life_live(void *plan, bool tells, uint64_t *hash)
{
    struct plan *p = plan;
    static struct settings settings; /* pid 1 keeps what is in it for good */
    struct supervisor *sv = calloc(1, sizeof *sv);
    life = (struct life){.plan = p, .tells = tells, .hash = hash};
    files_open();
    world_open(p->seed, sv);
    world.wild = p->calm ? 0 : world.wild;
    invariants_open();
    callers_open();
    links_open();
    writer = NULL;
    __real_message_to(say);
    draw_settings(&settings, p->seed);
    plan_write(p);
    begin(sv, &settings);
    bool on = true;
    while (on) {
        world.in_product = true;
        on = supervisor_turn(sv);
        world.in_product = false;
    }
    story("pid 1 ends with %d", sv->stop.code);
    invariants_end(sv->stop.code);
    __real_message_to(NULL);
    world_close();
    callers_close();
    update_forget();
    files_close();
    own_forget_signals();
    return life.turns;
}

/* --- lives of its kind ------------------------------------------------------------------------ */

static void enter(void)
{
    files_enter();
    message_name("overlog");
    message_verbosity(MESSAGE_INFO);
}

static void draw(void *plan, uint64_t seed)
{
    plan_draw(plan, seed);
}

static void tell(const void *plan)
{
    plan_tell(plan);
}

static bool *part(void *plan, size_t number)
{
    struct plan *p = plan;
    if (number < p->events)
        return &p->event[number].dropped;
    number -= p->events;
    if (number < p->services)
        return &p->service[p->services - 1 - number].dropped;
    number -= p->services;
    return number == 0 ? &p->calm : number == 1 ? &p->no_cmd : NULL;
}

int main(int argc, char **argv)
{
    static const struct kind kind = {.name = "lives",
                                     .size = sizeof(struct plan),
                                     .each = 200,
                                     .enter = enter,
                                     .draw = draw,
                                     .live = life_live,
                                     .part = part,
                                     .tell = tell};
    return judge_run(&kind, argc, argv);
}
