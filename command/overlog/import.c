/* overlog import: which format it is, Procfiles, and what all formats share. */
#include "command/overlog/import.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/conf_program.h"
#include "command/overlog/crontab.h"
#include "command/overlog/unit_import.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Says the notes and appends them as lines. */
static void tell_notes(struct import *im, struct str *out)
{
    for (size_t i = 0; i < im->notes; i++) {
        struct import_note *n = &im->note[i];
        bool section = n->file != NULL; /* of that file */
        struct str line = STR_INIT;
        if (section)
            str_printf(&line, "%s: ", n->file);
        for (size_t k = 0; k < n->about.count; k++)
            str_printf(&line, "%s%s%s%s", k == 0 ? "" : ", ", section ? "[" : "", n->about.item[k],
                       section ? "]" : "");
        str_printf(&line, "%s%s", n->about.count > 0 ? ": " : "", n->text == NULL ? "?" : n->text);
        if (!n->quiet)
            message_warning("%s", line.data);
        put_shown(out, line.data, 0);
        str_add_char(out, '\n');
        str_release(&line);
    }
}

void import_release(struct import *im)
{
    for (size_t i = 0; i < im->notes; i++) {
        words_release(&im->note[i].about);
        free(im->note[i].text);
    }
    free(im->note);
    words_release(&im->names);
    import_units_release(im);
    section_free(im->open);
    sections_release(&im->kept);
    str_release(&im->conf);
    im->note = NULL;
    im->notes = 0;
}

/* --- Procfile --------------------------------------------------------------------------------- */

enum { FIRST_PORT = 5000, NEXT_PORT = 100 };

/* Every process has a PORT, whether its line names it or a program that it runs reads it. */
static void begin_script(struct str *script, const struct import *im, const char *name,
                         const char *command, unsigned int port)
{
    str_printf(script, "# %s of %s\ncd \"$(cat /run/s6/workdir)\" || exit 1\n", name, im->file);
    if (port != 0)
        str_printf(script, "export PORT=\"${PORT:-%u}\"\n", port);
    if (sh_is_compound(command))
        str_add_text(script, "# More than one command: the shell stays, and signals go to it.\n");
}

/* A release command is done once, before everything else starts. */
static void put_release(struct import *im, struct str *releases)
{
    struct str script = STR_INIT, section = STR_INIT;
    char name[256];
    if (releases->length == 0 || !import_name(im, NULL, "release", name))
        return;
    begin_script(&script, im, "release", "", 0);
    str_printf(&script, "set -e\n%s", releases->data);
    import_tell_apart(im, NULL, name, 1);
    str_printf(&section, "[%s]\ntype = oneshot\n", name);
    conf_key_lines(&section, "script", script.data);
    import_text(im, section.data);
    im->services++;
    str_release(&script);
    str_release(&section);
}

/* "NAME: COMMAND" in line, cut in two; NULL: it is none. */
static char *split_line(char *line)
{
    line[strcspn(line, "\r")] = '\0';
    size_t n = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (n == 0 || line[n] != ':')
        return NULL;
    line[n] = '\0';
    char *command = line + n + 1;
    command += strspn(command, " \t");
    return *command == '\0' ? NULL : command;
}

/* seen: the processes before it. */
static void put_process(struct import *im, const char *process, const char *command,
                        const struct words *needs, const struct words *seen)
{
    unsigned int port = FIRST_PORT + NEXT_PORT * (unsigned int)seen->count;
    unsigned int same = 0;
    struct str script = STR_INIT;
    char name[256];
    if (!import_name(im, NULL, process, name))
        return;
    for (size_t i = 0; i < seen->count; i++)
        same += strcmp(seen->item[i], process) == 0;
    import_tell_apart(im, NULL, name, same > 0 ? same : 1);
    str_add_text(&script, SH_SHEBANG);
    begin_script(&script, im, process, command, port);
    sh_exec(&script, "", command);
    import_begin(im, name, DEFINITION_LONGRUN, needs, "user");
    import_file(im, "run", script.data);
    import_end(im);
    im->services++;
    str_release(&script);
}

/* One line of two readings: the first looks for releases, which are done before all others. */
static void take_line(struct import *im, char *line, bool first, struct str *releases,
                      struct words *seen)
{
    struct words needs = WORDS_INIT;
    const char *text = line + strspn(line, " \t");
    bool empty = *text == '\0' || *text == '#';
    char *command = split_line(line);
    bool release = command != NULL && strcmp(line, "release") == 0;
    if (command == NULL && first && !empty)
        import_note(im, NULL, "not understood: %s", line);
    if (release && first)
        str_printf(releases, "%s\n", command);
    if (command == NULL || release || first)
        return;
    if (releases->length > 0)
        words_add(&needs, "release");
    if (seen->count < IMPORT_PROCESSES_MAX) {
        put_process(im, line, command, &needs, seen);
    } else {
        message_fatal("%s has more than %d processes", im->file, IMPORT_PROCESSES_MAX);
        im->code = 1;
    }
    words_add(seen, line);
    words_release(&needs);
}

