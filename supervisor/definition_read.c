/* Reading definition directories (spec/s6-rc-source.md). Nothing stops at the first mistake. */
#include "base/file.h"
#include "base/lexer.h"
#include "base/signals.h"
#include "supervisor/definition.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, PATH_ROOM = 4096 };

/* One directory of definitions, one entry of it. */
struct reading {
    struct definitions *all;
    struct problems *p;
    const char *source;
    const char *name;
    char path[PATH_ROOM]; /* source/name */
    int fd;
    bool bundles_only; /* user-bundles.d: an entry without type is a bundle */
};

static const char *file_path(const struct reading *r, const char *file, char out[PATH_ROOM])
{
    snprintf(out, PATH_ROOM, "%s/%s", r->path, file);
    return out;
}

static void no_memory(struct reading *r)
{
    problems_error(r->p, r->path, 0, NULL, "out of memory");
}

static bool exists(const struct reading *r, const char *file)
{
    return faccessat(r->fd, file, F_OK, 0) == 0;
}

/* The content of a file: 1 read, 0 not there, -1 said. */
static int content(struct reading *r, const char *file, struct str *out)
{
    struct error e = ERROR_INIT;
    char path[PATH_ROOM];
    str_clear(out);
    if (file_read(r->fd, file, FILE_MAX, out, &e) == 0)
        return 1;
    if (errno == ENOENT)
        return 0;
    problems_error(r->p, file_path(r, file, path), 0, NULL, "%s", e.text);
    return -1;
}

/* The first line without trailing blanks, cut in place. */
static const char *first_line(struct str *text)
{
    if (text->data == NULL)
        return "";
    size_t length = strcspn(text->data, "\n");
    while (length > 0 && strchr(" \t\r", text->data[length - 1]) != NULL)
        length--;
    text->data[length] = '\0';
    return text->data;
}

static void number_file(struct reading *r, const char *file, unsigned long long max,
                        unsigned long long *value)
{
    struct str text = STR_INIT;
    char path[PATH_ROOM];
    if (content(r, file, &text) == 1 && number_parse(first_line(&text), max, value) < 0)
        problems_error(r->p, file_path(r, file, path), 1, "write a plain decimal number",
                       "invalid number \"%s\"", first_line(&text));
    str_release(&text);
}

static uint32_t milliseconds(struct reading *r, const char *file, uint32_t fallback)
{
    unsigned long long value = fallback;
    number_file(r, file, UINT32_MAX, &value);
    return (uint32_t)value;
}

static int signal_file(struct reading *r, const char *file, int fallback)
{
    struct str text = STR_INIT;
    char path[PATH_ROOM];
    int result = fallback;
    if (content(r, file, &text) == 1) {
        int found = signal_number(first_line(&text), 64);
        if (found < 0)
            problems_warning(r->p, file_path(r, file, path), 1, "write a name such as SIGTERM",
                             "invalid signal \"%s\", using %d", first_line(&text), fallback);
        else
            result = found;
    }
    str_release(&text);
    return result;
}

/* --- lists of names -----------------------------------------------------------------------------
 */

static bool reserved(const char *name)
{
    return strncmp(name, "s6rc-", 5) == 0 || strncmp(name, "s6-rc-", 6) == 0;
}

static void add_name(struct reading *r, const char *path, unsigned int line, const char *name,
                     struct words *out)
{
    if (reserved(name))
        problems_error(r->p, path, line, "choose another name",
                       "invalid name %s: names may not begin with s6rc- or s6-rc-", name);
    else if (!words_has(out, name) && words_add(out, name) < 0)
        no_memory(r);
}

static void flat_list(struct reading *r, const char *file, struct words *out)
{
    struct str text = STR_INIT;
    char path[PATH_ROOM];
    unsigned int number = 0;
    if (content(r, file, &text) != 1) {
        str_release(&text);
        return;
    }
    for (char *line = text.data; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        number++;
        if (end != NULL)
            *end = '\0';
        line += strspn(line, " \t");
        if (line[0] != '\0' && line[0] != '#')
            add_name(r, file_path(r, file, path), number, line, out);
        line = end == NULL ? NULL : end + 1;
    }
    str_release(&text);
}

