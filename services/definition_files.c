/* The files of a definition directory: numbers, lists of names, command lines. */
#include "base/environment.h"
#include "base/file.h"
#include "base/lexer.h"
#include "services/definition_reading.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

const char *reading_path(const struct reading *r, const char *file, char out[READING_PATH])
{
    snprintf(out, READING_PATH, "%s/%s", r->path, file);
    return out;
}

void reading_no_memory(struct reading *r)
{
    problems_system(r->p, r->path, 0, NULL, "out of memory");
}

bool reading_may_have(const struct reading *r, const char *file)
{
    return r->unlisted || words_has(&r->names, file);
}

bool reading_exists(const struct reading *r, const char *file)
{
    if (r->section != NULL)
        return section_find(r->section, file) != NULL;
    return reading_may_have(r, file) && faccessat(r->fd, file, F_OK, 0) == 0;
}

static int section_content(struct reading *r, const char *file, struct str *out)
{
    const struct section_file *f = section_find(r->section, file);
    if (f == NULL)
        return 0;
    if (str_add(out, f->text, f->length) == 0)
        return 1;
    reading_no_memory(r);
    return -1;
}

int reading_content(struct reading *r, const char *file, struct str *out)
{
    struct error e = ERROR_INIT;
    char path[READING_PATH];
    str_clear(out);
    if (r->section != NULL)
        return section_content(r, file, out);
    if (!reading_may_have(r, file))
        return 0;
    if (file_read(r->fd, file, FILE_MAX, out, &e) == 0)
        return 1;
    if (errno == ENOENT)
        return 0;
    problems_system(r->p, reading_path(r, file, path), 0, NULL, "%s", e.text);
    return -1;
}

/* --- lists of names --------------------------------------------------------------------------- */

/* Each name is looked for among those before it. */
enum { NAMES_MAX = 32768 };

void reading_add_name(struct reading *r, const char *path, unsigned int line, const char *name,
                      struct words *out, struct origins *from)
{
    if (strncmp(name, "s6rc-", 5) == 0 || strncmp(name, "s6-rc-", 6) == 0) {
        problems_error(r->p, path, line, "choose another name",
                       "invalid name %s: names may not begin with s6rc- or s6-rc-", name);
        return;
    }
    if (strchr(name, '/') != NULL || strchr(name, '\n') != NULL) {
        problems_error(r->p, path, line, "write the name of a service",
                       "invalid name %s: names hold no slash and no newline", name);
        return;
    }
    if (out->count == NAMES_MAX) {
        problems_error(r->p, path, 0, NULL, "more than %d names", NAMES_MAX);
        return;
    }
    if (words_has(out, name))
        return;
    if (origins_add(from, out, name, (struct origin){.source = r->source, .line = line}) < 0)
        reading_no_memory(r);
}

static bool read_flat(struct reading *r, const char *file, struct words *out, struct origins *from)
{
    struct str text = STR_INIT;
    char path[READING_PATH];
    unsigned int number = 0;
    int found = reading_content(r, file, &text);
    reading_path(r, file, path);
    for (char *line = found == 1 ? text.data : NULL; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        number++;
        if (end != NULL)
            *end = '\0';
        line += strspn(line, " \t");
        if (line[0] != '\0' && line[0] != '#')
            reading_add_name(r, path, number, line, out, from);
        line = end == NULL ? NULL : end + 1;
    }
    str_release(&text);
    return found != 0;
}

bool reading_names(struct reading *r, const struct key_row *k, struct words *out,
                   struct origins *from)
{
    struct words listed = WORDS_INIT;
    struct error e = ERROR_INIT;
    char path[READING_PATH];
    if (k->folder == NULL || !reading_exists(r, k->folder))
        return read_flat(r, k->name, out, from);
    reading_path(r, k->folder, path);
    if (file_list(r->fd, k->folder, &listed, &e) < 0)
        problems_system(r->p, path, 0, "make it a directory", "%s", e.text);
    for (size_t i = 0; i < listed.count; i++)
        reading_add_name(r, path, 0, listed.item[i], out, from);
    words_release(&listed);
    return true;
}

char *reading_one_name(struct reading *r, const char *file)
{
    struct words list = WORDS_INIT;
    struct origins from = {.item = NULL};
    char path[READING_PATH];
    char *name = NULL;
    read_flat(r, file, &list, &from);
    if (list.count > 1)
        problems_error(r->p, reading_path(r, file, path), from.count > 1 ? from.item[1].line : 0,
                       "leave one name", "should only contain one service name");
    if (list.count > 0 && (name = strdup(list.item[0])) == NULL)
        reading_no_memory(r);
    words_release(&list);
    free(from.item);
    return name;
}

