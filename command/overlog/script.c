/* What exec would say of the files of a tree. */
#include "command/overlog/script.h"
#include "base/account.h"
#include "base/execute.h"
#include "base/file.h"
#include "base/lexer.h"
#include "base/str.h"
#include "command/commands.h"
#include "command/overlog/missing.h"
#include "command/overlog/shell_check.h"
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPT_MAX = 1 << 20, HEAD_SIZE = 4096 };

bool script_place(const struct tree *t, const char *path, char out[4096])
{
    size_t prefix = strlen(TREE_DEFAULT);
    if (strncmp(path, TREE_DEFAULT "/", prefix + 1) == 0)
        snprintf(out, 4096, "%.3000s%.1000s", t->dir, path + prefix);
    else if (t->whole)
        snprintf(out, 4096, "%.4000s", path);
    else
        return false;
    return true;
}

/* A script that is being looked at, and who starts it. */
struct script {
    const struct script *by; /* NULL: none */
    struct inspected file;
    unsigned int together; /* scripts in a row, with this */
    unsigned int how;      /* SCRIPT_... */
};

/* Linux executes so many scripts in a row; beyond the other number nobody means it. */
enum { KERNEL_MAX = 5, TOGETHER_MAX = 16 };

static bool same_file(struct inspected a, struct inspected b)
{
    return a.device == b.device && a.inode == b.inode;
}

/* Whether the file was not looked at before, or not so deep in a row; false without memory, too. */
static bool is_new(struct tree *t, struct inspected file)
{
    for (size_t i = 0; i < t->inspected_count; i++)
        if (same_file(t->inspected[i], file)) {
            bool deeper = t->inspected[i].depth < file.depth;
            t->inspected[i].depth = deeper ? file.depth : t->inspected[i].depth;
            return deeper;
        }
    if (LIST_ROOM(t->inspected, t->inspected_count, t->inspected_room) < 0)
        return false;
    t->inspected[t->inspected_count++] = file;
    return true;
}

static void inspect(struct tree *t, const char *path, struct script *script);

/* A script of the tree that the one at path:line starts; interpreter: as the kernel does. */
static void inspect_started(struct tree *t, const char *path, unsigned int line,
                            const char *program, const char *place, bool interpreter)
{
    const struct script *by = t->script;
    struct script script = {.by = by, .how = SCRIPT_IN_PLACE};
    struct stat s;
    if (stat(place, &s) < 0 || !S_ISREG(s.st_mode))
        return;
    script.file = (struct inspected){s.st_dev, s.st_ino,
                                     (by != NULL && interpreter ? by->file.depth : 0) + 1};
    script.together = (by != NULL ? by->together : 0) + 1;
    for (const struct script *p = by; p != NULL; p = p->by)
        if (same_file(p->file, script.file)) {
            problems_error(&t->problems, path, line, "name the program that is meant",
                           "it starts %s, which starts it again, for ever", program);
            return;
        }
    if (script.file.depth > KERNEL_MAX)
        problems_error(&t->problems, path, line, "name a program as the interpreter",
                       "more than %d scripts are interpreters of one another: the kernel does not "
                       "execute that",
                       KERNEL_MAX);
    else if (script.together > TOGETHER_MAX)
        problems_error(&t->problems, path, line, "start fewer scripts in a row",
                       "more than %d scripts start one another: nothing further is looked at",
                       TOGETHER_MAX);
    else
        inspect(t, place, &script);
}

/* --- programs by name ------------------------------------------------------------------------- */

/* A folder in which commands of ours are looked for. */
static bool is_our_folder(const char *path)
{
    return strncmp(path, "/command/", 9) == 0 || strncmp(path, "/package/admin/", 15) == 0;
}

/* The file in a folder that is the program with a version behind its name, as php-fpm8.2. */
static bool has_version(const char *program, char *found, size_t size)
{
    char folder[4096];
    size_t length = strlen(path_name(program));
    snprintf(folder, sizeof folder, "%.*s", (int)(path_name(program) - program), program);
    DIR *d = opendir(folder);
    bool has = false;
    for (struct dirent *e; !has && d != NULL && (e = readdir(d)) != NULL;) {
        const char *rest = e->d_name + length;
        has = strncmp(e->d_name, path_name(program), length) == 0 && *rest != '\0' &&
              rest[strspn(rest, "0123456789.-")] == '\0';
        if (has)
            snprintf(found, size, "%s", e->d_name);
    }
    if (d != NULL)
        closedir(d);
    return has;
}