/* FILE.d, or the flat FILE where there is none. */
static void names(struct reading *r, const char *folder, const char *flat, struct words *out)
{
    struct words listed = WORDS_INIT;
    struct error e = ERROR_INIT;
    char path[PATH_ROOM];
    if (!exists(r, folder)) {
        flat_list(r, flat, out);
        return;
    }
    if (file_list(r->fd, folder, &listed, &e) < 0)
        problems_error(r->p, file_path(r, folder, path), 0, "make it a directory", "%s", e.text);
    for (size_t i = 0; i < listed.count; i++)
        add_name(r, file_path(r, folder, path), 0, listed.item[i], out);
    words_release(&listed);
}

/* --- oneshots -----------------------------------------------------------------------------------
 */

static void script(struct reading *r, const char *file, bool mandatory, struct words *out)
{
    struct str text = STR_INIT;
    struct lexer_error e;
    char path[PATH_ROOM];
    file_path(r, file, path);
    int found = content(r, file, &text);
    if (found == 0 && mandatory)
        problems_error(r->p, path, 0, "a oneshot needs an up file: one command line",
                       "no file up in oneshot %s", r->name);
    if (found == 1 && lexer_words(text.data == NULL ? "" : text.data, text.length, out, &e) < 0)
        problems_error(r->p, path, e.line, "it is read as an execline command line",
                       "syntax error in column %u: %s", e.column, e.text);
    if (found == 1 && text.length > 2 && memcmp(text.data, "#!", 2) == 0 &&
        strstr(first_line(&text), "execlineb") == NULL)
        problems_warning(
            r->p, path, 1, "put the script in a file of its own and name that file here",
            "the interpreter line is ignored: %s holds one command line, not a script", file);
    str_release(&text);
}

static void read_oneshot(struct reading *r, struct definition *d)
{
    script(r, "up", true, &d->up);
    script(r, "down", false, &d->down);
    if (exists(r, "run")) {
        char path[PATH_ROOM];
        problems_warning(r->p, file_path(r, "run", path), 0,
                         "name it in up, or make the service a longrun",
                         "a oneshot does not use run");
    }
}

/* --- longruns -----------------------------------------------------------------------------------
 */

static int descriptor(struct reading *r, const char *file)
{
    unsigned long long value = 1 << 20;
    number_file(r, file, 1 << 20, &value);
    if (value == 1 << 20)
        return -1;
    if (value < 3) {
        char path[PATH_ROOM];
        problems_warning(r->p, file_path(r, file, path), 1, "use 3 or more",
                         "descriptor %llu is one of the standard ones", value);
    }
    return (int)value;
}

static void one_word(struct reading *r, const char *file, char **out)
{
    struct words list = WORDS_INIT;
    char path[PATH_ROOM];
    flat_list(r, file, &list);
    if (list.count > 1)
        problems_error(r->p, file_path(r, file, path), 0, "leave one name",
                       "should only contain one service name");
    if (list.count > 0 && (*out = strdup(list.item[0])) == NULL)
        no_memory(r);
    words_release(&list);
}

static void check_ignored(struct reading *r)
{
    char path[PATH_ROOM];
    if (exists(r, "log"))
        problems_warning(r->p, file_path(r, "log", path), 0,
                         "delete it: every longrun has a logger (or use producer-for)",
                         "log is ignored under s6-rc.d");
    if (exists(r, "down"))
        problems_warning(r->p, file_path(r, "down", path), 0,
                         "leave the service out of the user bundle instead",
                         "down is ignored under s6-rc.d");
}

static void check_run(struct reading *r)
{
    struct stat s;
    char path[PATH_ROOM];
    file_path(r, "run", path);
    if (fstatat(r->fd, "run", &s, 0) < 0)
        problems_error(r->p, path, 0, "a longrun needs an executable script run",
                       "no file run in longrun %s", r->name);
    else if (!S_ISREG(s.st_mode))
        problems_error(r->p, path, 0, NULL, "run is not a regular file");
}

