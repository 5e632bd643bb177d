/* overlog import of a supervisord.conf: its sections, and which processes there are. program_write
 * makes the services. */
#include "command/overlog/supervisord_import.h"
#include "base/error.h"
#include "base/file.h"
#include "base/message.h"
#include "command/overlog/supervisord_keys.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_PRIORITY = 999 };

/* --- what must be known now ------------------------------------------------------------------- */

/* A number of a key, at most max away from 0. */
static long number_of(const struct supervisord *s, const char *section, const char *key,
                      const struct ini_names *names, long fallback, unsigned long long max)
{
    char *text = program_settle(s, section, key, names);
    bool minus = text != NULL && text[0] == '-';
    unsigned long long number = 0;
    if (text != NULL && number_parse(text + minus, max, &number) < 0)
        import_note(s->im, section, "%s is no number that can be: %s", key, text);
    else if (text != NULL)
        fallback = minus ? -(long)number : (long)number;
    free(text);
    return fallback;
}

/* --- order ------------------------------------------------------------------------------------ */

/* supervisord orders groups, a program without one being its own, and within a group programs.
 * Negative: a is started before b and stopped after it; 0: neither waits for the other. */
static int compare(const struct process *a, const struct process *b)
{
    if (a->group_priority != b->group_priority)
        return a->group_priority < b->group_priority ? -1 : 1;
    if (strcmp(a->names.group, b->names.group) != 0 || a->priority == b->priority)
        return 0;
    return a->priority < b->priority ? -1 : 1;
}

/* What is started before p with nothing in between. */
static void find_needs(const struct supervisord *s, const struct process *p, struct words *needs)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct process *q = &s->process[i];
        bool nearest = q->autostart != 0 && compare(q, p) < 0;
        for (size_t k = 0; k < s->count && nearest; k++)
            nearest = s->process[k].autostart == 0 || compare(q, &s->process[k]) >= 0 ||
                      compare(&s->process[k], p) >= 0;
        if (nearest)
            words_add(needs, q->name);
    }
}

/* --- sections --------------------------------------------------------------------------------- */

static bool lists(const char *programs, const char *program)
{
    size_t length = strlen(program);
    for (const char *p = programs; *p != '\0';) {
        p += strspn(p, ", \t\n");
        size_t n = strcspn(p, ", \t\n");
        if (n == length && strncmp(p, program, n) == 0)
            return true;
        p += n;
    }
    return false;
}

/* The first group that names a program, or NULL; others are noted. */
static const char *group_of(const struct supervisord *s, const char *section, const char *program)
{
    const char *group = NULL;
    for (size_t i = 0; i < s->ini.count; i++) {
        const struct ini_value *v = &s->ini.item[i];
        if (v->key == NULL || strncmp(v->section, "group:", 6) != 0 ||
            strcmp(v->key, "programs") != 0 || !lists(v->value.data, program))
            continue;
        if (group == NULL)
            group = v->section + 6;
        else if (strcmp(group, v->section + 6) != 0)
            import_note(s->im, section,
                        "it is in the groups %s and %s, and so started twice: one service is made, "
                        "of the first",
                        group, v->section + 6);
    }
    return group;
}

static bool has_command(const struct supervisord *s, const char *section)
{
    const char *command = ini_get(&s->ini, section, "command");
    struct str out = STR_INIT;
    bool splits;
    bool good = command != NULL && ini_command(command, &out, &splits) && out.length > 0;
    str_release(&out);
    if (!good)
        import_note(s->im, section, "has no command that can be read: left out");
    return good;
}

static int autostart_of(const struct supervisord *s, const struct process *p)
{
    const char *raw = program_get(s, p, "autostart");
    char *value = program_expand(s, p, raw == NULL ? "true" : raw);
    bool later = strchr(value, INI_ENV) != NULL;
    int result = ini_boolean(value);
    free(value);
    if (later)
        import_note(s->im, p->section, "autostart=%s is decided when it starts, also by hand", raw);
    else if (result < 0)
        import_note(s->im, p->section, "autostart is neither true nor false: %s", raw);
    return later ? -1 : result != 0;
}