/* Whether PATH has the program; if not, what to do about that. */
static bool is_found(const char *name, char *cure, size_t size)
{
    const char *path = getenv("PATH");
    char all[4096], other[256] = "";
    bool has = false;
    snprintf(all, sizeof all,
             "%.3900s:/command:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
             path == NULL ? "" : path);
    struct execute_search s = execute_search(name, all);
    while (execute_candidate(&s))
        if (access(s.file, X_OK) == 0)
            return true;
    s = execute_search(name, all);
    while (!has && execute_candidate(&s))
        has = has_version(s.file, other, sizeof other);
    snprintf(cure, size, has ? "did you mean %s?" : "install it or correct the name", other);
    return false;
}

/* Who names a program: a line of a command, a shebang, or what stands behind with-contenv there. */
enum mention { COMMAND, INTERPRETER, SECOND };

static void program_check(struct tree *t, const char *path, unsigned int line, enum mention by,
                          const char *program)
{
    const char *what = by == COMMAND ? "the command" : "its interpreter";
    const char *name = path_name(program);
    char place[4096], cure[300];
    const char *instead = missing_instead(name);
    /* An image may have scripts of its own in the package's folder. */
    bool other = t->whole && strncmp(program, "/package/", 9) == 0 && access(program, X_OK) == 0;
    if (!other && is_our_folder(program) && !command_exists(name)) {
        problems_error(&t->problems, path, line, instead == NULL ? "correct the name" : instead,
                       "%s %s is not a command of overlog", what, program);
    } else if (strchr(program, '/') == NULL) {
        if (t->whole && !command_exists(name) && !is_found(name, cure, sizeof cure))
            problems_error(&t->problems, path, line, cure, "%s %s is not found in PATH", what,
                           program);
    } else if (script_place(t, program, place) && access(place, F_OK) < 0 &&
               (errno == ENOENT || errno == ENOTDIR)) {
        if (t->image.found && strstr(t->image.text.data, program) != NULL)
            return; /* the Dockerfile makes it */
        problems_error(&t->problems, path, line, "install it or correct the name",
                       "%s %s is missing", what, program);
    } else if (strncmp(program, TREE_DEFAULT "/", sizeof TREE_DEFAULT) == 0) {
        inspect_started(t, path, line, program, place, by == INTERPRETER);
    }
}

void command_check_words(struct tree *t, const char *path, unsigned int line,
                         const struct words *words)
{
    size_t i = 0;
    while (i + 1 < words->count && strcmp(path_name(words->item[i]), "with-contenv") == 0)
        program_check(t, path, line, COMMAND, words->item[i++]);
    if (i < words->count)
        program_check(t, path, line, COMMAND, words->item[i]);
}

/* --- scripts ---------------------------------------------------------------------------------- */

static bool lacks_user(void *context, const char *name)
{
    struct account a;
    struct error ignored = ERROR_INIT;
    (void)context;
    return account_ids(name, &a, &ignored) == 1;
}

static bool lacks_group(void *context, const char *name)
{
    gid_t gid;
    struct error ignored = ERROR_INIT;
    (void)context;
    return account_group(name, &gid, &ignored) == 1;
}

/* A file of the root that the tree is in, if the tree's place tells that. */
static bool root_file(const struct tree *t, const char *file, char out[4096])
{
    size_t length = strlen(t->dir), n = sizeof TREE_DEFAULT - 1;
    bool inside = !t->whole && length > n && strcmp(t->dir + length - n, TREE_DEFAULT) == 0;
    snprintf(out, 4096, "%.*s%.1000s", inside ? (int)(length - n) : 0, t->dir, file);
    return t->whole || inside;
}

static bool file_says(void *context, const char *file, const char *line)
{
    const struct tree *t = context;
    struct str text = STR_INIT;
    struct error ignored = ERROR_INIT;
    char path[4096], *place;
    bool found = false;
    bool placed = root_file(t, file, path);
    if (t->image.found && (!placed || access(path, F_OK) < 0))
        return *line != '\0'; /* the build brings it: it may say so */
    if (placed && file_read(AT_FDCWD, path, SCRIPT_MAX, &text, &ignored) == 0 && text.length > 0)
        for (char *one = strtok_r(text.data, "\n", &place); one != NULL && !found;
             one = strtok_r(NULL, "\n", &place)) {
            one += strspn(one, " \t");
            found = strncmp(one, line, strlen(line)) == 0;
        }
    str_release(&text);
    return found;
}

/* Whether the script that is being looked at is the run of a longrun. */
static bool runs_here(const struct tree *t)
{
    return t->script != NULL && (t->script->how & SCRIPT_RUNS) != 0;
}

