/* What goes into a report. The output of our own commands is that of children of this program, so
 * that one which fails leaves the rest; no other program is needed. */
#include "base/account.h"
#include "base/cgroup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/quantity.h"
#include "command/commands.h"
#include "command/overlog/last_lines.h"
#include "command/overlog/overlog.h"
#include "command/overlog/report.h"
#include "command/overlog/status.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

enum {
    OUTPUT_MAX = 16 << 20, /* bytes of a command's output */
    FILE_MAX = 1 << 20,
    TREE_MAX = 2000, /* files of definitions */
    DEPTH_MAX = 8,
    SECRETS_MAX = 1000, /* files */
    SECRETS_DEPTH = 4,
    WHY_MAX = 100 /* services */
};

#define COMMAND_TIME (30 * CLOCK_SECOND)
#define LOG_LINES "1000"
#define EVENT_LINES "5000"

/* --- commands --------------------------------------------------------------------------------- */

/* Reads until the end, or the deadline. */
static void read_all(int fd, struct str *out)
{
    char bytes[16384];
    int64_t end = clock_monotonic() + COMMAND_TIME;
    for (int64_t left; (left = end - clock_monotonic()) > 0;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, (int)(left / CLOCK_MS) + 1) <= 0)
            continue;
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0)
            return;
        if (n > 0 && out->length < OUTPUT_MAX)
            str_add(out, bytes, (size_t)n);
        if (n < 0 && errno != EINTR)
            return;
    }
    str_add_text(out, "\n(it took too long)\n");
}

/* Adds what a command of ours prints, on both streams. */
static void add_output(struct report *r, const char *name, char *const *argv)
{
    int ends[2];
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    const struct process_fd fds[] = {{ends[1], 1}, {ends[1], 2}};
    const struct process_spawn s = {
        .program = command_program, .argv = argv, .envp = environ, .fds = fds, .fd_count = 2};
    process_keep_statuses();
    pid_t pid = process_start_explain(&s, &e);
    close(ends[1]);
    if (pid < 0) {
        str_printf(&text, "%s\n", e.text);
    } else {
        read_all(ends[0], &text);
        kill(pid, SIGKILL);
        int code = process_exit_code(process_wait(pid));
        if (code != 0)
            str_printf(&text, "(exit code %d)\n", code);
    }
    close(ends[0]);
    report_add(r, name, &text);
}

#define WORDS(...)                                                                                 \
    (char *const[])                                                                                \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define WORD(text) ((char[]){text})

static void add_commands(struct report *r)
{
    add_output(r, "status.txt", WORDS(WORD("overlog"), WORD("status")));
    add_output(r, "status.json", WORDS(WORD("overlog"), WORD("status"), WORD("--json")));
    add_output(r, "use.txt", WORDS(WORD("overlog"), WORD("status"), WORD("--use")));
    add_output(r, "check.txt", WORDS(WORD("overlog"), WORD("check")));
    add_output(r, "graph.txt", WORDS(WORD("overlog"), WORD("graph")));
    add_output(r, "logs.txt", WORDS(WORD("logcat"), WORD("-l")));
}

/* --- logs ------------------------------------------------------------------------------------- */

static void add_log(struct report *r, const char *directory, const char *name, const char *lines)
{
    char path[4096], file[300];
    snprintf(path, sizeof path, "%s", directory);
    snprintf(file, sizeof file, "logs/%.255s.txt", name);
    add_output(r, file,
               WORDS(WORD("logcat"), WORD("-o"), WORD("cri"), WORD("--no-prefix"), WORD("-n"),
                     (char *)(uintptr_t)lines, path));
}

static void add_logs(struct report *r)
{
    char path[4096];
    const char *root = last_lines_root();
    struct words names = WORDS_INIT;
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        r->failed |= fd_names(fd, 1, &names) < 0;
    fd_close(fd);
    words_sort(&names);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.item[i];
        bool events = strcmp(name, ".events") == 0;
        snprintf(path, sizeof path, "%.3800s/%.255s", root, name);
        if (name[0] == '.' || report_wants(r, name))
            add_log(r, path, name, events ? EVENT_LINES : LOG_LINES);
    }
    words_release(&names);
}

