/* What a life of a logger is to be, from its seed. */
#include "base/clock.h"
#include "tests/simulation/logs/logger_life.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void word(struct logger_plan *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void word(struct logger_plan *p, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(p->script[p->words++], sizeof p->script[0], format, list);
    va_end(list);
}

static void draw_stamps(struct logger_plan *p, struct random *r)
{
    static const char *const sets[] = {"C", "C", "C", "C", "t", "T", "U", "", "tC", "TU", "UC"};
    p->stamps = sets[random_below(r, sizeof sets / sizeof sets[0])];
    for (const char *s = p->stamps; *s != '\0'; s++)
        word(p, "%c", *s);
}

static void draw_script(struct logger_plan *p, struct random *r)
{
    static const unsigned long keeps[] = {1000, 1000, 1000, 20, 3, 1, 0};
    if (p->other != NULL) {
        word(p, "n1000");
        word(p, "-");
        word(p, "+7:");
        word(p, "s%u", 4096 + random_below(r, 3) * 4096);
        word(p, "C");
        word(p, "/log/other");
        word(p, p->rest ? "f" : "+");
    }
    p->keep = keeps[random_below(r, 7)];
    word(p, "n%lu", p->keep);
    word(p, "s%u", 4096 + (random_chance(r, 50) ? 0 : random_below(r, 30000)));
    if (random_chance(r, 30))
        word(p, "l%u", random_below(r, 2000));
    if (random_chance(r, 15))
        word(p, "S%llu", p->total = 8000 + random_below(r, 60000));
    if (random_chance(r, 15))
        word(p, "a%llu", p->age = 1 + random_below(r, 600));
    p->gzip = random_chance(r, 60);
    word(p, "z%d", p->gzip ? 1 : 0);
    if (random_chance(r, 20))
        word(p, "m%s", random_chance(r, 50) ? "640" : "604");
    if (random_chance(r, 15))
        word(p, "R%u", 1 + random_below(r, 100));
    if (random_chance(r, 30))
        word(p, "r%u", 500 + random_below(r, 4500));
    if (random_chance(r, 15))
        word(p, "p%s", p->prefix = "web:");
    if ((p->processor = random_chance(r, 15)))
        word(p, "!cat");
    draw_stamps(p, r);
}

static enum happening_kind draw_kind(struct random *r)
{
    static const unsigned char odds[HAPPENINGS_KINDS] = {
        [HAPPENS_WRITE] = 60, [HAPPENS_KILL] = 14,    [HAPPENS_HELPER] = 3,  [HAPPENS_HUP] = 3,
        [HAPPENS_ROTATE] = 6, [HAPPENS_BOUNDARY] = 6, [HAPPENS_FAULT] = 8,   [HAPPENS_FULL] = 4,
        [HAPPENS_CLOCK] = 4,  [HAPPENS_CRASH] = 2,    [HAPPENS_RESTART] = 4, [HAPPENS_READ] = 6};
    uint32_t sum = 0;
    for (size_t i = 0; i < HAPPENINGS_KINDS; i++)
        sum += odds[i];
    uint32_t n = random_below(r, sum);
    int kind = 0;
    while (n >= odds[kind])
        n -= odds[kind++];
    return (enum happening_kind)kind;
}

static void draw_happenings(struct logger_plan *p, struct random *r)
{
    static const int64_t pauses[] = {0,
                                     0,
                                     0,
                                     0,
                                     CLOCK_MS,
                                     300 * CLOCK_MS,
                                     2 * CLOCK_SECOND,
                                     90 * CLOCK_SECOND,
                                     4000 * CLOCK_SECOND};
    p->happenings = 5 + random_below(r, HAPPENINGS - 5);
    for (size_t i = 0; i < p->happenings; i++) {
        struct happening *h = &p->happening[i];
        *h = (struct happening){.kind = draw_kind(r), .seed = random_mix(p->seed, 200 + i)};
        /* in the middle of its work, or when it has nothing to do */
        h->calls = random_chance(r, 60) ? 1 + random_below(r, 150) : 1000000;
        h->ns = pauses[random_below(r, 9)];
        struct random other = {random_mix(p->seed, 300 + i)};
        if (p->vacuums && random_chance(&other, 10))
            h->kind = HAPPENS_VACUUM;
        struct random deletion = {random_mix(p->seed, 400 + i)};
        if (p->deletes && random_chance(&deletion, 15))
            h->kind = HAPPENS_DELETE;
    }
}

