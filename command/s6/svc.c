/* Commands that ask a longrun's supervisor for something, or how it is. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/signals.h"
#include "command/commands.h"
#include "command/s6/listen.h"
#include "command/s6/service.h"
#include "execline/child.h"
#include "services/servicedir.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LETTERS_MAX = 60 };

/* A wait for services. */
struct wait {
    char **services;
    size_t count;
    char want; /* of u U d D r R */
    bool any;
    uint64_t ms; /* 0: for ever */
    const char *letters;
    size_t letter_count;
    char *const *program; /* started after the subscription; NULL or empty: none */
};

static bool is_wanted(const char *text)
{
    return text[0] != '\0' && text[1] == '\0' && strchr("uUdDrR", text[0]) != NULL;
}

/* --- s6-svc ----------------------------------------------------------------------------------- */

int service_send(const char *fifo, const char *what, const char *letters, size_t count, int absent,
                 int not_listening)
{
    int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && (errno == ENXIO || (errno == ENOENT && absent == not_listening))) {
        if (not_listening == EXIT_NOT_LISTENING)
            message_warning("unable to control %s: supervisor not listening", what);
        else
            message_fatal("unable to control %s: supervisor not listening", what);
        return not_listening;
    }
    if (fd < 0)
        return fail("control", what);
    ssize_t n = count == 0 ? 0 : write(fd, letters, count);
    int result = n == (ssize_t)count ? 0 : fail("control", what);
    close(fd);
    return result;
}

static int send_letters(const char *service, const char *letters, size_t count)
{
    char path[LISTEN_PATH_MAX];
    if (access(service, F_OK) < 0)
        return fail("control", service);
    snprintf(path, sizeof path, "%.4000s/supervise/control", service);
    return service_send(path, service, letters, count, EXIT_NOT_LISTENING, EXIT_NOT_LISTENING);
}

/* Without notification-fd nobody will ever say that it is ready. */
static char possible(char want, const char *service)
{
    char path[LISTEN_PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/notification-fd", service);
    if ((want != 'U' && want != 'R') || access(path, F_OK) == 0)
        return want;
    message_warning("%s is not there - waiting for up only", path);
    return want == 'U' ? 'u' : 'r';
}

static int act(const struct wait *w)
{
    struct error e = ERROR_INIT;
    struct child c = {.argv = w->program};
    if (w->program != NULL && w->program[0] != NULL && child_start(&c, &e) < 0) {
        message_error(&e);
        return EXIT_SYSTEM;
    }
    int code = 0;
    for (size_t i = 0; code == 0 && w->letters != NULL && i < w->count; i++)
        code = send_letters(w->services[i], w->letters, w->letter_count);
    return code;
}

/* Subscribes, sends or starts, waits. */
static int wait_for(const struct wait *w)
{
    struct error e = ERROR_INIT;
    struct listener *l = calloc(w->count + 1, sizeof *l);
    int code = l == NULL ? fail("wait for", w->services[0]) : 0;
    size_t opened = 0;
    for (; code == 0 && opened < w->count; opened++)
        if (listen_open(&l[opened], w->services[opened], w->want, &e) < 0)
            code = message_error(&e);
    if (code == 0)
        code = act(w);
    if (code == 0) {
        code = listen_wait(l, w->count, w->want, w->any, w->ms);
        if (code == LISTEN_TIMED_OUT)
            message_fatal("timed out");
        for (size_t i = 0; code != 0 && code != LISTEN_TIMED_OUT && i < w->count; i++)
            if (l[i].failed && !l[i].reached)
                message_fatal("%s failed permanently or its supervisor died", w->services[i]);
    }
    for (size_t i = 0; l != NULL && i < opened; i++)
        listen_close(&l[i]);
    free(l);
    return code;
}

static int run_svc(struct invocation *c)
{
    char letters[LETTERS_MAX];
    size_t count = 0;
    char want = 0;
    uint64_t ms = 0;
    for (int option; (option = command_option(c)) != 0;) {
        int letter = option;
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'w') {
            if (!is_wanted(c->argument))
                return command_usage(c);
            want = c->argument[0];
            continue;
        }
        if (option == 'T') {
            if (options_number(c, c->argument, UINT32_MAX, &ms) != 0)
                return EXIT_USAGE;
            continue;
        }
        if (option == 's')
            letter = supervise_letter_of(signal_number(c->argument, SIGNAL_COUNT - 1));
        if (supervise_letter((char)letter) == NULL || count == LETTERS_MAX)
            return command_usage(c);
        letters[count++] = (char)letter;
    }
    char **services = command_operands(c);
    size_t services_count = (size_t)command_operand_count(c);
    if (services_count == 0)
        return command_usage(c);
    if (want != 0)
        return wait_for(&(struct wait){.services = services,
                                       .count = services_count,
                                       .want = possible(want, services[0]),
                                       .ms = ms,
                                       .letters = letters,
                                       .letter_count = count});
    int code = 0;
    for (size_t i = 0; i < services_count; i++) {
        int one = send_letters(services[i], letters, count);
        code = one != 0 ? one : code;
    }
    return code;
}