static void add_process(struct supervisord *s, const char *section, const struct ini_names *names,
                        const char *group)
{
    struct process *p = &s->process[s->count];
    *p = (struct process){.section = section, .program = names->program, .names = *names};
    char group_section[300];
    struct ini_names none = {.program = "", .group = ""};
    snprintf(group_section, sizeof group_section, "group:%.255s", group == NULL ? "" : group);
    p->priority = number_of(s, section, "priority", names, DEFAULT_PRIORITY, INT_MAX);
    p->group_priority =
        group == NULL ? p->priority
                      : number_of(s, group_section, "priority", &none, DEFAULT_PRIORITY, INT_MAX);
    p->autostart = autostart_of(s, p);
    p->oneshot = program_ends(s, p);
    p->own = program_settle(s, section, "process_name", names);
    if (p->own == NULL)
        p->own = strdup(names->program);
    if (p->own == NULL || !import_name(s->im, section, p->own, p->name)) {
        free(p->own);
        return;
    }
    import_tell_apart(s->im, section, p->name, names->number);
    s->count++;
}

static int add_program(struct supervisord *s, const char *section)
{
    if (!has_command(s, section))
        return 0;
    const char *program = strchr(section, ':') + 1;
    const char *group = group_of(s, section, program);
    struct ini_names names = {.program = program, .group = group == NULL ? program : group};
    long count = number_of(s, section, "numprocs", &names, 1, IMPORT_PROCESSES_MAX);
    long first = number_of(s, section, "numprocs_start", &names, 0, IMPORT_PROCESSES_MAX);
    if (count < 1 || first < 0) {
        import_note(s->im, section, "no process is asked for: left out");
        return 0;
    }
    if (s->count + (size_t)count > IMPORT_PROCESSES_MAX) {
        message_fatal("%s has more than %d processes", s->im->file, IMPORT_PROCESSES_MAX);
        s->im->code = 1;
        return 0;
    }
    struct process *more = realloc(s->process, (s->count + (size_t)count) * sizeof *more);
    if (more == NULL)
        return -1;
    s->process = more;
    names.count = (unsigned int)count;
    for (long i = 0; i < count; i++) {
        names.number = (unsigned int)(first + i);
        add_process(s, section, &names, group);
    }
    return 0;
}

/* A bundle of processes: those of a program, or of the programs of a group. */
static void put_bundle(struct supervisord *s, const char *bundle, bool group)
{
    struct words members = WORDS_INIT;
    char name[256], section[300];
    bool taken = false;
    snprintf(section, sizeof section, "%s:%.255s", group ? "group" : "program", bundle);
    bool good = import_name(s->im, section, bundle, name);
    for (size_t i = 0; i < s->count && good; i++) {
        const struct process *p = &s->process[i];
        taken |= strcmp(p->name, name) == 0;
        if (strcmp(group ? p->names.group : p->program, bundle) == 0)
            words_add(&members, p->name);
    }
    if (taken)
        import_note(s->im, section, "a process has the same name: no bundle is made of it");
    else if (good && words_has(&s->im->names, name))
        import_note(s->im, section, "another bundle has the same name: none is made of it");
    else if (good) {
        import_begin(s->im, name, DEFINITION_BUNDLE, &members, NULL);
        import_end(s->im);
        words_add(&s->im->names, name);
    }
    words_release(&members);
}

/* The first row of a section tells that it is there. */
static bool is_first(const struct supervisord *s, size_t i)
{
    const struct ini_value *v = &s->ini.item[i];
    bool first = v->key == NULL;
    for (size_t k = 0; k < i && first; k++)
        first = strcmp(s->ini.item[k].section, v->section) != 0;
    return first;
}

/* The programs of groups that are none. */
static void check_group(const struct supervisord *s, const struct ini_value *v)
{
    for (const char *p = v->value.data; *p != '\0';) {
        p += strspn(p, ", \t\n");
        size_t n = strcspn(p, ", \t\n");
        bool known = n == 0;
        for (size_t i = 0; i < s->ini.count && !known; i++) {
            const char *section = s->ini.item[i].section;
            const char *name = ini_section_runs(section) ? strchr(section, ':') + 1 : "";
            known = strlen(name) == n && strncmp(name, p, n) == 0;
        }
        if (!known)
            import_note(s->im, v->section, "there is no program %.*s", (int)n, p);
        p += n;
    }
}

static int each_section(struct supervisord *s)
{
    for (size_t i = 0; i < s->ini.count && s->im->code == 0; i++) {
        const struct ini_value *v = &s->ini.item[i];
        const char *note = v->key == NULL ? ini_section_note(v->section)
                                          : ini_key_note(v->section, v->key, v->value.data);
        bool runs = ini_section_runs(v->section);
        if (v->key == NULL && !is_first(s, i))
            continue;
        if (v->key == NULL && note != NULL)
            import_note(s->im, v->section, "%s", note);
        else if (v->key != NULL && note != NULL &&
                 !runs) /* a program's are in its script as well */
            import_note(s->im, v->section, "%s: %s", v->key, note);
        if (v->key != NULL && strncmp(v->section, "group:", 6) == 0 &&
            strcmp(v->key, "programs") == 0)
            check_group(s, v);
        if (v->key == NULL && runs && add_program(s, v->section) < 0)
            return -1;
    }
    return 0;
}

