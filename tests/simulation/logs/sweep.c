/* Sweeps: short stories, in each of which the logger, or its helper, is killed at every call that
 * it makes, and for some of these the one that comes then is killed again, at every call until it
 * first waits.
 *
 * A seed says which: story, call, call of the second; STORY_CCCCC_h_CCCCC_h in decimal digits,
 * where h is 1 for a kill that lets a part of the call be done. sweep_next walks through them. */
#include "base/clock.h"
#include "tests/simulation/logs/kinds.h"
#include "tests/simulation/logs/logger_life.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct story {
    const char *name, *script;
    const char *what; /* is killed; NULL: "logger" */
    const char *mode; /* NULL: "2" */
    /* What happens, a letter each. A capital: when all wait; a small one: in the middle of it. A
     * comma before it: a minute and a half later. */
    const char *happens;
    bool drops, long_lines, no_links, no_exchange, no_renameat2, no_modes;
};

static const struct story stories[] = {
    {.name = "rotation", .script = "n20 s4096 z0 C", .happens = "WWrWWwRBWwr"},
    {.name = "retention", .script = "n2 s4096 S9000 z0 C", .happens = "WWWwWwWwW"},
    {.name = "helper", .script = "n20 s4096 z1 C", .happens = "WWW,WwW,WwW"},
    {.name = "helper, which is killed",
     .what = "helper",
     .script = "n3 s4096 z1 C",
     .happens = "WWW,WwW,WwWW,W"},
    {.name = "full disk", .script = "n20 s4096 z1 C", .happens = "WWfwWw,WfwW"},
    {.name = "full disk, and lines are dropped",
     .mode = "1",
     .drops = true,
     .script = "n20 s4096 z1 C",
     .happens = "WWfwWw,WfwW"},
    {.name = "two streams, begun lines, logcat",
     .mode = "1",
     .script = "n20 s4096 z0 C",
     .happens = "WSLwSBWlWS",
     .long_lines = true},
    {.name = "handover after death", .script = "n20 s6000 z0 C", .happens = "WwkWSkWhWBwkW"},
    {.name = "no hard links",
     .script = "n20 s4096 z1 C",
     .happens = "WWrWw,RWw",
     .no_links = true,
     .no_exchange = true},
    {.name = "links instead of renameat2",
     .script = "n2 s4096 z1 C",
     .happens = "WWrWw,RWw",
     .no_exchange = true,
     .no_renameat2 = true},
    {.name = "neither links nor renameat2, nor modes",
     .script = "n20 s4096 z1 C",
     .happens = "WWrWw,RWw",
     .no_links = true,
     .no_exchange = true,
     .no_renameat2 = true,
     .no_modes = true},
    {.name = "processor", .script = "n20 s4096 !cat C", .happens = "WWrWw,RWw"},
    {.name = "processor, links instead of renameat2",
     .script = "n20 s4096 !cat C",
     .happens = "WWrWw,RWw",
     .no_exchange = true,
     .no_renameat2 = true},
    {.name = "processor, whose helper is killed",
     .what = "helper",
     .script = "n20 s4096 !cat C",
     .happens = "WWrWw,RWw",
     .no_exchange = true,
     .no_renameat2 = true},
    {.name = "a directory that cannot be opened",
     .script = "n20 s4096 r500 z0 C",
     .happens = "WwDwwDkWw,Ww"},
    {.name = "another directory, that cannot be opened",
     .script = "n1000 - +7: s4096 C /log/other + n20 s4096 r500 z0 C",
     .happens = "WwDwwDkWw,Ww"},
    {.name = "a journal that turns",
     .script = "n20 s60000 z0 C",
     .happens = "WMmMm",
     .long_lines = true},
    {.name = "container that starts again", .script = "n20 s4096 z1 C", .happens = "WWxWwXW"},
    {.name = "a machine that stops", .script = "n20 s4096 z1 C", .happens = "WWWW,WcWwW"},
    {.name = "second names", .script = "n3 s4096 z1 F C", .happens = "WWrWw,WwRWxW"},
    {.name = "second names, whose helper is killed",
     .what = "helper",
     .script = "n3 s4096 z1 F C",
     .happens = "WWrWw,WwRW,W"},
    {.name = "second names, links instead of renameat2",
     .script = "n3 s4096 z1 F C",
     .happens = "WWrWw,WwRWxW",
     .no_exchange = true,
     .no_renameat2 = true},
    {.name = "processor, and a machine that stops",
     .script = "n20 s4096 !cat C",
     .happens = "WWrW,WcWrWCW"},
    {.name = "full disk, and somebody deletes logs",
     .script = "n20 s100000 r500 z0 C",
     .happens = "WFMEwW,FWFMEWw,FW"},
};

enum {
    STORIES = sizeof stories / sizeof stories[0],
    CALLS = 100000, /* what a number of calls is below */
    SPREAD = 8      /* of so many calls one has a second kill */
};

unsigned int sweep_every = 1;

/* How the last life of this process went. */
static struct {
    bool missed, parts;
} went[STRIKES];

/* A seed, taken apart. */
struct spot {
    unsigned long story; /* from 1 on */
    unsigned long call[STRIKES];
    bool within[STRIKES];
};

static struct spot spot_of(uint64_t seed)
{
    struct spot p = {0};
    for (int i = STRIKES - 1; i >= 0; i--) {
        p.within[i] = seed % 10 != 0;
        p.call[i] = seed / 10 % CALLS;
        seed /= 10 * CALLS;
    }
    p.story = seed < 1 || seed > STORIES ? 1 : seed;
    return p;
}

