/* schedule: runs a program at the times of a timetable. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "base/zone.h"
#include "command/commands.h"
#include "command/tools/schedule_run.h"
#include "command/tools/timeout_kill.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

enum { TIME_MAX = INT32_MAX, GRACE_MS = 10000, NEXT_MAX = 100000 };

/* Letters of options that have only a long name. */
enum { FAIL_AFTER = 1, NEXT };

/* Our own zone, which is none of the job's. 0, or EXIT_USAGE. */
static int take_zone(void)
{
    const char *wish = argument_of('z'), *zone = wish != NULL ? wish : getenv("TZ");
    if (wish != NULL)
        unsetenv("TZ");
    if (zone_take(zone))
        return 0;
    if (wish == NULL) {
        message_warning("there are no data of the zone %s of TZ: times are UTC", zone);
        return 0;
    }
    message_fatal("-z %s: there are no data of this zone (its rule does without: "
                  "CET-1CEST,M3.5.0,M10.5.0/3 is that of Berlin)",
                  zone);
    return EXIT_USAGE;
}

static int read_overlap(const char *word, enum schedule_overlap *overlap)
{
    static const char *const words[] = {"skip", "queue", "kill"};
    for (size_t i = 0; word != NULL && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], word) == 0) {
            *overlap = (enum schedule_overlap)i;
            return 0;
        }
    return word == NULL ? 0 : refuse(EXIT_USAGE, "-o %s is neither skip, queue nor kill", word);
}

static int read_rules(struct invocation *c, struct schedule_rules *r)
{
    uint64_t jitter = 0, limit = 0, failures = 0;
    if (options_duration(c, argument_of('j'), TIME_MAX, &jitter) != 0 ||
        options_duration(c, argument_of('T'), TIME_MAX, &limit) != 0 ||
        options_number(c, argument_of(FAIL_AFTER), INT_MAX, &failures) != 0 ||
        read_overlap(argument_of('o'), &r->overlap) != 0)
        return EXIT_USAGE;
    r->jitter = (int64_t)jitter * CLOCK_MS;
    r->limit = (int64_t)limit * CLOCK_MS;
    r->stop = timeout_kill();
    r->grace = r->stop > 0 ? r->stop : GRACE_MS * CLOCK_MS;
    r->fail_after = (unsigned int)failures;
    r->once = given('1');
    r->at_start = given('n');
    r->pass = given('t');
    return 0;
}

/* Lets the plan live through the times that come, with clocks that go alike. */
static int print_next(const struct timetable *t, uint64_t count)
{
    struct schedule_plan plan;
    const struct schedule_rules rules = {.table = *t};
    const struct schedule_counts counts = {.runs = 0};
    const struct timespec from = clock_wall();
    char text[SCHEDULE_TIME_MAX];
    struct schedule_now now = {.wall = clock_ns(&from)};
    now.clock = now.wall;
    schedule_begin(&plan, &rules, &counts, 0, &now, NULL);
    while (count-- > 0 && (now.wall = schedule_next(&plan, &now)) != TIMETABLE_NEVER) {
        now.clock = now.wall;
        schedule_time(now.wall, text);
        puts(text);
        schedule_step(&plan, SCHEDULE_LOOK, 0, &now);
    }
    return fflush(stdout) == 0 ? 0 : fail("write to", "stdout");
}

/* The environment of the job: what we change of it is ours alone. NULL: no memory. */
static char **copy_environment(void)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **copy = malloc((count + 1) * sizeof *copy);
    if (copy != NULL)
        memcpy(copy, environ, (count + 1) * sizeof *copy);
    return copy;
}

/* Its error is not on the stack of a process that sleeps. */
__attribute__((noinline)) static int read_timetable(struct schedule *s)
{
    struct error e = ERROR_INIT;
    return timetable_parse(&s->rules.table, s->timetable, &e) < 0 ? message_error(&e) : 0;
}

static int run_schedule(struct invocation *c)
{
    static struct schedule s;
    uint64_t count = 0;
    int code;
    if (options_read(c, 1) != 0 || options_number(c, argument_of(NEXT), NEXT_MAX, &count) != 0)
        return EXIT_USAGE;
    s = (struct schedule){.timetable = options.operand[0],
                          .argv = options.operand + 1,
                          .envp = copy_environment(),
                          .verbose = given('v')};
    if (s.envp == NULL)
        return fail("keep", "the environment");
    if ((code = read_timetable(&s)) != 0)
        return code;
    if (take_zone() != 0)
        return EXIT_USAGE;
    if (given(NEXT))
        return print_next(&s.rules.table, count);
    if (s.argv[0] == NULL)
        return refuse(EXIT_USAGE,
                      "there is no program to run at \"%s\" (a timetable is one word: "
                      "put it between quotes)",
                      s.timetable);
    if (read_rules(c, &s.rules) != 0)
        return EXIT_USAGE;
    message_verbosity(s.verbose ? MESSAGE_INFO : MESSAGE_WARNING);
    return schedule_run(&s);
}

static const char schedule_options[] =
    "-z ZONE     the zone of the timetable (TZ)\n"
    "-j TIME     start up to so much later, by chance\n"
    "-T TIME     a job that takes longer is ended\n"
    "-o WHAT     when the job still runs: skip, queue (one runs afterwards) or kill (skip)\n"
    "-1          end after one run, with its exit code\n"
    "-n          run the job at once, too\n"
    "-t          pass SIGTERM on to the job, instead of waiting for it\n"
    "-v          say when the job begins and ends, not only when it fails\n"
    "\1, --fail-after=COUNT  end after so many failures in a row, with the exit code\n"
    "\2, --next=COUNT  print the next times, and run nothing\n";

const struct command command_schedule[] = {
    {"schedule", "[-1ntv] [-z ZONE] [-j TIME] [-T TIME] [-o WHAT] [--fail-after N] SPEC prog...",
     "run a program at the times of a timetable, as cron does", schedule_options, run_schedule},
    {.name = NULL}};