static struct shell_place place_of(struct tree *t)
{
    return (struct shell_place){.context = t,
                                .lacks_user = t->whole ? lacks_user : NULL,
                                .lacks_group = t->whole ? lacks_group : NULL,
                                .says = file_says};
}

/* As far as programs execute one another without blocks. */
static void check_chain(struct tree *t, const char *path, const struct words *words)
{
    struct shell_place place = place_of(t);
    struct daemon_word *word = calloc(words->count + 1, sizeof *word);
    for (size_t i = 0; word != NULL && i < words->count; i++)
        word[i] = (struct daemon_word){words->item[i], strchr(words->item[i], '$') == NULL};
    if (word != NULL)
        chain_check(word, words->count, runs_here(t), &place, path, &t->problems);
    free(word);
}

static void check_execline(struct tree *t, const char *path, const struct str *text)
{
    struct words words = WORDS_INIT;
    struct lexer_error e;
    unsigned int line;
    const char *word = chain_operator(text->data, &line);
    if (lexer_words(text->data, text->length, &words, &e) < 0) {
        problems_error(&t->problems, path, e.line, "it is read as execline",
                       "syntax error in column %u: %s", e.column, e.text);
    } else {
        if (word != NULL)
            problems_warning(&t->problems, path, line,
                             "begin the script with #!/bin/sh, or use pipeline, if, ifthenelse, "
                             "redirfd",
                             "%s is an argument here: execline is no shell", word);
        command_check_words(t, path, 0, &words);
        check_chain(t, path, &words);
    }
    words_release(&words);
}

static bool is_shell(const char *path)
{
    static const char *const shells[] = {"sh", "dash", "ash", "bash", "ksh", NULL};
    return is_among(path_name(path), shells);
}

/* What the interpreter executes in turn: "with-contenv bash", "env python3". Which program it is
 * that reads the script. */
static const char *check_second(struct tree *t, const char *path, const char *first, char *rest)
{
    const char *name = path_name(first);
    if (strcmp(name, "with-contenv") != 0 && strcmp(name, "env") != 0)
        return first;
    char *word = strtok(rest, " \t");
    while (word != NULL && (word[0] == '-' || strchr(word, '=') != NULL))
        word = strtok(NULL, " \t");
    if (word != NULL)
        program_check(t, path, 1, SECOND, word);
    return word == NULL ? first : word;
}

static void check_shebang(struct tree *t, const char *path, const struct str *text)
{
    char line[HEAD_SIZE];
    size_t length = strcspn(text->data, "\n");
    snprintf(line, sizeof line, "%.*s", (int)(length < HEAD_SIZE ? length : HEAD_SIZE - 1),
             text->data);
    if (line[strlen(line) - 1] == '\r') {
        problems_error(&t->problems, path, 1, "save the file with Unix line ends",
                       "its first line ends with CR LF");
        return;
    }
    char *first = line + 2 + strspn(line + 2, " \t");
    char *rest = first + strcspn(first, " \t");
    if (*rest != '\0')
        *rest++ = '\0';
    if (first[0] != '/') {
        problems_error(&t->problems, path, 1, "write its whole path",
                       "the interpreter \"%s\" does not begin with /", first);
        return;
    }
    program_check(t, path, 1, INTERPRETER, first);
    const char *reader = check_second(t, path, first, rest);
    struct shell_place place = place_of(t);
    if (strcmp(path_name(reader), "execlineb") == 0)
        check_execline(t, path, text);
    else if (is_shell(reader))
        shell_check(text->data, runs_here(t), &place, path, &t->problems);
}

/* --- programs --------------------------------------------------------------------------------- */

extern const Elf64_Ehdr __ehdr_start; /* ours; the first fields are those of any class */

/* What programs of this root are for. */
static Elf64_Half machine(void)
{
    static const char *const samples[] = {"/command/overlog", "/bin/sh", "/bin/busybox"};
    struct error ignored = ERROR_INIT;
    Elf64_Ehdr head;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        int fd = file_open(AT_FDCWD, samples[i], &ignored);
        ssize_t n = fd < 0 ? 0 : read(fd, &head, sizeof head);
        fd_close(fd);
        if (n == sizeof head && memcmp(head.e_ident, ELFMAG, SELFMAG) == 0)
            return head.e_machine;
    }
    return __ehdr_start.e_machine;
}

static bool runs(Elf64_Half program, Elf64_Half root)
{
    return program == root || (program == EM_386 && root == EM_X86_64) ||
           (program == EM_ARM && root == EM_AARCH64);
}

