#include "base/envdir.h"

#include "base/file.h"
#include "base/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VALUE_MAX = 1 << 20 };

struct folder {
    int at;
    const char *path;
    bool newline; /* each value gets one */
    mode_t mode;  /* of its files */
};

/* line: memory to work with. */
static int write_variable(const struct folder *f, const char *assignment, struct str *line,
                          struct error *e)
{
    const char *equals = strchr(assignment, '=');
    /* Not a variable, or one that no file can be named after. */
    if (!equals || equals == assignment || memchr(assignment, '/', (size_t)(equals - assignment)))
        return 0;
    str_clear(line);
    if (str_add(line, assignment, (size_t)(equals - assignment)) < 0 ||
        str_add_char(line, '\0') < 0 || str_add_text(line, equals + 1) < 0 ||
        (f->newline && str_add_char(line, '\n') < 0))
        return error_system(e, "unable to save the environment");
    size_t name = (size_t)(equals - assignment) + 1;
    if (strcmp(line->data, ".") == 0 || strcmp(line->data, "..") == 0)
        return 0;
    if (file_write(f->at, line->data, line->data + name, line->length - name, f->mode, e) == 0)
        return 0;
    if (errno != ENAMETOOLONG)
        return error_system(e, "unable to write %s/%s", f->path, line->data);
    *e = ERROR_INIT;
    message_warning(
        "the variable %.32s... is left out of %s: its name is longer than a file name can be",
        line->data, f->path);
    return 0;
}

int envdir_add(const char *path, char *const *envp, bool newline, mode_t mode, struct error *e)
{
    struct folder f = {.path = path, .newline = newline, .mode = mode};
    f.at = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f.at < 0)
        return error_system(e, "unable to open %s", path);
    struct str line = STR_INIT;
    int result = 0;
    for (size_t i = 0; envp[i] && result == 0; i++)
        result = write_variable(&f, envp[i], &line, e);
    str_release(&line);
    close(f.at);
    return result;
}

int envdir_write(const char *path, char *const *envp, mode_t mode, struct error *e)
{
    if (file_remove_tree(AT_FDCWD, path, e) < 0 ||
        file_make_directories(AT_FDCWD, path, mode, e) < 0)
        return -1;
    return envdir_add(path, envp, true, 0644, e);
}

/* Cuts the bytes of a file to the value, which ends with a NUL. */
static void shape(struct str *value, const struct envdir_style *style)
{
    char *data = value->data;
    size_t n = value->length;
    if (style->clamp && n > style->clamp)
        n = style->clamp;
    if (!style->whole) {
        const char *end = memchr(data, '\n', n);
        n = end ? (size_t)(end - data) : n;
        while (!style->exact && n > 0 && (data[n - 1] == ' ' || data[n - 1] == '\t'))
            n--;
    } else if (!style->exact && n > 0 && data[n - 1] == '\n') {
        n--;
    }
    data[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (data[i] == '\0')
            data[i] = style->null;
}

static int load_variable(int at, const char *name, const struct envdir_style *style,
                         struct str *value, struct error *e)
{
    str_clear(value);
    struct stat st;
    if (strchr(name, '='))
        return 0;
    if (!style->strict && fstatat(at, name, &st, 0) == 0 && !S_ISREG(st.st_mode))
        return 0;
    if (file_read(at, name, VALUE_MAX, value, e) < 0)
        return !style->strict && (errno == ENOENT || errno == EACCES) ? 0 : -1;
    if (value->length == 0) {
        unsetenv(name);
        return 0;
    }
    shape(value, style);
    if (setenv(name, value->data, 1) < 0)
        return error_system(e, "unable to set %s", name);
    return 0;
}

int envdir_load_as(const char *path, const struct envdir_style *style, struct error *e)
{
    int at = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return error_system(e, "unable to open %s", path);
    struct words names = WORDS_INIT;
    struct str value = STR_INIT;
    int result = file_list(at, ".", &names, e);
    for (size_t i = 0; i < names.count && result == 0; i++)
        result = load_variable(at, names.item[i], style, &value, e);
    words_release(&names);
    str_release(&value);
    close(at);
    return result;
}

int envdir_load(const char *path, struct error *e)
{
    static const struct envdir_style container = {.whole = true, .null = '\n'};
    return envdir_load_as(path, &container, e);
}