int import_procfile(struct import *im, const char *text)
{
    struct words seen = WORDS_INIT;
    struct str releases = STR_INIT;
    for (int pass = 0; pass < 2; pass++) {
        char *copy = strdup(text), *place = NULL;
        for (char *line = copy == NULL ? NULL : strtok_r(copy, "\n", &place);
             line != NULL && seen.count <= IMPORT_PROCESSES_MAX;
             line = strtok_r(NULL, "\n", &place))
            take_line(im, line, pass == 0, &releases, &seen);
        free(copy);
        if (pass == 0)
            put_release(im, &releases);
    }
    words_release(&seen);
    str_release(&releases);
    return im->code;
}

/* --- the command ------------------------------------------------------------------------------ */

/* A line that begins with a bracket makes it a supervisord.conf. */
static bool has_section(const char *text)
{
    for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
        p += strspn(p, "\n\r\t ");
        if (*p == '[')
            return true;
    }
    return false;
}

enum format { SUPERVISORD, PROCFILE, CRONTAB, SYSTEM_CRONTAB, SYSTEMD, FORMATS };

static const char *const format_names[FORMATS] = {"supervisord", "procfile", "crontab",
                                                  "system-crontab", "systemd"};

/* Whether it is a unit of systemd: by its name, or by a section that only such a one has. */
static bool is_unit(const char *file, const char *text)
{
    static const char *const kinds[] = {".service", ".socket", ".timer", ".target",
                                        ".mount",   ".path",   ".slice"};
    const char *dot = strrchr(path_name(file), '.');
    for (size_t i = 0; dot != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(dot, kinds[i]) == 0)
            return true;
    return strstr(text, "[Service]") != NULL && strstr(text, "ExecStart") != NULL;
}

/* The format by its name, or by what is in the file without one. FORMATS: there is no such one. */
static enum format find_format(const char *name, const char *file, const char *text)
{
    enum format f = SUPERVISORD;
    if (name == NULL)
        return is_unit(file, text)                    ? SYSTEMD
               : has_section(text)                    ? SUPERVISORD
               : !crontab_is(text)                    ? PROCFILE
               : import_is_system_crontab(file, text) ? SYSTEM_CRONTAB
                                                      : CRONTAB;
    while (f < FORMATS && strcmp(format_names[f], name) != 0)
        f++;
    return f;
}

/* One of the files that are named. */
static int take_file(struct import *im, const char *file)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int code = 0;
    im->file = file;
    if (unit_read(file, &text, &e) < 0)
        return message_error(&e);
    const char *content = text.data == NULL ? "" : text.data;
    enum format format = find_format(argument_of('f'), file, content);
    if (format == SUPERVISORD)
        code = import_supervisord(im, content);
    else if (format == PROCFILE)
        code = import_procfile(im, content);
    else if (format == CRONTAB || format == SYSTEM_CRONTAB)
        code = import_crontab(im, content, format == SYSTEM_CRONTAB);
    else if (format == FORMATS)
        code = refuse(EXIT_USAGE,
                      "there is no format %s: supervisord, procfile, crontab, system-crontab or "
                      "systemd",
                      argument_of('f'));
    else if (import_unit(im, file, content) < 0)
        code = refuse(EXIT_SYSTEM, "out of memory");
    str_release(&text);
    return code == 0 ? im->code : code;
}

/* Where it is now. */
static void say_made(const struct import *im, bool directories)
{
    const struct tree *t = im->tree;
    print_shown("%zu service%s written to %s; overlog check %s", im->services,
                im->services == 1 ? "" : "s", directories ? t->services : t->conf,
                t->alone ? t->conf : t->dir);
    putchar('\n');
}

static int import(struct import *im)
{
    struct str notes = STR_INIT;
    int code = 0;
    for (char **file = options.operand; *file != NULL && code == 0; file++)
        code = take_file(im, *file);
    if (code == 0)
        code = units_make(im);
    tell_notes(im, &notes);
    if (code == 0 && im->services == 0)
        code =
            refuse(1,
                   "%s has neither programs of supervisord, nor lines of a Procfile, nor jobs of "
                   "a crontab, nor a service of systemd",
                   im->file);
    if (code == 0)
        code = import_save(im, given('D'), notes.length > 0 ? notes.data : "");
    if (code == 0)
        say_made(im, given('D'));
    str_release(&notes);
    return code;
}

static int run_import(struct invocation *c)
{
    struct tree t;
    struct error e = ERROR_INIT;
    if (options_read_anywhere(c, 1, INT_MAX) != 0)
        return EXIT_USAGE;
    if (tree_find(&t, NULL, given('d') ? argument_of('d') : ".", &e) < 0)
        return message_error(&e);
    struct import im = {.tree = &t};
    int code = given('d') ? 0 : import_place(&t);
    if (code == 0)
        code = tree_read(&t);
    if (code == 0)
        code = import(&im);
    import_release(&im);
    tree_release(&t);
    return code;
}

static const char import_options[] =
    "-D, --dirs         as directories of s6-rc.d\n"
    "-f, --format=NAME  supervisord, procfile, crontab, system-crontab or systemd (as files look)\n"
    "-d, --dir=DIR      the tree that is written to (the current directory)\n";

const struct command command_import[] = {
    {"overlog import", "[-D] [-f FORMAT] [-d DIR] FILE...",
     "make services of supervisord, Procfile, crontab or systemd", import_options, run_import},
    {.name = NULL}};
