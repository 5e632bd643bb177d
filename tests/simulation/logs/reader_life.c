/* Runs lives of logcat: it is asked, archives change meanwhile, and the model is asked, too. */
#include "tests/simulation/logs/reader_life.h"
#include "base/command.h"
#include "logcat/logcat.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/logs/kinds.h"
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct service service[SERVICES];

enum { CALLS_MOST = 1000000 };

static bool tells;

static void reader_fails(const struct question *q, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));

static void reader_fails(const struct question *q, const char *kind, const char *format, ...)
{
    char why[400];
    va_list list;
    int n = 0;
    va_start(list, format);
    vsnprintf(why, 250, format, list);
    va_end(list);
    n = (int)strlen(why);
    n += snprintf(why + n, sizeof why - (size_t)n, ":");
    for (int i = 0; i < q->count && n < 380; i++)
        n += snprintf(why + n, sizeof why - (size_t)n, " %s", q->words[i]);
    judge_fails(kind, why);
}

/* --- asking ----------------------------------------------------------------------------------- */

static int run_logcat(void *argument)
{
    struct question *q = argument;
    char *words[25];
    for (int i = 0; i < q->count; i++)
        words[i] = q->words[i];
    words[q->count] = NULL;
    struct invocation c = {.command = logcat_commands, .argc = q->count, .argv = words};
    return logcat_commands[0].run(&c);
}

/* Lets one archive change, as a logger, retention or a bad disk would. */
static void change(const struct question *q, const struct reader_plan *p)
{
    struct random r = {random_mix(q->seed, 9)};
    struct service *s = &service[random_below(&r, (uint32_t)p->services)];
    char gz[48];
    if (s->archives == 0 || q->outsider == OUTSIDER_NONE)
        return;
    size_t number = q->outsider == OUTSIDER_DELETES ? 0 : random_below(&r, (uint32_t)s->archives);
    snprintf(gz, sizeof gz, "%s.gz", s->archive[number].name);
    bool is_compressed = disk_look(s->directory, gz) != NULL;
    static const char *const words[] = {"", "compressed", "deleted", "damaged"};
    if (tells)
        printf("    after %lu calls %s/%s is %s\n", kernel.calls, s->name, s->archive[number].name,
               words[q->outsider]);
    if (q->outsider == OUTSIDER_COMPRESSES && !is_compressed) {
        disk_name(s->directory, gz, s->archive[number].compressed);
        disk_name(s->directory, s->archive[number].name, NULL);
    } else if (q->outsider == OUTSIDER_DELETES) {
        s->archive[number].affected = true;
        disk_name(s->directory, is_compressed ? gz : s->archive[number].name, NULL);
    } else if (q->outsider == OUTSIDER_DAMAGES && is_compressed && !s->archive[number].is_gzip) {
        struct bytes *b = &s->archive[number].compressed->data;
        s->archive[number].affected = true;
        b->at[random_below(&r, (uint32_t)b->length)] ^= (char)(1 + random_below(&r, 255));
    }
}

/* Lets it run until it waits for something to happen. */
static void settle(void)
{
    int64_t next, end = kernel.now + NANO;
    while (kernel_run(CALLS_MOST, &next) && next < end)
        kernel.now = next > kernel.now ? next : kernel.now;
    kernel.now = end;
}

/* Lines come and files change while it follows. *history: how much it had shown before. */
static void go_on(struct process *l, const struct question *q, const struct reader_plan *p,
                  const struct node *out, size_t *history)
{
    struct random r = {random_mix(q->seed, 8)};
    int64_t next;
    settle();
    *history = out->data.length;
    for (int i = 0, epoch = 1; i < 40 && l->alive; i++) {
        struct service *s = &service[random_below(&r, (uint32_t)p->services)];
        service_goes_on(s, q, epoch, &r);
        if (random_chance(&r, 50)) {
            kernel_run((long)random_below(&r, 100) + 1, &next); /* it is in the middle of it */
        } else {
            settle();
            epoch++;
        }
        if (random_chance(&r, 20)) {
            settle(); /* what is deleted was read */
            epoch++;
            service_tidies(s, &r);
        }
    }
    settle();
    process_signal(l, SIGINT);
}

