/* probe: whether a server answers, a socket or file is there, a process lives, a service is up or
 * has said something: one look, or until it is so. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/process.h"
#include "command/commands.h"
#include "command/overlog/last_lines.h"
#include "command/overlog/status_load.h"
#include "command/tools/http.h"
#include "command/tools/probe_net.h"
#include "command/tools/probe_target.h"
#include "contract/paths.h"
#include "logcat/started.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EXIT_DOES_NOT_HOLD = 1,
    ATTEMPT_MS = 2000,              /* each may take so long */
    PAUSE_MS = 100,                 /* between two, at first; doubled */
    LAST_MS = 200,                  /* the last look has at least this */
    PAUSE_MOST_MS = 1000,           /* up to this */
    SILENT_MS = 1000,               /* nothing is said of a wait that is shorter */
    TIME_MAX = 7 * 24 * 3600 * 1000 /* ms */
};

struct probe {
    struct probe_target *target;
    struct pattern *pattern; /* in parallel, of those that have one */
    size_t count;
    const char *statuses; /* NULL: 2xx and 3xx */
    const char *contains; /* NULL: no matter what */
    struct words headers;
    int64_t each; /* ns that an attempt may take */
};

/* Each of these looks once: 0 it holds, -1 with the reason why not. */

static int no(struct error *why, const char *text)
{
    return error_set(why, EXIT_DOES_NOT_HOLD, "%s", text);
}

/* --- servers ---------------------------------------------------------------------------------- */

static int judge(const struct probe *p, const struct http_answer *a, struct error *why)
{
    if (http_status_in(p->statuses == NULL ? "2xx,3xx" : p->statuses, a->status) != 1)
        return error_set(why, EXIT_DOES_NOT_HOLD, "status %d%s%s", a->status,
                         a->reason[0] == '\0' ? "" : " ", a->reason);
    return a->found
               ? 0
               : error_set(why, EXIT_DOES_NOT_HOLD, "status %d, but the answer does not contain %s",
                           a->status, p->contains);
}

static int look_at_server(const struct probe *p, const struct probe_target *t,
                          const struct probe_time *time, struct error *why)
{
    struct str request = STR_INIT;
    struct http_answer a;
    int fd = probe_connect(t, time, why);
    if (fd < 0 || t->uri == NULL) {
        fd_close(fd);
        return fd < 0 ? -1 : 0;
    }
    http_begin(&a, p->contains);
    int result = http_request(&request, t->uri, t->authority, &p->headers) < 0
                     ? no(why, "out of memory")
                     : probe_ask(fd, &request, &a, time, why);
    if (result == 0)
        result = judge(p, &a, why);
    http_release(&a);
    str_release(&request);
    close(fd);
    return result;
}

/* --- files ------------------------------------------------------------------------------------ */

static int look_for_file(const char *path, struct error *why)
{
    struct stat st;
    return stat(path, &st) == 0 ? 0 : no(why, strerror(errno));
}

/* A process that nobody has waited for yet has a pid, but does not live. */
static bool is_zombie(pid_t pid)
{
    struct process_stat s;
    return process_stat(pid, &s) == 0 && (s.state == 'Z' || s.state == 'X');
}

static int look_for_process(const char *path, struct error *why)
{
    enum { PID_FILE_MAX = 4096 };
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    unsigned long long pid = 0;
    int result = 0;
    if (file_read(AT_FDCWD, path, PID_FILE_MAX, &text, &e) < 0) {
        result = no(why, e.text);
    } else {
        char *begin = text.data == NULL ? (char[]){""} : text.data + strspn(text.data, " \t\r\n");
        begin[strcspn(begin, " \t\r\n")] = '\0';
        if (number_parse(begin, INT32_MAX, &pid) < 0 || pid == 0)
            result = no(why, "there is no pid in it");
        else if ((kill((pid_t)pid, 0) < 0 && errno != EPERM) || is_zombie((pid_t)pid))
            result = error_set(why, EXIT_DOES_NOT_HOLD, "there is no process %llu", pid);
    }
    str_release(&text);
    return result;
}

