/* cd and umask as POSIX has them, with a program to execute afterwards. */
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/quantity.h"
#include "execline/commands.h"
#include "execline/variable.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- posix-cd --------------------------------------------------------------------------------- */

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool begins_with_dots(const char *path)
{
    path += path[0] == '.' ? 1 : 0;
    path += path[0] == '.' ? 1 : 0;
    return path[0] == '\0' || path[0] == '/';
}

/* The folder of CDPATH in which path is one; *said when its new name has to be printed. */
static int search(const char *path, struct str *out, bool *said)
{
    const char *next = begins_with_dots(path) ? NULL : getenv("CDPATH");
    while (next != NULL) {
        size_t length = strcspn(next, ":");
        const char *slash = length > 0 && next[length - 1] == '/' ? "" : "/";
        str_clear(out);
        if (str_add(out, length == 0 ? "." : next, length == 0 ? 1 : length) < 0 ||
            str_printf(out, "%s%s", slash, path) < 0)
            return -1;
        *said = length > 0;
        if (is_directory(out->data))
            return 0;
        next = next[length] == ':' ? next + length + 1 : NULL;
    }
    *said = false;
    str_clear(out);
    return str_add_text(out, path);
}

/* Where we are by the name that led here, or by getcwd. */
static const char *here(char *buffer, size_t size)
{
    const char *name = getenv("PWD");
    if (name != NULL && name[0] == '/' && file_is_same(name, "."))
        return name;
    return getcwd(buffer, size);
}

/* path without dots, dot-dots and double slashes, by its text alone. */
static int simplify(const char *path, struct str *out)
{
    str_clear(out);
    while (*path != '\0') {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0) {
            while (out->length > 0 && out->data[--out->length] != '/')
                ;
            if (out->data != NULL)
                out->data[out->length] = '\0';
        } else if (length > 0 && !(length == 1 && path[0] == '.')) {
            if (str_add_char(out, '/') < 0 || str_add(out, path, length) < 0)
                return -1;
        }
        path += length;
    }
    return out->length == 0 ? str_add_char(out, '/') : 0;
}

/* Changes the directory and tells PWD and OLDPWD. */
static int change(const char *path, bool physical, struct error *e)
{
    struct str full = STR_INIT;
    struct str simple = STR_INIT;
    char buffer[PATH_MAX];
    const char *old = here(buffer, sizeof buffer);
    int bad = 0;
    if (!physical && old != NULL) {
        bad = path[0] == '/' ? str_add_text(&full, path) : str_printf(&full, "%s/%s", old, path);
        if (bad == 0)
            bad = simplify(full.data, &simple);
        if (bad == 0)
            path = simple.data;
    }
    bad =
        bad < 0 || chdir(path) < 0 ? error_system(e, "unable to change directory to %s", path) : 0;
    if (bad == 0 && old != NULL)
        bad = variable_set("OLDPWD", old, e);
    if (bad == 0)
        bad =
            variable_set("PWD", physical || old == NULL ? getcwd(buffer, sizeof buffer) : path, e);
    str_release(&full);
    str_release(&simple);
    return bad;
}

static int run_posix_cd(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct str target = STR_INIT;
    bool said = false;
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    char **operands = options.operand;
    bool back = operands[0] != NULL && strcmp(operands[0], "-") == 0;
    const char *path = back ? getenv("OLDPWD") : operands[0] ? operands[0] : getenv("HOME");
    if (path == NULL || path[0] == '\0')
        return command_usage(c);
    if (search(path, &target, &said) < 0)
        error_system(&e, "unable to change directory to %s", path);
    else
        change(target.data, options_last("LP") == 'P', &e);
    str_release(&target);
    if (e.code != 0)
        return message_error(&e);
    if (said || back) {
        puts(getenv("PWD"));
        fflush(stdout);
    }
    return command_chain(c, operands[0] == NULL ? operands : operands + 1);
}

/* --- posix-umask ------------------------------------------------------------------------------ */