/* Asks logcat. Its exit code. */
static int ask(struct question *q, const struct reader_plan *p, struct bytes *answer,
               size_t *history)
{
    int64_t next;
    struct node *out = node_new(NODE_CONSOLE, 0), *said = node_new(NODE_CONSOLE, 0);
    struct process *l = process_begin("logcat", run_logcat, q);
    process_give(l, 0, node_new(NODE_NULL, 0), O_RDONLY);
    process_give(l, 1, out, O_WRONLY);
    process_give(l, 2, said, O_WRONLY);
    kernel.calls = 0;
    l->parent = &kernel.process[PROCESSES - 1]; /* somebody will ask for its status */
    if (q->follow) {
        go_on(l, q, p, out, history);
    } else {
        kernel_run(q->after + 1, &next);
        change(q, p);
    }
    kernel_run(CALLS_MOST, &next);
    if (l->alive)
        reader_fails(q, "hangs", "logcat does not end");
    int code = l->status >> 8;
    *l = (struct process){.pid = 0};
    bytes_add(answer, out->data.at, out->data.length);
    if (tells && said->data.length > 0)
        printf("    says %.*s", (int)said->data.length, said->data.at);
    return code;
}

/* --- comparing -------------------------------------------------------------------------------- */

static void tell_line(const char *what, const char *at, size_t length)
{
    if (tells)
        printf("    %s %.*s\n", what, (int)(length < 90 ? length : 90), at);
}

/* The same lines in the same order. */
static void compare(const struct question *q, const struct bytes *answer, const struct shown *want,
                    size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const char *end =
            at < answer->length ? memchr(answer->at + at, '\n', answer->length - at) : NULL;
        size_t length = end == NULL ? 0 : (size_t)(end - answer->at) - at;
        if (end == NULL || length != want[i].length ||
            memcmp(answer->at + at, want[i].text, length) != 0) {
            tell_line("model:", want[i].text, want[i].length);
            tell_line("logcat:", end == NULL ? "nothing" : answer->at + at,
                      end == NULL ? 7 : length);
            reader_fails(q, end == NULL ? "missing" : "differs", "line %zu of %zu", i + 1, count);
        }
        at += length + 1;
    }
    if (at < answer->length)
        reader_fails(q, "too much", "more than %zu lines", count);
}

/* Where an archive is deleted or damaged: no line twice, none that is not to be shown, and all of
 * the other files. */
static void compare_loosely(const struct question *q, const struct bytes *answer,
                            const struct shown *want, size_t count)
{
    bool *seen = calloc(count + 1, sizeof *seen);
    for (size_t at = 0; at < answer->length;) {
        const char *end = memchr(answer->at + at, '\n', answer->length - at);
        size_t length = (end == NULL ? answer->length : (size_t)(end - answer->at)) - at, i = 0;
        while (i < count && (seen[i] || want[i].length != length ||
                             memcmp(want[i].text, answer->at + at, length) != 0))
            i++;
        if (i == count) {
            tell_line("logcat:", answer->at + at, length);
            reader_fails(q, "twice", "a line that is not to be shown, or was");
        }
        seen[i] = true;
        at += length + 1;
    }
    for (size_t i = 0; i < count; i++)
        if (!seen[i] && !want[i].affected) {
            tell_line("model:", want[i].text, want[i].length);
            reader_fails(q, "missing", "a line of a file that is whole");
        }
    free(seen);
}

/* --- following -------------------------------------------------------------------------------- */

/* Each line once, in the order of its service. */
static void compare_nearly(const struct question *q, const struct bytes *got, struct shown *want,
                           size_t count)
{
    for (size_t at = 0; at < got->length;) {
        const char *end = memchr(got->at + at, '\n', got->length - at);
        size_t length = (end == NULL ? got->length : (size_t)(end - got->at)) - at, i = 0;
        while (i < count && (!want[i].hit || want[i].length != length ||
                             memcmp(want[i].text, got->at + at, length) != 0))
            i++;
        for (size_t j = 0; i < count && j < i; j++)
            if (want[j].hit && want[j].source == want[i].source) {
                tell_line("logcat:", got->at + at, length);
                tell_line("before:", want[j].text, want[j].length);
                reader_fails(q, "followed", "a line comes before one that is older");
            }
        if (i == count) {
            tell_line("logcat:", got->at + at, length);
            reader_fails(q, "followed", "a line that is not to be shown, or was");
        }
        want[i].hit = false;
        at += length + 1;
    }
    for (size_t i = 0; i < count; i++)
        if (want[i].hit) {
            tell_line("model:", want[i].text, want[i].length);
            reader_fails(q, "followed", "a line is missing");
        }
}