/* --- services --------------------------------------------------------------------------------- */

static int judge_service(const struct status_service *s, struct error *why)
{
    if (s->state == SERVICE_IS_UP && s->ready)
        return 0;
    return error_set(why, EXIT_DOES_NOT_HOLD, "it is %s%s%.400s%s",
                     s->state == SERVICE_IS_UP ? "up, but not ready" : status_states[s->state],
                     s->why == NULL ? "" : " (", s->why == NULL ? "" : s->why,
                     s->why == NULL ? "" : ")");
}

static int judge_log(const struct status_service *s, const struct pattern *p, struct error *why)
{
    struct error e = ERROR_INIT;
    if (s->starts == 0)
        return no(why, "the service was not started yet");
    int found =
        started_find(last_lines_root(), s->name, s->state == SERVICE_IS_UP ? s->pid : 0, p, &e);
    switch (found) {
    case STARTED_FOUND:
        return 0;
    case STARTED_NOTHING:
        return no(why, "there is no such line since the service started");
    case STARTED_NEVER:
        return no(why, "the event log does not tell of the start of the service");
    case STARTED_UNLOGGED:
        return no(why, "the service has no log directory");
    default:
        return no(why, e.text);
    }
}

/* pattern NULL: whether it is up and ready. */
static int look_at_service(const char *name, const struct pattern *pattern, struct error *why)
{
    struct error e = ERROR_INIT;
    char *bytes = status_load(RUN_STATUS, &e);
    struct status_service s;
    if (bytes == NULL)
        return no(why, e.text);
    int result = !status_load_service(bytes, name, &s) ? no(why, "there is no such service")
                 : pattern == NULL                     ? judge_service(&s, why)
                                                       : judge_log(&s, pattern, why);
    free(bytes);
    return result;
}

/* --- all of them ------------------------------------------------------------------------------ */

static int look(const struct probe *p, size_t i, const struct probe_time *time, struct error *why)
{
    const struct probe_target *t = &p->target[i];
    switch (t->kind) {
    case PROBE_FILE:
        return look_for_file(t->path, why);
    case PROBE_PID:
        return look_for_process(t->path, why);
    case PROBE_LOG:
        return look_at_service(t->service, &p->pattern[i], why);
    case PROBE_SERVICE:
        return look_at_service(t->service, NULL, why);
    default:
        return look_at_server(p, t, time, why);
    }
}

static int look_once(const struct probe *p)
{
    int code = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct error why = ERROR_INIT;
        int64_t until = clock_monotonic() + p->each;
        if (look(p, i, &(struct probe_time){until, until}, &why) < 0) {
            message_fatal("%s: %s", p->target[i].word, why.text);
            code = EXIT_DOES_NOT_HOLD;
        }
    }
    return code;
}

/* The first that does not hold, or count. */
static size_t look_at_all(const struct probe *p, int64_t end, struct error *why)
{
    size_t i = 0;
    for (; i < p->count; i++) {
        int64_t now = clock_monotonic(), until = now + p->each;
        int64_t last = end > now + LAST_MS * CLOCK_MS ? end : now + LAST_MS * CLOCK_MS;
        if (look(p, i, &(struct probe_time){until < last ? until : last, last}, why) < 0)
            break;
    }
    return i;
}

static int look_until(const struct probe *p, int64_t wait)
{
    int64_t begin = clock_monotonic(), end = begin + wait, pause = PAUSE_MS * CLOCK_MS;
    size_t said = p->count;
    for (;;) {
        struct error why = ERROR_INIT;
        size_t i = look_at_all(p, end, &why);
        int64_t now = clock_monotonic();
        if (i == p->count)
            return 0;
        if (now + pause > end) {
            pause = end > now ? end - now : 0;
            if (pause == 0)
                return refuse(EXIT_DOES_NOT_HOLD, "%s: %s", p->target[i].word, why.text);
        }
        if (i != said && now - begin >= SILENT_MS * CLOCK_MS) {
            message_info("waiting for %s: %s", p->target[i].word, why.text);
            said = i;
        }
        clock_sleep(pause);
        pause = pause * 2 < PAUSE_MOST_MS * CLOCK_MS ? pause * 2 : PAUSE_MOST_MS * CLOCK_MS;
    }
}

