/* What a life is to be, from its seed: services, and what happens when. */
#include "base/clock.h"
#include "tests/simulation/lives.h"
#include <stdio.h>
#include <string.h>

const char *plan_name(size_t service)
{
    static const char *const names[SERVICES_MAX] = {"ant", "bee", "cat", "dog",
                                                    "elk", "fox", "gnu", "hen"};
    return names[service];
}

/* --- drawing ---------------------------------------------------------------------------------- */

static uint32_t some_ms(struct random *r, uint32_t percent, uint32_t most)
{
    return random_chance(r, percent) ? 1 + random_below(r, most) : 0;
}

/* Of its own seed: what else is drawn is the same without it. */
static void draw_restart(struct service_plan *s, uint64_t seed)
{
    static const struct restart_plan plans[] = {
        {"always", false, -1},
        {"on-failure", false, -1},
        {"never", false, -1},
        {"never, ok 1 TERM, then exit", true, -1},
        {"always, ok 0, 2 in 3s, wait 50ms..1s", false, -1},
        {"on-failure, 2 in 5s, wait 100ms..400ms, then exit", true, -1},
        {"always, 1 in 10s, then 17", false, 17}};
    struct random r = {seed};
    bool longrun = s->kind != KIND_ONESHOT && s->kind != KIND_BUNDLE;
    if (longrun && random_chance(&r, 35))
        s->restart = &plans[random_below(&r, sizeof plans / sizeof plans[0])];
    if (longrun && random_chance(&r, 6))
        s->container_exit = "gave-up\n";
}

static void draw_service(struct plan *p, struct random *r)
{
    struct service_plan *s = &p->service[p->services];
    uint32_t kind = random_below(r, 100);
    bool pair = p->services + 1 < SERVICES_MAX && kind >= 75 && kind < 92;
    for (int i = 0; i < (pair ? 2 : 1); i++, s++, p->services++) {
        s->kind = kind < 25 ? KIND_ONESHOT : kind < 75 ? KIND_LONGRUN : KIND_BUNDLE;
        if (pair)
            s->kind = i == 0 ? KIND_CONSUMER : KIND_PRODUCER;
        for (size_t j = 0; j + (size_t)i < p->services; j++)
            if (random_chance(r, 30))
                s->needs |= 1U << j;
        s->essential = random_chance(r, 8);
        s->finish = random_chance(r, 25);
        s->notifies = random_chance(r, 35);
        s->timeout_up = s->kind == KIND_ONESHOT ? some_ms(r, 40, 1500) : some_ms(r, 20, 4000);
        s->reloads = random_chance(r, 40);
        s->timeout_down = some_ms(r, 30, 4000);
        s->timeout_kill = some_ms(r, 60, 3000);
        if (random_chance(r, 6))
            s->container_exit = random_chance(r, 50) ? "always\n" : "failure\n";
        draw_restart(s, random_mix(p->seed, 1000 + p->services));
    }
}

static enum event_kind draw_kind(struct random *r)
{
    static const struct {
        enum event_kind kind;
        uint32_t weight;
    } odds[] = {{EVENT_SVC, 28},  {EVENT_RC, 20},    {EVENT_UPDATE, 6}, {EVENT_SCAN, 12},
                {EVENT_LINK, 10}, {EVENT_UNLINK, 8}, {EVENT_FILES, 5},  {EVENT_SIGNAL, 2},
                {EVENT_HALT, 1},  {EVENT_KILL, 8},   {EVENT_LEAVE, 3},  {EVENT_FAULT, 4},
                {EVENT_CLOCK, 2}, {EVENT_EXIT, 1}};
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof odds / sizeof odds[0]; i++)
        sum += odds[i].weight;
    uint32_t n = random_below(r, sum);
    size_t i = 0;
    while (n >= odds[i].weight)
        n -= odds[i++].weight;
    return odds[i].kind;
}

/* Of its own seed, like what restart is. Between the other events, at any time. */
static void draw_crowd(struct plan *p, int64_t end)
{
    struct random r = {random_mix(p->seed, 9)};
    p->crowded = random_chance(&r, 20);
    int64_t at =
        WORLD_START + random_below(&r, (uint32_t)((end - WORLD_START) / CLOCK_MS) + 1) * CLOCK_MS;
    for (uint32_t i = p->crowded ? 1 + random_below(&r, CROWDS_MAX) : 0; i > 0; i--) {
        size_t place = p->events++;
        for (; place > 0 && p->event[place - 1].at > at; place--)
            p->event[place] = p->event[place - 1];
        p->event[place] =
            (struct event){.at = at, .kind = EVENT_CROWD, .seed = random_mix(p->seed, 300 + i)};
        at += random_below(&r, 400) * CLOCK_MS;
    }
}