enum { CODE_BAD_MODE = 1 };

static mode_t class_bits(char letter)
{
    switch (letter) {
    case 'u':
        return 0700;
    case 'g':
        return 0070;
    case 'o':
        return 0007;
    default:
        return letter == 'a' ? 0777 : 0;
    }
}

/* The bits for all classes that a permission letter of a symbolic mode means, given the mode. */
static int permission(char letter, mode_t mode, mode_t *bits)
{
    switch (letter) {
    case 'r':
        *bits |= 0444;
        return 0;
    case 'w':
        *bits |= 0222;
        return 0;
    case 'x':
        *bits |= 0111;
        return 0;
    case 'X':
        *bits |= mode & 0111 ? 0111 : 0;
        return 0;
    case 's':
    case 't':
        return 0;
    case 'u':
        *bits |= (mode >> 6 & 7) * 0111;
        return 0;
    case 'g':
        *bits |= (mode >> 3 & 7) * 0111;
        return 0;
    case 'o':
        *bits |= (mode & 7) * 0111;
        return 0;
    default:
        return -1;
    }
}

/* One clause, "ug+rw-x": what follows it, or NULL when it is none. */
static const char *clause(const char *text, mode_t *mode)
{
    mode_t who = 0;
    while (class_bits(*text) != 0)
        who |= class_bits(*text++);
    if (who == 0)
        who = 0777;
    if (strchr("+-=", *text) == NULL || *text == '\0')
        return NULL;
    while (*text != '\0' && *text != ',') {
        char operation = *text++;
        mode_t bits = 0;
        while (permission(*text, *mode, &bits) == 0)
            text++;
        if (operation == '+')
            *mode |= bits & who;
        else if (operation == '-')
            *mode &= ~(bits & who);
        else if (operation == '=')
            *mode = (*mode & ~who) | (bits & who);
        else
            return NULL;
    }
    return text;
}

static int read_mask(const char *text, mode_t old, mode_t *mask)
{
    uint64_t number;
    if (octal_parse(text, UINT64_MAX, &number) == 0) {
        *mask = (mode_t)(number & 0777);
        return 0;
    }
    mode_t mode = ~old & 0777;
    for (;; text++) {
        text = clause(text, &mode);
        if (text == NULL)
            return -1;
        if (*text == '\0')
            break;
    }
    *mask = ~mode & 0777;
    return 0;
}

static void print_mask(mode_t mask, bool symbolic)
{
    if (!symbolic) {
        printf("%04o\n", (unsigned int)mask);
        return;
    }
    static const char classes[] = "ugo";
    for (int i = 0; i < 3; i++) {
        mode_t bits = ~mask >> (6 - 3 * i);
        printf("%c=%s%s%s%c", classes[i], bits & 4 ? "r" : "", bits & 2 ? "w" : "",
               bits & 1 ? "x" : "", i < 2 ? ',' : '\n');
    }
}

static int run_posix_umask(struct invocation *c)
{
    mode_t mask;
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    mode_t old = umask(0);
    umask(old);
    if (options.count == 0) {
        print_mask(old, given('S'));
        return 0;
    }
    if (read_mask(options.operand[0], old, &mask) < 0)
        return refuse(CODE_BAD_MODE, "not a mode: %s", options.operand[0]);
    umask(mask);
    return command_chain(c, options.operand + 1);
}

static const char cd_options[] = "-L  dot-dot goes back in the name (the default)\n"
                                 "-P  dot-dot goes to the parent folder\n";
static const char umask_options[] = "-S  print it in symbols\n";

const struct command execline_posix[] = {
    {"posix-cd", "[-L|-P] [dir|-] [prog...]", "change the working directory as POSIX says",
     cd_options, run_posix_cd},
    {"posix-umask", "[-S] [mask] [prog...]",
     "set or print the file mode creation mask as POSIX says", umask_options, run_posix_umask},
    {.name = NULL}};