void logger_draw(void *plan, uint64_t seed)
{
    static const char *const modes[] = {"1", "2", "2", "auto"};
    static const char *const consoles[] = {NULL, NULL, NULL, "-p", "-j"};
    struct random r = {random_mix(seed, 1)};
    struct logger_plan *p = plan;
    memset(p, 0, sizeof *p);
    p->seed = seed;
    p->mode = modes[random_below(&r, 4)];
    p->drops = random_chance(&r, 20);
    p->other = random_chance(&r, 20) ? "C" : NULL;
    p->rest = random_chance(&r, 50);
    p->long_lines = p->other == NULL && random_chance(&r, 40);
    draw_script(p, &r);
    p->no_links = random_chance(&r, 15);
    p->no_exchange = random_chance(&r, 25);
    p->no_renameat2 = p->no_exchange && random_chance(&r, 50);
    p->no_modes = random_chance(&r, 10);
    p->vacuums = random_mix(seed, 2) % 4 == 0;
    struct random of_names = {random_mix(seed, 4)};
    p->follows = random_chance(&of_names, 15);
    p->deletes = !p->vacuums && !p->follows && random_mix(seed, 9) % 8 == 0;
    struct random of_limit = {random_mix(seed, 12)};
    if (random_chance(&of_limit, p->processor ? 40 : 10))
        p->largest = 18000 + random_below(&of_limit, 40000);
    draw_happenings(p, &r);
    struct random of_console = {random_mix(seed, 3)};
    for (size_t i = 0; i < p->happenings; i++)
        if (p->happening[i].kind == HAPPENS_WRITE && random_chance(&of_console, 20))
            p->happening[i].kind = HAPPENS_STAND;
    p->wide = random_chance(&of_console, 50);
    if (p->follows)
        word(p, "F");
    p->console = consoles[random_below(&of_console, 5)];
}

bool *logger_part(void *plan, size_t number)
{
    struct logger_plan *p = plan;
    if (number < p->happenings)
        return &p->happening[number].dropped;
    return number == p->happenings ? &p->plain_disk : NULL;
}

void happening_tell(const struct happening *h, char *text, size_t size)
{
    static const char *const kinds[] = {
        "the service writes",         "the logger is killed",
        "the helper is killed",       "the logger gets HUP",
        "the logger gets ALRM",       "an instance ends, another begins",
        "calls fail, or work again",  "the disk is full, or has room again",
        "the wall clock is set",      "the machine stops, and starts again",
        "the container is restarted", "logcat is called",
        "vacuum is called",           "a begun line stands",
        "the service writes much",    "the next logger cannot open directories",
        "somebody deletes logs"};
    snprintf(text, size, "%s", kinds[h->kind]);
}

void logger_tell(const void *plan)
{
    const struct logger_plan *p = plan;
    printf("  logger%s%s%s web %s", p->drops ? " -D" : "", p->console != NULL ? " " : "",
           p->console != NULL ? p->console : "", p->mode);
    for (size_t i = 0; i < p->words; i++)
        printf(" %s", p->script[i]);
    printf("\n");
    if (!p->plain_disk && p->largest > 0)
        printf("  its files have %zu bytes at most\n", p->largest);
    if (!p->plain_disk && (p->no_links || p->no_exchange || p->no_modes))
        printf("  its disk has no%s%s%s\n", p->no_links ? " links" : "",
               p->no_renameat2  ? " renameat2"
               : p->no_exchange ? " exchange"
                                : "",
               p->no_modes ? " modes" : "");
}
