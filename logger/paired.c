/* The command `logger`: options, privileges and directories of a paired logger, before pump.c
 * takes over. */
#include "base/account.h"
#include "base/file.h"
#include "base/image.h"
#include "base/message.h"
#include "base/options.h"
#include "base/process.h"
#include "base/zone.h"
#include "contract/logger.h"
#include "logger/console.h"
#include "logger/disk.h"
#include "logger/fallback.h"
#include "logger/identity.h"
#include "logger/kinds.h"
#include "logger/processes.h"
#include "logger/pump.h"
#include "logger/script.h"
#include "logger/unlogged.h"
#include "rotate/pipe_note.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GZIP_LEVEL = 6 };

static char *const default_script[] = {LOGGER_SCRIPT_KEEP, LOGGER_SCRIPT_SIZE, LOGGER_SCRIPT_STAMP};
static char *const events_script[] = {LOGGER_SCRIPT_KEEP, LOGGER_SCRIPT_SIZE};

struct paired {
    struct pump pump;
    struct sink_rules rules;
    struct sink_rules events_rules;
    struct script script;
    struct script events_script;
    struct fallback fallback;
    const char *name;
    const char *directory; /* NULL: no disk */
    const char *events;    /* NULL: none */
    enum logging_mode mode;
    bool resume;
    bool drops_lines;     /* while the disk does not work */
    bool verbose;         /* info lines, too */
    struct identity user; /* to become once the directories are open */
    enum console_form form;
    struct wrap_pretty pretty;
    uint64_t flood; /* bytes a minute; 0: none */
};

const char logger_options[] =
    "-" LOGGER_OPTION_DIRECTORY ", --directory=DIR  the log directory\n"
    "-" LOGGER_OPTION_USER ", --user=UID:GID   become this user once the directory is open\n"
    "-" LOGGER_OPTION_PREFIX ", --prefix         put [NAME] before each line on the console\n"
    "-" LOGGER_OPTION_PRETTY
    ", --pretty=WIDTH   put the time and NAME, as wide as that, before each line\n"
    "-" LOGGER_OPTION_JSON ", --json           show each line as a JSON object\n"
    "-" LOGGER_OPTION_COLOR ", --color          with -P: NAME in a colour of its own\n"
    "-" LOGGER_OPTION_EVENTS ", --events=DIR     log the event pipe on descriptor 9 there\n"
    "-" LOGGER_OPTION_RESUME ", --resume         take current over as it is\n"
    "-" LOGGER_OPTION_VERBOSE ", --verbose        say info lines, too\n"
    "-" LOGGER_OPTION_DROP
    ", --drop           drop lines that cannot be written, instead of waiting\n"
    "-" LOGGER_OPTION_FLOOD ", --flood=BYTES    so many a minute are a flood, which is an event\n";

/* --- messages: to the console, or into the log when that is gone --- */

static struct paired *self;

static void write_message(const char *text, size_t length)
{
    struct pump *p = &self->pump;
    for (int i = 1; i >= 0; i--)
        if (!p->handover.console.stream[i].closed &&
            console_message(&p->handover.console, i, text, length) == 0)
            return;
    pump_note(p, text, length);
}

/* --- words --- */

static int parse_mode(const char *text, enum logging_mode *mode)
{
    static const char *const names[] = LOGGING_MODE_NAMES;
    for (unsigned int i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(text, names[i]) == 0) {
            *mode = (enum logging_mode)i;
            return 0;
        }
    return -1;
}

static bool has(const char *option)
{
    return given(option[0]);
}

static int parse_options(struct paired *p, struct invocation *c)
{
    struct account user;
    uint64_t width = 0;
    if (options_read(c, 2) != 0 ||
        options_number(c, argument_of(LOGGER_OPTION_PRETTY[0]), 255, &width) != 0 ||
        options_number(c, argument_of(LOGGER_OPTION_FLOOD[0]), INT64_MAX, &p->flood) != 0)
        return EXIT_USAGE;
    if (has(LOGGER_OPTION_USER)) {
        if (account_by_number(argument_of(LOGGER_OPTION_USER[0]), &user) < 0)
            return command_usage(c);
        p->user = (struct identity){.uid = user.uid, .gid = user.gid};
    }
    p->directory = argument_of(LOGGER_OPTION_DIRECTORY[0]);
    p->events = argument_of(LOGGER_OPTION_EVENTS[0]);
    p->pretty = (struct wrap_pretty){.width = (int)width, .color = has(LOGGER_OPTION_COLOR)};
    if (has(LOGGER_OPTION_JSON))
        p->form = CONSOLE_JSON;
    else if (has(LOGGER_OPTION_PREFIX) || width > 0)
        p->form = CONSOLE_PREFIX;
    p->resume = has(LOGGER_OPTION_RESUME);
    p->drops_lines = has(LOGGER_OPTION_DROP);
    p->verbose = has(LOGGER_OPTION_VERBOSE);
    if (p->verbose)
        message_verbosity(MESSAGE_INFO);
    char **words = command_operands(c);
    if (parse_mode(words[1], &p->mode) < 0)
        return command_usage(c);
    p->name = words[0];
    if (p->mode == LOGGING_CONSOLE)
        p->directory = NULL;
    return 0;
}

