#include "overlay/secrets.h"
#include "base/environment.h"
#include "base/file.h"
#include "base/message.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum { NAME_BYTES = 256 };

/* --- which ------------------------------------------------------------------------------------ */

int secrets_affixes(const char *text, struct words *affixes, struct problems *p)
{
    while (*(text += strspn(text, " \t\n")) != '\0') {
        size_t n = strcspn(text, " \t\n");
        if (strspn(text, VARIABLE_CHARACTERS) < n || strspn(text, "_") >= n)
            problems_error(p, "OVERLOG_SECRETS", 0, "write " SECRETS_USUAL,
                           "%.*s is neither the beginning nor the end of a name", (int)n, text);
        else if (words_add_bytes(affixes, text, n) < 0)
            return -1;
        text += n;
    }
    return 0;
}

/* What is left of a variable's name of n bytes without the affix, to out; false: it has none. */
static bool strip(const char *variable, size_t n, const char *affix, char out[NAME_BYTES])
{
    size_t length = strlen(affix);
    bool suffix = affix[0] == '_';
    if (n <= length || n - length >= NAME_BYTES ||
        memcmp(suffix ? variable + n - length : variable, affix, length) != 0)
        return false;
    memcpy(out, suffix ? variable : variable + length, n - length);
    out[n - length] = '\0';
    return strchr(VARIABLE_LETTERS, out[0]) != NULL &&
           out[strspn(out, VARIABLE_CHARACTERS)] == '\0';
}

static const char *value_of(char *const *environment, const char *name)
{
    size_t n = strlen(name);
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, name, n) == 0 && (*environment)[n] == '=')
            return *environment + n + 1;
    return "";
}

static struct secret *find(const struct secrets *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->item[i].name, name) == 0)
            return &s->item[i];
    return NULL;
}

static int add(struct secrets *s, const char *name, const char *from, const char *path)
{
    struct secret *item = realloc(s->item, (s->count + 1) * sizeof *item);
    if (item == NULL)
        return -1;
    s->item = item;
    item[s->count] = (struct secret){.name = strdup(name), .from = strdup(from), .path = path};
    s->count++;
    return item[s->count - 1].name == NULL || item[s->count - 1].from == NULL ? -1 : 0;
}

/* A variable that names a file for another one. */
static int judge(struct secrets *s, char *const *environment, const char *name, const char *from,
                 struct problems *p)
{
    const char *path = value_of(environment, from);
    const struct secret *other = find(s, name);
    if (value_of(environment, name)[0] != '\0')
        problems_error(p, from, 0, "remove one of them", "%s is set as well", name);
    else if (path[0] != '/')
        problems_error(p, from, 0, "write the path of a file", "it is no absolute path");
    else if (other != NULL)
        problems_error(p, from, 0, "remove one of them", "%s also names a file for %s", other->from,
                       name);
    else
        return add(s, name, from, path);
    return 0;
}

static int look_at(struct secrets *s, char *const *environment, const char *assignment,
                   const struct words *affixes, struct problems *p)
{
    char name[NAME_BYTES], from[2 * NAME_BYTES];
    size_t n = strcspn(assignment, "=");
    for (size_t i = 0; i < affixes->count; i++) {
        if (assignment[n] == '\0' || assignment[n + 1] == '\0' || n >= sizeof from ||
            !strip(assignment, n, affixes->item[i], name) ||
            (affixes->item[i][0] == '_' && assignment[n + 1] != '/'))
            continue;
        snprintf(from, sizeof from, "%.*s", (int)n, assignment);
        return judge(s, environment, name, from, p);
    }
    return 0;
}

int secrets_find(struct secrets *s, char *const *environment, const struct words *affixes,
                 struct problems *p)
{
    int result = 0;
    for (size_t i = 0; environment[i] != NULL && result == 0; i++)
        result = look_at(s, environment, environment[i], affixes, p);
    return result;
}

void secrets_release(struct secrets *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->item[i].name);
        free(s->item[i].from);
    }
    free(s->item);
    *s = SECRETS_INIT;
}

/* --- what ------------------------------------------------------------------------------------- */

bool secret_read(const struct secret *s, struct str *value, struct problems *p)
{
    struct error ignored = ERROR_INIT;
    str_clear(value);
    errno = 0;
    if (file_read(AT_FDCWD, s->path, SECRET_MAX, value, &ignored) < 0) {
        problems_error(p, s->from, 0, NULL, "unable to read the file for %s: %s", s->name,
                       errno == EFBIG    ? "it is too large: at most 65536 bytes"
                       : errno == EINVAL ? "it is not a regular file"
                                         : strerror(errno));
        return false;
    }
    if (strlen(value->data) < value->length) {
        problems_error(p, s->from, 0, NULL,
                       "the file for %s holds a NUL byte, which no variable can", s->name);
        return false;
    }
    while (value->length > 0 && value->data[value->length - 1] == '\n')
        value->data[--value->length] = '\0';
    return true;
}

/* --- the boot step ---------------------------------------------------------------------------- */

static int put_file(const char *folder, const struct secret *s, struct str *value, struct error *e)
{
    char path[NAME_BYTES + 128];
    snprintf(path, sizeof path, "%s/%s", folder, s->name);
    unlink(path); /* an empty one of mode 0644 may be there */
    if (str_add_char(value, '\n') < 0)
        return error_system(e, "unable to keep %s", s->name);
    if (file_write(AT_FDCWD, path, value->data, value->length, 0600, e) < 0)
        return -1;
    value->data[--value->length] = '\0';
    snprintf(path, sizeof path, "%s/%.255s", folder, s->from);
    unlink(path);
    return 0;
}

static void put(const struct settings *settings, const struct secret *s, struct problems *p)
{
    struct str value = STR_INIT;
    struct error e = ERROR_INIT;
    const char *folder = settings->keep_env ? RUN_BASE_ENVIRONMENT : RUN_ENVIRONMENT;
    if (secret_read(s, &value, p)) {
        if (put_file(folder, s, &value, &e) < 0)
            problems_error(p, s->name, 0, NULL, "%s", e.text);
        else if (settings->keep_env && setenv(s->name, value.data, 1) < 0)
            problems_error(p, s->name, 0, NULL, "%s", strerror(errno));
        else if (settings->keep_env)
            unsetenv(s->from);
    }
    if (value.data != NULL)
        explicit_bzero(value.data, value.capacity);
    str_release(&value);
}

int secrets_boot(const struct settings *settings)
{
    struct words affixes = WORDS_INIT;
    struct secrets s = SECRETS_INIT;
    struct problems p = PROBLEMS_INIT;
    bool stops = settings->behaviour >= BEHAVIOUR_STOP;
    if (secrets_affixes(settings->secrets, &affixes, &p) < 0 ||
        secrets_find(&s, environ, &affixes, &p) < 0)
        problems_error(&p, "OVERLOG_SECRETS", 0, NULL, "out of memory");
    for (size_t i = 0; i < s.count; i++)
        put(settings, &s.item[i], &p);
    for (size_t i = 0; i < p.count && !stops; i++)
        p.item[i].warning = true;
    problems_say(&p);
    int result = stops && p.errors > 0 ? -1 : 0;
    problems_release(&p);
    secrets_release(&s);
    words_release(&affixes);
    return result;
}
