/* overlog missing ROOT: which scripts of an image call commands that are not provided. */
#include "base/environment.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/str.h"
#include "base/utf8.h"
#include "command/overlog/missing.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SCRIPT_MAX = 1 << 20, DEPTH_MAX = 32, NAME_LENGTH_MAX = 48 };

static struct {
    const char *root;
    size_t skip; /* bytes of a path that are the root's */
    unsigned long found, unread;
    struct words said; /* "FILE NAME": once each */
} search;

/* What the kernel makes, and what is not of the image. */
static bool is_outside(const char *path)
{
    static const char *const folders[] = {"/proc", "/sys", "/dev", "/run", NULL};
    return is_among(path, folders);
}

/* The up and down of a oneshot are command lines without #!. */
static bool is_command_line(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && strstr(path, "/s6-rc.d/") != NULL &&
           (strcmp(slash, "/up") == 0 || strcmp(slash, "/down") == 0);
}

/* Some names are words of other languages, or of processes that are here as well: those count at
 * the beginning of a line or behind the folder of commands. */
static bool is_call(const char *line, const char *word, size_t length)
{
    static const char folder[] = "/command/";
    size_t before = sizeof folder - 1;
    bool process = strncmp(word, "s6-supervise", length) == 0 && length == 12;
    if (strncmp(word, "s6-", 3) == 0 && !process)
        return true;
    if ((size_t)(word - line) >= before && strncmp(word - before, folder, before) == 0)
        return true;
    return strspn(line, " \t") == (size_t)(word - line) &&
           (word[length] == ' ' || word[length] == '\0');
}

/* A package of the distribution has it: what overlog has not lets that be executed. */
static bool is_installed(const char *name)
{
    static const char *const folders[] = {"usr/local/sbin", "usr/local/bin", "usr/sbin",
                                          "usr/bin",        "sbin",          "bin"};
    char path[PATH_MAX];
    struct stat st;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        int n = snprintf(path, sizeof path, "%s/%s/%s", search.root, folders[i], name);
        if (n < (int)sizeof path && lstat(path, &st) == 0 && S_ISREG(st.st_mode))
            return true;
    }
    return false;
}

static void say(const char *file, unsigned int number, const char *name)
{
    struct str once = STR_INIT;
    struct str shown = STR_INIT;
    if (str_printf(&once, "%s %s", file, name) == 0 && !words_has(&search.said, once.data) &&
        words_add(&search.said, once.data) == 0 && utf8_visible(file, strlen(file), &shown) == 0) {
        printf("%s:%u\t%s\t%s\n", shown.data, number, name, missing_instead(name));
        search.found++;
    }
    str_release(&once);
    str_release(&shown);
}

/* Names of processes, which are what they are elsewhere. */
static bool asks_for_processes(const char *line)
{
    return strstr(line, "grep") != NULL || strstr(line, "pkill") != NULL ||
           strstr(line, "pidof") != NULL || strstr(line, "killall") != NULL;
}

static void look_at_line(const char *file, unsigned int number, const char *line)
{
    char name[NAME_LENGTH_MAX];
    if (line[strspn(line, " \t")] == '#' || asks_for_processes(line))
        return;
    for (const char *p = line; *p != '\0';) {
        size_t n = strspn(p, VARIABLE_CHARACTERS);
        if (n > 0 && n < sizeof name) {
            memcpy(name, p, n);
            name[n] = '\0';
            if (missing_instead(name) != NULL && is_call(line, p, n) && !is_installed(name))
                say(file, number, name);
        }
        p += n + (p[n] != '\0' && n == 0);
    }
}

static void look_into(const char *path)
{
    struct error ignored = ERROR_INIT;
    struct str text = STR_INIT;
    const char *file = path + search.skip;
    unsigned int number = 0;
    if (file_read(AT_FDCWD, path, SCRIPT_MAX, &text, &ignored) < 0) {
        search.unread++;
    } else if (text.length > 1 && (strncmp(text.data, "#!", 2) == 0 || is_command_line(file))) {
        for (char *rest = text.data, *line; (line = strsep(&rest, "\n")) != NULL;)
            look_at_line(file, ++number, line);
    }
    str_release(&text);
}

static void visit(const char *path, int depth)
{
    struct error ignored = ERROR_INIT;
    struct words names = WORDS_INIT;
    struct str below = STR_INIT;
    struct stat st;
    if (lstat(path, &st) < 0 || depth > DEPTH_MAX || is_outside(path + search.skip))
        return;
    if (S_ISREG(st.st_mode) && st.st_size <= SCRIPT_MAX)
        look_into(path);
    if (!S_ISDIR(st.st_mode))
        return;
    if (file_list(AT_FDCWD, path, &names, &ignored) < 0)
        search.unread++;
    for (size_t i = 0; i < names.count; i++) {
        str_clear(&below);
        if (str_printf(&below, "%s/%s", path, names.item[i]) == 0)
            visit(below.data, depth + 1);
    }
    words_release(&names);
    str_release(&below);
}

int missing_in(const char *root)
{
    struct error e = ERROR_INIT;
    struct stat st;
    struct str path = STR_INIT;
    size_t length = strlen(root);
    while (length > 0 && root[length - 1] == '/')
        length--;
    if (stat(root, &st) < 0 || str_add(&path, root, length) < 0 ||
        (length == 0 && str_add_text(&path, "/.") < 0))
        return fail("look into", root);
    if (!S_ISDIR(st.st_mode)) {
        error_set(&e, EXIT_USAGE, "%s is no directory: name the root of an image", root);
        return message_error(&e);
    }
    search.root = path.data;
    search.skip = path.length;
    visit(path.data, 0);
    if (search.unread > 0)
        message_warning("%lu files or folders under %s could not be read", search.unread, root);
    words_release(&search.said);
    str_release(&path);
    return search.found > 0 ? 1 : 0;
}
