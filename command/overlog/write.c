#include "command/overlog/write.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/file.h"
#include "base/message.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void write_path(struct writer *w, const char *path, mode_t mode, const char *text)
{
    struct error e = ERROR_INIT;
    char folder[8192];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (w->code == 0 && (file_make_directories(AT_FDCWD, folder, 0755, &e) < 0 ||
                         file_write(AT_FDCWD, path, text, strlen(text), mode, &e) < 0))
        w->code = message_error(&e);
}

void write_file(struct writer *w, mode_t mode, const char *text, const char *format, ...)
{
    char path[8192];
    va_list list;
    int n = snprintf(path, sizeof path, "%s/", w->tree->services);
    va_start(list, format);
    vsnprintf(path + n, sizeof path - (size_t)n, format, list);
    va_end(list);
    write_path(w, path, mode, text);
}

static void join(struct writer *w, const char *bundle, const char *name)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", w->tree->services, bundle);
    /* Where it is: s6-overlay does not look at user-bundles.d when s6-rc.d has a user bundle. */
    const char *folder = access(path, F_OK) == 0 ? w->tree->services : w->tree->bundles;
    snprintf(path, sizeof path, "%s/%s/type", folder, bundle);
    if (access(path, F_OK) < 0)
        write_path(w, path, 0644, "bundle\n");
    snprintf(path, sizeof path, "%s/%s/contents.d/%s", folder, bundle, name);
    write_path(w, path, 0644, "");
}

void write_service(struct writer *w, const char *name, enum definition_type type,
                   const struct words *needs, const char *bundle)
{
    static const char *const types[] = {[DEFINITION_ONESHOT] = "oneshot\n",
                                        [DEFINITION_LONGRUN] = "longrun\n",
                                        [DEFINITION_BUNDLE] = "bundle\n"};
    const char *folder = type == DEFINITION_BUNDLE ? "contents.d" : "dependencies.d";
    write_file(w, 0644, types[type], "%s/type", name);
    if (type != DEFINITION_BUNDLE)
        write_file(w, 0644, "", "%s/%s/base", name, folder);
    for (size_t i = 0; i < needs->count; i++)
        write_file(w, 0644, "", "%s/%s/%s", name, folder, needs->item[i]);
    if (type == DEFINITION_BUNDLE && needs->count == 0) {
        write_file(w, 0644, "", "%s/%s/.keep", name, folder);
    }
    if (bundle != NULL)
        join(w, bundle, name);
}

void write_oneshot(struct writer *w, const char *name, const char *script)
{
    char path[8192];
    snprintf(path, sizeof path, TREE_DEFAULT "/scripts/%s\n", name);
    write_file(w, 0644, path, "%s/up", name);
    snprintf(path, sizeof path, "%s/scripts/%s", w->tree->dir, name);
    write_path(w, path, 0755, script);
}

bool name_is_good(const char *name)
{
    bool good = name[0] != '\0' && name[0] != '.' && strlen(name) <= 200 &&
                strpbrk(name, "/\n") == NULL && strncmp(name, "s6rc-", 5) != 0 &&
                strncmp(name, "s6-rc-", 6) != 0;
    if (!good)
        message_fatal("\"%s\" cannot be the name of a service: at most 200 bytes, no slash, not "
                      "beginning with a dot, s6rc- or s6-rc-",
                      name);
    return good;
}

bool name_is_reserved(const char *name)
{
    struct definitions ours = DEFINITIONS_INIT;
    bool reserved = strncmp(name, "s6rc-", 5) == 0 || strncmp(name, "s6-rc-", 6) == 0 ||
                    (definitions_builtin(&ours) == 0 && definitions_find(&ours, name) >= 0);
    definitions_release(&ours);
    return reserved;
}

void sh_quote(struct str *out, const char *word)
{
    const char *p = word;
    while (*p != '\0' && (isalnum((unsigned char)*p) || strchr("_-./:=@%+,", *p) != NULL))
        p++;
    if (*p == '\0' && p != word) {
        str_add_text(out, word);
        return;
    }
    str_add_char(out, '\'');
    for (p = word; *p != '\0'; p++)
        if (*p == '\'')
            str_add_text(out, "'\\''");
        else
            str_add_char(out, *p);
    str_add_char(out, '\'');
}

/* The quote that closes the one at p; NULL: it has no end, or a command in it has quotes of its own
 * that make this hard to say. */
static const char *close_quote(const char *p)
{
    char quote = *p;
    bool command = false;
    for (p++; *p != '\0' && *p != quote; p++) {
        if (quote == '"' && *p == '\\' && p[1] != '\0')
            p++;
        command |= quote == '"' && (*p == '`' || (*p == '$' && p[1] == '('));
        if (command && *p == '\'')
            return NULL;
    }
    return *p == '\0' ? NULL : p;
}

/* The last character of an escape or a quoted piece at p; p if there is none; NULL: it has no end.
 */
static const char *skip_quoted(const char *p)
{
    if (*p == '\\' && p[1] != '\0')
        return p + 1;
    return *p == '\'' || *p == '"' ? close_quote(p) : p;
}

static bool is_assignment(const char *word)
{
    size_t n = variable_length(word);
    return n > 0 && word[n] == '=';
}

/* The word behind the assignments in front. NULL: a quote has no end. */
static const char *program_of(const char *command)
{
    while (is_assignment(command)) {
        for (; *command != '\0' && strchr(" \t\n", *command) == NULL; command++)
            if ((command = skip_quoted(command)) == NULL)
                return NULL;
        command += strspn(command, " \t\n");
    }
    return command;
}

/* Words that sh acts upon itself, and that name no program, or not in every image. */
static bool is_of_shell(const char *word)
{
    static const char *const words[] = {
        "!",      ".",     ":",       "[[",       "alias",    "bg",       "break",  "builtin",
        "case",   "cd",    "command", "continue", "declare",  "eval",     "exec",   "exit",
        "export", "fc",    "fg",      "for",      "function", "getopts",  "hash",   "if",
        "jobs",   "kill",  "let",     "local",    "read",     "readonly", "return", "select",
        "set",    "shift", "source",  "time",     "times",    "trap",     "type",   "typeset",
        "ulimit", "umask", "unalias", "unset",    "until",    "wait",     "while",  "{"};
    size_t length = strcspn(word, " \t\n");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == length && strncmp(word, words[i], length) == 0)
            return true;
    return false;
}

bool sh_is_compound(const char *command)
{
    const char *program = program_of(command);
    if (program == NULL || is_of_shell(program) || (*program == '\0' && program != command))
        return true;
    for (const char *p = command; *p != '\0'; p++) {
        const char *end = skip_quoted(p);
        if (end == NULL)
            return true;
        if (end == p &&
            (strchr(";|\n(", *p) != NULL || (*p == '&' && (p == command || p[-1] != '>'))))
            return true;
        p = end;
    }
    return false;
}

void sh_exec(struct str *out, const char *prefix, const char *command)
{
    command += strspn(command, " \t\n");
    if (!sh_is_compound(command)) {
        str_printf(out, "exec %s%s%s%s\n", prefix, prefix[0] == '\0' ? "" : " ",
                   is_assignment(command) ? "env " : "", command);
    } else if (prefix[0] == '\0') {
        str_printf(out, "%s\n", command);
    } else {
        str_printf(out, "exec %s sh -c ", prefix);
        sh_quote(out, command);
        str_add_char(out, '\n');
    }
}
