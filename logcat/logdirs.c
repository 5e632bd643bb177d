#include "logcat/logdirs.h"
#include "base/file.h"
#include "base/message.h"
#include "contract/paths.h"
#include "logcat/unlogged.h"
#include "rotate/archive.h"
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Log directories of our own, whose names begin with a dot. Not .events, which has another form
 * (docs/event-log.md). */
static const char *const own[] = {".cmd", ".init"};

const char *logdirs_setting(const char *name)
{
    static struct str value = STR_INIT;
    struct error e = ERROR_INIT;
    char path[PATH_MAX];
    const char *ours = getenv(name);
    if (ours)
        return ours;
    str_clear(&value);
    strcpy(path, RUN_ENVIRONMENT "/");
    strncat(path, name, 64);
    if (file_read(AT_FDCWD, path, 65536, &value, &e) < 0 || value.length == 0)
        return NULL;
    if (value.data[value.length - 1] == '\n')
        value.data[--value.length] = '\0';
    return value.data;
}

struct logdirs_place {
    dev_t device;
    ino_t inode;
};

static bool find_directory(const char *path, struct logdirs_place *place)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return false;
    *place = (struct logdirs_place){st.st_dev, st.st_ino};
    return true;
}

static bool is_directory(const char *path)
{
    struct logdirs_place place;
    return find_directory(path, &place);
}

static int join(struct str *path, const char *directory, const char *name)
{
    str_clear(path);
    return str_printf(path, "%s%s%s", directory, strcmp(directory, "/") == 0 ? "" : "/", name);
}

static bool matches(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, 0) == 0 || strcmp(pattern, name) == 0;
}

static bool is_unwanted(const struct logdirs *r, const char *name)
{
    for (size_t i = 0; r->without && i < r->without->count; i++)
        if (matches(r->without->item[i], name))
            return true;
    return false;
}

static bool is_listed(const struct logdirs_list *list, const struct logdirs_place *place)
{
    for (size_t i = 0; i < list->names.count; i++)
        if (list->places[i].inode == place->inode && list->places[i].device == place->device)
            return true;
    return false;
}

static int add_directory(const struct logdirs *r, struct logdirs_list *list, const char *name,
                         const char *path, const struct logdirs_place *place)
{
    size_t count = list->names.count;
    list->matches++;
    if (is_listed(list, place) || is_unwanted(r, name))
        return 0;
    struct logdirs_place *places = realloc(list->places, (count + 1) * sizeof *places);
    if (!places)
        return -1;
    list->places = places;
    places[count] = *place;
    return words_add(&list->paths, path) < 0 || words_add(&list->names, name) < 0 ? -1 : 0;
}

/* Adds every service under root that matches the pattern. 0, or -1 with e. */
static int find_under(const struct logdirs *r, const char *root, const char *pattern,
                      struct logdirs_list *list, struct error *e)
{
    struct words names = WORDS_INIT;
    struct str path = STR_INIT;
    struct logdirs_place place;
    int result = 0;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        result |= words_add(&names, own[i]);
    if (file_list(AT_FDCWD, root, &names, e) < 0 && errno != ENOENT && errno != ENOTDIR)
        result = -2;
    for (size_t i = 0; i < names.count && result == 0; i++) {
        if (!matches(pattern, names.item[i]))
            continue;
        result = join(&path, root, names.item[i]);
        if (result == 0 && find_directory(path.data, &place))
            result = add_directory(r, list, names.item[i], path.data, &place);
    }
    words_release(&names);
    str_release(&path);
    if (result == -1)
        return error_system(e, "unable to list %s", root);
    return result < 0 ? -1 : 0;
}

bool logdirs_has_log(const char *path)
{
    struct archive *archives = NULL;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return false;
    long count = archive_list(directory, &archives);
    bool has = count > 0 || faccessat(directory, "current", F_OK, 0) == 0;
    free(archives);
    close(directory);
    return has;
}

static const char *last_name(const char *path, char name[PATH_MAX])
{
    char real[PATH_MAX];
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    snprintf(name, PATH_MAX, "%.*s", (int)length, path);
    const char *slash = strrchr(name, '/');
    const char *last = slash ? slash + 1 : name;
    if ((strcmp(last, ".") != 0 && strcmp(last, "..") != 0) || !realpath(path, real))
        return *last ? last : name;
    return strcpy(name, strrchr(real, '/') + 1);
}

/* Adds a log directory, or all in a directory that holds some (the log root of another container).
 */
