/* overlog import of a supervisord.conf. */
#include "base/error.h"
#include "base/file.h"
#include "base/message.h"
#include "base/signals.h"
#include "command/overlog_import.h"
#include "command/supervisord.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_PRIORITY = 999, PROCESSES_MAX = 1000 };

/* One process, which becomes one service. */
struct process {
    const char *section, *program; /* "program:web", "web" */
    char name[256];
    struct ini_names names;
    long priority;
    bool autostart;
};

struct supervisord {
    struct import *im;
    struct ini ini;
    char here[PATH_MAX];
    struct process *process;
    size_t count;
};

/* --- what a program is told that services are not --------------------------------------------- */

static const struct {
    const char *key;
    const char *note; /* NULL: carried over */
} keys[] = {
    {"command", NULL},
    {"process_name", NULL},
    {"numprocs", NULL},
    {"numprocs_start", NULL},
    {"directory", NULL},
    {"umask", NULL},
    {"priority", NULL},
    {"autostart", NULL},
    {"autorestart", NULL},
    {"exitcodes", NULL},
    {"stopsignal", NULL},
    {"stopwaitsecs", NULL},
    {"killasgroup", NULL},
    {"user", NULL},
    {"redirect_stderr", NULL},
    {"environment", NULL},
    {"stdout_logfile", NULL},
    {"stderr_logfile", NULL},
    {"stdout_logfile_maxbytes", NULL},
    {"stdout_logfile_backups", NULL},
    {"stderr_logfile_maxbytes", NULL},
    {"stderr_logfile_backups", NULL},
    {"startsecs", "it counts as started once it is executed, or with notification-fd"},
    {"startretries", "it is started again for ever; see also the file container-exit"},
    {"stopasgroup", "the signal goes to the process alone, what then is left is killed at the end"},
    {"events", "there are no events"},
    {"buffer_size", "there are no events"},
    {"socket", "no socket is opened for it: let the program listen itself"},
};

static void put_notes(const struct supervisord *s, const struct process *p, struct str *out)
{
    for (size_t i = 0; i < s->ini.count; i++) {
        const struct ini_value *v = &s->ini.item[i];
        const char *note = "not carried over";
        if (v->key == NULL || strcmp(v->section, p->section) != 0)
            continue;
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            if (strcmp(keys[k].key, v->key) == 0)
                note = keys[k].note;
        if (note != NULL)
            str_printf(out, "# %s=%.*s: %s\n", v->key, (int)strcspn(v->value, "\n"), v->value,
                       note);
    }
}

static const char *get(const struct supervisord *s, const struct process *p, const char *key)
{
    return ini_get(&s->ini, p->section, key);
}

static char *expanded(const struct supervisord *s, const struct process *p, const char *text)
{
    struct str out = STR_INIT;
    if (!ini_expand(text, &p->names, &out))
        import_note(s->im, "[%s] has an unknown expression: %s", p->section, text);
    if (out.data == NULL)
        str_add_text(&out, "");
    return out.data;
}

/* --- run -------------------------------------------------------------------------------------- */

static bool is_console(const char *path)
{
    static const char *const console[] = {"/dev/stdout", "/dev/stderr", "/dev/fd/1", "/dev/fd/2"};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(path, console[i]) == 0)
            return true;
    return strncmp(path, "/proc/", 6) == 0 || strcmp(path, "AUTO") == 0;
}

static void put_output(const struct supervisord *s, const struct process *p, struct str *out)
{
    static const char *const streams[] = {"stdout_logfile", "stderr_logfile"};
    bool merged = ini_true(get(s, p, "redirect_stderr"), false);
    for (int i = 0; i < 2; i++) {
        const char *value = get(s, p, streams[i]);
        if (value == NULL || (merged && i == 1) || is_console(value))
            continue;
        if (strcmp(value, "NONE") == 0 || strcmp(value, "/dev/null") == 0)
            str_printf(out, "exec %s>/dev/null\n", i == 0 ? "" : "2");
        else
            str_printf(out, "# %s=%.*s: its output is in its log directory\n", streams[i],
                       (int)strcspn(value, "\n"), value);
    }
    if (merged)
        str_add_text(out, "exec 2>&1\n");
}

