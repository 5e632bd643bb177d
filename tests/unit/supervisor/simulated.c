#include "tests/unit/supervisor/simulated.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "base/signals.h"
#include "contract/paths.h"
#include "overlay/runtree.h"
#include "services/database.h"
#include "tests/simulation/own_world.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOURNAL_ROOM = 1 << 20, FIRST_PID = 1000, START_SECONDS = 1000, WALL_SECONDS = 1800000000 };
enum { TURNS_MOST = 20000 /* of the loop while no time passes */ };

struct simulated simulated;
static struct words variables; /* names */
static const char *looked =
    ""; /* what of the journal was looked at: simulated_expect_not sees it, too */
static char looked_at[JOURNAL_ROOM];

/* --- the journal ------------------------------------------------------------------------------ */

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    struct simulated *s = &simulated;
    va_list list;
    int64_t ms = (s->now - START_SECONDS * CLOCK_SECOND) / CLOCK_MS;
    if (s->length > JOURNAL_ROOM - 8192)
        fail_msg("the journal has no end: ...%s", s->journal + s->length - 1000);
    if (s->with_time)
        s->length += (size_t)snprintf(s->journal + s->length, JOURNAL_ROOM - s->length,
                                      "%lld.%03d ", (long long)(ms / 1000), (int)(ms % 1000));
    va_start(list, format);
    s->length += (size_t)vsnprintf(s->journal + s->length, JOURNAL_ROOM - s->length, format, list);
    va_end(list);
    s->length += (size_t)snprintf(s->journal + s->length, JOURNAL_ROOM - s->length, "\n");
}

static void say(const char *line, size_t length)
{
    note("say %.*s", (int)(length > 0 && line[length - 1] == '\n' ? length - 1 : length), line);
}

static const char *take_journal(void)
{
    memcpy(looked_at, simulated.journal, simulated.length + 1);
    looked = looked_at;
    simulated.length = 0;
    simulated.journal[0] = '\0';
    return looked;
}

const char *simulated_journal(void)
{
    const char *text = take_journal();
    looked = "";
    return text;
}

static const char *find_line(const char *text, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
        if ((at == text || at[-1] == '\n') && (at[length] == '\n' || at[length] == '\0'))
            return at;
    return NULL;
}

void simulated_expect(const char *line, ...)
{
    va_list list;
    const char *at = take_journal();
    va_start(list, line);
    for (; line != NULL; line = va_arg(list, const char *)) {
        const char *found = find_line(at, line);
        if (found == NULL)
            fail_msg("no line \"%s\" in the rest of the journal:\n%s", line, at);
        at = found + strlen(line);
    }
    va_end(list);
}

void simulated_expect_not(const char *line)
{
    const char *rest = simulated.length > 0 ? take_journal() : looked;
    if (find_line(rest, line) != NULL)
        fail_msg("there is a line \"%s\" in the journal:\n%s", line, rest);
}

/* --- children --------------------------------------------------------------------------------- */

static void label_of(const struct process_spawn *s, struct simulated_process *p)
{
    const char *slash = strrchr(s->argv[0], '/');
    const char *verb = slash != NULL ? slash + 1 : s->argv[0];
    size_t length = 0;
    for (char *const *word = s->argv; *word != NULL && length < sizeof p->command; word++) {
        length += (size_t)snprintf(p->command + length, sizeof p->command - length, "%s%s",
                                   length > 0 ? " " : "", *word);
        if (strcmp(*word, "logger") == 0)
            p->logger = true;
        if (p->logger && strcmp(*word, "--") == 0)
            snprintf(p->label, sizeof p->label, "%s/log", word[1]);
    }
    if (p->logger)
        note("logger %.*s", (int)(strlen(p->label) - 4), p->label);
    for (char *const *v = s->envp; !p->logger && *v != NULL; v++)
        if (strncmp(*v, "RC_NAME=", 8) == 0)
            snprintf(p->label, sizeof p->label, "%s", *v + 8);
    if (p->logger)
        return;
    if (strcmp(s->argv[0], "./run") == 0 || strcmp(s->argv[0], "./finish") == 0) {
        bool run = strcmp(s->argv[0], "./run") == 0;
        snprintf(p->label, sizeof p->label, "%s%s", run ? s->argv[1] : s->argv[3],
                 run ? "" : "/finish");
        if (run)
            note("run %s", s->argv[1]);
        else
            note("finish %s %s %s", s->argv[3], s->argv[1], s->argv[2]);
    } else if (p->label[0] != '\0') {
        note("oneshot %s: %s", p->label, p->command);
    } else {
        snprintf(p->label, sizeof p->label, "%s", verb);
        note("exec %s", p->command);
    }
}

