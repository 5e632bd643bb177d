/* What a life of logcat is to be: directories whose clocks step, and options. */
#include "logger/stamp.h"
#include "rotate/bgzf.h"
#include "tests/simulation/logs/reader_life.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#define BASE (INT64_C(1795431340) * NANO)    /* 2026-11-23 */
#define DST_END (INT64_C(1792890000) * NANO) /* in Berlin 03:00 becomes 02:00 */
#define DAY (INT64_C(86400) * NANO)

/* --- lines ------------------------------------------------------------------------------------ */

/* The next time by a clock that is sometimes wrong. */
static int64_t next_time(struct random *r, int64_t *clock, bool odd)
{
    static const int64_t steps[] = {
        0, 1, 1000, 10000000, NANO, INT64_C(20) * NANO, INT64_C(300) * NANO};
    static const int64_t jumps[] = {-3600, -3600, 3600, -5, 86400, -86400};
    *clock += steps[random_below(r, 7)];
    if (odd && random_chance(r, 3))
        *clock += jumps[random_below(r, 6)] * NANO;
    if (!odd || !random_chance(r, 1))
        return *clock;
    switch (random_below(r, 3)) {
    case 0:
        return *clock + 70 * 365 * DAY;
    case 1:
        return (int64_t)random_below(r, 1000000) * NANO;
    default:
        return *clock + INT64_C(3600) * NANO;
    }
}

static void put(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct bytes *b, const char *format, ...)
{
    char text[200];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    bytes_add(b, text, (size_t)n);
}

static void put_utc(struct bytes *b, int64_t t)
{
    time_t second = (time_t)(t / NANO);
    struct tm tm;
    gmtime_r(&second, &tm);
    put(b, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
        tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(t % NANO));
}

/* Of two times that it can be, the first counts. */
static int64_t put_local(struct bytes *b, int64_t t)
{
    time_t second = (time_t)(t / NANO);
    struct tm tm, other, back;
    localtime_r(&second, &tm);
    put(b, "%04d-%02d-%02d %02d:%02d:%02d.%09d  ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
        tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(t % NANO));
    other = tm;
    other.tm_isdst = 1;
    time_t first = mktime(&other);
    localtime_r(&first, &back);
    if (first < second && back.tm_hour == tm.tm_hour && back.tm_min == tm.tm_min)
        second = first;
    return (int64_t)second * NANO + t % NANO;
}

/* Makes the line as it is logged, by its stamp's letter and at that time. */
static void stamp_line(struct logged *l, int64_t t)
{
    struct bytes *to = &l->raw;
    const char stamp = l->stamp;
    to->length = 0;
    l->time = t;
    if (stamp == 'U' || stamp == 'C')
        put_utc(to, t);
    if (stamp == 't')
        put(to, "@%016llx%08x ", (1ULL << 62) + 37 + (unsigned long long)(t / NANO),
            (unsigned int)(t % NANO));
    if (stamp == 'T')
        l->time = put_local(to, t);
    if (stamp == 'C')
        put(to, "%s %c ", l->stream == 1 ? "stdout" : "stderr", l->goes_on ? 'P' : 'F');
    if (stamp == 0)
        l->time = NO_TIME;
    bytes_add(to, l->text.at, l->text.length);
    bytes_add(to, "\n", 1);
}

/* Notes a line, and appends it as it is logged. */
static void put_line(struct service *s, struct bytes *to, char stamp, int64_t t, int stream,
                     bool goes_on, const struct bytes *text)
{
    struct logged *l = &s->line[s->lines++];
    *l = (struct logged){.stream = stamp == 'C' ? stream : 0,
                         .stamp = stamp,
                         .goes_on = goes_on,
                         .archive = (int)s->archives};
    bytes_add(&l->text, text->at, text->length);
    stamp_line(l, t);
    bytes_add(to, l->raw.at, l->raw.length);
}

static void make_text(struct random *r, const struct service *s, size_t wide, struct bytes *text)
{
    static const char *const begins[] = {"", "", "", "  ", "\t"};
    static const char *const words[] = {"error", "fine", "warning"};
    text->length = 0;
    put(text, "%s%s %s%zu", begins[random_below(r, 5)], words[random_below(r, 3)], s->name,
        s->lines);
    for (size_t i = 0; i < wide; i++)
        bytes_add(text, ".", 1);
}