static void put_place(const struct supervisord *s, const struct process *p, struct str *out)
{
    static const char *const sections[] = {"supervisord", NULL}; /* then the program's */
    const char *directory = get(s, p, "directory"), *mask = get(s, p, "umask");
    if (directory == NULL)
        directory = ini_get(&s->ini, "supervisord", "directory");
    if (mask == NULL)
        mask = ini_get(&s->ini, "supervisord", "umask");
    if (directory == NULL) {
        str_add_text(out, "cd \"$(cat /run/s6/workdir)\" || exit 1\n");
    } else {
        char *path = expanded(s, p, directory);
        str_add_text(out, "cd ");
        ini_word(path, out);
        str_add_text(out, " || exit 1\n");
        free(path);
    }
    if (mask != NULL) {
        str_add_text(out, "umask ");
        ini_word(mask, out);
        str_add_char(out, '\n');
    }
    for (int i = 0; i < 2; i++) {
        const char *section = sections[i] == NULL ? p->section : sections[i];
        const char *value = ini_get(&s->ini, section, "environment");
        char *text = value == NULL ? NULL : expanded(s, p, value);
        if (text != NULL)
            ini_environment(text, out);
        free(text);
    }
}

static void put_run(const struct supervisord *s, const struct process *p)
{
    struct str out = STR_INIT, command = STR_INIT;
    const char *text = get(s, p, "command"), *user = get(s, p, "user");
    char *line = expanded(s, p, text == NULL ? "" : text);
    if (user == NULL)
        user = ini_get(&s->ini, "supervisord", "user");
    str_printf(&out, SH_SHEBANG "# [%s] of %s\n", p->section, s->im->file);
    put_notes(s, p, &out);
    ini_command(line, &command);
    put_output(s, p, &out);
    put_place(s, p, &out);
    str_add_text(&out, "exec ");
    if (user != NULL && strcmp(user, "root") != 0) {
        char *who = expanded(s, p, user);
        str_add_text(&out, "s6-setuidgid ");
        ini_word(who, &out);
        str_add_char(&out, ' ');
        free(who);
    }
    str_printf(&out, "%s\n", command.data);
    write_file(&s->im->w, 0755, out.data, "%s/run", p->name);
    free(line);
    str_release(&out);
    str_release(&command);
}

/* --- the other files -------------------------------------------------------------------------- */

/* An end that is expected is the last: nothing is wrong, so health does not mind. */
static void put_finish(const struct supervisord *s, const struct process *p)
{
    struct str out = STR_INIT;
    const char *again = get(s, p, "autorestart"), *codes = get(s, p, "exitcodes");
    bool unexpected = again == NULL || strcmp(again, "unexpected") == 0;
    codes = codes == NULL ? "0" : codes;
    if (!unexpected && ini_true(again, false))
        return;
    str_printf(&out, "#!/bin/sh\n# autorestart=%s", unexpected ? "unexpected" : "false");
    if (unexpected) {
        const char *before = "\ncase $1 in\n";
        str_printf(&out, ", exitcodes=%.*s", (int)strcspn(codes, "\n"), codes);
        for (size_t n; (n = strspn(codes, "0123456789")) > 0; before = "|") {
            str_printf(&out, "%s%.*s", before, (int)n, codes);
            codes += n;
            codes += strspn(codes, ", \t\n");
        }
        str_add_text(&out, before[0] == '|' ? ") exec /command/s6-svc -O . ;;\nesac\n" : "\n");
    } else {
        str_add_text(&out, "\nexec /command/s6-svc -O .\n");
    }
    write_file(&s->im->w, 0755, out.data, "%s/finish", p->name);
    str_release(&out);
}

static void put_stop(const struct supervisord *s, const struct process *p)
{
    char text[32];
    const char *signal = get(s, p, "stopsignal"), *wait = get(s, p, "stopwaitsecs");
    int number = signal == NULL ? SIGTERM : signal_number(signal, SIGNAL_COUNT - 1);
    unsigned long long seconds = 10;
    if (number < 0)
        import_note(s->im, "[%s] has an unknown stopsignal: %s", p->section, signal);
    else if (number != SIGTERM) {
        snprintf(text, sizeof text, "SIG%s\n", signal_name(number));
        write_file(&s->im->w, 0644, text, "%s/down-signal", p->name);
    }
    if (wait != NULL && number_parse(wait, 4000000, &seconds) < 0)
        import_note(s->im, "[%s] has an unknown stopwaitsecs: %s", p->section, wait);
    snprintf(text, sizeof text, "%llu\n", seconds * 1000);
    write_file(&s->im->w, 0644, text, "%s/timeout-kill", p->name);
    if (ini_true(get(s, p, "killasgroup"), ini_true(get(s, p, "stopasgroup"), false)))
        write_file(&s->im->w, 0644, "", "%s/flag-timeout-killpg", p->name);
}

static void put_rotation(const struct supervisord *s, const struct process *p)
{
    enum { LEAST = 4096, MOST = 268435455 };
    const char *max = get(s, p, "stdout_logfile_maxbytes");
    const char *keep = get(s, p, "stdout_logfile_backups");
    long long bytes = max == NULL ? -1 : ini_bytes(max);
    unsigned long long backups = 10;
    char text[64];
    if (keep != NULL)
        number_parse(keep, 9999, &backups);
    if (bytes <= 0 && keep == NULL)
        return;
    bytes = bytes <= 0 ? 50 << 20 : bytes < LEAST ? LEAST : bytes > MOST ? MOST : bytes;
    snprintf(text, sizeof text, "n%llu s%lld C\n", backups, bytes);
    write_file(&s->im->w, 0644, text, "%s/logging-script", p->name);
}

