/* overlog status: how everything is, as the status file of pid 1 says. */
#include "command/overlog/status.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/message.h"
#include "base/options.h"
#include "base/zone.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include "command/overlog/usage.h"
#include "logcat/logdirs.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_UNWELL = 1 };

#define SAMPLE (500 * CLOCK_MS)

/* --- what they use ---------------------------------------------------------------------------- */

/* The sums of before, to which those of now are compared. */
struct sample {
    struct usage_process *all;
    size_t count;
    int64_t at; /* monotonic ns; 0: there is none */
};

static int take_sample(struct sample *m)
{
    struct error e = ERROR_INIT;
    free(m->all);
    m->at = clock_monotonic();
    if (usage_read(&m->all, &m->count, &e) == 0)
        return 0;
    *m = (struct sample){.at = 0};
    return message_error(&e);
}

/* Fills in what each row uses, and keeps the sample for the next time. */
static int add_use(struct status *s, struct sample *last)
{
    struct sample now = {.at = 0};
    if (last->at == 0) {
        int code = take_sample(last);
        if (code != 0)
            return code;
        clock_sleep(SAMPLE);
    }
    int code = take_sample(&now);
    for (size_t i = 0; code == 0 && i < s->count; i++) {
        struct status_row *r = &s->row[i];
        struct usage before;
        usage_sum(now.all, now.count, (pid_t)r->pid, &r->use);
        usage_sum(last->all, last->count, (pid_t)r->pid, &before);
        if (before.processes > 0)
            usage_rate(&r->use, &before, (now.at - last->at) / CLOCK_MS);
        r->has_use = true;
    }
    free(last->all);
    *last = now;
    return code;
}

/* --- the command ------------------------------------------------------------------------------ */

struct request {
    const char *run;
    char **names;
    bool json, health, use, watch;
};

static int show(struct status *s, const struct request *q)
{
    struct str out = STR_INIT;
    if (q->watch && isatty(1))
        str_add_text(&out, "\033[H\033[2J");
    for (size_t i = 0; !q->health && i < s->count; i++)
        status_read_files(&s->row[i], q->run);
    if (q->json)
        status_json(s, &out);
    else if (q->health)
        status_health(s, &out);
    else if (q->use)
        status_use_table(s, &out);
    else
        status_table(s, &out);
    if (q->watch && !isatty(1) && !q->json)
        str_add_char(&out, '\n');
    int code = put_all(&out);
    return code == 0 && fflush(stdout) != 0 ? EXIT_SYSTEM : code;
}

static int tell(const struct request *q, struct sample *last)
{
    struct status s;
    struct error e = ERROR_INIT;
    if (status_read(&s, q->run, &e) < 0) {
        int code = message_error(&e);
        return q->health ? EXIT_UNWELL : code;
    }
    bool good = status_choose(&s, q->names);
    int code = q->use ? add_use(&s, last) : 0;
    if (code == 0)
        code = show(&s, q);
    if (code == 0 && (!good || (q->health && !status_is_well(&s))))
        code = EXIT_UNWELL;
    status_release(&s);
    return code;
}

static int run_status(struct invocation *c)
{
    struct sample last = {.at = 0};
    zone_take(logdirs_setting("TZ"));
    if (options_read_anywhere(c, 0, INT_MAX) != 0)
        return EXIT_USAGE;
    struct request q = {.run = given('R') ? argument_of('R') : "/run",
                        .names = options.operand,
                        .json = given('j'),
                        .health = given('H'),
                        .use = given('u'),
                        .watch = given('w')};
    int code = tell(&q, &last);
    while (q.watch && (code == 0 || (q.health && code == EXIT_UNWELL))) {
        clock_sleep(CLOCK_SECOND);
        code = tell(&q, &last);
    }
    free(last.all);
    return code;
}

static const char status_options[] =
    "-H, --health   say what is not well; exit 0 only when all that should be is up and ready\n"
    "-j, --json     for programs\n"
    "-u, --use      CPU, memory, processes and descriptors, the most first\n"
    "-w, --watch    again each second, until ^C\n"
    "-R, --run=DIR  the /run that overlog up printed\n";

const struct command command_status[] = {
    {"overlog status", "[--health] [--json] [--use] [--watch] [-R DIR] [NAME...]",
     "say how the services are", status_options, run_status},
    {.name = NULL}};
