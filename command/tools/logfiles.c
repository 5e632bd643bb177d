/* with-logfiles: lines that a program writes to log files of its own join its stdout and stderr. */
#include "base/error.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/quantity.h"
#include "base/str.h"
#include "command/commands.h"
#include "command/tools/beside.h"
#include "command/tools/logfiles_follow.h"
#include "command/tools/logfiles_word.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT_DEFAULT = 10 << 20, LIMIT_LEAST = 64 << 10, ASIDE_MOST = 99 };

/* --- what stands at the path ------------------------------------------------------------------ */

enum place { PLACE_FREE, PLACE_OURS, PLACE_LINK, PLACE_EMPTY, PLACE_FULL, PLACE_BAD };

static const char *stream_path(int stream)
{
    return stream == 1 ? "/proc/self/fd/1" : "/proc/self/fd/2";
}

/* Fails with errno, and what helps. */
static int unable(struct error *e, const char *verb, const struct logfile *f)
{
    int why = errno;
    char folder[PATH_MAX];
    const char *cure = "";
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(f->path, '/') - f->path), f->path);
    if (why == ENOENT || why == ENOTDIR)
        return error_set(e, EXIT_SYSTEM, "unable to %s %.160s: there is no directory %.160s", verb,
                         f->path, folder);
    if (why == EROFS)
        cure = ": make the link in the image, or mount a tmpfs on its directory";
    else if (why == EACCES || why == EPERM)
        cure = ": with-logfiles has to stand before s6-setuidgid, or what else changes the user";
    return error_set(e, EXIT_SYSTEM, "unable to %s %.200s: %s%s", verb, f->path, strerror(why),
                     cure);
}

/* A program that was taken for a log file would be lost. */
static bool is_program(const char *path)
{
    char magic[4] = "";
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd < 0 || access(path, X_OK) < 0 ? 0 : read(fd, magic, sizeof magic);
    fd_close(fd);
    return n == sizeof magic && (memcmp(magic, "\177ELF", 4) == 0 || memcmp(magic, "#!", 2) == 0);
}

/* Links that lead to this stream already, as images have them, are ours. */
static bool leads_to(const char *target, int stream)
{
    const char *number = stream == 1 ? "1" : "2";
    const char *name = stream == 1 ? "/dev/stdout" : "/dev/stderr";
    return strcmp(target, name) == 0 ||
           (strncmp(target, "/dev/fd/", 8) == 0 && strcmp(target + 8, number) == 0) ||
           strcmp(target, stream_path(stream)) == 0;
}

static void read_target(const struct logfile *f, char target[PATH_MAX])
{
    ssize_t n = readlink(f->path, target, PATH_MAX - 1);
    target[n < 0 ? 0 : n] = '\0';
}

static bool has_folder(const struct logfile *f)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(path_name(f->path) - f->path), f->path);
    return access(folder, F_OK) == 0;
}

/* PLACE_BAD: e says why. */
static enum place look_at_place(const struct logfile *f, struct error *e)
{
    struct stat st;
    char target[PATH_MAX];
    if (lstat(f->path, &st) < 0) {
        if (errno == ENOENT && has_folder(f))
            return PLACE_FREE;
        unable(e, f->follow ? "follow" : "link", f);
        return PLACE_BAD;
    }
    if (S_ISLNK(st.st_mode)) {
        read_target(f, target);
        return leads_to(target, f->stream) ? PLACE_OURS : PLACE_LINK;
    }
    if (!S_ISREG(st.st_mode))
        error_set(e, EXIT_SYSTEM, "%s is %s, not a log file", f->path,
                  S_ISDIR(st.st_mode) ? "a directory" : "a device, fifo or socket");
    else if (is_program(f->path))
        error_set(e, EXIT_USAGE, "%s is a program: write -- in front of it", f->path);
    else
        return st.st_size == 0 ? PLACE_EMPTY : PLACE_FULL;
    return PLACE_BAD;
}

/* --- links ------------------------------------------------------------------------------------ */