/* --- command lines ---------------------------------------------------------------------------- */

/* Whether a command before it may substitute "$X", or a shell reads the word. */
static bool may_replace(const struct words *words, size_t at)
{
    static const char *const commands[] = {
        "importas", "import", "define",   "multidefine",  "multisubstitute", "elglob",
        "backtick", "forx",   "forstdin", "forbacktickx", "dollarat",        "execlineb",
        "homeof",   "getpid", "getcwd",   "envfile",      "runblock",        NULL};
    for (size_t i = 0; i < at; i++) {
        const char *word = words->item[i] + strspn(words->item[i], " ");
        if ((word[0] == '-' && strchr(word, 'c') != NULL && word[1] != '-') ||
            is_among(path_name(word), commands))
            return true;
    }
    return false;
}

/* "$NAME" or "${NAME}". */
static bool is_reference(const char *word)
{
    const char *dollar = strchr(word, '$');
    if (dollar == NULL)
        return false;
    dollar += dollar[1] == '{' ? 2 : 1;
    size_t n = strspn(dollar, VARIABLE_LETTERS);
    return n > 0 && strpbrk(word, " \t\n;|()") == NULL;
}

/* A variable that nothing replaces. */
static const char *lone_reference(const struct words *words)
{
    for (size_t i = 1; i < words->count; i++) {
        const char *word = words->item[i] + strspn(words->item[i], " ");
        if (is_reference(word) && !may_replace(words, i))
            return word;
    }
    return NULL;
}

static bool names_execlineb(const char *text)
{
    const char *found = strstr(text, "execlineb");
    return found != NULL && found < text + strcspn(text, "\n");
}

/* Lines with something on them after the first. */
static unsigned int lines_below_first(const char *text)
{
    unsigned int count = 0;
    for (const char *line = strchr(text, '\n'); line != NULL; line = strchr(line, '\n')) {
        line++;
        size_t blanks = strspn(line, " \t\r");
        count += line[blanks] != '\0' && line[blanks] != '\n' && line[blanks] != '#';
    }
    return count;
}

/* Whether execline does with the words what a shell would: one command, and nothing in it that a
 * shell acts upon. Then an interpreter line above does no harm. */
static bool means_the_same(const char *text, const struct words *words)
{
    static const char *const own[] = {"cd",  "export", "if", "for",  "while",
                                      "set", "umask",  ".",  "wait", NULL};
    if (lines_below_first(text) > 1 || lexer_shell_word(words) != NULL)
        return false;
    for (size_t i = 0; i < words->count; i++)
        if (strpbrk(words->item[i], "$`*?;<>|&") != NULL)
            return false;
    return words->count == 0 || !is_among(words->item[0], own);
}

/* Whether it is the command line of the key `once`, of which that was said where the section was
 * expanded. */
static bool was_looked_at(const struct reading *r, const struct key_row *k)
{
    return r->section != NULL && r->section->program != NULL && strcmp(k->name, "up") == 0;
}

bool reading_command(struct reading *r, const struct key_row *k, struct words *out)
{
    struct str text = STR_INIT;
    struct lexer_error e;
    char path[READING_PATH];
    reading_path(r, k->name, path);
    int found = reading_content(r, k->name, &text);
    if (found == 1 && lexer_words(text.data == NULL ? "" : text.data, text.length, out, &e) < 0)
        problems_error(r->p, path, e.line, "it is read as an execline command line",
                       "syntax error in column %u: %s", e.column, e.text);
    const char *word = was_looked_at(r, k) ? NULL : lexer_shell_word(out);
    if (found == 1 && text.length > 2 && memcmp(text.data, "#!", 2) == 0 &&
        !means_the_same(text.data, out) && !names_execlineb(text.data))
        problems_warning(
            r->p, path, 1, "put the script in a file of its own and name that file here",
            "the interpreter line is ignored: %s holds one command line, not a script", k->name);
    else if (word != NULL)
        problems_warning(r->p, path, 0, "put it into a script, or into sh -c \"...\"",
                         "%s is given to %s as an argument: no shell reads this command line", word,
                         out->item[0]);
    else if (k->kind == KEY_COMMAND && lone_reference(out) != NULL)
        problems_warning(r->p, path, 0,
                         "importas -i NAME NAME before the program, or put it into a script",
                         "%s is given to %s as it stands: no shell reads this command line",
                         lone_reference(out), out->item[0]);
    str_release(&text);
    return found != 0;
}