/* --- services --------------------------------------------------------------------------------- */

static void add_why(struct report *r)
{
    struct status s;
    struct error ignored = ERROR_INIT;
    char file[300], name[256];
    size_t count = 0;
    if (status_read(&s, "/run", &ignored) < 0)
        return;
    for (size_t i = 0; i < s.count && count < WHY_MAX; i++) {
        if (!report_wants(r, s.row[i].name))
            continue;
        snprintf(name, sizeof name, "%s", s.row[i].name);
        snprintf(file, sizeof file, "why/%.255s.txt", name);
        add_output(r, file, WORDS(WORD("overlog"), WORD("why"), name));
        count++;
    }
    status_release(&s);
}

static bool is_conf(const char *path)
{
    size_t n = strlen(path);
    return strcmp(path_name(path), "services.conf") == 0 ||
           (strstr(path, "/services.conf.d/") != NULL && n > 5 &&
            strcmp(path + n - 5, ".conf") == 0);
}

/* Adds a file, or what is in a directory. Of services that nobody has asked for it is hidden. */
static void add_tree(struct report *r, const char *path, const char *name, size_t depth)
{
    static const char *const of_services[] = {"s6-rc.d", "services.d", NULL};
    struct stat st;
    char inner[4096], file[4096];
    struct str text = STR_INIT;
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    if (lstat(path, &st) < 0 || depth > DEPTH_MAX || r->count > TREE_MAX)
        return;
    if (S_ISLNK(st.st_mode)) {
        ssize_t n = readlink(path, inner, sizeof inner - 1);
        str_printf(&text, "link to %.*s\n", n < 0 ? 0 : (int)n, inner);
        report_add(r, name, &text);
    } else if (S_ISREG(st.st_mode) && is_conf(path)) {
        report_add_conf(r, name, path);
    } else if (S_ISREG(st.st_mode)) {
        report_add_file(r, name, path);
    } else if (S_ISDIR(st.st_mode) && file_list(AT_FDCWD, path, &names, &ignored) == 0) {
        bool hiding = r->hiding, services = is_among(path_name(path), of_services);
        for (size_t i = 0; i < names.count; i++) {
            r->hiding = hiding || (services && !report_wants_definition(r, names.item[i]));
            snprintf(inner, sizeof inner, "%.3800s/%.255s", path, names.item[i]);
            snprintf(file, sizeof file, "%.3800s/%.255s", name, names.item[i]);
            add_tree(r, inner, file, depth + 1);
        }
        r->hiding = hiding;
    }
    words_release(&names);
}

static void add_definitions(struct report *r)
{
    static const char *const places[] = {TREE_DEFAULT,       "/etc/services.d",
                                         "/etc/cont-init.d", "/etc/cont-finish.d",
                                         "/etc/fix-attrs.d", "/etc/s6-rc.d"};
    char name[64];
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(name, sizeof name, "definitions%s", places[i]);
        add_tree(r, places[i], name, 0);
    }
}

/* --- the container ---------------------------------------------------------------------------- */

static void learn(struct report *r, const char *value, size_t length)
{
    r->failed |= mask_learn(&r->mask, value, length) < 0;
}

/* A variable a line; what is in it stays on its line. */
static void put_variable(struct report *r, struct str *out, const char *name,
                         const struct str *value, bool secret)
{
    size_t length = value->length;
    while (length > 0 && value->data[length - 1] == '\n')
        length--;
    str_printf(out, "%s=", name);
    for (size_t i = 0; i < length && !secret; i++)
        if (value->data[i] == '\n')
            str_add_text(out, "\\n");
        else
            str_add_char(out, value->data[i]);
    if (secret && length > 0) {
        learn(r, value->data, length);
        /* The line is as mask_text leaves it. */
        str_add_text(out, MASKED);
        str_printf(&r->places, "environment.txt: value of %s\n", name);
        r->masked++;
    }
    str_add_char(out, '\n');
}