static void keep_fds(const struct process_spawn *s, struct simulated_process *p)
{
    for (size_t i = 0; i < s->fd_count; i++) {
        const struct process_fd *f = &s->fds[i];
        p->in = f->to == 0 ? f->from : p->in;
        p->out = f->to == 1 ? f->from : p->out;
        p->err = f->to == 2 ? f->from : p->err;
        if (f->to > 2 && !p->logger && p->fds < SIMULATED_FDS)
            p->fd[p->fds++] = (struct process_fd){fcntl(f->from, F_DUPFD_CLOEXEC, 3), f->to};
    }
}

static struct simulated_process *by_pid(pid_t pid)
{
    struct simulated *m = &simulated;
    return pid >= FIRST_PID && (size_t)(pid - FIRST_PID) < m->processes
               ? &m->process[pid - FIRST_PID]
               : NULL;
}

static void close_report(struct simulated_process *p)
{
    fd_drop(&p->report);
}

static void tell(const struct simulated_process *p, int number, const char *step)
{
    struct process_failure f = {.error = number};
    strcpy(f.step, step);
    assert_true(p->report >= 0);
    assert_int_equal(write(p->report, &f, sizeof f), sizeof f);
}

/* The parent is what pid 1 has spawned; its child has the report. */
static pid_t give_parent(struct simulated_process *p)
{
    struct simulated *m = &simulated;
    struct simulated_process *above = &m->process[m->processes];
    assert_true(m->processes < SIMULATED_PROCESSES);
    *above = (struct simulated_process){.pid = FIRST_PID + (pid_t)m->processes++,
                                        .alive = true,
                                        .child = true,
                                        .report = -1,
                                        .stubborn = true};
    strcpy(above->label, p->label);
    strcat(above->label, "/parent");
    p->parent = above->pid;
    return above->pid;
}

/* What is built in ends well, and at once. */
static pid_t spawn(const struct process_spawn *s, int *report, struct error *e)
{
    struct simulated *m = &simulated;
    struct simulated_process *p = &m->process[m->processes];
    int ends[2];
    if (m->spawn_fails != 0) {
        errno = m->spawn_fails;
        return error_system(e, "unable to fork");
    }
    assert_true(m->processes < SIMULATED_PROCESSES);
    *p = (struct simulated_process){.pid = FIRST_PID + (pid_t)m->processes,
                                    .alive = true,
                                    .child = true,
                                    .report = -1,
                                    .stubborn = m->stubborn,
                                    .passed = s->passed};
    label_of(s, p);
    keep_fds(s, p);
    m->processes++;
    if (report != NULL) {
        assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
        *report = ends[0];
        p->report = ends[1];
        if (s->parent != NULL && !m->hold_births)
            tell(p, p->pid, PROCESS_BORN);
        if ((s->parent == NULL || !m->hold_births) && (!m->hold_reports || p->command[0] != '.'))
            close_report(p);
    }
    if (strncmp(p->command, "legacy ", 7) == 0)
        simulated_end(p, 0);
    return s->parent != NULL ? give_parent(p) : p->pid;
}

static void release(struct simulated_process *p)
{
    for (size_t i = 0; i < p->fds; i++)
        close(p->fd[i].from);
    p->fds = 0;
    close_report(p);
    p->alive = false;
}

void simulated_end(struct simulated_process *p, int status)
{
    struct simulated *m = &simulated;
    struct simulated_process *above = p->parent > 0 ? by_pid(p->parent) : NULL;
    assert_true(p->alive);
    release(p);
    if (!p->child)
        return;
    if (above != NULL && above->alive && !m->service_first)
        simulated_end(above, 0);
    m->ended[m->ends] = p->pid;
    m->status[m->ends++] = status;
    own_child_changes(p->pid);
    if (above != NULL && above->alive)
        simulated_end(above, 0);
}