/* One line, or two pieces of one. */
static void make_line(struct random *r, struct service *s, struct bytes *to, char kind, int64_t t,
                      size_t wide)
{
    struct bytes text = {.at = NULL};
    int stream = 1 + random_chance(r, 25);
    char stamp = kind == 'l' ? 'C' : kind;
    make_text(r, s, wide, &text);
    if (s->lines > 0 && (kind == 'U' || kind == 't') && random_chance(r, 4))
        stamp = 0;
    if (kind == 'l' && random_chance(r, 20)) {
        bytes_add(&text, "-", 1);
        put_line(s, to, stamp, t, stream, true, &text);
        text.length = 0;
        put(&text, "rest %zu", s->lines);
    }
    put_line(s, to, stamp, t, stream, false, &text);
    bytes_free(&text);
}

/* --- archives --------------------------------------------------------------------------------- */

static struct node *named(struct node *directory, const char *name, const struct bytes *content)
{
    struct node *n = node_new(NODE_FILE, 0644);
    bytes_add(&n->data, content->at, content->length);
    n->changed = (struct timespec){(time_t)((kernel.now + kernel.wall) / NANO), 0};
    if (name != NULL)
        disk_name(directory, name, n);
    return n;
}

/* As gzip makes it: one member. */
static void by_gzip(const struct bytes *from, struct bytes *to)
{
    unsigned char block[16384];
    z_stream z = {.next_in = (unsigned char *)from->at, .avail_in = (unsigned int)from->length};
    deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    do {
        z.next_out = block;
        z.avail_out = sizeof block;
        deflate(&z, Z_FINISH);
        bytes_add(to, block, sizeof block - z.avail_out);
    } while (z.avail_out == 0);
    deflateEnd(&z);
}

static int run_compress(void *argument)
{
    struct error e = ERROR_INIT;
    (void)argument;
    return bgzf_compress(3, 4, 6, stamp_index, &e) < 0;
}

/* As our helper makes it. */
static struct node *by_helper(struct node *plain)
{
    int64_t next;
    struct node *to = node_new(NODE_FILE, 0644);
    struct process *p = process_begin("logcat", run_compress, NULL);
    process_give(p, 3, plain, 0);
    process_give(p, 4, to, 0);
    kernel_run(1000000, &next);
    to->changed = plain->changed;
    return to;
}

/* What was logged up to now becomes an archive. */
static void make_archive(struct random *r, struct service *s, struct bytes *text, int64_t name)
{
    char *to = s->archive[s->archives].name;
    char gz[48];
    if (text->length == 0)
        return;
    snprintf(to, sizeof s->archive[0].name, "@%016llx%08x.s",
             (1ULL << 62) + 37 + (unsigned long long)name, 0U);
    snprintf(gz, sizeof gz, "%s.gz", to);
    struct node *plain = named(s->directory, NULL, text);
    struct node *compressed = by_helper(plain);
    if (random_chance(r, 15)) {
        s->archive[s->archives].is_gzip = true;
        compressed->data.length = 0;
        by_gzip(text, &compressed->data);
    }
    bool is_compressed = random_chance(r, 60);
    disk_name(s->directory, is_compressed ? gz : to, is_compressed ? compressed : plain);
    s->archive[s->archives].plain = plain;
    s->archive[s->archives].compressed = compressed;
    s->archives++;
    text->length = 0;
}

/* Names only grow, whatever the clock does. */
static int64_t next_name(struct service *s, int64_t t)
{
    int64_t name = t / NANO % (INT64_C(1) << 33);
    s->newest = name > s->newest ? name : s->newest + 1;
    return s->newest;
}