/* The variables of a folder. One whose file is for its owner alone was read from a secret. */
static void put_folder(struct report *r, struct str *out, const char *folder)
{
    struct words names = WORDS_INIT;
    struct error e = ERROR_INIT;
    str_printf(out, "# %s\n", folder);
    if (file_list(AT_FDCWD, folder, &names, &e) < 0)
        str_printf(out, "# %s\n", e.text);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.item[i];
        char path[512];
        struct stat st;
        struct str value = STR_INIT;
        snprintf(path, sizeof path, "%s/%.255s", folder, name);
        if (stat(path, &st) == 0 && file_read(AT_FDCWD, path, FILE_MAX, &value, &e) == 0)
            put_variable(r, out, name, &value,
                         (st.st_mode & 077) == 0 || mask_is_secret_name(name, strlen(name)));
        str_release(&value);
    }
    words_release(&names);
}

/* What container engines mount for services: never shown, and masked wherever it stands. Links are
 * followed, since Kubernetes has them: ..data, whose files it names beside it, is seen once. */
static void learn_secrets(struct report *r, const char *path, int depth, int *files)
{
    struct words names = WORDS_INIT;
    struct str text = STR_INIT;
    struct error ignored = ERROR_INIT;
    struct stat st;
    if (depth > SECRETS_DEPTH || *files >= SECRETS_MAX || stat(path, &st) < 0)
        return;
    if (!S_ISDIR(st.st_mode)) {
        ++*files;
        if (file_read(AT_FDCWD, path, FILE_MAX, &text, &ignored) == 0 && text.length > 0)
            r->failed |= mask_learn_file(&r->mask, text.data, text.length) < 0;
        str_release(&text);
        return;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        r->failed |= fd_names(fd, 1, &names) < 0;
    fd_close(fd);
    for (size_t i = 0; i < names.count; i++) {
        char inner[4096];
        snprintf(inner, sizeof inner, "%.3800s/%.255s", path, names.item[i]);
        if (strncmp(names.item[i], "..", 2) != 0)
            learn_secrets(r, inner, depth + 1, files);
    }
    words_release(&names);
}

static void add_environment(struct report *r)
{
    struct str out = STR_INIT;
    int files = 0;
    learn_secrets(r, "/run/secrets", 0, &files);
    /* Where that is no link to /run. */
    learn_secrets(r, "/var/run/secrets", 0, &files);
    put_folder(r, &out, RUN_ENVIRONMENT);
    put_folder(r, &out, RUN_BASE_ENVIRONMENT);
    /* Ours, which docker exec has from the container, is only learned. */
    for (char **v = environ; *v != NULL; v++) {
        size_t n = strcspn(*v, "=");
        if ((*v)[n] == '=' && mask_is_secret_name(*v, n))
            learn(r, *v + n + 1, strlen(*v + n + 1));
    }
    report_add(r, "environment.txt", &out);
}

static void add_versions(struct report *r)
{
    struct str out = STR_INIT;
    struct utsname u;
    char now[CLOCK_UTC_LENGTH], user[ACCOUNT_NAME_MAX];
    struct timespec t = clock_wall();
    clock_utc_format(now, &t);
    account_user_name(geteuid(), user);
    str_printf(&out, "overlog %s\n", OVERLOG_VERSION);
    if (uname(&u) == 0)
        str_printf(&out, "kernel %s %s %s %s\n", u.sysname, u.release, u.version, u.machine);
    str_printf(&out, "time %.*s\nuser %lu %s\n", CLOCK_UTC_LENGTH, now, (unsigned long)geteuid(),
               user);
    report_add(r, "versions.txt", &out);
    report_add_file(r, "system/os-release.txt", "/etc/os-release");
}

static void add_space(struct report *r)
{
    static const char *const places[] = {"/", "/run", "/tmp", "/dev/shm", NULL};
    struct str out = STR_INIT;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *path = places[i] == NULL ? last_lines_root() : places[i];
        struct statvfs s;
        char size[QUANTITY_MAX], left[QUANTITY_MAX];
        if (statvfs(path, &s) < 0) {
            str_printf(&out, "%s: %s\n", path, strerror(errno));
            continue;
        }
        quantity_size((int64_t)(s.f_blocks * s.f_frsize), size);
        quantity_size((int64_t)(s.f_bavail * s.f_frsize), left);
        str_printf(&out, "%s: %s, %s free; %llu inodes, %llu free%s\n", path, size, left,
                   (unsigned long long)s.f_files, (unsigned long long)s.f_favail,
                   (s.f_flag & ST_RDONLY) != 0 ? "; read-only" : "");
    }
    report_add(r, "system/space.txt", &out);
}

