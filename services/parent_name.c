#include "services/parent_name.h"
#include "base/file.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 500, DEEPEST = 5, SCRIPT_MAX = 256 * 1024, PATH_BYTES = 4096 };

#define NAME "s6-supervise"

/* --- a text ----------------------------------------------------------------------------------- */

static bool is_of_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Whether the line has that word by itself; not as the last part of a path, which executes it. */
static bool has_word(const char *line, size_t length, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= length; i++)
        if (memcmp(line + i, word, n) == 0 &&
            (i == 0 || (!is_of_word(line[i - 1]) && line[i - 1] != '/')) &&
            (i + n == length || !is_of_word(line[i + n])))
            return true;
    return false;
}

static bool begins_with(const char *line, size_t length, const char *word)
{
    size_t n = strlen(word);
    return length > n && memcmp(line, word, n) == 0 && (line[n] == ' ' || line[n] == '\t');
}

/* What lists processes or asks for one. */
static bool lists_processes(const char *line, size_t length)
{
    static const char *const words[] = {"ps", "pgrep", "pkill", "pidof", "pstree", "PPID"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (has_word(line, length, words[i]))
            return true;
    return memmem(line, length, "/proc/", 6) != NULL;
}

/* Each line without the blanks before it; false at the end. Comments are empty. */
static bool next_line(const char **text, const char **line, size_t *length)
{
    if (**text == '\0')
        return false;
    *line = *text + strspn(*text, " \t");
    *length = strcspn(*line, "\n");
    *text = *line + *length + ((*line)[*length] == '\n');
    if ((*line)[0] == '#')
        *length = 0;
    return true;
}

unsigned int parent_name_line(const char *text)
{
    const char *line;
    size_t length;
    unsigned int number = 0, found = 0;
    bool lists = false;
    while (next_line(&text, &line, &length)) {
        number++;
        lists |= lists_processes(line, length);
        if (found == 0 && has_word(line, length, NAME) && !begins_with(line, length, NAME) &&
            !begins_with(line, length, "exec") && !begins_with(line, length, "echo") &&
            !begins_with(line, length, "printf"))
            found = number;
    }
    return lists ? found : 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static void look(struct parent_names *n, const char *path, int depth);

static bool is_of_path(char c)
{
    return is_of_word(c) || c == '/' || c == '.' || c == '+' || c == '@';
}

/* Those that a line names by their whole path. */
static void look_at_named(struct parent_names *n, const char *line, size_t length, int depth)
{
    char path[PATH_BYTES];
    char place[PATH_BYTES];
    for (size_t i = 0; i < length; i++) {
        if (line[i] != '/' || (i > 0 && (is_of_path(line[i - 1]) || line[i - 1] == '}')))
            continue;
        size_t size = 1;
        while (i + size < length && is_of_path(line[i + size]))
            size++;
        snprintf(path, sizeof path, "%.*s", size < PATH_BYTES ? (int)size : 1, line + i);
        i += size - 1;
        if (strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/dev/", 5) == 0 ||
            strncmp(path, "/sys/", 5) == 0)
            continue;
        if (n->place == NULL)
            look(n, path, depth);
        else if (n->place(n->context, path, place))
            look(n, place, depth);
    }
}

/* False: it was seen, or there are too many. */
static bool is_new(struct parent_names *n, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > SCRIPT_MAX)
        return false;
    for (size_t i = 0; i < n->count; i++)
        if (n->seen[i].device == st.st_dev && n->seen[i].inode == st.st_ino)
            return false;
    if (n->count == FILES_MAX)
        return false;
    if (n->seen == NULL && (n->seen = calloc(FILES_MAX, sizeof *n->seen)) == NULL)
        return false;
    n->seen[n->count++] = (struct parent_names_file){st.st_dev, st.st_ino};
    return true;
}

static void look(struct parent_names *n, const char *path, int depth)
{
    struct str text = STR_INIT;
    struct error ignored = ERROR_INIT;
    const char *line;
    size_t length;
    if (!is_new(n, path) || file_read(AT_FDCWD, path, SCRIPT_MAX, &text, &ignored) < 0 ||
        text.length == 0 || strlen(text.data) < text.length) { /* a NUL: no script */
        str_release(&text);
        return;
    }
    unsigned int number = parent_name_line(text.data);
    if (number > 0)
        n->found(n->context, path, number);
    const char *rest = text.data;
    while (depth < DEEPEST && next_line(&rest, &line, &length))
        look_at_named(n, line, length, depth + 1);
    str_release(&text);
}

void parent_names_look(struct parent_names *n, const char *folder, const char *file)
{
    char path[PATH_BYTES];
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    if (file_list(AT_FDCWD, folder, &names, &ignored) == 0)
        for (size_t i = 0; i < names.count; i++) {
            snprintf(path, sizeof path, "%.3000s/%.255s%s%s", folder, names.item[i],
                     file == NULL ? "" : "/", file == NULL ? "" : file);
            look(n, path, 1);
        }
    words_release(&names);
}

void parent_names_release(struct parent_names *n)
{
    free(n->seen);
    n->seen = NULL;
    n->count = 0;
}