static void make_service(struct random *r, struct service *s, size_t number, bool follow)
{
    static const char kinds[] = "CCCUtTl";
    static const size_t counts[] = {3, 30, 200, 200}, wides[] = {0, 0, 0, 0, 0, 900, 3000};
    char path[32];
    struct bytes text = {.at = NULL};
    snprintf(s->name, sizeof s->name, "%c", (char)('a' + number));
    snprintf(path, sizeof path, "/log/%s", s->name);
    s->directory = disk_make_directory(path);
    char kind = kinds[random_below(r, 7)];
    size_t count = counts[random_below(r, 4)], wide = wides[random_below(r, 7)];
    bool odd = random_chance(r, 70);
    int64_t clock =
        (random_chance(r, 50) ? BASE : DST_END - INT64_C(7200) * NANO) + random_below(r, NANO);
    uint32_t cuts = random_chance(r, 30) ? 0 : random_chance(r, 30) ? 1 : 4;
    size_t first = follow ? random_below(r, (uint32_t)count) : count;
    while (s->lines < first) {
        int64_t t = next_time(r, &clock, odd);
        make_line(r, s, &text, kind, t, wide);
        if (s->archives < ARCHIVES - 1 && random_below(r, (uint32_t)count) < cuts)
            make_archive(r, s, &text, next_name(s, t));
    }
    for (size_t i = 0; i < s->lines; i++)
        if (s->line[i].archive == (int)s->archives)
            s->line[i].archive = -1;
    s->current = named(s->directory, "current", &text);
    s->written = s->lines;
    while (s->lines < count)
        make_line(r, s, &text, kind, next_time(r, &clock, odd), wide);
    bytes_free(&text);
}

void reader_make(const struct reader_plan *p, bool follow)
{
    struct random r = {random_mix(p->seed, 7)};
    memset(service, 0, sizeof service);
    for (size_t i = 0; i < p->services; i++) {
        make_service(&r, &service[i], i, follow);
        service[i].dropped = p->dropped[i];
    }
}

/* --- what comes while it is followed ---------------------------------------------------------- */

static void append(struct service *s, const char *bytes, size_t length)
{
    bytes_add(&s->current->data, bytes, length);
    watch_tell_modified(s->current);
}

static void rotate(struct service *s, struct random *r)
{
    struct node *old = s->current;
    size_t i = s->archives;
    if (old->data.length == 0 || i == ARCHIVES)
        return;
    s->newest += 1 + random_below(r, 100);
    snprintf(s->archive[i].name, sizeof s->archive[i].name, "@%016llx%08x.s",
             (1ULL << 62) + 37 + (unsigned long long)s->newest, 0U);
    s->current = node_new(NODE_FILE, 0644);
    disk_name(s->directory, s->archive[i].name, s->current);
    disk.moves = true;
    disk_name(s->directory, s->archive[i].name, old);
    disk_name(s->directory, "current", s->current);
    disk.moves = false;
    s->archive[i].plain = old;
    s->archives++;
}

void service_goes_on(struct service *s, const struct question *q, int epoch, struct random *r)
{
    size_t count = random_below(r, 12);
    for (size_t i = 0; i < count && s->written < s->lines; i++) {
        struct logged *l = &s->line[s->written++];
        const struct bytes *raw = &l->raw;
        l->epoch = epoch;
        kernel.now += 1 + random_below(r, 9999);
        if (q->present)
            stamp_line(l, kernel.now + kernel.wall);
        size_t part = random_chance(r, 20) ? random_below(r, (uint32_t)raw->length) : 0;
        append(s, raw->at, part);
        append(s, raw->at + part, raw->length - part);
    }
    if (random_chance(r, 30))
        rotate(s, r);
}

void service_tidies(struct service *s, struct random *r)
{
    char gz[48];
    size_t i = s->archives < 2 ? 0 : random_below(r, (uint32_t)s->archives - 1);
    snprintf(gz, sizeof gz, "%s.gz", s->archive[i].name);
    struct node *plain = s->archives < 2 ? NULL : disk_look(s->directory, s->archive[i].name);
    if (plain == NULL)
        return;
    if (s->archive[i].compressed == NULL)
        s->archive[i].compressed = by_helper(plain);
    if (random_chance(r, 70)) {
        disk.moves = true;
        disk_name(s->directory, gz, s->archive[i].compressed);
        disk.moves = false;
    }
    disk_name(s->directory, s->archive[i].name, NULL);
}

/* --- questions -------------------------------------------------------------------------------- */