static uint64_t seed_of(const struct spot *p)
{
    uint64_t seed = p->story;
    for (int i = 0; i < STRIKES; i++)
        seed = (seed * CALLS + p->call[i]) * 10 + p->within[i];
    return seed;
}

uint64_t sweep_first(void)
{
    const struct spot p = {.story = 1};
    return seed_of(&p);
}

/* The kill behind this one: with a part of the same call, or at the next. False: there is none. */
static bool step(struct spot *p, int kill)
{
    if (p->call[kill] > 0 && went[kill].missed)
        return false;
    p->within[kill] = !p->within[kill] && went[kill].parts;
    if (!p->within[kill])
        p->call[kill] += p->call[kill] == 0 ? 1 : sweep_every;
    return true;
}

static bool has_second(const struct spot *p)
{
    return p->call[0] > 0 && !went[0].missed && p->call[0] / sweep_every % SPREAD == 0;
}

static uint64_t sweep_next(uint64_t seed)
{
    struct spot p = spot_of(seed);
    if (has_second(&p) && step(&p, 1))
        return seed_of(&p);
    p.call[1] = 0;
    p.within[1] = false;
    if (!step(&p, 0))
        p = (struct spot){.story = p.story + 1};
    return p.story > STORIES ? 0 : seed_of(&p);
}

/* --- a story as a plan ------------------------------------------------------------------------ */

static void add_words(struct logger_plan *p, const char *script)
{
    static char stamps[2][SCRIPT]; /* of the own directory, and of another */
    size_t count = 0;
    for (const char *at = script; *at != '\0';) {
        size_t length = strcspn(at, " ");
        unsigned long number = strtoul(at + 1, NULL, 10);
        snprintf(p->script[p->words++], sizeof p->script[0], "%.*s", (int)length, at);
        if (*at == 'n')
            p->keep = number;
        else if (*at == 'S')
            p->total = number;
        else if (*at == 'z')
            p->gzip = number > 0;
        else if (*at == '!')
            p->processor = true;
        else if (*at == 'F')
            p->follows = true;
        else if (length == 1 && *at >= 'A')
            stamps[0][count++] = *at;
        stamps[0][count] = '\0';
        if (*at == '/') {
            p->other = strcpy(stamps[1], stamps[0]);
            count = 0;
        }
        at += length + (at[length] == ' ');
    }
    p->stamps = stamps[0];
}

static void add_happenings(struct logger_plan *p, const char *happens)
{
    static const struct {
        char letter;
        enum happening_kind kind;
    } letters[] = {{'W', HAPPENS_WRITE},  {'K', HAPPENS_KILL},     {'H', HAPPENS_HUP},
                   {'R', HAPPENS_ROTATE}, {'B', HAPPENS_BOUNDARY}, {'F', HAPPENS_FULL},
                   {'C', HAPPENS_CRASH},  {'X', HAPPENS_RESTART},  {'L', HAPPENS_READ},
                   {'S', HAPPENS_STAND},  {'M', HAPPENS_MANY},     {'V', HAPPENS_VACUUM},
                   {'D', HAPPENS_DENY},   {'E', HAPPENS_DELETE}};
    enum { SOME = 23, ALL = 1000000 };
    int64_t pause = CLOCK_MS;
    for (const char *at = happens; *at != '\0'; at++) {
        bool capital = *at >= 'A' && *at <= 'Z';
        struct happening h = {
            .calls = capital ? ALL : SOME, .ns = pause, .seed = random_mix(p->seed, p->happenings)};
        pause = *at == ',' ? 90 * CLOCK_SECOND : CLOCK_MS;
        for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
            if (letters[i].letter == (capital ? *at : *at - 'a' + 'A')) {
                h.kind = letters[i].kind;
                p->happening[p->happenings++] = h;
            }
    }
}

static void sweep_draw(void *plan, uint64_t seed)
{
    const struct spot at = spot_of(seed);
    const struct story *s = &stories[at.story - 1];
    struct logger_plan *p = plan;
    *p = (struct logger_plan){.seed = at.story,
                              .mode = s->mode == NULL ? "2" : s->mode,
                              .drops = s->drops,
                              .long_lines = s->long_lines,
                              .wide = true,
                              .no_links = s->no_links,
                              .no_exchange = s->no_exchange,
                              .no_renameat2 = s->no_renameat2,
                              .no_modes = s->no_modes};
    add_words(p, s->script);
    add_happenings(p, s->happens);
    for (int i = 0; i < STRIKES; i++)
        p->strike[i] = (struct strike){.what = s->what == NULL ? "logger" : s->what,
                                       .call = at.call[i],
                                       .within = at.within[i],
                                       .early = i > 0};
}

static uint64_t sweep_live(void *plan, bool tells, uint64_t *hash)
{
    uint64_t calls = logger_live(plan, tells, hash);
    for (size_t i = 0; i < STRIKES; i++) {
        went[i].missed = life.strikes <= i;
        went[i].parts = life.strikes > i && life.struck_by[i].parts;
    }
    return calls;
}

static void sweep_tell(const void *plan)
{
    const struct logger_plan *p = plan;
    printf("  %s\n", stories[p->seed - 1].name);
    logger_tell(plan);
}

const struct kind sweep_kind = {.name = "kills",
                                .size = sizeof(struct logger_plan),
                                .each = 50,
                                .enter = logger_enter,
                                .draw = sweep_draw,
                                .live = sweep_live,
                                .part = logger_part,
                                .tell = sweep_tell,
                                .next = sweep_next};