/* --- the command ------------------------------------------------------------------------------ */

static int read_targets(struct probe *p, char **words, size_t count)
{
    struct error e = ERROR_INIT;
    p->target = calloc(count, sizeof *p->target);
    p->pattern = calloc(count, sizeof *p->pattern);
    if (p->target == NULL || p->pattern == NULL)
        return refuse(EXIT_SYSTEM, "out of memory");
    for (; p->count < count; p->count++) {
        struct probe_target *t = &p->target[p->count];
        if (probe_target_parse(t, words[p->count], &e) < 0 ||
            (t->pattern != NULL && pattern_open(&p->pattern[p->count], t->pattern, false, &e) < 0))
            return message_error(&e);
    }
    return 0;
}

/* An option of one letter. 0, or the exit code. */
static int read_option(struct invocation *c, int option, struct probe *p, uint64_t *wait,
                       uint64_t *each)
{
    switch (option) {
    case 'w':
        return options_duration(c, c->argument, TIME_MAX, wait);
    case 'T':
        return options_duration(c, c->argument, TIME_MAX, each);
    case '\1':
        p->statuses = c->argument;
        if (http_status_in(c->argument, 0) >= 0)
            return 0;
        return refuse(EXIT_USAGE, "%s is no list of statuses, as 200,301-303,4xx", c->argument);
    case '\2':
        if (!http_is_header(c->argument))
            return refuse(EXIT_USAGE, "%s is no header, as \"Host: example.org\"", c->argument);
        return words_add(&p->headers, c->argument) < 0 ? EXIT_SYSTEM : 0;
    case '\3':
        p->contains = c->argument;
        return 0;
    default:
        return EXIT_USAGE;
    }
}

static void release(struct probe *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->target[i].pattern != NULL)
            pattern_close(&p->pattern[i]);
        probe_target_release(&p->target[i]);
    }
    free(p->target);
    free(p->pattern);
    words_release(&p->headers);
}

static int run_probe(struct invocation *c)
{
    struct probe p = {.count = 0};
    uint64_t wait = 0, each = ATTEMPT_MS;
    int code = 0;
    message_verbosity(MESSAGE_INFO);
    setlocale(LC_CTYPE, "C.UTF-8"); /* expressions match characters */
    for (int option; code == 0 && (option = command_option(c)) != 0;)
        code = read_option(c, option, &p, &wait, &each);
    if (code == 0 && command_operand_count(c) == 0)
        code = command_usage(c);
    if (code == 0 && each == 0)
        code = refuse(EXIT_USAGE, "-T must be more than 0");
    if (code == 0)
        code = read_targets(&p, command_operands(c), (size_t)command_operand_count(c));
    p.each = (int64_t)each * CLOCK_MS;
    if (code == 0)
        code = wait == 0 ? look_once(&p) : look_until(&p, (int64_t)wait * CLOCK_MS);
    release(&p);
    return code;
}

static const char probe_options[] =
    "-w TIME              wait until all of it holds, at most that long (0: one look)\n"
    "-T TIME              each look at a server takes at most that long (2s)\n"
    "\1, --status=LIST     http: what is good, as 200,301-303,4xx (2xx,3xx)\n"
    "\2, --header=HEADER   http: send this line too, as \"Host: example.org\"; may be repeated\n"
    "\3, --contains=TEXT   http: the answer must contain this\n";

const struct command command_probe[] = {
    {"probe", "[-w TIME] [-T TIME] [--status LIST] [--header HEADER] [--contains TEXT] TARGET...",
     "say whether a server, file or service is as it should be", probe_options, run_probe},
    {.name = NULL}};
