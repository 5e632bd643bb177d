#include "command/tools/beside.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/process.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

enum { SERVICE_FD = 3 /* its pidfd, or /dev/null */ };

/* Without pidfd: between two looks. */
#define LOOK_PAUSE CLOCK_SECOND

/* --- before the service is executed ------------------------------------------------------------
 */

/* Waits until it is executed. */
static int start(const struct process_spawn *s, struct error *e)
{
    char why[PATH_MAX + EXECUTE_WHY_MAX];
    struct process_failure f;
    int report;
    if (process_spawn(s, &report, e) < 0)
        return -1;
    fcntl(report, F_SETFL, 0);
    int result = process_report(report, &f);
    close(report);
    if (result != 0)
        return 0;
    process_explain(s->program, &f, why, sizeof why);
    return error_set(e, EXIT_SYSTEM, "%s", why);
}

static pid_t service_of_session(void)
{
    pid_t leader = getsid(0);
    return leader > 0 ? leader : getpid();
}

int beside_execute(const struct invocation *c, struct process_spawn *s)
{
    char option[24];
    struct error e = ERROR_INIT;
    char **argv = calloc((size_t)c->argc + 2, sizeof *argv);
    if (argv == NULL)
        return fail("start", "a process beside the service");
    snprintf(option, sizeof option, "-X%ld", (long)service_of_session());
    argv[0] = (char *)(uintptr_t)c->command->name; /* whatever we were called by */
    argv[1] = option;
    memcpy(argv + 2, c->argv + 1, (size_t)(c->argc - 1) * sizeof *argv);
    s->program = command_program;
    s->argv = argv;
    s->envp = environ;
    int result = start(s, &e);
    free(argv);
    return result < 0 ? message_error(&e) : 0;
}

int beside_start(const struct invocation *c, const int *fds, size_t count)
{
    struct process_fd places[2 + BESIDE_FDS];
    struct process_spawn s = {.fds = places, .orphan = true, .new_session = true};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return fail("open", "/dev/null");
    /* Opened here, where the service cannot be another process yet. */
    int pidfd = (int)syscall(SYS_pidfd_open, service_of_session(), 0);
    places[s.fd_count++] = (struct process_fd){null, 0};
    places[s.fd_count++] = (struct process_fd){pidfd < 0 ? null : pidfd, SERVICE_FD};
    for (size_t i = 0; i < count; i++)
        places[s.fd_count++] = (struct process_fd){fds[i] < 0 ? null : fds[i], BESIDE_FD + (int)i};
    int code = beside_execute(c, &s);
    close(null);
    fd_close(pidfd);
    return code;
}

/* --- beside it ---------------------------------------------------------------------------------
 */

static bool proc_has_our_pids(void)
{
    return process_self() == getpid();
}

/* How the process with the service's pid is; all 0: that is not known. */
static struct process_stat look_at(const struct beside *b)
{
    struct process_stat s, unknown = {.state = '\0'};
    bool known = proc_has_our_pids() && process_stat(b->service, &s) == 0;
    return known ? s : unknown;
}

/* The owner of its files in /proc would be root after it has changed its user itself. */
bool beside_user(const struct beside *b, uid_t *user)
{
    static const char line[] = "\nUid:\t";
    char path[40];
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)b->service);
    bool known = proc_has_our_pids() && file_read(AT_FDCWD, path, 8192, &text, &e) == 0;
    const char *at = known ? strstr(text.data, line) : NULL;
    if (at != NULL)
        *user = (uid_t)strtoul(at + strlen(line), NULL, 10);
    str_release(&text);
    return at != NULL;
}

/* False also where that cannot be told. */
static bool is_another(const struct beside *b, const struct process_stat *s)
{
    return b->born != 0 && s->born != 0 && s->born != b->born;
}

char beside_state(struct beside *b)
{
    struct process_stat s = look_at(b);
    return is_another(b, &s) ? '\0' : s.state;
}

static void died(struct watch *w, uint32_t events)
{
    (void)events;
    loop_stop(&container_of(w, struct beside, death)->loop);
}

bool beside_ended(const struct beside *b)
{
    struct pollfd handle = {.fd = SERVICE_FD, .events = POLLIN};
    if (b->death.armed)
        return poll(&handle, 1, 0) > 0;
    if (kill(b->service, 0) < 0 && errno != EPERM)
        return true;
    struct process_stat s = look_at(b);
    return s.state == 'Z' || is_another(b, &s);
}

static void look(struct timer *t)
{
    struct beside *b = container_of(t, struct beside, look);
    if (beside_ended(b))
        loop_stop(&b->loop);
    else
        loop_timer(&b->loop, t, clock_monotonic() + LOOK_PAUSE);
}

int beside_open(struct beside *b, pid_t service, size_t count, struct error *e)
{
    fd_close_from(BESIDE_FD + (int)count);
    for (int fd = SERVICE_FD; fd < BESIDE_FD + (int)count; fd++)
        fd_cloexec(fd, 1);
    signal(SIGPIPE, SIG_IGN); /* the stderr that we share may have lost its reader */
    *b = (struct beside){.service = service, .death = {.fd = SERVICE_FD, .ready = died}};
    b->look.fire = look;
    b->born = look_at(b).born;
    if (loop_open(&b->loop, e) < 0)
        return -1;
    /* /dev/null cannot be watched: that is where the kernel has no pidfd. */
    if (loop_watch(&b->loop, &b->death, EPOLLIN, e) == 0)
        return 0;
    return loop_timer(&b->loop, &b->look, clock_monotonic()) < 0
               ? error_system(e, "unable to watch the service")
               : 0;
}

static bool is_here(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, RUN_SCANDIR "/%s", name);
    return file_is_same(".", path);
}

/* It is known by the name of the link in the scan directory, which the directory need not have. */
int beside_name(char name[NAME_MAX + 1], struct error *e)
{
    char path[PATH_MAX];
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    if (getcwd(path, sizeof path) == NULL)
        return error_system(e, "unable to find the service's directory");
    snprintf(name, NAME_MAX + 1, "%s", path_name(path));
    if (name[0] == '\0')
        return error_set(e, EXIT_USAGE, "/ is no service directory");
    if (!is_here(name) && file_list(AT_FDCWD, RUN_SCANDIR, &names, &ignored) == 0)
        for (size_t i = 0; i < names.count; i++)
            if (is_here(names.item[i])) {
                snprintf(name, NAME_MAX + 1, "%s", names.item[i]);
                break;
            }
    words_release(&names);
    return 0;
}