static void put_bundles(struct supervisord *s)
{
    for (size_t i = 0; i < s->ini.count; i++)
        if (strncmp(s->ini.item[i].section, "group:", 6) == 0 && is_first(s, i))
            put_bundle(s, s->ini.item[i].section + 6, true);
    for (size_t i = 0; i < s->count; i++) {
        const struct process *p = &s->process[i];
        bool first = i == 0 || s->process[i - 1].program != p->program;
        bool grouped = p->names.group != p->program; /* what is its own group has no other name */
        if (p->names.count > 1 && first && !grouped)
            put_bundle(s, p->program, false);
    }
}

/* --- files ------------------------------------------------------------------------------------ */

/* What a file says; directory is %(here)s in it. -1: no memory. */
static int take_file(struct supervisord *s, const char *file, const char *directory,
                     const char *text)
{
    size_t from = s->ini.count;
    s->ini.strange = 0;
    if (ini_parse(&s->ini, text) < 0)
        return -1;
    if (s->ini.strange > 0)
        import_note(s->im, file, "line %u is not understood", s->ini.strange);
    if (ini_here(&s->ini, from, directory) && !s->im->tree->whole)
        import_note(s->im, file, "%%(here)s is %s here: correct it if it is another in the image",
                    directory);
    return 0;
}

static int include_file(struct supervisord *s, const char *path)
{
    struct str content = STR_INIT;
    struct error e = ERROR_INIT;
    char directory[PATH_MAX];
    int result = 0;
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (file_read(AT_FDCWD, path, 1 << 20, &content, &e) < 0)
        import_note(s->im, "include", "%s", e.text);
    else
        result = take_file(s, path, directory, content.data == NULL ? "" : content.data);
    str_release(&content);
    return result;
}

/* supervisord reads those that the first file names, and no further ones. */
static int read_includes(struct supervisord *s)
{
    struct ini_names names = {.program = "", .group = ""};
    char *list = program_settle(s, "include", "files", &names), *place;
    int result = 0;
    if (list == NULL)
        return 0;
    for (char *word = strtok_r(list, " \t\n", &place); word != NULL && result == 0;
         word = strtok_r(NULL, " \t\n", &place)) {
        char path[PATH_MAX];
        glob_t found = {.gl_pathc = 0};
        snprintf(path, sizeof path, "%s%s%s", word[0] == '/' ? "" : s->here,
                 word[0] == '/' ? "" : "/", word);
        if (glob(path, 0, NULL, &found) != 0)
            import_note(s->im, "include", "nothing to include: %s", word);
        for (size_t i = 0; i < found.gl_pathc && result == 0; i++)
            result = include_file(s, found.gl_pathv[i]);
        globfree(&found);
    }
    free(list);
    return result;
}

/* The directory of the file, as supervisord takes it: absolute, links in it as they are. */
static void find_here(struct supervisord *s)
{
    const char *file = s->im->file, *slash = strrchr(file, '/');
    int length = slash == NULL ? 0 : (int)(slash - file);
    char cwd[2048];
    if (file[0] == '/' || getcwd(cwd, sizeof cwd) == NULL)
        snprintf(s->here, sizeof s->here, "%.*s", length, file);
    else
        snprintf(s->here, sizeof s->here, "%s%s%.*s", cwd, length > 0 ? "/" : "", length, file);
}

static void put_processes(struct supervisord *s)
{
    for (size_t i = 0; i < s->count && s->im->code == 0; i++) {
        struct words needs = WORDS_INIT;
        find_needs(s, &s->process[i], &needs);
        program_write(s, &s->process[i], &needs);
        words_release(&needs);
    }
    if (s->im->code == 0)
        put_bundles(s);
}

int import_supervisord(struct import *im, const char *text)
{
    static struct supervisord s; /* large */
    s = (struct supervisord){.im = im};
    find_here(&s);
    errno = 0;
    if (take_file(&s, NULL, s.here, text) < 0 || read_includes(&s) < 0 || each_section(&s) < 0) {
        bool many = errno == E2BIG;
        if (many)
            message_fatal("%s has more than %d options", im->file, INI_ITEMS_MAX);
        else
            message_fatal("out of memory");
        im->code = many ? 1 : EXIT_SYSTEM;
    }
    put_processes(&s);
    for (size_t i = 0; i < s.count; i++)
        free(s.process[i].own);
    free(s.process);
    ini_release(&s.ini);
    return im->code;
}
