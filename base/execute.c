#include "base/execute.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* All of this runs in children that share the memory of a process with locks they know nothing of:
 * no memory is taken, only the stack and what is static. */

enum { SCRIPT_ARGS_MAX = 1024, HEAD_MAX = 256, PATH_BYTES = 4096 };

#define DEFAULT_PATH "/command:/usr/bin:/bin"

/* The words of a "#!" line, cut in place: 0, or -1 when it is not one. As the kernel does it:
 * everything after the interpreter is one argument. */
static int split_first_line(char *line, char **interpreter, char **argument)
{
    if (line[0] != '#' || line[1] != '!')
        return -1;
    char *end = strchr(line, '\n');
    if (!end)
        return -1;
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    char *p = line + 2 + strspn(line + 2, " \t");
    if (!*p)
        return -1;
    *interpreter = p;
    p += strcspn(p, " \t");
    *argument = NULL;
    if (*p) {
        *p++ = '\0';
        *argument = p + strspn(p, " \t");
    }
    return 0;
}

/* The first bytes of a file as text: 0, or -1. Never waits for a fifo. */
static int read_head(const char *path, char head[HEAD_MAX + 1], size_t *length)
{
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, head, HEAD_MAX);
    close(fd);
    if (n < 0)
        return -1;
    head[n] = '\0';
    *length = (size_t)n;
    return 0;
}

static bool on_noexec(const char *path)
{
    struct statvfs fs;
    return statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC);
}

static bool has_x_bit(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/* What the kernel would do with the script if its file system were not mounted noexec. */
static void exec_script(const char *path, char *const *argv, char *const *envp)
{
    char head[HEAD_MAX + 1];
    size_t length;
    char *interpreter;
    char *argument;
    if (read_head(path, head, &length) < 0 || split_first_line(head, &interpreter, &argument) < 0) {
        errno = EACCES;
        return;
    }
    char *args[SCRIPT_ARGS_MAX + 4];
    size_t n = 0;
    args[n++] = interpreter;
    if (argument)
        args[n++] = argument;
    char script[PATH_BYTES];
    size_t size = strlen(path) + 1;
    if (size > sizeof script) {
        errno = ENAMETOOLONG;
        return;
    }
    memcpy(script, path, size);
    args[n++] = script;
    for (size_t i = 1; argv[0] && argv[i]; i++) {
        if (n == SCRIPT_ARGS_MAX + 3) {
            errno = E2BIG;
            return;
        }
        args[n++] = argv[i];
    }
    args[n] = NULL;
    execve(interpreter, args, envp);
}

static void exec_path(const char *path, char *const *argv, char *const *envp)
{
    execve(path, argv, envp);
    if (errno == EACCES && has_x_bit(path) && on_noexec(path))
        exec_script(path, argv, envp);
}

bool execute_candidate(struct execute_search *s)
{
    size_t length = strlen(s->program);
    if (strchr(s->program, '/')) {
        s->file = s->program;
        s->program = "";
        return true;
    }
    while (length > 0 && s->next) {
        const char *folder = s->next;
        size_t size = strcspn(folder, ":");
        s->next = folder[size] ? folder + size + 1 : NULL;
        if (size + length + 3 > sizeof s->path)
            continue;
        memcpy(s->path, folder, size);
        if (size == 0)
            s->path[size++] = '.'; /* an empty element is the working directory */
        s->path[size++] = '/';
        memcpy(s->path + size, s->program, length + 1);
        s->file = s->path;
        return true;
    }
    return false;
}

struct execute_search execute_search(const char *program, const char *path)
{
    return (struct execute_search){.program = program, .next = path ? path : DEFAULT_PATH};
}

void execute_first(const char *program, const char *path, char *const *argv, char *const *envp)
{
    struct execute_search s = execute_search(program, path);
    int reason = ENOENT;
    while (execute_candidate(&s)) {
        exec_path(s.file, argv, envp);
        if (s.file == program)
            return;
        if (errno == EACCES)
            reason = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR)
            return;
    }
    errno = reason;
}

/* --- as a shell does it ----------------------------------------------------------------------- */

#define SHELL "/bin/sh"

bool execute_is_builtin(const char *word)
{
    static const char *const names[] = {
        ".",       ":",     "alias",  "bg",     "break", "cd",    "command",  "continue",
        "eval",    "exec",  "exit",   "export", "fg",    "false", "getopts",  "hash",
        "jobs",    "kill",  "printf", "pwd",    "read",  "set",   "readonly", "return",
        "shift",   "test",  "times",  "trap",   "true",  "type",  "ulimit",   "umask",
        "unalias", "unset", "wait",   "[",      "echo",  NULL};
    return is_among(word, names);
}

/* As shells tell it: no NUL byte in the first line. */
static bool is_text(const char *path)
{
    char head[HEAD_MAX + 1];
    size_t length;
    if (access(path, X_OK) < 0 || !has_x_bit(path) || read_head(path, head, &length) < 0)
        return false;
    const char *end = memchr(head, '\n', length);
    return memchr(head, '\0', end == NULL ? length : (size_t)(end - head)) == NULL;
}

/* /bin/sh with the words before those of argv, from its number first on. */
static void exec_shell(char *const *before, size_t count, char *const *argv, size_t first,
                       char *const *envp)
{
    char *args[SCRIPT_ARGS_MAX + 8];
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        args[n++] = before[i];
    for (size_t i = first; argv[0] != NULL && argv[i] != NULL; i++) {
        if (n == SCRIPT_ARGS_MAX + 7)
            return;
        args[n++] = argv[i];
    }
    args[n] = NULL;
    execve(SHELL, args, envp);
}