int service_wait_given(const struct invocation *c, char **services, size_t count, char **program)
{
    uint64_t ms = 0;
    char want = options_last("uUdDrR");
    if (options_number(c, argument_of('t'), UINT32_MAX, &ms) != 0)
        return EXIT_USAGE;
    return wait_for(&(struct wait){.services = services,
                                   .count = count,
                                   .want = want == 0 ? 'u' : want,
                                   .any = options_last("ao") == 'o',
                                   .ms = ms,
                                   .program = program});
}

static int run_svwait(struct invocation *c)
{
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    if (options.count == 0)
        return 0; /* nothing to wait for */
    return service_wait_given(c, options.operand, (size_t)options.count, NULL);
}

/* --- s6-svok ---------------------------------------------------------------------------------- */

bool service_is_supervised(const char *service)
{
    char path[LISTEN_PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/supervise/lock", service);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool held = fd_is_locked(fd);
    fd_close(fd);
    return held;
}

static int run_svok(struct invocation *c)
{
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    return service_is_supervised(options.operand[0]) ? 0 : EXIT_UNSUPERVISED;
}

/* --- s6-svstat -------------------------------------------------------------------------------- */

struct view {
    struct supervise_status s;
    bool up, normally_up;
    int64_t now; /* seconds */
    bool numbers;
};

static int64_t seconds_since(const struct view *v, const struct timespec *t)
{
    return v->now > t->tv_sec ? v->now - t->tv_sec : 0;
}

static void put_signal(const struct view *v, int number)
{
    const char *name = v->numbers ? NULL : signal_name(number);
    if (name != NULL)
        printf("SIG%s", name);
    else
        printf("%d", number);
}

static void put_tai(const struct timespec *t)
{
    char stamp[CLOCK_TAI64N_LENGTH + 1] = "";
    clock_tai64n_format(stamp, t);
    printf("%.25s", stamp);
}

static void put_bool(bool value)
{
    fputs(value ? "true" : "false", stdout);
}

enum field {
    UP,
    WANTED,
    NORMAL,
    READY,
    PAUSED,
    PID,
    PGID,
    EXITCODE,
    SIGNAL,
    SIGNUM,
    SINCE,
    READY_SINCE,
    FOR,
    READY_FOR,
    FIELDS
};

static const struct {
    const char *name;
    char letter; /* short option, 0 none */
} fields[FIELDS] = {
    [UP] = {"up", 'u'},         [WANTED] = {"wantedup", 'w'},   [NORMAL] = {"normallyup", 'N'},
    [READY] = {"ready", 'r'},   [PAUSED] = {"paused", 0},       [PID] = {"pid", 'p'},
    [PGID] = {"pgid", 'g'},     [EXITCODE] = {"exitcode", 'e'}, [SIGNAL] = {"signal", 's'},
    [SIGNUM] = {"signum", 0},   [SINCE] = {"updownsince", 0},   [READY_SINCE] = {"readysince", 0},
    [FOR] = {"updownfor", 't'}, [READY_FOR] = {"readyfor", 0},
};

static void put_number(bool there, int64_t value)
{
    printf("%lld", there ? (long long)value : -1LL);
}

static void put_field(const struct view *v, enum field f)
{
    const struct supervise_status *s = &v->s;
    bool fresh = supervise_is_fresh(s);
    bool exited = !v->up && !fresh && WIFEXITED(s->wait_status);
    bool killed = !v->up && !fresh && WIFSIGNALED(s->wait_status);
    switch (f) {
    case UP:
        put_bool(v->up);
        break;
    case WANTED:
        put_bool(s->want_up);
        break;
    case NORMAL:
        put_bool(v->normally_up);
        break;
    case READY:
        put_bool(v->up && s->is_ready);
        break;
    case PAUSED:
        put_bool(s->paused && !fresh);
        break;
    case PID:
    case PGID:
        put_number(v->up, s->pid);
        break;
    case EXITCODE:
        put_number(exited, WEXITSTATUS(s->wait_status));
        break;
    case SIGNAL:
        if (killed)
            put_signal(v, WTERMSIG(s->wait_status));
        else
            fputs("NA", stdout);
        break;
    case SIGNUM:
        put_number(killed, WTERMSIG(s->wait_status));
        break;
    case SINCE:
        put_tai(&s->changed);
        break;
    case READY_SINCE:
        put_tai(&s->ready);
        break;
    case FOR:
        put_number(true, seconds_since(v, &s->changed));
        break;
    case READY_FOR:
        put_number(s->is_ready, seconds_since(v, &s->ready));
        break;
    case FIELDS:
        break;
    }
}

static void put_line(const struct view *v)
{
    const struct supervise_status *s = &v->s;
    if (v->up) {
        printf("up (pid %ld pgid %ld) %lld seconds", (long)s->pid, (long)s->pid,
               (long long)seconds_since(v, &s->changed));
    } else if (supervise_is_fresh(s)) {
        printf("down (not started yet) ");
    } else {
        if (WIFSIGNALED(s->wait_status)) {
            printf("down (signal ");
            put_signal(v, WTERMSIG(s->wait_status));
        } else {
            printf("down (exitcode %d", WEXITSTATUS(s->wait_status));
        }
        printf(") %lld seconds", (long long)seconds_since(v, &s->changed));
    }
    if (v->up != v->normally_up)
        printf(", normally %s", v->up ? "down" : "up");
    if (v->up && s->paused)
        printf(", paused");
    if (v->up != s->want_up)
        printf(", want %s", v->up ? "down" : "up");
    if (s->is_ready && !supervise_is_fresh(s))
        printf(", ready %lld seconds", (long long)seconds_since(v, &s->ready));
    putchar('\n');
}

/* The fields of a list with commas, appended. 0, or -1, and said, when one is none. */
static int add_fields(const char *list, enum field *chosen, size_t *count)
{
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        enum field f = 0;
        while (f < FIELDS &&
               (strlen(fields[f].name) != length || strncmp(fields[f].name, list, length) != 0))
            f++;
        if (length == 0)
            message_fatal("invalid null option field");
        else if (f == FIELDS)
            message_fatal("invalid option field: %.*s", (int)length, list);
        else if (*count == FIELDS)
            message_fatal("too many fields");
        if (f == FIELDS || *count == FIELDS)
            return -1;
        chosen[(*count)++] = f;
        list += length + (list[length] == ',');
    }
    return 0;
}

