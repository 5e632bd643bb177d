/* overlog import of units of systemd: their files and drop-ins. */
#include "base/error.h"
#include "base/file.h"
#include "command/overlog/unit_import.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNIT_BYTES_MAX = 1 << 20 };

/* --- one file --------------------------------------------------------------------------------- */

/* A link to /dev/null switches a file off. */
static bool is_masked(const char *path)
{
    char target[16];
    ssize_t n = readlink(path, target, sizeof target);
    return n == 9 && memcmp(target, "/dev/null", 9) == 0;
}

int unit_read(const char *path, struct str *text, struct error *e)
{
    char template[PATH_MAX];
    if (is_masked(path))
        return 0;
    const char *at = strchr(path_name(path), '@'), *dot = strrchr(path, '.');
    int result = file_read(AT_FDCWD, path, UNIT_BYTES_MAX, text, e);
    if (result == 0 || errno != ENOENT || at == NULL || dot == NULL || dot < at)
        return result;
    snprintf(template, sizeof template, "%.*s%s", (int)(at + 1 - path), path, dot);
    return file_read(AT_FDCWD, template, UNIT_BYTES_MAX, text, e);
}

static int parse(struct import *im, struct unit *u, const char *path, const char *text)
{
    if (words_add(&u->files, path) < 0)
        return -1;
    const char *name = u->files.item[u->files.count - 1];
    if (unit_parse(&u->settings, name, text) == 0)
        return 0;
    if (errno != E2BIG)
        return -1;
    import_note_at(im, name, 0, "it has more than %d settings: the others are left out",
                   UNIT_SETTINGS_MAX);
    return 0;
}

/* --- drop-ins --------------------------------------------------------------------------------- */

struct dropin {
    char *path;
    const char *name; /* the end of path */
};

struct dropins {
    struct dropin *item;
    size_t count, room;
};

static bool has(const struct dropins *d, const char *name)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->item[i].name, name) == 0)
            return true;
    return false;
}

/* The files of a folder; one of a name that is there already is not read. */
static int add_folder(struct dropins *d, const char *folder)
{
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    int result = 0;
    if (file_list(AT_FDCWD, folder, &names, &ignored) < 0) {
        words_release(&names);
        return 0;
    }
    for (size_t i = 0; i < names.count && result == 0; i++) {
        size_t length = strlen(names.item[i]);
        char path[PATH_MAX];
        if (length <= 5 || strcmp(names.item[i] + length - 5, ".conf") != 0 ||
            has(d, names.item[i]))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, names.item[i]);
        char *copy = strdup(path);
        if (copy == NULL || LIST_ROOM(d->item, d->count, d->room) < 0) {
            free(copy);
            result = -1;
            continue;
        }
        d->item[d->count++] = (struct dropin){copy, copy + strlen(folder) + 1};
    }
    words_release(&names);
    return result;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct dropin *)a)->name, ((const struct dropin *)b)->name);
}

/* Names of folders in which drop-ins of the unit may be, the one that says most first:
 * foo-bar@x.service.d, foo-bar@.service.d, foo-.service.d, service.d. */
static int add_names(const struct unit *u, struct words *out)
{
    char name[PATH_MAX];
    const char *at = strchr(u->name, '@'), *dot = strrchr(u->name, '.');
    const char *suffix = dot == NULL ? "" : dot;
    int bad = 0;
    snprintf(name, sizeof name, "%s.d", u->name);
    bad |= words_add(out, name);
    if (at != NULL && !u->template) {
        snprintf(name, sizeof name, "%.*s%s.d", (int)(at + 1 - u->name), u->name, suffix);
        bad |= words_add(out, name);
    }
    for (size_t n = strlen(u->prefix); n > 1; n--)
        if (u->prefix[n - 1] == '-' && n < strlen(u->prefix)) {
            snprintf(name, sizeof name, "%.*s%s.d", (int)n, u->prefix, suffix);
            bad |= words_add(out, name);
        }
    snprintf(name, sizeof name, "%s.d", suffix[0] == '.' ? suffix + 1 : "service");
    return bad | words_add(out, name);
}

/* Folders in which systemd looks, where the unit is in one of them: the first wins. Else that of
 * the unit alone. */
static int add_places(const struct unit *u, struct words *out)
{
    static const char *const places[] = {"/etc/systemd/system", "/run/systemd/system",
                                         "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                         "/lib/systemd/system"};
    const char *slash = strrchr(u->path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - u->path);
    char path[PATH_MAX];
    int bad = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        size_t n = strlen(places[i]);
        bool top = length + 1 == n; /* of the current directory */
        size_t root = top ? 0 : length - n;
        if ((!top && length < n) || strncmp(u->path + root, places[i] + top, n - top) != 0)
            continue;
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
            snprintf(path, sizeof path, "%.*s%s", (int)root, u->path, places[k] + top);
            bad |= words_add(out, path);
        }
        return bad;
    }
    snprintf(path, sizeof path, "%.*s", slash == NULL ? 1 : (int)length,
             slash == NULL ? "." : u->path);
    return words_add(out, slash == u->path ? "/" : path);
}