/* What a signal does to one that lives. */
static void hit(struct simulated_process *p, int signal)
{
    if (signal == SIGKILL)
        simulated_end(p, SIGKILL);
    else if (p->logger && (signal == SIGHUP || signal == SIGUSR2))
        simulated_end(p, signal == SIGHUP ? LOGGER_EXIT_SUCCESSOR << 8 : 0);
    else if (!p->logger && !p->stubborn &&
             (signal == SIGTERM || signal == SIGINT || signal == SIGHUP))
        simulated_end(p, signal);
}

static int deliver(pid_t pid, int signal)
{
    struct simulated *m = &simulated;
    const char *name = signal_name(signal);
    if (pid == -1) {
        note("%s all", name);
        return 0;
    }
    struct simulated_process *p = by_pid(pid < 0 ? -pid : pid);
    if (p == NULL || !p->alive) {
        errno = ESRCH;
        return -1;
    }
    if (m->refuses != NULL && strcmp(m->refuses, p->label) == 0) {
        errno = EPERM;
        return -1;
    }
    if (signal != SIGCONT || p->stubborn)
        note("%s %s%s", name, pid < 0 ? "-" : "", p->label);
    hit(p, signal);
    return 0;
}

/* Everything but pid 1 and the loggers. */
static long signal_rest(const struct remaining *r, int signal)
{
    struct simulated *m = &simulated;
    long count = 0;
    for (size_t i = 0; i < m->processes; i++) {
        struct simulated_process *p = &m->process[i];
        if (!p->alive || own_is_spared(r, p->pid))
            continue;
        own_name(r, count++, p->label);
        if (signal != 0)
            deliver(p->pid, signal);
    }
    return count;
}

static long probe_rest(const struct remaining *r, pid_t top, int signal)
{
    (void)top;
    return signal_rest(r, signal);
}

static pid_t changed(pid_t child, int *status)
{
    struct simulated *m = &simulated;
    size_t i = 0;
    m->looks += child == -1;
    while (i < m->ends && child != -1 && m->ended[i] != child)
        i++;
    if (i == m->ends)
        return 0;
    pid_t pid = m->ended[i];
    *status = m->status[i];
    m->ends--;
    memmove(m->ended + i, m->ended + i + 1, (m->ends - i) * sizeof m->ended[0]);
    memmove(m->status + i, m->status + i + 1, (m->ends - i) * sizeof m->status[0]);
    return pid;
}

static pid_t close_now(int fd)
{
    close(fd);
    return 0;
}

static pid_t itself(pid_t pid)
{
    return pid;
}

static pid_t no_parent(pid_t pid)
{
    (void)pid;
    return -1;
}

/* --- time ------------------------------------------------------------------------------------- */

static int64_t now(void)
{
    return simulated.now;
}

static struct timespec wall(void)
{
    int64_t since = simulated.now - START_SECONDS * CLOCK_SECOND;
    return (struct timespec){.tv_sec = WALL_SECONDS + since / CLOCK_SECOND,
                             .tv_nsec = (long)(since % CLOCK_SECOND)};
}

/* Loggers whose pipes nobody writes to any more have read to their end. */
static void end_loggers(void)
{
    struct longruns *ls = &simulated.sv->longruns;
    for (uint32_t i = 0; i < longruns_loggers(ls); i++) {
        const struct logger *l = longruns_logger(ls, i);
        struct simulated_process *p = l == NULL ? NULL : by_pid(l->process.pid);
        if (p == NULL || !p->alive || p->stubborn || l->state != LOGGER_ENDING ||
            l->pipes.out_write >= 0 || simulated_process(l->name) != NULL)
            continue;
        simulated_end(p, 0);
    }
}

/* Time goes on when nothing else does. */
static int wait_for_events(int epoll, struct epoll_event *events, int most, int ms)
{
    struct simulated *m = &simulated;
    end_loggers();
    int n = epoll_wait(epoll, events, most, 0);
    if (n > 1 && m->order != NULL)
        m->order(events, n);
    if (n != 0)
        return n;
    if (ms < 0 || m->now + ms * CLOCK_MS > m->until) {
        m->now = m->until;
        m->reached = true;
    } else {
        m->now += ms * CLOCK_MS;
    }
    return 0;
}

void simulated_run(int64_t ms)
{
    struct simulated *m = &simulated;
    m->until = m->now + ms * CLOCK_MS;
    m->reached = false;
    int64_t last = m->now;
    for (unsigned int turns = 0; !m->reached && !m->over; turns++) {
        m->over = !supervisor_turn(m->sv);
        if (m->now != last)
            turns = 0;
        if (turns > TURNS_MOST)
            fail_msg("pid 1 does not come to rest");
        last = m->now;
    }
    m->code = m->sv->stop.code;
}