static int look(struct view *v, const char *service)
{
    struct error e = ERROR_INIT;
    char path[LISTEN_PATH_MAX];
    if (!service_is_supervised(service))
        return refuse(EXIT_UNSUPERVISED, "unable to read status for %s: s6-supervise not running",
                      service);
    if (servicedir_status(service, &v->s, &e) < 0)
        return refuse(EXIT_SYSTEM, "unable to read status for %s", service);
    snprintf(path, sizeof path, "%.4000s/down", service);
    v->normally_up = access(path, F_OK) < 0;
    v->up = v->s.pid != 0 && !v->s.finishing;
    v->now = clock_wall().tv_sec;
    return 0;
}

static int run_svstat(struct invocation *c)
{
    enum field chosen[FIELDS];
    size_t count = 0;
    struct view v = {.numbers = false};
    for (int option; (option = command_option(c)) != 0;) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'n')
            v.numbers = true;
        else if (option == 'o' && add_fields(c->argument, chosen, &count) < 0)
            return EXIT_USAGE;
        for (enum field f = 0; option != 'o' && f < FIELDS && count < FIELDS; f++)
            if (fields[f].letter == option)
                chosen[count++] = f;
    }
    if (command_operand_count(c) == 0)
        return command_usage(c);
    int code = 0;
    for (char **service = command_operands(c); *service != NULL; service++) {
        int one = look(&v, *service);
        code = one > code ? one : code;
        if (one != 0)
            continue;
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                putchar(' ');
            put_field(&v, chosen[i]);
        }
        if (count > 0)
            putchar('\n');
        else
            put_line(&v);
    }
    return fflush(stdout) == 0 ? code : fail("write to", "stdout");
}