static int read_dropin(struct import *im, struct unit *u, const char *path)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int result = 0;
    if (is_masked(path))
        return 0;
    if (file_read(AT_FDCWD, path, UNIT_BYTES_MAX, &text, &e) < 0)
        import_note_at(im, path, 0, "%s", e.text);
    else
        result = parse(im, u, path, text.data == NULL ? "" : text.data);
    str_release(&text);
    return result;
}

/* Appends the settings of its drop-ins, as systemd finds them. -1: no memory. */
static int read_dropins(struct import *im, struct unit *u)
{
    struct dropins d = {.count = 0};
    struct words names = WORDS_INIT, places = WORDS_INIT;
    char path[PATH_MAX];
    int result = add_names(u, &names) | add_places(u, &places);
    for (size_t n = 0; n < names.count && result == 0; n++)
        for (size_t p = 0; p < places.count && result == 0; p++) {
            snprintf(path, sizeof path, "%s/%s", places.item[p], names.item[n]);
            result = add_folder(&d, path);
        }
    if (d.count > 0)
        qsort(d.item, d.count, sizeof *d.item, compare);
    for (size_t i = 0; i < d.count && result == 0; i++)
        result = read_dropin(im, u, d.item[i].path);
    for (size_t i = 0; i < d.count; i++)
        free(d.item[i].path);
    free(d.item);
    words_release(&names);
    words_release(&places);
    return result == 0 ? 0 : -1;
}

/* --- the unit --------------------------------------------------------------------------------- */

/* Names of it: foo@bar.service is foo and bar. False: no memory. */
static bool name_unit(struct unit *u)
{
    u->name = strdup(path_name(u->path));
    if (u->name == NULL)
        return false;
    const char *dot = strrchr(u->name, '.'), *at = strchr(u->name, '@');
    const char *end = dot == NULL || dot == u->name ? u->name + strlen(u->name) : dot;
    at = at != NULL && at < end && at > u->name ? at : NULL;
    u->template = at != NULL && at + 1 == end;
    u->prefix = strndup(u->name, (size_t)((at == NULL ? end : at) - u->name));
    if (!u->template)
        u->instance = at == NULL ? strdup("") : strndup(at + 1, (size_t)(end - at - 1));
    u->names = (struct unit_names){u->name, u->prefix, u->instance};
    return u->prefix != NULL && (u->template || u->instance != NULL);
}

static bool take_name(struct import *im, struct unit *u)
{
    char wanted[600];
    snprintf(wanted, sizeof wanted, "%.250s%s%.250s", u->prefix,
             u->template || u->instance[0] == '\0' ? "" : "-", u->template ? "" : u->instance);
    if (!import_name(im, NULL, wanted, u->service))
        return false;
    import_tell_apart(im, NULL, u->service, 2); /* a template is a bundle of that name */
    u->service[250] = '\0';
    if (u->template)
        strcat(u->service, "@");
    return true;
}

/* Whether it makes a service; a note says why not. */
static bool is_service(struct import *im, const struct unit *u, const char *text)
{
    static const char *const others[] = {".socket", ".timer", ".target", ".mount", ".path",
                                         ".slice",  ".swap",  ".device", ".scope", ".automount"};
    const char *dot = strrchr(u->name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof others / sizeof others[0]; i++)
        if (strcmp(dot, others[i]) == 0) {
            import_note_at(im, u->path, 0, "left out: a %s is no service%s", dot + 1,
                           i == 1 ? "; schedule takes the place of timers" : "");
            return false;
        }
    if (text[strspn(text, " \t\r\n")] == '\0')
        import_note_at(im, u->path, 0, "left out: it is empty or masked");
    return text[strspn(text, " \t\r\n")] != '\0';
}

int import_unit(struct import *im, const char *path, const char *text)
{
    if (LIST_ROOM(im->unit, im->units, im->unit_room) < 0)
        return -1;
    if (im->units == IMPORT_PROCESSES_MAX) {
        import_note_at(im, path, 0, "left out: there are more than %d units", IMPORT_PROCESSES_MAX);
        return 0;
    }
    struct unit *u = &im->unit[im->units++];
    *u = (struct unit){.path = strdup(path)};
    if (u->path == NULL || !name_unit(u))
        return -1;
    if (!is_service(im, u, text))
        return 0;
    if (parse(im, u, path, text) < 0 || read_dropins(im, u) < 0)
        return -1;
    if (!take_name(im, u))
        u->service[0] = '\0';
    return 0;
}

void import_units_release(struct import *im)
{
    for (size_t i = 0; i < im->units; i++) {
        struct unit *u = &im->unit[i];
        free(u->path);
        free(u->name);
        free(u->prefix);
        free(u->instance);
        unit_file_release(&u->settings);
        words_release(&u->files);
        words_release(&u->aliases);
        words_release(&u->needs);
        words_release(&u->after);
    }
    free(im->unit);
    im->unit = NULL;
    im->units = 0;
}