/* First what there was, in its order; then what came. */
static void compare_followed(const struct question *q, const struct reader_plan *p,
                             const struct bytes *got, size_t history, const size_t *written)
{
    struct shown *want;
    const struct bytes first = {.at = got->at, .length = history};
    const struct bytes rest = {.at = got->at + history, .length = got->length - history};
    for (size_t i = 0; i < p->services; i++)
        service[i].lines = written[i];
    size_t count = model_answer(service, p->services, q, &want);
    compare(q, &first, want, count);
    free(want);
    count = model_followed(service, p->services, q, written, &want);
    if (model_knows_order(q))
        compare(q, &rest, want, count);
    else
        compare_nearly(q, &rest, want, count);
    free(want);
}

static bool has_pieces(const struct reader_plan *p)
{
    for (size_t i = 0; i < p->services; i++)
        for (size_t l = 0; l < service[i].lines; l++)
            if (service[i].line[l].goes_on || service[i].line[l].time == NO_TIME)
                return true;
    return false;
}

static bool names_any(const struct question *q, const struct reader_plan *p)
{
    bool any = false;
    for (size_t i = 0; i < p->services; i++)
        any |= q->some[i] && !service[i].dropped;
    return any;
}

static void answer(struct question *q, const struct reader_plan *p)
{
    struct bytes got = {.at = NULL};
    struct shown *want;
    bool affected = false;
    size_t history = 0, written[SERVICES];
    question_draw(q, p);
    if (!names_any(q, p))
        return; /* it would be asked for all of them */
    if (q->outsider > OUTSIDER_COMPRESSES && has_pieces(p))
        q->outsider = OUTSIDER_NONE; /* what is left of a line is a line */
    if (tells) {
        printf(" ");
        for (int i = 0; i < q->count; i++)
            printf(" %s", q->words[i]);
        printf("\n");
    }
    for (size_t i = 0; i < p->services; i++)
        written[i] = service[i].written;
    int code = ask(q, p, &got, &history);
    if (q->follow) {
        compare_followed(q, p, &got, history, written);
        model_forget();
        bytes_free(&got);
        return;
    }
    size_t count = model_answer(service, p->services, q, &want);
    for (size_t i = 0; i < p->services; i++)
        for (size_t a = 0; a < service[i].archives; a++)
            affected |= service[i].archive[a].affected;
    if (affected)
        compare_loosely(q, &got, want, count);
    else
        compare(q, &got, want, count);
    if (!affected && code != (count > 0 ? 0 : 1))
        reader_fails(q, "exit code", "%d", code);
    free(want);
    model_forget();
    bytes_free(&got);
}

/* --- one life --------------------------------------------------------------------------------- */

static void forget(void)
{
    for (size_t i = 0; i < SERVICES; i++)
        for (size_t l = 0; l < service[i].lines; l++) {
            bytes_free(&service[i].line[l].text);
            bytes_free(&service[i].line[l].raw);
        }
    kernel_close();
    disk_end();
}

/* Every question finds the directories as they were drawn. */
static uint64_t reader_live(void *plan, bool does_tell, uint64_t *hash)
{
    struct reader_plan *p = plan;
    uint64_t asked = 0;
    tells = does_tell;
    for (size_t i = 0; i < p->questions; i++) {
        if (p->question[i].dropped)
            continue;
        kernel_open(p->seed);
        kernel.wall = INT64_C(1795500000) * NANO;
        disk_begin();
        disk_make_directory("/log");
        reader_make(p, p->question[i].follow);
        answer(&p->question[i], p);
        if (hash != NULL)
            *hash = random_mix(*hash, kernel_hash());
        forget();
        asked++;
    }
    return asked;
}

static void enter(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    setenv("OVERLOG_DIR", "/log", 1);
}

const struct kind reader_kind = {.name = "readers",
                                 .size = sizeof(struct reader_plan),
                                 .each = 1,
                                 .enter = enter,
                                 .draw = reader_draw,
                                 .live = reader_live,
                                 .part = reader_part,
                                 .tell = reader_tell};