void simulated_settle(void)
{
    simulated_run(0);
}

/* --- files ------------------------------------------------------------------------------------ */

static int fail_file(struct error *e)
{
    errno = simulated.files_fail;
    if (e != NULL)
        error_system(e, "unable to write");
    return -1;
}

static int write_status(const char *path, const struct supervise_status *s, struct error *e)
{
    return simulated.files_fail != 0 ? fail_file(e) : supervise_write_status(path, s, e);
}

static int add_death(const char *path, const struct timespec *when, int wait_status,
                     unsigned int most, struct error *e)
{
    return simulated.files_fail != 0 ? fail_file(e)
                                     : supervise_add_death(path, when, wait_status, most, e);
}

static int create_empty(const char *path, mode_t mode)
{
    return simulated.files_fail != 0 ? fail_file(NULL) : pid1_system.create_empty(path, mode);
}

static int create(const char *path, int access, mode_t mode)
{
    return simulated.files_fail != 0 ? fail_file(NULL) : pid1_system.create(path, access, mode);
}

static ssize_t write_at(int fd, const void *bytes, size_t size, off_t at)
{
    return simulated.files_fail != 0 ? fail_file(NULL) : pwrite(fd, bytes, size, at);
}

static int write_file(int at, const char *path, const void *bytes, size_t size, mode_t mode,
                      struct error *e)
{
    return simulated.files_fail != 0 ? fail_file(e) : file_write(at, path, bytes, size, mode, e);
}

static void messages_to(int fd)
{
    (void)fd;
}

static int memory_open(bool *tells)
{
    *tells = true;
    if (simulated.counts_kills)
        return open("/dev/null", O_RDONLY | O_CLOEXEC); /* cannot be watched */
    errno = ENOENT;
    return -1;
}

static long long memory_kills(int fd)
{
    (void)fd;
    return simulated.kills;
}

static long long memory_limit(void)
{
    return simulated.memory_limit;
}

static struct pid1_calls calls(void)
{
    struct pid1_calls c = pid1_system;
    c.loop = (struct loop_calls){.now = now, .wait = wait_for_events};
    c.wall = wall;
    c.spawn = spawn;
    c.close_slowly = close_now;
    c.changed = changed;
    c.kill = deliver;
    c.session_of = itself;
    c.parent_of = no_parent;
    c.signal_rest = signal_rest;
    c.probe_rest = probe_rest;
    c.messages_to = messages_to;
    c.write_status = write_status;
    c.add_death = add_death;
    c.create = create;
    c.create_empty = create_empty;
    c.write_at = write_at;
    c.memory_open = memory_open;
    c.memory_kills = memory_kills;
    c.memory_limit = memory_limit;
    c.write_file = write_file;
    return c;
}

/* --- the world -------------------------------------------------------------------------------- */

static void enter_world(void)
{
    static bool entered;
    if (!entered)
        assert_true(own_mounts());
    entered = true;
}

/* What pid 1 keeps for good. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:settings_variable\nleak:simulated_boot\n";
}

static void close_fds(void)
{
    for (int fd = 3; fd < 512; fd++)
        close(fd);
}

int simulated_open(void **state)
{
    struct simulated *m = &simulated;
    struct problems problems = PROBLEMS_INIT;
    struct error e = ERROR_INIT;
    (void)state;
    enter_world();
    own_forget_signals();
    assert_int_equal(mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"), 0);
    assert_int_equal(mount("tmpfs", "/etc", "tmpfs", 0, "mode=0755"), 0);
    *m = (struct simulated){.now = START_SECONDS * CLOCK_SECOND};
    m->journal = calloc(1, JOURNAL_ROOM);
    m->sv = calloc(1, sizeof *m->sv);
    assert_int_equal(settings_read(&m->settings, own_no_variable, false, &problems), 0);
    m->settings.parents_unset = false; /* no process that has nothing to do with the test */
    assert_int_equal(runtree_prepare("/", "/command", &(struct settings){.log_total = 0}, &e), 0);
    problems_release(&problems);
    message_name("overlog");
    message_verbosity(MESSAGE_INFO);
    message_to(say);
    return 0;
}