static const char svc_options[] =
    "-u         up\n"
    "-d         down\n"
    "-o         up once: when it ends, it stays down\n"
    "-U         up, and the file down is removed\n"
    "-D         down, and the file down is made\n"
    "-O         when it ends, it stays down\n"
    "-Q         the same, and the file down is made\n"
    "-x         once it is down, another supervisor begins\n"
    "-r         send the signal that ends it, after which it starts again\n"
    "-l         send the signal that makes it read its configuration\n"
    "-a         send SIGALRM\n"
    "-b         send SIGABRT\n"
    "-q         send SIGQUIT\n"
    "-h         send SIGHUP\n"
    "-k         send SIGKILL\n"
    "-t         send SIGTERM\n"
    "-i         send SIGINT\n"
    "-1         send SIGUSR1\n"
    "-2         send SIGUSR2\n"
    "-p         send SIGSTOP\n"
    "-c         send SIGCONT\n"
    "-y         send SIGWINCH\n"
    "-s signal  send one of these by its name\n"
    "-P         send SIGSTOP to the process group\n"
    "-C         send SIGCONT to the process group\n"
    "-K         send SIGKILL to the process group\n"
    "-w state   wait until it is in the state u, U, d, D, r or R of s6-svwait\n"
    "-T ms      wait no longer than that\n";

static const char svstat_options[] =
    "-u         is it up\n"
    "-w         is it wanted up\n"
    "-N         is it normally up\n"
    "-r         is it ready\n"
    "-p         its pid\n"
    "-g         its process group\n"
    "-e         its exit code\n"
    "-s         the signal that ended it\n"
    "-t         seconds since it went up or down\n"
    "-n         signals as numbers\n"
    "-o fields  up,wantedup,normallyup,ready,paused,pid,pgid,exitcode,signal,...\n";

static const char svwait_options[] = WAIT_STATES WAIT_OF WAIT_TIME;

const struct command command_svc[] = {
    {"s6-svc", "[-w state] [-T ms] [-s signal] [-abqhkti12pcyrlPCKoduDUxOQ] servicedir...",
     "tell a service to start, to stop or to get a signal", svc_options, run_svc},
    {"s6-svstat", "[-uwNrpgestn] [-o fields] servicedir...", "say how a service is", svstat_options,
     run_svstat},
    {"s6-svok", "servicedir", "tell whether a service has a supervisor", NULL, run_svok},
    {"s6-svwait", "[-uUdDrRao] [-t ms] [servicedir...]",
     "wait until services are up, ready or down", svwait_options, run_svwait},
    {.name = NULL}};