static int find_path(const struct logdirs *r, const char *word, struct logdirs_list *list,
                     struct error *e)
{
    char name_room[PATH_MAX];
    char *path = strdup(word);
    struct logdirs_place place;
    size_t length = strlen(word), before = list->matches;
    int result = path ? 0 : error_system(e, "unable to list %s", word);
    while (path && length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    if (path && find_directory(path, &place)) {
        if (!logdirs_has_log(path))
            result = find_under(r, path, "*", list, e);
        if (result == 0 && list->matches == before &&
            add_directory(r, list, last_name(path, name_room), path, &place) < 0)
            result = error_system(e, "unable to list %s", word);
    }
    free(path);
    return result;
}

int logdirs_find(const struct logdirs *r, struct logdirs_list *list, struct words *unmatched,
                 struct error *e)
{
    if (!r->wanted[0])
        return find_under(r, r->root, "*", list, e);
    for (size_t i = 0; r->wanted[i]; i++) {
        const char *word = r->wanted[i];
        size_t before = list->matches;
        bool by_path = strchr(word, '/') != NULL;
        if ((by_path ? find_path(r, word, list, e) : find_under(r, r->root, word, list, e)) < 0)
            return -1;
        if (unmatched && list->matches == before && words_add(unmatched, word) < 0)
            return error_system(e, "unable to list %s", word);
    }
    return 0;
}

bool logdirs_wants(const struct logdirs *r, const char *name)
{
    char name_room[PATH_MAX];
    bool any = !r->wanted[0];
    for (size_t i = 0; !any && r->wanted[i]; i++) {
        const char *word = r->wanted[i];
        bool by_path = strchr(word, '/') != NULL;
        any = matches(by_path ? last_name(word, name_room) : word, name) ||
              (by_path && !logdirs_has_log(word));
    }
    return any && !is_unwanted(r, name);
}

int logdirs_event_logs(const struct logdirs *r, struct words *paths)
{
    struct str path = STR_INIT;
    int result = 0;
    for (size_t i = 0; result == 0 && (i == 0 || r->wanted[i]); i++) {
        const char *word = r->wanted[i];
        bool by_path = word && strchr(word, '/');
        str_clear(&path);
        result = by_path
                     ? str_printf(&path, "%s/%s.events", word, logdirs_has_log(word) ? "../" : "")
                     : str_printf(&path, "%s/.events", r->root);
        if (result == 0 && !words_has(paths, path.data))
            result = words_add(paths, path.data);
        if (!word)
            break;
    }
    str_release(&path);
    return result;
}

void logdirs_release(struct logdirs_list *list)
{
    words_release(&list->names);
    words_release(&list->paths);
    free(list->places);
    list->places = NULL;
}

int logdirs_places(const struct logdirs *r, struct words *places)
{
    bool root = !r->wanted[0];
    for (size_t i = 0; r->wanted[i]; i++) {
        const char *word = r->wanted[i];
        size_t length = strlen(word);
        root |= !strchr(word, '/');
        while (length > 1 && word[length - 1] == '/')
            length--;
        while (length > 1 && word[length - 1] != '/')
            length--;
        while (length > 1 && word[length - 1] == '/')
            length--;
        if (!strchr(word, '/'))
            continue;
        if (words_add_bytes(places, word[0] == '/' || length > 1 ? word : ".", length) < 0)
            return -1;
        /* The directory named may itself hold log directories. */
        if (is_directory(word) && !logdirs_has_log(word) && words_add(places, word) < 0)
            return -1;
    }
    return root ? words_add(places, r->root) : 0;
}

void logdirs_explain(const struct logdirs *r)
{
    const char *mode = logdirs_setting("S6_LOGGING");
    struct str name = STR_INIT;
    struct str reason = STR_INIT;
    if (unlogged_first(r->root, &name, &reason))
        message_warning("no log directories under %s: %s is not logged: %s", r->root, name.data,
                        reason.data);
    else if (mode && strcmp(mode, "0") == 0)
        message_warning("no log directories under %s: with S6_LOGGING=0 services write to the "
                        "console only; set S6_LOGGING=1 (console and disk) or 2 (disk)",
                        r->root);
    else if (!mode)
        message_warning("no log directories under %s: S6_LOGGING is not set, so services are "
                        "logged there only where it can be written and the console is no "
                        "terminal; set S6_LOGGING=1 (console and disk) or 2 (disk), or "
                        "OVERLOG_DIR if the logs are elsewhere",
                        r->root);
    else
        message_warning("no log directories under %s: S6_LOGGING is %s; set OVERLOG_DIR if the "
                        "logs are elsewhere",
                        r->root, mode);
    str_release(&name);
    str_release(&reason);
}