/* What pid 1 holds it holds for good, so it is kept here and not lost. */
int simulated_close(void **state)
{
    static struct kept {
        struct kept *before;
        struct supervisor *sv;
        struct settings settings;
    } * kept;
    struct kept *last = malloc(sizeof *last);
    (void)state;
    assert_non_null(last);
    *last = (struct kept){kept, simulated.sv, simulated.settings};
    kept = last;
    message_to(NULL);
    free(simulated.journal);
    for (size_t i = 0; i < variables.count; i++)
        unsetenv(variables.item[i]);
    words_release(&variables);
    close_fds();
    assert_int_equal(umount2("/etc", MNT_DETACH), 0);
    assert_int_equal(umount2("/run", MNT_DETACH), 0);
    return 0;
}

void simulated_file(const char *path, const char *content)
{
    char folder[512];
    struct error e = ERROR_INIT;
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(file_make_directories(AT_FDCWD, folder, 0755, &e), 0);
    mode_t mode =
        strcmp(strrchr(path, '/'), "/run") == 0 || strcmp(strrchr(path, '/'), "/finish") == 0
            ? 0755
            : 0644;
    assert_int_equal(file_write(AT_FDCWD, path, content, strlen(content), mode, &e), 0);
}

void simulated_variable(const char *name, const char *value)
{
    char path[512];
    assert_int_equal(setenv(name, value, 1), 0);
    assert_int_equal(words_add(&variables, name), 0);
    snprintf(path, sizeof path, RUN_ENVIRONMENT "/%s", name);
    simulated_file(path, value);
}