static int parse_script(struct paired *p, struct invocation *c, struct error *e)
{
    char **words = command_operands(c) + 2;
    size_t count = (size_t)command_operand_count(c) - 2;
    if (script_parse(&p->script, words, count, false, e) == 0)
        return 0;
    message_warning("bad logging script: %s; taking " LOGGER_SCRIPT, e->text);
    return script_parse(&p->script, default_script, 3, false, e);
}

/* --- descriptors --- */

static bool is_given[LOGGER_FDS];

/* Before anything else of ours is opened and takes the number of one that is missing. */
static void look_at_descriptors(void)
{
    struct pollfd given[LOGGER_FDS];
    for (int fd = 0; fd < LOGGER_FDS; fd++)
        given[fd] = (struct pollfd){.fd = fd >= LOGGER_FD_OUT ? fd : -1};
    if (poll(given, LOGGER_FDS, 0) < 0 || fd_cloexec_range(LOGGER_FD_OUT, LOGGER_FDS - 1) < 0)
        for (int fd = LOGGER_FD_OUT; fd < LOGGER_FDS; fd++)
            given[fd].revents = fd_cloexec(fd, 1) == 0 ? 0 : POLLNVAL;
    for (int fd = LOGGER_FD_OUT; fd < LOGGER_FDS; fd++)
        is_given[fd] = (given[fd].revents & POLLNVAL) == 0;
}

static int inherited(int fd)
{
    return is_given[fd] ? fd : -1;
}

static void take_descriptors(struct paired *p)
{
    struct pump *pump = &p->pump;
    struct handover *h = &pump->handover;
    _Static_assert(CHECKPOINT_STREAMS == 3, "stdout, stderr, events");
    static const int reads[] = {LOGGER_FD_OUT, LOGGER_FD_ERR, LOGGER_FD_EVENTS};
    static const int journals[] = {LOGGER_FD_OUT_JOURNAL, LOGGER_FD_ERR_JOURNAL,
                                   LOGGER_FD_EVENTS_JOURNAL};
    for (int i = 0; i < CHECKPOINT_STREAMS; i++) {
        pump->input[i].watch.fd = inherited(reads[i]);
        pump->input[i].open = pump->input[i].watch.fd >= 0;
        h->input[i].journal.fd = inherited(journals[i]);
    }
    if (p->events == NULL) {
        pump->input[HANDOVER_EVENTS].open = false;
        h->input[HANDOVER_EVENTS].journal.fd = -1;
    }
    flood_open(&pump->flood, p->name, p->resume);
    pump->flood.threshold = p->flood;
    pump->flood.events = p->events == NULL ? inherited(LOGGER_FD_REPORT) : -1;
    h->state_fd = inherited(LOGGER_FD_STATE);
    h->console.lock = inherited(LOGGER_FD_LOCK);
    h->console.stream[0].fd = 1;
    h->console.stream[1].fd = 2;
    pump->shows = p->mode != LOGGING_DISK || p->directory == NULL;
}

/* --- privileges and directories --- */