/* The files of the group that say what it may use and has used: version 2, or the controllers of
 * version 1. */
static void add_group(struct report *r)
{
    static const char *const files[] = {"memory.max",
                                        "memory.high",
                                        "memory.current",
                                        "memory.peak",
                                        "memory.events",
                                        "memory.stat",
                                        "memory.swap.max",
                                        "memory.swap.current",
                                        "memory.pressure",
                                        "cpu.max",
                                        "cpu.stat",
                                        "cpu.pressure",
                                        "pids.max",
                                        "pids.current",
                                        "pids.events",
                                        "io.pressure",
                                        "cgroup.events",
                                        "memory.limit_in_bytes",
                                        "memory.usage_in_bytes",
                                        "memory.failcnt",
                                        "memory.oom_control",
                                        "cpu.cfs_quota_us",
                                        "cpu.cfs_period_us"};
    static const char *const controllers[] = {NULL, "memory", "cpu", "pids"};
    struct str groups = STR_INIT, out = STR_INIT;
    struct error ignored = ERROR_INIT;
    file_read(AT_FDCWD, "/proc/self/cgroup", FILE_MAX, &groups, &ignored);
    str_add(&out, groups.data, groups.length);
    for (size_t c = 0; c < sizeof controllers / sizeof controllers[0]; c++) {
        char group[2048], path[4096];
        const char *sub = controllers[c] == NULL ? "" : controllers[c];
        if (groups.data == NULL || !cgroup_path(groups.data, controllers[c], group, sizeof group))
            continue;
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
            struct str text = STR_INIT;
            snprintf(path, sizeof path, "/sys/fs/cgroup/%s%s/%s", sub, group, files[i]);
            /* A container sees its own group at the top. */
            if (access(path, R_OK) < 0)
                snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s", sub, files[i]);
            if (file_read(AT_FDCWD, path, FILE_MAX, &text, &ignored) == 0)
                str_printf(&out, "--- %s\n%s", path, text.data == NULL ? "" : text.data);
            str_release(&text);
        }
    }
    str_release(&groups);
    report_add(r, "system/group.txt", &out);
}

static void add_system(struct report *r)
{
    static const char *const files[][2] = {
        {"mounts", "/proc/self/mountinfo"}, {"limits-pid1", "/proc/1/limits"},
        {"limits", "/proc/self/limits"},    {"pid1", "/proc/1/status"},
        {"memory", "/proc/meminfo"},        {"load", "/proc/loadavg"},
        {"uptime", "/proc/uptime"}};
    char name[64];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(name, sizeof name, "system/%s.txt", files[i][0]);
        report_add_file(r, name, files[i][1]);
    }
    add_space(r);
    add_group(r);
}

void report_gather(struct report *r)
{
    add_versions(r);
    add_commands(r);
    add_why(r);
    add_environment(r);
    add_definitions(r);
    add_system(r);
    add_logs(r);
}