void simulated_service(const char *name, const char *type, ...)
{
    char path[512];
    va_list list;
    const char *root = simulated.settings.services;
    snprintf(path, sizeof path, "%s/user/contents.d/%s", root, name);
    simulated_file(path, "");
    snprintf(path, sizeof path, "%s/user/type", root);
    simulated_file(path, "bundle\n");
    snprintf(path, sizeof path, "%s/%s/type", root, name);
    simulated_file(path, type);
    va_start(list, type);
    for (const char *file; (file = va_arg(list, const char *)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s/%s", root, name, file);
        simulated_file(path, va_arg(list, const char *));
    }
    va_end(list);
}

void simulated_three(void)
{
    simulated_service("init", "oneshot", "up", "", "down", "", NULL);
    simulated_service("other", "longrun", "run", "", NULL);
    simulated_service("web", "longrun", "run", "", "dependencies.d/init", "", NULL);
    simulated_boot(NULL);
    simulated_journal();
}

void simulated_late(const char *name, const char *ms)
{
    simulated_service(name, "longrun", "run", "", "notification-fd", "3", "timeout-up", ms, NULL);
}

void simulated_compile(const char *name)
{
    struct definitions d = DEFINITIONS_INIT;
    struct problems problems = PROBLEMS_INIT;
    struct definition_source source = {.path = "/etc/s6-overlay/s6-rc.d"};
    struct definition_sources sources = {.item = &source, .count = 1};
    struct error e = ERROR_INIT;
    char path[256];
    assert_int_equal(definitions_builtin(&d), 0);
    assert_int_equal(definitions_read(&d, &sources, &problems), 0);
    problems_release(&problems);
    snprintf(path, sizeof path, RUN_RC "/%s", name);
    assert_int_equal(database_compile(path, &d, &e), 0);
    definitions_release(&d);
}

void simulated_boot(const char *cmd)
{
    static struct pid1_calls table;
    static char text[256];
    static char *argv[16];
    struct simulated *m = &simulated;
    size_t count = 0;
    snprintf(text, sizeof text, "%s", cmd == NULL ? "" : cmd);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[count++] = word;
    argv[count] = NULL;
    table = calls();
    struct supervisor_start start = {.settings = &m->settings,
                                     .program = "/command/overlog",
                                     .cmd = argv,
                                     .workdir = "/",
                                     .nofile = {1024, 1024}};
    m->sv->pid1.is_init = true;
    m->over = !supervisor_begin(m->sv, &start, &table, &m->code);
    if (!m->over)
        simulated_settle();
}

/* --- what happens to children ----------------------------------------------------------------- */

struct simulated_process *simulated_process(const char *label)
{
    struct simulated *m = &simulated;
    for (size_t i = m->processes; i-- > 0;)
        if (m->process[i].alive && strcmp(m->process[i].label, label) == 0)
            return &m->process[i];
    return NULL;
}

void simulated_logger_stays(const char *label)
{
    simulated_process(label)->stubborn = true;
    simulated_process(label)->logger = false;
}

static struct simulated_process *must(const char *label)
{
    struct simulated_process *p = simulated_process(label);
    if (p == NULL)
        fail_msg("no process %s; journal:\n%s", label, simulated.journal);
    return p;
}

void simulated_exit(const char *label, int code)
{
    simulated_end(must(label), code << 8);
    simulated_settle();
}

void simulated_killed(const char *label, int signal)
{
    simulated_end(must(label), signal);
    simulated_settle();
}

void simulated_write(const char *label, int fd, const char *text)
{
    struct simulated_process *p = must(label);
    for (size_t i = 0; i < p->fds; i++)
        if (p->fd[i].to == fd) {
            assert_int_equal(write(p->fd[i].from, text, strlen(text)), strlen(text));
            return;
        }
    fail_msg("%s has no descriptor %d", label, fd);
}

void simulated_born(const char *label)
{
    struct simulated_process *p = must(label);
    tell(p, p->pid, PROCESS_BORN);
    if (!simulated.hold_reports)
        close_report(p);
}

void simulated_unborn(const char *label, int error)
{
    struct simulated_process *p = must(label);
    if (error != 0)
        tell(p, error, PROCESS_UNBORN);
    simulated_end(by_pid(p->parent), error != 0 ? EXIT_SYSTEM << 8 : SIGKILL);
    release(p);
}

void simulated_executed(const char *label, int error)
{
    struct simulated_process *p = must(label);
    assert_true(p->report >= 0);
    if (error != 0)
        tell(p, error, "exec");
    close_report(p);
    if (error != 0)
        simulated_end(p, (error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC) << 8);
}

void simulated_signal(int signal)
{
    kill(getpid(), signal);
    simulated_settle();
}

void simulated_stranger(const char *label, bool stubborn)
{
    struct simulated *m = &simulated;
    struct simulated_process *p = &m->process[m->processes];
    *p = (struct simulated_process){
        .pid = FIRST_PID + (pid_t)m->processes, .alive = true, .report = -1, .stubborn = stubborn};
    snprintf(p->label, sizeof p->label, "%s", label);
    m->processes++;
}

/* --- what is asked for ------------------------------------------------------------------------ */

void simulated_ask(const char *fifo, const char *letters)
{
    int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        fail_msg("nobody reads %s", fifo);
    assert_int_equal(write(fd, letters, strlen(letters)), strlen(letters));
    close(fd);
    simulated_settle();
}

int simulated_request(const char *const *words)
{
    char packet[CONTROL_PACKET_MAX] = CONTROL_MAGIC;
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = RUN_CONTROL};
    uint16_t count = 0;
    size_t length = CONTROL_HEADER;
    for (; words[count] != NULL; count++) {
        memcpy(packet + length, words[count], strlen(words[count]) + 1);
        length += strlen(words[count]) + 1;
    }
    memcpy(packet + CONTROL_MAGIC_SIZE, &count, sizeof count);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(send(fd, packet, length, MSG_NOSIGNAL), length);
    simulated_settle();
    return fd;
}

int simulated_rc(const char *letters, const char *verb, ...)
{
    const char *words[32] = {"s6-rc", letters, "0", "2", "0", verb};
    size_t count = 6;
    va_list list;
    va_start(list, verb);
    while ((words[count] = va_arg(list, const char *)) != NULL)
        count++;
    va_end(list);
    return simulated_request(words);
}

const char *simulated_answer(int fd)
{
    static char text[65536];
    size_t length = 0;
    ssize_t n;
    while (length + 8192 < sizeof text && (n = recv(fd, text + length, 8192, 0)) > 0) {
        length += (size_t)n;
        if (text[length - 1] != '\n')
            text[length++] = '\n';
    }
    text[length] = '\0';
    return text;
}

/* --- looking ---------------------------------------------------------------------------------- */

const char *simulated_read(const char *path)
{
    static char text[65536];
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    fd_close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

bool simulated_exists(const char *path)
{
    return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

struct longrun *simulated_longrun(const char *name)
{
    struct longrun *l = longruns_named(&simulated.sv->longruns, name);
    if (l == NULL)
        fail_msg("no longrun %s", name);
    return l;
}