/* Those of the next lower priority, which supervisord starts before and stops after. */
static void find_needs(const struct supervisord *s, const struct process *p, struct words *needs)
{
    long before = LONG_MIN;
    for (size_t i = 0; i < s->count; i++)
        if (s->process[i].autostart && s->process[i].priority < p->priority &&
            s->process[i].priority > before)
            before = s->process[i].priority;
    for (size_t i = 0; i < s->count; i++)
        if (s->process[i].autostart && s->process[i].priority == before)
            words_add(needs, s->process[i].name);
}

static void put_process(const struct supervisord *s, const struct process *p)
{
    struct words needs = WORDS_INIT;
    find_needs(s, p, &needs);
    write_service(&s->im->w, p->name, DEFINITION_LONGRUN, &needs, p->autostart ? "user" : NULL);
    put_run(s, p);
    put_finish(s, p);
    put_stop(s, p);
    put_rotation(s, p);
    s->im->services++;
    words_release(&needs);
}

/* --- sections --------------------------------------------------------------------------------- */

/* The group that names a program, or the program itself. */
static const char *group_of(const struct supervisord *s, const char *program)
{
    size_t length = strlen(program);
    for (size_t i = 0; i < s->ini.count; i++) {
        const struct ini_value *v = &s->ini.item[i];
        if (v->key == NULL || strncmp(v->section, "group:", 6) != 0 ||
            strcmp(v->key, "programs") != 0)
            continue;
        for (const char *p = v->value; *p != '\0';) {
            p += strspn(p, ", \t\n");
            size_t n = strcspn(p, ", \t\n");
            if (n == length && strncmp(p, program, n) == 0)
                return v->section + 6;
            p += n;
        }
    }
    return program;
}

static unsigned long long number_of(const struct supervisord *s, const char *section,
                                    const char *key, unsigned long long fallback)
{
    const char *text = ini_get(&s->ini, section, key);
    if (text != NULL && number_parse(text, PROCESSES_MAX, &fallback) < 0)
        import_note(s->im, "[%s] has a %s that is no number: %s", section, key, text);
    return fallback;
}

static bool has_command(const struct supervisord *s, const char *section)
{
    const char *command = ini_get(&s->ini, section, "command");
    struct str out = STR_INIT;
    bool good = command != NULL && ini_command(command, &out) && out.length > 0;
    str_release(&out);
    if (!good)
        import_note(s->im, "[%s] has no command that can be read: left out", section);
    return good;
}

static int add_program(struct supervisord *s, const char *section)
{
    if (!has_command(s, section))
        return 0;
    const char *program = strchr(section, ':') + 1;
    unsigned long long count = number_of(s, section, "numprocs", 1);
    unsigned long long first = number_of(s, section, "numprocs_start", 0);
    const char *priority = ini_get(&s->ini, section, "priority");
    const char *form = ini_get(&s->ini, section, "process_name");
    if (s->count + count > PROCESSES_MAX) {
        message_fatal("%s has more than %d processes", s->im->file, PROCESSES_MAX);
        s->im->w.code = 1;
        return 0;
    }
    struct process *more = realloc(s->process, (s->count + (size_t)count + 1) * sizeof *more);
    if (more == NULL)
        return -1;
    s->process = more;
    for (unsigned int i = 0; i < count; i++) {
        struct process *p = &s->process[s->count];
        *p = (struct process){.section = section,
                              .program = program,
                              .priority = priority == NULL ? DEFAULT_PRIORITY : atol(priority),
                              .autostart = ini_true(ini_get(&s->ini, section, "autostart"), true)};
        p->names = (struct ini_names){.program = program,
                                      .group = group_of(s, program),
                                      .here = s->here,
                                      .number = (unsigned int)first + i,
                                      .count = (unsigned int)count};
        char *name = expanded(s, p, form == NULL ? "%(program_name)s" : form);
        if (!import_name(s->im, name, p->name)) {
            free(name);
            continue;
        }
        free(name);
        for (size_t k = 0; k < s->count; k++)
            if (strcmp(s->process[k].name, p->name) == 0)
                snprintf(p->name + strlen(p->name), 16, "-%u", p->names.number);
        s->count++;
    }
    return 0;
}