static void read_exit(struct reading *r, struct definition *d)
{
    struct str text = STR_INIT;
    char path[PATH_ROOM];
    if (content(r, "container-exit", &text) == 1) {
        const char *word = first_line(&text);
        if (strcmp(word, "always") == 0)
            d->container_exit = EXIT_ALWAYS;
        else if (strcmp(word, "failure") == 0)
            d->container_exit = EXIT_FAILURE_ONLY;
        else
            problems_error(r->p, file_path(r, "container-exit", path), 1, "write always or failure",
                           "invalid word \"%s\"", word);
    }
    str_release(&text);
}

static void read_logging(struct reading *r, struct definition *d)
{
    unsigned long long mode = 3;
    number_file(r, "logging", 2, &mode);
    d->logging = mode == 3 ? -1 : (int)mode;
    script(r, "logging-script", false, &d->logging_script);
}

static void read_longrun(struct reading *r, struct definition *d)
{
    unsigned long long tally = d->max_death_tally;
    char path[PATH_ROOM];
    check_run(r);
    check_ignored(r);
    d->has_finish = exists(r, "finish");
    d->notification_fd = descriptor(r, "notification-fd");
    d->lock_fd = descriptor(r, "lock-fd");
    if (d->lock_fd >= 0 && d->lock_fd == d->notification_fd)
        problems_error(r->p, file_path(r, "lock-fd", path), 1, "use another number",
                       "lock-fd and notification-fd are the same");
    d->timeout_kill = milliseconds(r, "timeout-kill", 0);
    d->timeout_finish = milliseconds(r, "timeout-finish", 5000);
    d->kill_group = exists(r, "flag-timeout-killpg");
    number_file(r, "max-death-tally", 4096, &tally);
    d->max_death_tally = (unsigned int)tally;
    d->down_signal = signal_file(r, "down-signal", d->down_signal);
    d->reload_signal = signal_file(r, "reload-signal", d->reload_signal);
    one_word(r, "producer-for", &d->producer_for);
    flat_list(r, "consumer-for", &d->consumer_for);
    one_word(r, "pipeline-name", &d->pipeline_name);
    if (d->pipeline_name != NULL && (d->producer_for != NULL || d->consumer_for.count == 0)) {
        problems_warning(r->p, file_path(r, "pipeline-name", path), 0,
                         "it belongs in the last consumer",
                         "pipeline-name is ignored: this is not the end of a pipeline");
        free(d->pipeline_name);
        d->pipeline_name = NULL;
    }
    read_exit(r, d);
    read_logging(r, d);
}

/* --- entries ------------------------------------------------------------------------------------
 */

static enum definition_type read_type(struct reading *r)
{
    struct str text = STR_INIT;
    char path[PATH_ROOM];
    enum definition_type type = 0;
    int found = content(r, "type", &text);
    const char *word = text.data == NULL ? "" : text.data;
    if (text.length > 0 && text.data[text.length - 1] == '\n')
        text.data[text.length - 1] = '\0';
    if (found == 0 && r->bundles_only)
        type = DEFINITION_BUNDLE;
    else if (found == 0)
        problems_error(r->p, file_path(r, "type", path), 0,
                       "write oneshot, longrun or bundle into it", "no file type");
    else if (found == 1 && strcmp(word, "oneshot") == 0)
        type = DEFINITION_ONESHOT;
    else if (found == 1 && strcmp(word, "longrun") == 0)
        type = DEFINITION_LONGRUN;
    else if (found == 1 && strcmp(word, "bundle") == 0)
        type = DEFINITION_BUNDLE;
    else if (found == 1)
        problems_error(r->p, file_path(r, "type", path), 1,
                       strchr(word, '\r') != NULL ? "save it with Unix line ends"
                                                  : "write one of the three, and nothing else",
                       "invalid type: must be oneshot, longrun, or bundle");
    str_release(&text);
    return type;
}

static bool is_user_bundle(const char *name)
{
    return strcmp(name, "user") == 0 || strcmp(name, "user2") == 0;
}

/* user and user2 may be in both directories, and a directory without a type only adds edges to what
 * another layer defined. */
static void merge(struct reading *r, struct definition *d)
{
    if (d->type == DEFINITION_BUNDLE)
        names(r, "contents.d", "contents", &d->contents);
    else
        names(r, "dependencies.d", "dependencies", &d->dependencies);
}