void execute_by_shell(const char *program, const char *path, char *const *argv, char *const *envp)
{
    static char sh[] = "sh", option[] = "-c", words[] = "\"$@\"";
    struct execute_search s = execute_search(program, path);
    if (execute_is_builtin(program))
        exec_shell((char *[]){sh, option, words, sh}, 4, argv, 0, envp);
    execute_first(program, path, argv, envp);
    int reason = errno;
    while (reason == ENOEXEC && execute_candidate(&s)) {
        char script[PATH_BYTES];
        if (!is_text(s.file) || strlen(s.file) >= sizeof script)
            continue;
        memcpy(script, s.file, strlen(s.file) + 1);
        exec_shell((char *[]){sh, script}, 2, argv, 1, envp);
        break;
    }
    errno = reason;
}

/* --- why it could not be executed ------------------------------------------------------------ */

struct found {
    char text[EXECUTE_WHY_MAX];
    size_t length;
};

static void add_reason(struct found *f, const char *text)
{
    size_t length = strlen(text);
    if (length > sizeof f->text - 1 - f->length)
        length = sizeof f->text - 1 - f->length;
    memcpy(f->text + f->length, text, length);
    f->length += length;
    f->text[f->length] = '\0';
}

static void say(struct found *f, const char *reason, const char *cure)
{
    add_reason(f, EXECUTE_SEEN);
    add_reason(f, reason);
    if (cure == NULL)
        return;
    add_reason(f, " (");
    add_reason(f, cure);
    add_reason(f, ")");
}

static bool is_elf(const char *head, size_t length)
{
    return length >= 20 && memcmp(head, "\177ELF", 4) == 0;
}

static bool other_machine(const char *head, size_t length)
{
    char own[HEAD_MAX + 1];
    size_t own_length;
    enum { CLASS_AT = 4, MACHINE_AT = 18 };
    if (!is_elf(head, length) || read_head("/proc/self/exe", own, &own_length) < 0 ||
        !is_elf(own, own_length))
        return false;
    return head[CLASS_AT] != own[CLASS_AT] || memcmp(head + MACHINE_AT, own + MACHINE_AT, 2) != 0;
}

static void explain_missing(char *head, struct found *f)
{
    char *interpreter;
    char *argument;
    if (split_first_line(head, &interpreter, &argument) < 0) {
        if (head[0] == '\177')
            say(f, "its dynamic loader is missing", "built for another C library");
        return;
    }
    const char *last = argument ? argument : interpreter;
    size_t length = strlen(last);
    if (length > 0 && last[length - 1] == '\r') {
        say(f, "its first line ends with CR LF", "convert the file to Unix line ends");
        return;
    }
    say(f, "its interpreter ", NULL);
    add_reason(f, interpreter);
    add_reason(f, " is missing (install it or correct the #! line)");
}

static void explain_format(const char *head, size_t length, struct found *f)
{
    static const char mark[] = "\xef\xbb\xbf#!";
    if (length == 0)
        say(f, "it is empty", NULL);
    else if (length >= sizeof mark - 1 && memcmp(head, mark, sizeof mark - 1) == 0)
        say(f, "a byte order mark stands before #!", "save it without one");
    else if (length > 1 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0))
        say(f, "it is a text in UTF-16", "save it in UTF-8");
    else if (other_machine(head, length))
        say(f, "it is for another processor architecture", "use a program or image for this one");
    else if (!is_elf(head, length))
        say(f, "it is not a program and has no #! line", "begin it with #! and an interpreter");
}

static void explain_denied(const char *program, struct found *f)
{
    struct stat st;
    if (stat(program, &st) == 0 && S_ISDIR(st.st_mode))
        say(f, "it is a directory", NULL);
    else if (stat(program, &st) == 0 && !(st.st_mode & 0111))
        say(f, "it has no x bit", "chmod +x");
    else if (on_noexec(program))
        say(f, "its file system is mounted noexec",
            "mount it with exec, or begin the file with #! and an interpreter");
}

static const char *largest(char *const *strings, size_t *size)
{
    const char *found = NULL;
    *size = 0;
    for (size_t i = 0; strings[i] != NULL; i++) {
        size_t length = strlen(strings[i]);
        if (length < *size)
            continue;
        found = strings[i];
        *size = length;
    }
    return found;
}

void execute_too_big(char *const *argv, char *const *envp, char text[EXECUTE_WHY_MAX])
{
    enum { NAME_SHOWN = 200 };
    size_t argument;
    size_t variable;
    largest(argv, &argument);
    const char *found = largest(envp, &variable);
    int shown = found == NULL ? 0 : (int)strcspn(found, "=");
    shown = shown > NAME_SHOWN ? NAME_SHOWN : shown;
    if (argument >= variable)
        snprintf(text, EXECUTE_WHY_MAX, "%s: the largest argument has %zu bytes", strerror(E2BIG),
                 argument);
    else
        snprintf(text, EXECUTE_WHY_MAX, "%s: the largest variable is %.*s, with %zu bytes",
                 strerror(E2BIG), shown, found, variable);
}

const char *execute_failed(const char *program, char *const *argv, char *const *envp)
{
    static struct found f;
    char head[HEAD_MAX + 1];
    size_t length;
    int error = errno;
    bool is_path = strchr(program, '/') != NULL; /* else: which of PATH's folders was it? */
    f.length = 0;
    if (error == E2BIG) {
        char why[EXECUTE_WHY_MAX];
        execute_too_big(argv, envp, why);
        say(&f, why, NULL);
    }
    if (is_path && error == EACCES)
        explain_denied(program, &f);
    else if (is_path && error == ENOENT && read_head(program, head, &length) == 0)
        explain_missing(head, &f);
    else if (is_path && error == ENOEXEC && read_head(program, head, &length) == 0)
        explain_format(head, length, &f);
    errno = error;
    return f.length > 0 ? f.text : "exec";
}