/* A bundle of processes: those of a program, or of the programs of a group. */
static void put_bundle(struct supervisord *s, const char *bundle, bool group)
{
    struct words members = WORDS_INIT;
    char name[256];
    bool taken = false;
    for (size_t i = 0; i < s->count; i++) {
        const struct process *p = &s->process[i];
        taken |= strcmp(p->name, bundle) == 0;
        if (strcmp(group ? p->names.group : p->program, bundle) == 0)
            words_add(&members, p->name);
    }
    if (taken)
        import_note(s->im, "the group %s has the name of a program: no bundle is made of it",
                    bundle);
    else if (import_name(s->im, bundle, name))
        write_service(&s->im->w, name, DEFINITION_BUNDLE, &members, NULL);
    words_release(&members);
}

static int each_section(struct supervisord *s)
{
    bool told = false;
    for (size_t i = 0; i < s->ini.count && s->im->w.code == 0; i++) {
        const struct ini_value *v = &s->ini.item[i];
        bool again = v->key != NULL;
        for (size_t k = 0; k < i && !again; k++)
            again = strcmp(s->ini.item[k].section, v->section) == 0;
        if (again)
            continue;
        if (strncmp(v->section, "program:", 8) == 0 ||
            strncmp(v->section, "fcgi-program:", 13) == 0) {
            if (add_program(s, v->section) < 0)
                return -1;
        } else if (strncmp(v->section, "eventlistener:", 14) == 0) {
            import_note(s->im,
                        "[%s]: there are no events; a service whose failure is to end the "
                        "container has a file container-exit",
                        v->section);
        } else if (!told && (strcmp(v->section, "unix_http_server") == 0 ||
                             strcmp(v->section, "inet_http_server") == 0)) {
            told = true;
            import_note(s->im, "[%s]: overlog status, s6-rc and s6-svc take its place", v->section);
        }
    }
    return 0;
}

static void put_bundles(struct supervisord *s)
{
    for (size_t i = 0; i < s->ini.count; i++)
        if (s->ini.item[i].key == NULL && strncmp(s->ini.item[i].section, "group:", 6) == 0)
            put_bundle(s, s->ini.item[i].section + 6, true);
    for (size_t i = 0; i < s->count; i++)
        if (s->process[i].names.count > 1 &&
            (i == 0 || s->process[i - 1].program != s->process[i].program) &&
            strcmp(s->process[i].names.group, s->process[i].program) == 0)
            put_bundle(s, s->process[i].program, false);
}

static int read_includes(struct supervisord *s)
{
    const char *files = ini_get(&s->ini, "include", "files");
    struct ini_names names = {.here = s->here, .program = "", .group = ""};
    struct str text = STR_INIT;
    int result = 0;
    if (files == NULL)
        return 0;
    ini_expand(files, &names, &text);
    char *place, *list = text.data == NULL ? (char[]){""} : text.data;
    for (char *word = strtok_r(list, " \t\n", &place); word != NULL && result == 0;
         word = strtok_r(NULL, " \t\n", &place)) {
        char path[PATH_MAX];
        glob_t found = {.gl_pathc = 0};
        snprintf(path, sizeof path, "%s%s%s", word[0] == '/' ? "" : s->here,
                 word[0] == '/' ? "" : "/", word);
        if (glob(path, 0, NULL, &found) != 0)
            import_note(s->im, "nothing to include: %s", word);
        for (size_t i = 0; i < found.gl_pathc && result == 0; i++) {
            struct str content = STR_INIT;
            struct error e = ERROR_INIT;
            if (file_read(AT_FDCWD, found.gl_pathv[i], 1 << 20, &content, &e) < 0)
                import_note(s->im, "%s", e.text);
            else
                result = ini_parse(&s->ini, content.data == NULL ? "" : content.data);
            str_release(&content);
        }
        globfree(&found);
    }
    str_release(&text);
    return result;
}

int import_supervisord(struct import *im, const char *text)
{
    static struct supervisord s; /* large */
    s = (struct supervisord){.im = im};
    if (realpath(im->file, s.here) != NULL)
        *strrchr(s.here, '/') = '\0';
    errno = 0;
    if (ini_parse(&s.ini, text) < 0 || read_includes(&s) < 0 || each_section(&s) < 0) {
        bool many = errno == E2BIG;
        if (many)
            message_fatal("%s has more than %d options", im->file, INI_ITEMS_MAX);
        else
            message_fatal("out of memory");
        im->w.code = many ? 1 : EXIT_SYSTEM;
    }
    if (s.ini.strange > 0)
        import_note(im, "line %u is not understood", s.ini.strange);
    for (size_t i = 0; i < s.count && im->w.code == 0; i++)
        put_process(&s, &s.process[i]);
    if (im->w.code == 0)
        put_bundles(&s);
    free(s.process);
    ini_release(&s.ini);
    return im->w.code;
}