static void read_new(struct reading *r)
{
    enum definition_type type = read_type(r);
    if (type == 0)
        return;
    struct definition *d = definitions_add(r->all, r->name, type);
    if (d == NULL || (d->directory = strdup(r->path)) == NULL) {
        no_memory(r);
        return;
    }
    merge(r, d);
    d->essential = exists(r, "flag-essential");
    if (type == DEFINITION_BUNDLE)
        return;
    d->timeout_up = milliseconds(r, "timeout-up", 0);
    d->timeout_down = milliseconds(r, "timeout-down", 0);
    if (type == DEFINITION_ONESHOT)
        read_oneshot(r, d);
    else
        read_longrun(r, d);
}

static void read_entry(struct reading *r)
{
    struct stat s;
    if (strchr(r->name, '\n') != NULL || reserved(r->name)) {
        problems_error(r->p, r->path, 0, "choose another name",
                       "invalid name %s: names may not begin with s6rc- or s6-rc-, nor hold a "
                       "newline",
                       r->name);
        return;
    }
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (r->fd < 0 || fstat(r->fd, &s) < 0) {
        problems_error(r->p, r->path, 0, NULL, "unable to open: %s", strerror(errno));
    } else if (S_ISDIR(s.st_mode)) {
        long known = definitions_find(r->all, r->name);
        if (known < 0)
            read_new(r);
        else if (is_user_bundle(r->name) || !exists(r, "type"))
            merge(r, &r->all->item[known]);
        else
            problems_error(r->p, r->path, 0, "choose another name",
                           "duplicate definition: %s is already defined%s%s", r->name,
                           r->all->item[known].directory == NULL ? " by the container" : " in ",
                           r->all->item[known].directory == NULL ? ""
                                                                 : r->all->item[known].directory);
    }
    if (r->fd >= 0)
        close(r->fd);
}

static int read_source(struct definitions *all, const char *source, bool bundles,
                       struct problems *p)
{
    struct words entries = WORDS_INIT;
    struct error e = ERROR_INIT;
    if (file_list(AT_FDCWD, source, &entries, &e) < 0) {
        words_release(&entries);
        if (errno == ENOENT)
            return 0;
        problems_error(p, source, 0, NULL, "%s", e.text);
        return -1;
    }
    for (size_t i = 0; i < entries.count; i++) {
        struct reading r = {
            .all = all, .p = p, .source = source, .name = entries.item[i], .bundles_only = bundles};
        snprintf(r.path, sizeof r.path, "%s/%s", source, entries.item[i]);
        if (!bundles && is_user_bundle(r.name))
            problems_warning(p, r.path, 0, NULL,
                             "defining user bundles in %s is deprecated, please define them in "
                             "/etc/s6-overlay/user-bundles.d",
                             source);
        read_entry(&r);
    }
    words_release(&entries);
    return 0;
}

/* The bundle that pipeline-name asks for: the last consumer and whatever leads to it. */
static void add_funnel(struct definitions *all, const char *consumer, struct words *out)
{
    if (words_has(out, consumer) || words_add(out, consumer) < 0)
        return;
    long found = definitions_find(all, consumer);
    for (size_t i = 0; found >= 0 && i < all->item[found].consumer_for.count; i++)
        add_funnel(all, all->item[found].consumer_for.item[i], out);
}

static void add_pipelines(struct definitions *all, struct problems *p)
{
    size_t count = all->count;
    for (size_t i = 0; i < count; i++) {
        const char *name = all->item[i].pipeline_name;
        if (name == NULL)
            continue;
        if (definitions_find(all, name) >= 0) {
            problems_error(p, all->item[i].directory, 0, "choose another pipeline-name",
                           "pipeline name %s is already the name of a definition", name);
            continue;
        }
        struct words members = WORDS_INIT;
        add_funnel(all, all->item[i].name, &members);
        struct definition *bundle = definitions_add(all, name, DEFINITION_BUNDLE);
        if (bundle != NULL)
            bundle->contents = members;
        else
            words_release(&members);
    }
}

int definitions_read(struct definitions *d, const struct definition_sources *sources,
                     struct problems *p)
{
    int services = read_source(d, sources->services, false, p);
    int bundles = read_source(d, sources->bundles, true, p);
    add_pipelines(d, p);
    return services < 0 && bundles < 0 ? -1 : 0;
}