static void word(struct question *q, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void word(struct question *q, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(q->words[q->count++], sizeof q->words[0], format, list);
    va_end(list);
}

/* A time of some line, or near it, in one of the ways to write it. */
static int64_t draw_time(struct random *r, const struct reader_plan *p, struct question *q,
                         const char *option)
{
    static const int64_t near[] = {0, 0, 1, -1, NANO, INT64_C(-60) * NANO};
    const struct service *s = &service[random_below(r, (uint32_t)p->services)];
    int64_t t = s->line[random_below(r, (uint32_t)s->lines)].time;
    struct bytes text = {.at = NULL};
    t = (t == NO_TIME ? BASE : t) + near[random_below(r, 6)];
    t = t < NANO ? NANO : t;
    word(q, "%s", option);
    if (random_chance(r, 40)) {
        t -= t % NANO;
        word(q, "@%lld", (long long)(t / NANO));
    } else if (random_chance(r, 30)) {
        word(q, "@%016llx%08x", (1ULL << 62) + 37 + (unsigned long long)(t / NANO),
             (unsigned int)(t % NANO));
    } else {
        put_utc(&text, t);
        word(q, "%.30s", text.at);
        bytes_free(&text);
    }
    return t;
}

static void draw_choice(struct random *r, struct question *q, bool plainly)
{
    static const char *const words[] = {"error", "warning a1", "2", "rest"};
    static const size_t lasts[] = {0, 1, 2, 10, 50, 1000};
    if (random_chance(r, 50)) {
        word(q, "-g");
        word(q, "%s", q->word = words[random_below(r, 4)]);
        if (random_chance(r, 30) && !plainly)
            word(q, "-C%zu", q->context = random_chance(r, 50) ? 1 : 3);
        if ((q->whole = random_chance(r, 30) && !plainly))
            word(q, "--entry");
    }
    if (random_chance(r, 20)) {
        q->stream = 1 + random_chance(r, 50);
        word(q, "-s");
        word(q, "%s", q->stream == 1 ? "out" : "err");
    }
    if (random_chance(r, 50) && (!plainly || q->follow))
        word(q, "-n%zu", q->last = lasts[random_below(r, 6)]);
    if ((q->reverse = random_chance(r, 40) && !q->follow))
        word(q, "-r");
}

void question_draw(struct question *q, const struct reader_plan *p)
{
    struct random r = {q->seed};
    bool any = false;
    q->count = 0;
    q->until = FOREVER;
    q->last = SIZE_MAX;
    word(q, "logcat");
    word(q, "-o");
    word(q, "raw");
    q->outsider = random_chance(&r, 40) ? (enum outsider)(1 + random_below(&r, 3)) : OUTSIDER_NONE;
    q->after = (long)random_below(&r, 200);
    q->outsider = q->follow ? OUTSIDER_NONE : q->outsider;
    if (random_chance(&r, 30))
        q->since = draw_time(&r, p, q, "-S");
    if (random_chance(&r, 30))
        q->until = draw_time(&r, p, q, "-U");
    struct random of_follow = {random_mix(q->seed, 5)};
    q->present = q->follow && random_chance(&of_follow, 60);
    bool alone = q->follow && !q->present && random_chance(&of_follow, 50);
    draw_choice(&r, q, q->outsider > OUTSIDER_COMPRESSES || (q->follow && !q->present && !alone));
    if (q->follow)
        word(q, "-f");
    if (q->follow && q->last == SIZE_MAX && q->since == 0 && q->until == FOREVER &&
        q->word == NULL && q->stream == 0)
        q->last = 10;
    for (size_t i = 0; i < p->services; i++)
        if ((q->some[i] =
                 (random_chance(&r, 80) || (i + 1 == p->services && !any)) && !(any && alone))) {
            any = true;
            if (!service[i].dropped)
                word(q, "%s", service[i].name);
        }
}

void reader_draw(void *plan, uint64_t seed)
{
    struct random r = {random_mix(seed, 6)};
    struct reader_plan *p = plan;
    memset(p, 0, sizeof *p);
    p->seed = seed;
    p->services = 1 + random_below(&r, SERVICES);
    p->questions = QUESTIONS;
    for (size_t i = 0; i < QUESTIONS; i++)
        p->question[i] =
            (struct question){.seed = random_mix(seed, 50 + i), .follow = random_chance(&r, 25)};
}

bool *reader_part(void *plan, size_t number)
{
    struct reader_plan *p = plan;
    if (number < p->questions)
        return &p->question[number].dropped;
    number -= p->questions;
    return number < p->services ? &p->dropped[number] : NULL;
}

void reader_tell(const void *plan)
{
    const struct reader_plan *p = plan;
    for (size_t i = 0; i < p->services; i++)
        if (!p->dropped[i])
            printf("  a log of %c\n", (char)('a' + i));
}
