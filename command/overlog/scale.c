/* overlog scale: another number of instances while the container runs. */
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include "command/s6/control_client.h"
#include "command/s6rc/rcupdate.h"
#include "contract/paths.h"
#include "services/database.h"
#include "services/instances.h"
#include "services/livedir.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_DEFAULT = 60000, PATH_ROOM = 1024 };

/* The files of all longruns are where they run. */
static int name_live_directories(struct definitions *d)
{
    for (size_t i = 0; i < d->count; i++) {
        char path[PATH_ROOM];
        if (d->item[i].type != DEFINITION_LONGRUN)
            continue;
        livedir_path(path, sizeof path, d->item[i].name);
        free(d->item[i].directory);
        d->item[i].directory = strdup(path);
        if (d->item[i].directory == NULL)
            return -1;
    }
    return 0;
}

/* The services as they are, but for that number. */
static int prepare(struct rcupdate *u, const char *name, unsigned int count)
{
    struct error e = ERROR_INIT;
    struct problems p = PROBLEMS_INIT;
    if (database_read(&u->new, RUN_COMPILED, &e) < 0)
        return message_error(&e);
    if (name_live_directories(&u->new) < 0)
        return refuse(EXIT_SYSTEM, "out of memory");
    if (instances_scale(&u->new, name, count, &e) < 0)
        return refuse(e.code, "unable to scale %s to %u: %s", name, count, e.text);
    int result = graph_build(&u->g, &u->new, &p);
    problems_say(&p);
    problems_release(&p);
    return result < 0 ? refuse(EXIT_FAILURE, "unable to scale %s", name) : 0;
}

/* So that s6-rc-update leaves it at that. */
static int keep(const char *name, unsigned int count)
{
    struct error e = ERROR_INIT;
    char path[PATH_ROOM], line[16];
    int n = snprintf(line, sizeof line, "%u\n", count);
    snprintf(path, sizeof path, RUN_INSTANCES "/%.255s", name);
    if (file_make_directories(AT_FDCWD, RUN_INSTANCES, 0755, &e) < 0 ||
        file_replace(AT_FDCWD, path, line, (size_t)n, 0644, &e) < 0)
        return message_error(&e);
    return 0;
}

/* What the update found new and nothing needs is not started by it. */
static int bring_up(const struct rcupdate *u, const char *name)
{
    struct error e = ERROR_INIT;
    const char *words[] = {"s6-rc", "ub", u->timeout, "1", "0", "change", name};
    int code = control_request(RUN_CONTROL, words, sizeof words / sizeof words[0], &e);
    return code < 0 ? message_error(&e) : code;
}

static size_t members(const struct definitions *d, const char *name)
{
    long found = definitions_find(d, name);
    return found < 0 ? 0 : d->item[found].contents.count;
}

/* Why none of them runs; NULL: they do, or there is none. */
static const char *left_out(const struct definitions *d, const char *name, unsigned int count)
{
    char first[512];
    snprintf(first, sizeof first, "%.255s-1", name);
    long found = definitions_find(d, first);
    return count == 0 || found < 0 ? NULL : d->item[found].left_out;
}

static void say(const struct rcupdate *u, const char *name, unsigned int count, size_t before)
{
    const char *why = left_out(&u->new, name, count);
    print_shown("%s has %u instance%s", name, count, count == 1 ? "" : "s");
    if (before == count)
        printf(", as before");
    else
        printf(", and had %zu", before);
    if (why != NULL)
        print_shown("; left out: %s", why);
    printf("\n");
}

static int scale(struct rcupdate *u, const char *name, unsigned int count)
{
    int code = prepare(u, name, count);
    size_t before = members(&u->old, name);
    if (code == 0 && before != count)
        code = rcupdate_apply(u);
    if (code == 0)
        code = keep(name, count);
    if (code == 0 && count > 0)
        code = bring_up(u, name);
    if (code == 0)
        say(u, name, count, before);
    return code;
}

static int run_scale(struct invocation *c)
{
    struct rcupdate u;
    uint64_t timeout = TIMEOUT_DEFAULT;
    unsigned long long count = 0;
    char ms[24];
    if (options_read_anywhere(c, 2, 2) != 0 ||
        options_duration(c, argument_of('t'), UINT32_MAX, &timeout) != 0)
        return EXIT_USAGE;
    const char *name = options.operand[0];
    if (number_parse(options.operand[1], INSTANCES_MAX, &count) < 0)
        return refuse(EXIT_USAGE, "%s is no number from 0 to %d", options.operand[1],
                      INSTANCES_MAX);
    int code = rcupdate_init(&u);
    snprintf(ms, sizeof ms, "%llu", (unsigned long long)timeout);
    u.timeout = ms;
    u.letters = "b";
    if (code == 0)
        code = scale(&u, name, (unsigned int)count);
    rcupdate_release(&u);
    return code;
}

static const char scale_options[] =
    "-t, --timeout=TIME  wait no longer than that (60s): 500ms, 30s, 2m\n";

const struct command command_scale[] = {{"overlog scale", "[-t TIME] NAME N",
                                         "set how many instances of a service run", scale_options,
                                         run_scale},
                                        {.name = NULL}};