static void drop(const struct paired *p)
{
    struct error e = ERROR_INIT;
    const struct account user = {.uid = p->user.uid, .gid = p->user.gid};
    if (!p->user.stays && account_become(&user, &e) < 0)
        message_warning("%s", e.text);
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

/* Whether it is the service's directory (-d), not one of the script's nor the events'. */
static bool is_own(const struct paired *p, const struct disk *d)
{
    return d == p->pump.handover.route[0].own;
}

/* Our own directory settles who we are; the others must suit that. */
static int prepare_one(struct paired *p, const struct sink *s, bool own, struct error *e)
{
    const struct identity wanted = p->user;
    if (own)
        return identity_open(s->text, &wanted, s->step->settings.mode, &p->user, e);
    return logdir_prepare(s->text, wanted.stays ? (uid_t)-1 : wanted.uid,
                          wanted.stays ? (gid_t)-1 : wanted.gid, s->step->settings.mode, e);
}

/* DIR@HOSTNAME; from the second on, DIR@HOSTNAME.NUMBER: containers of a pod have one host name.
 * NULL: there is no such name. */
static char *name_beside(const char *directory, int number)
{
    char host[HOST_NAME_MAX + 1] = "";
    char suffix[16] = "";
    struct str path = STR_INIT;
    if (number > 1)
        snprintf(suffix, sizeof suffix, ".%d", number);
    if (gethostname(host, sizeof host - 1) < 0 || strchr(host, '/') != NULL ||
        str_printf(&path, "%s@%s%s", directory, host, suffix) < 0)
        return NULL;
    return path.data;
}

/* Opens a directory, or, for an exact one, one beside it while other containers log there. Its
 * descriptor, or -1 with e. *in_use: they do in the one that it is, too. */
static int prepare(struct paired *p, struct disk *d, bool *in_use, struct error *e)
{
    enum { BESIDE_MOST = 100 };
    struct sink *s = &d->sink;
    const char *directory = s->text;
    const struct identity wanted = p->user;
    bool own = is_own(p, d);
    int fd = prepare_one(p, s, own, e);
    char *beside = NULL;
    char *next;
    for (int i = 1; (*in_use = fd >= 0 && d->exact && logdir_user(fd) >= 0) && i <= BESIDE_MOST &&
                    (next = name_beside(directory, i)) != NULL;
         i++) {
        close(fd);
        if (own)
            p->user = wanted;
        s->text = next; /* for as long as we live */
        free(beside);
        beside = next;
        fd = prepare_one(p, s, own, e);
    }
    if (s->text != directory)
        message_warning("%s is in use by another container; logging to %s", directory, s->text);
    return fd;
}

static void without_disk(struct paired *p, struct disk *d, const struct error *e)
{
    disk_be_absent(d, p->resume);
    p->pump.shows = true;
    if (is_own(p, d))
        unlogged_note(p->name, d->sink.text, e->text);
    fallback_say(&p->fallback, e, "logging to the console only");
}

/* What to say when there is no disk. */
static void set_fallback(struct paired *p)
{
    p->fallback = (struct fallback){.name = p->name,
                                    .directory = p->directory,
                                    .best_effort = p->mode == LOGGING_AUTO,
                                    .speaks = p->verbose,
                                    .lock = p->pump.handover.console.lock};
}

static void set_rules(struct paired *p, const char *note)
{
    bool drops = p->mode == LOGGING_AUTO || p->drops_lines;
    p->rules = (struct sink_rules){.trouble = drops ? SINK_DROP : SINK_HOLD,
                                   .sheds = true,
                                   .name = p->name,
                                   .gzip = GZIP_LEVEL,
                                   .slots = p->pump.handover.console.lock,
                                   .console = &p->pump.handover.console,
                                   .note = note,
                                   .fallback = &p->fallback};
    p->events_rules = p->rules;
    p->events_rules.trouble = SINK_DROP;
    p->events_rules.fallback = NULL;
}

static int open_events(struct paired *p, struct error *e)
{
    if (script_parse(&p->events_script, events_script, 2, false, e) < 0)
        return -1;
    p->events_script.own.text = p->events;
    /* who may read the logs may read what belongs to them */
    p->events_script.own.settings.mode = p->script.own.settings.mode;
    return route_open(&p->pump.handover.route[1], &p->events_script, &p->events_rules, e);
}

static int open_routes(struct paired *p, struct error *e)
{
    static char note[PIPE_NOTE_MAX];
    static const int inputs[] = {LOGGER_FD_OUT, LOGGER_FD_ERR};
    pipe_note_make(note, inputs, 2);
    zone_settle();
    set_fallback(p);
    set_rules(p, note);
    p->script.own.text = p->directory;
    if (route_open(&p->pump.handover.route[0], &p->script, &p->rules, e) < 0)
        return -1;
    return p->events == NULL ? 0 : open_events(p, e);
}

/* By the number of its sink: the descriptor of a directory, or -1, and why. */
struct prepared {
    int fd;
    bool in_use; /* by another container, when we looked */
    struct error why;
};

/* Directories of a route, made while we are privileged. The last first, which is our own. */
static void prepare_route(struct paired *p, const struct route *r, struct prepared *prepared)
{
    for (size_t i = r->count; i-- > 0;)
        if (r->sink[i]->kind == &directory_kind)
            prepared[i].fd = prepare(p, disk_of(r->sink[i]), &prepared[i].in_use, &prepared[i].why);
}

enum opening { OPENED, UNUSABLE, TAKEN /* by another container, after we looked */ };

static enum opening open_directory(const struct paired *p, struct disk *d, struct prepared *from)
{
    if (from->fd < 0)
        return UNUSABLE;
    if (disk_open(d, from->fd, p->resume, &from->why) == 0)
        return OPENED;
    return d->exact && d->dir.taken && !from->in_use ? TAKEN : UNUSABLE;
}

/* The directory of our own that another container has taken since we looked, or NULL. */
static const char *open_route(struct paired *p, const struct route *r, struct prepared *prepared)
{
    struct disk *d;
    for (size_t i = 0; (d = route_directory(r, &i)) != NULL;) {
        struct prepared *from = &prepared[i - 1];
        enum opening opening = open_directory(p, d, from);
        if (opening == OPENED)
            continue;
        if (opening == TAKEN)
            return d->sink.text;
        if (r == &p->pump.handover.route[1])
            disk_be_absent(d, p->resume);
        else
            without_disk(p, d, &from->why);
    }
    return NULL;
}

/* Directories are made and opened with privileges, files in them without. */
static int open_disk(struct paired *p, struct error *e)
{
    const struct route *lines = &p->pump.handover.route[0], *events = &p->pump.handover.route[1];
    size_t count = lines->count + events->count;
    struct prepared *prepared = calloc(count > 0 ? count : 1, sizeof *prepared);
    if (prepared == NULL)
        return error_system(e, "unable to prepare the log directories");
    file_set_mask(022);
    prepare_route(p, lines, prepared);
    if (lines->own != NULL) {
        const struct prepared *own = &prepared[lines->count - 1];
        unlogged_note(p->name, lines->own->sink.text, own->fd < 0 ? own->why.text : NULL);
    }
    prepare_route(p, events, prepared + lines->count);
    drop(p);
    const char *taken = open_route(p, lines, prepared);
    if (taken == NULL)
        taken = open_route(p, events, prepared + lines->count);
    free(prepared);
    /* Without privileges we can make none beside it, but nothing was read yet. */
    return taken == NULL ? 0
                         : error_set(e, EXIT_SYSTEM,
                                     "another container has just begun to log to %s: the next "
                                     "logger takes another directory",
                                     taken);
}

/* Its name in messages, for as long as we live, and on the console. */
static int take_name(struct paired *p, struct error *e)
{
    struct str name = STR_INIT;
    if (str_printf(&name, "logger %s", p->name) < 0 ||
        console_open(&p->pump.handover.console, p->form, p->name, &p->pretty) < 0)
        return error_system(e, "unable to begin");
    message_name(name.data);
    return 0;
}

/* In a frame of its own: what is needed only here does not stay on the stack of an idle logger.
 * 0 or an exit code. */
__attribute__((noinline)) static int begin(struct paired *p, struct invocation *c)
{
    struct error e = ERROR_INIT;
    look_at_descriptors();
    if (pump_open(&p->pump, &e) < 0)
        return message_error(&e);
    int wrong = parse_options(p, c);
    if (wrong != 0)
        return wrong;
    self = p;
    disk_lift_limit();
    take_descriptors(p);
    if (take_name(p, &e) < 0)
        return message_error(&e);
    message_to(write_message);
    if (parse_script(p, c, &e) < 0 || open_routes(p, &e) < 0 || open_disk(p, &e) < 0)
        return message_error(&e);
    /* A hundred of us may begin at once: what only that needed is given back before the first line,
     * not after the first silence. */
    image_discard_tables();
    image_rest();
    process_trim_stack();
    return 0;
}

/* p lies beside the rest of what an idle logger has in memory (base/image.ld), not on its stack. */
int logger_run(struct invocation *c)
{
    static struct paired p;
    p = (struct paired){.user = {.stays = true}, .flood = LOGGER_FLOOD};
    int code = begin(&p, c);
    if (code == 0) {
        code = pump_run(&p.pump);
        script_release(&p.script);
        script_release(&p.events_script);
    }
    message_to(NULL);
    return code;
}
