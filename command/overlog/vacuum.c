/* overlog vacuum: deletes archives, so that the log root gets smaller. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "base/quantity.h"
#include "command/commands.h"
#include "command/overlog/last_lines.h"
#include "command/overlog/overlog.h"
#include "command/overlog/vacuum_watch.h"
#include "logcat/logdirs.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_UNDONE = 1 };

#define OLDER_MAX (36500ULL * 86400 * 1000)

/* --- saying it -------------------------------------------------------------------------------- */

static void put_count(struct str *out, long archives, int64_t bytes)
{
    char size[QUANTITY_MAX];
    quantity_size(bytes, size);
    str_printf(out, "%ld archive%s, %s", archives, archives == 1 ? "" : "s", size);
}

static int say(const struct vacuum *v, bool only_say)
{
    struct str out = STR_INIT;
    long archives = 0;
    int64_t bytes = 0, kept = 0;
    char size[QUANTITY_MAX];
    for (size_t i = 0; i < v->count; i++) {
        const struct vacuum_directory *d = &v->item[i];
        long count = only_say ? d->doomed : d->gone;
        int64_t sum = only_say ? d->doomed_bytes : d->gone_bytes;
        kept += d->bytes - d->doomed_bytes;
        if (count == 0)
            continue;
        put_shown(&out, d->name, 0);
        str_add_text(&out, ": ");
        put_count(&out, count, sum);
        str_add_char(&out, '\n');
        archives += count;
        bytes += sum;
    }
    str_add_text(&out, only_say ? "would free " : "freed ");
    put_count(&out, archives, bytes);
    quantity_size(kept, size);
    str_printf(&out, "; archives %stake %s\n", only_say ? "would " : "", size);
    return put_all(&out);
}

/* --- the command ------------------------------------------------------------------------------ */

/* The size that an option, or the variable of the container, sets. 0, or the exit code. */
static int read_size(const struct invocation *c, const char *word, int64_t *most)
{
    uint64_t bytes;
    const char *set = word == NULL ? logdirs_setting("OVERLOG_TOTAL") : NULL;
    bool is_set = set != NULL && set[0] != '\0' && strcmp(set, "0") != 0;
    if (word == NULL && (!is_set || given('o')) && !given('w'))
        return 0;
    if (word == NULL && !is_set)
        return refuse(EXIT_USAGE, "how much may archives take? Use --to, or set OVERLOG_TOTAL");
    if (size_parse(word == NULL ? set : word, INT64_MAX, &bytes) == 0) {
        *most = (int64_t)bytes;
        return 0;
    }
    message_fatal("%s%s is no size, as 500M or 2G", word == NULL ? "OVERLOG_TOTAL=" : "",
                  word == NULL ? set : word);
    return word == NULL ? EXIT_USAGE : command_usage(c);
}

/* A plain number would be milliseconds, and delete all there is. */
static int read_age(const struct invocation *c, const char *word, int64_t *older)
{
    uint64_t ms = 0;
    if (word == NULL)
        return 0;
    if (word[0] != '\0' && word[strspn(word, "0123456789")] == '\0')
        return refuse(EXIT_USAGE, "--older %s: days or hours? Say %sd, %sh or %sm", word, word,
                      word, word);
    if (options_duration(c, word, OLDER_MAX, &ms) != 0)
        return EXIT_USAGE;
    *older = (int64_t)ms * CLOCK_MS;
    return ms > 0 ? 0 : refuse(EXIT_USAGE, "--older needs a time that is not 0");
}

/* Says which of the names are no directory's. 0, or the exit code. */
static int check_names(const struct vacuum_request *q)
{
    int code = 0;
    for (size_t i = 0; q->names[i] != NULL; i++)
        if (!q->matched[i]) {
            message_fatal("no log directory %s in %s", q->names[i], q->path);
            code = EXIT_UNDONE;
        }
    return code;
}

static int run_once(struct vacuum_request *q, bool only_say)
{
    struct vacuum v = {.count = 0};
    struct error e = ERROR_INIT;
    int root = vacuum_do(&v, q, only_say, &e);
    if (root < 0)
        return message_error(&e);
    close(root);
    int code = check_names(q), wrong = say(&v, only_say);
    for (size_t i = 0; i < v.count; i++)
        if (v.item[i].gone > 0)
            vacuum_tell(v.item[i].name, v.item[i].gone, v.item[i].gone_bytes);
    if (v.distrusts) {
        message_warning("the clock was set: no archive goes for its age, for up to an hour");
        code = code == 0 ? EXIT_UNDONE : code;
    }
    if (wrong != 0 || v.failed)
        code = EXIT_SYSTEM;
    vacuum_release(&v);
    return code;
}

static int run_vacuum(struct invocation *c)
{
    struct str path = STR_INIT;
    if (options_read_anywhere(c, 0, INT_MAX) != 0)
        return EXIT_USAGE;
    struct vacuum_request q = {.names = options.operand, .rules.most = -1};
    int code = read_size(c, argument_of('t'), &q.rules.most);
    if (code == 0)
        code = read_age(c, argument_of('o'), &q.rules.older);
    if (code != 0)
        return code;
    if (q.rules.most < 0 && q.rules.older == 0)
        return refuse(EXIT_USAGE, "nothing selected: use --to or --older, or set OVERLOG_TOTAL");
    if (str_add_text(&path, last_lines_root()) < 0 ||
        (q.matched = calloc((size_t)options.count + 1, sizeof *q.matched)) == NULL)
        return refuse(EXIT_SYSTEM, "out of memory");
    q.path = path.data;
    code = given('w') ? vacuum_watch(&q) : run_once(&q, given('n'));
    free(q.matched);
    str_release(&path);
    return code;
}

static const char vacuum_options[] =
    "-t, --to=SIZE     the oldest archives of the largest directories, until all take no more: 2G\n"
    "-o, --older=TIME  archives that are older than that: 12h, 30d\n"
    "-n, --dry-run     remove nothing, and say what would be\n"
    "-w, --watch       stay, and do it again whenever there is another archive\n";

const struct command command_vacuum[] = {
    {"overlog vacuum", "[--to SIZE] [--older TIME] [--dry-run | --watch] [NAME...]",
     "remove archives of logs", vacuum_options, run_vacuum},
    {.name = NULL}};