void plan_draw(struct plan *p, uint64_t seed)
{
    struct random r = {random_mix(seed, 1)};
    *p = (struct plan){.seed = seed, .no_cmd = !random_chance(&r, 60)};
    size_t services = 1 + random_below(&r, SERVICES_MAX - 1);
    while (p->services < services)
        draw_service(p, &r);
    p->events = 4 + random_below(&r, EVENTS_MAX - 4);
    bool dense = random_chance(&r, 50);
    int64_t at = WORLD_START;
    for (size_t i = 0; i < p->events; i++) {
        /* many at once, or so soon that what an earlier one began is under way */
        if (!random_chance(&r, 30))
            at += random_below(&r, dense ? 60 : 900) * CLOCK_MS;
        p->event[i] =
            (struct event){.at = at, .kind = draw_kind(&r), .seed = random_mix(seed, 100 + i)};
    }
    p->stop_at = at + random_below(&r, 4000) * CLOCK_MS;
    p->hurry_at = p->stop_at + (random_chance(&r, 20) ? random_below(&r, 500) : 40000) * CLOCK_MS;
    draw_crowd(p, at);
}

/* --- the tree --------------------------------------------------------------------------------- */

static void put(size_t service, const char *file, const char *content)
{
    char path[256];
    bool program = strcmp(file, "run") == 0 || strcmp(file, "finish") == 0;
    snprintf(path, sizeof path, PLAN_TREE "/%s/%s", plan_name(service), file);
    files_write(path, content, program ? 0755 : 0644);
}

static void put_ms(size_t service, const char *file, uint32_t ms)
{
    char text[16];
    snprintf(text, sizeof text, "%u\n", ms);
    if (ms > 0)
        put(service, file, text);
}

static void put_longrun(const struct plan *p, size_t i)
{
    const struct service_plan *s = &p->service[i];
    char line[32];
    put(i, "run", "");
    if (s->finish)
        put(i, "finish", "");
    if (s->notifies)
        put(i, "notification-fd", "3\n");
    put_ms(i, "timeout-kill", s->timeout_kill);
    if (s->container_exit != NULL)
        put(i, "container-exit", s->container_exit);
    if (s->restart != NULL)
        put(i, "restart", s->restart->line);
    if (s->kind == KIND_CONSUMER && !p->service[i + 1].dropped) {
        snprintf(line, sizeof line, "%s\n", plan_name(i + 1));
        put(i, "consumer-for", line);
    } else if (s->kind == KIND_PRODUCER && !p->service[i - 1].dropped) {
        snprintf(line, sizeof line, "%s\n", plan_name(i - 1));
        put(i, "producer-for", line);
    }
}

static void put_service(const struct plan *p, size_t i)
{
    const struct service_plan *s = &p->service[i];
    char file[64];
    bool bundle = s->kind == KIND_BUNDLE;
    bool oneshot = s->kind == KIND_ONESHOT;
    put(i, "type", bundle ? "bundle\n" : oneshot ? "oneshot\n" : "longrun\n");
    for (size_t j = 0; j < i; j++)
        if ((s->needs & 1U << j) != 0 && !p->service[j].dropped) {
            snprintf(file, sizeof file, "%s/%s", bundle ? "contents.d" : "dependencies.d",
                     plan_name(j));
            put(i, file, "");
        }
    if (bundle) {
        put(i, "contents.d/base", "");
        return;
    }
    if (s->essential)
        put(i, "flag-essential", "");
    put_ms(i, "timeout-up", s->timeout_up);
    put_ms(i, "timeout-down", s->timeout_down);
    if (oneshot) {
        put(i, "up", "up\n");
        if (s->reloads)
            put(i, "reload", "reload\n");
        if (s->finish)
            put(i, "down", "down\n");
    } else {
        put_longrun(p, i);
    }
}

void plan_write(const struct plan *p)
{
    char path[128];
    files_write(PLAN_TREE "/user/type", "bundle\n", 0644);
    files_write(PLAN_TREE "/user/contents.d/base", "", 0644);
    for (size_t i = 0; i < p->services; i++) {
        if (p->service[i].dropped)
            continue;
        put_service(p, i);
        snprintf(path, sizeof path, PLAN_TREE "/user/contents.d/%s", plan_name(i));
        files_write(path, "", 0644);
    }
}

/* --- in words --------------------------------------------------------------------------------- */

void plan_tell(const struct plan *p)
{
    static const char *const kinds[] = {"a oneshot", "a longrun", "a bundle", "a consumer",
                                        "the producer of the one before"};
    for (size_t i = 0; i < p->services; i++) {
        const struct service_plan *s = &p->service[i];
        if (s->dropped)
            continue;
        printf("  %s is %s%s%s%s", plan_name(i), kinds[s->kind], s->essential ? ", essential" : "",
               s->finish ? ", with finish" : "", s->notifies ? ", says when it is ready" : "");
        printf(", timeouts (ms) up %u down %u kill %u", s->timeout_up, s->timeout_down,
               s->timeout_kill);
        if (s->restart != NULL)
            printf(", restart: %s", s->restart->line);
        if (s->container_exit != NULL)
            printf(", container-exit: %.*s", (int)strcspn(s->container_exit, "\n"),
                   s->container_exit);
        const char *word = s->kind == KIND_BUNDLE ? "; holds" : "; needs";
        for (size_t j = 0; j < i; j++)
            if ((s->needs & 1U << j) != 0 && !p->service[j].dropped) {
                printf("%s %s", word, plan_name(j));
                word = "";
            }
        printf("\n");
    }
}