/* The dynamic loader's path, which every linker puts near the beginning; NULL: static. */
static const char *loader(const struct str *text)
{
    Elf64_Ehdr h;
    memcpy(&h, text->data, sizeof h);
    if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA])
        return NULL;
    for (Elf64_Half i = 0; i < h.e_phnum && h.e_phentsize == sizeof(Elf64_Phdr); i++) {
        Elf64_Phdr p;
        if (h.e_phoff > text->length || text->length - h.e_phoff < (i + 1) * sizeof p)
            return NULL;
        memcpy(&p, text->data + h.e_phoff + i * sizeof p, sizeof p);
        if (p.p_type == PT_INTERP && p.p_offset < text->length &&
            memchr(text->data + p.p_offset, '\0', text->length - (size_t)p.p_offset) != NULL)
            return text->data + p.p_offset;
    }
    return NULL;
}

static void check_program(struct tree *t, const char *path, const struct str *text)
{
    Elf64_Ehdr h;
    if (text->length < sizeof h)
        return;
    memcpy(&h, text->data, sizeof h);
    const char *name = loader(text);
    if (t->whole && !runs(h.e_machine, machine()))
        problems_error(&t->problems, path, 0, "use a program or image for this one",
                       "it is for another processor architecture");
    else if (t->whole && name != NULL && access(name, F_OK) < 0)
        problems_error(&t->problems, path, 0, "use a program built for this C library",
                       "its dynamic loader %s is missing", name);
}

static void check_content(struct tree *t, const char *path, const struct str *text)
{
    static const char mark[] = "\xef\xbb\xbf#!";
    struct shell_place place = place_of(t);
    bool bare = t->script != NULL && (t->script->how & SCRIPT_OF_SH) != 0 &&
                (!t->whole || access("/bin/sh", X_OK) == 0);
    if (text->length == 0 && bare)
        return;
    if (text->length == 0)
        problems_error(&t->problems, path, 0, "begin it with #! and an interpreter", "it is empty");
    else if (strncmp(text->data, "#!", 2) == 0)
        check_shebang(t, path, text);
    else if (strncmp(text->data, mark, strlen(mark)) == 0)
        problems_error(&t->problems, path, 1, "save it without one",
                       "a byte order mark stands before #!");
    else if (strncmp(text->data, ELFMAG, SELFMAG) == 0)
        check_program(t, path, text);
    else if (bare)
        shell_check(text->data, false, &place, path, &t->problems);
    else
        problems_error(&t->problems, path, 1, "begin it with #! and an interpreter",
                       "it is not a program and has no #! line");
}

static void read_script(struct tree *t, const char *path)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int fd = file_open(AT_FDCWD, path, &e);
    int result = fd < 0 || str_reserve(&text, SCRIPT_MAX + 1) < 0 ? -1 : 0;
    ssize_t n = result < 0 ? -1 : read(fd, text.data, SCRIPT_MAX);
    if (n < 0) {
        error_system(&e, "unable to read it");
        problems_warning(&t->problems, path, 0, NULL, "%s", e.text);
    } else {
        text.length = (size_t)n;
        text.data[n] = '\0';
        check_content(t, path, &text);
    }
    fd_close(fd);
    str_release(&text);
}

static void inspect(struct tree *t, const char *path, struct script *script)
{
    struct stat s;
    if ((script->how & SCRIPT_IN_PLACE) != 0 && stat(path, &s) == 0 && (s.st_mode & 0111) == 0 &&
        !(t->image.found && t->image.sets_modes))
        problems_error(&t->problems, path, 0, "chmod +x", "it has no x bit");
    if (!is_new(t, script->file))
        return;
    t->script = script;
    read_script(t, path);
    t->script = script->by;
}

void script_inspect(struct tree *t, const char *path, unsigned int how)
{
    struct script script = {.together = 1, .how = how};
    struct stat s;
    if (stat(path, &s) < 0 || !S_ISREG(s.st_mode))
        return; /* what must be there was said by the reader */
    script.file = (struct inspected){s.st_dev, s.st_ino, 1};
    inspect(t, path, &script);
}

void script_inspect_text(struct tree *t, const char *path, const struct section_file *file,
                         unsigned int how)
{
    struct script script = {.together = 1, .how = how};
    struct str text = STR_INIT;
    if (str_add(&text, file->text, file->length) < 0)
        return;
    t->script = &script;
    check_content(t, path, &text);
    t->script = NULL;
    str_release(&text);
}