/* Has the stream's file be one that every user may open by its path, as nobody's program does. */
static int open_up(int stream, struct error *e)
{
    struct stat st;
    const char *name = stream == 1 ? "stdout" : "stderr";
    if (fstat(stream, &st) < 0)
        return error_system(e, "unable to use %s", name);
    bool is_ours = geteuid() == 0 || st.st_uid == geteuid();
    if ((S_ISFIFO(st.st_mode) || isatty(stream)) && is_ours && (st.st_mode & 0222) != 0222)
        fchmod(stream, (st.st_mode & 07777) | 0222);
    int fd = open(stream_path(stream), O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return error_set(e, EXIT_SYSTEM,
                         "unable to open %s by its path: %s: files can only be followed "
                         "(PATH:follow)",
                         name, strerror(errno));
    close(fd);
    return 0;
}

/* Lines from before stay, under another name. */
static int set_aside(const struct logfile *f, struct error *e)
{
    char path[PATH_MAX + 8];
    struct stat st;
    for (int i = 1; i <= ASIDE_MOST; i++) {
        snprintf(path, sizeof path, i == 1 ? "%s.old" : "%s.old%d", f->path, i);
        if (lstat(path, &st) == 0)
            continue;
        if (rename(f->path, path) < 0)
            return unable(e, "rename", f);
        message_warning("%s had content: it is %s now", f->path, path);
        return 0;
    }
    return error_set(e, EXIT_SYSTEM,
                     "%s has content, and so have %s.old and the others: "
                     "remove some",
                     f->path, f->path);
}

static int make_link(const struct logfile *f, struct error *e)
{
    enum place place = look_at_place(f, e);
    if (place == PLACE_BAD || open_up(f->stream, e) < 0)
        return -1;
    if (place == PLACE_OURS)
        return 0;
    if (place == PLACE_FULL && set_aside(f, e) < 0)
        return -1;
    return file_link(stream_path(f->stream), AT_FDCWD, f->path, e) < 0 ? unable(e, "link", f) : 0;
}

/* --- files that are followed ------------------------------------------------------------------ */

static int prepare(const struct logfile *f, struct error *e)
{
    char target[PATH_MAX];
    enum place place = look_at_place(f, e);
    if (place == PLACE_BAD)
        return -1;
    if (place == PLACE_OURS || place == PLACE_LINK) {
        read_target(f, target);
        if (!leads_to(target, 1) && !leads_to(target, 2))
            return error_set(e, EXIT_SYSTEM, "%.200s is a link to %.200s: follow that", f->path,
                             target);
        if (unlink(f->path) < 0)
            return unable(e, "remove", f);
    }
    return follow_prepare(f, e);
}

/* --- the command ------------------------------------------------------------------------------ */

static int read_files(char **words, size_t count, struct logfile *files)
{
    struct error e = ERROR_INIT;
    for (size_t i = 0; i < count; i++) {
        if (logfile_parse(words[i], &files[i], &e) < 0)
            return message_error(&e);
        for (size_t k = 0; k < i; k++)
            if (strcmp(files[k].path, files[i].path) == 0)
                return refuse(EXIT_USAGE, "%s is named twice", files[i].path);
    }
    return 0;
}

static int begin(const struct invocation *c, const struct logfile *files, size_t count)
{
    struct error e = ERROR_INIT;
    bool follows = false;
    /* Nothing is changed when one of them is wrong. */
    for (size_t i = 0; i < count; i++)
        if (look_at_place(&files[i], &e) == PLACE_BAD)
            return message_error(&e);
    for (size_t i = 0; i < count; i++) {
        follows |= files[i].follow;
        if ((files[i].follow ? prepare(&files[i], &e) : make_link(&files[i], &e)) < 0)
            return message_error(&e);
    }
    return follows ? beside_start(c, NULL, 0) : 0;
}

static int read_limit(const struct invocation *c, const char *word, uint64_t *limit)
{
    if (word == NULL)
        return 0;
    if (size_parse(word, INT64_MAX, limit) == 0 && (*limit == 0 || *limit >= LIMIT_LEAST))
        return 0;
    message_fatal("%s is no size, as 500K or 10M, of at least 64K, or 0", word);
    return command_usage(c);
}

static int run_logfiles(struct invocation *c)
{
    uint64_t limit = LIMIT_DEFAULT, service = 0;
    size_t program;
    if (options_read(c, 1) != 0 || read_limit(c, argument_of('s'), &limit) != 0 ||
        options_number(c, argument_of('X'), INT_MAX, &service) != 0)
        return EXIT_USAGE;
    size_t count = logfile_count(options.operand, &program);
    if (count == 0)
        return refuse(EXIT_USAGE, "%s is no absolute path of a file", options.operand[0]);
    if (options.operand[program] == NULL || options.operand[program][0] == '-')
        return refuse(EXIT_USAGE, "there is no program behind the log files (in front of one that "
                                  "begins with a slash stands --)");
    struct logfile *files = calloc(count, sizeof *files);
    if (files == NULL)
        return refuse(EXIT_SYSTEM, "out of memory");
    int code = read_files(options.operand, count, files);
    if (code == 0 && service != 0)
        code = follow_files(files, count, (off_t)limit, (pid_t)service);
    else if (code == 0)
        code = begin(c, files, count);
    free(files);
    return code != 0 || service != 0 ? code : command_chain(c, options.operand + program);
}

static const char logfiles_options[] = "-s SIZE   what is kept of a followed file (10M; 0: all)\n"
                                       "-X pid\n"
    /* our own: be the one that follows */;

const struct command command_logfiles[] = {
    {"with-logfiles", "[-s SIZE] PATH[:out|:err][:follow]... prog...",
     "run a service whose own log files are to be logged", logfiles_options, run_logfiles},
    {.name = NULL}};
