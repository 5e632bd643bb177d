/* /init: from the container's environment to supervisor_run. */
#include "base/command.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "command/commands.h"
#include "contract/signals.h"
#include "execline/block.h"
#include "logger/script.h"
#include "overlay/rundir.h"
#include "overlay/runtree.h"
#include "overlay/secrets.h"
#include "overlay/settings.h"
#include "supervisor/console.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_FREE = 3, KILLED = 128 };

static volatile sig_atomic_t told;

static void on_term(int number)
{
    told = number;
}

/* The one who started us holds the boot back until it closes this, or writes a line. 0, or the
 * signal that was not willing to wait: pid 1 hears of none that it has no handler for. */
static int wait_for_close(int fd)
{
    char byte;
    struct sigaction action = {.sa_handler = on_term};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    while (told == 0) {
        ssize_t n = read(fd, &byte, 1);
        if (n == 0 || (n < 0 && errno != EINTR) || (n == 1 && byte == '\n'))
            break;
    }
    close(fd);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    return told;
}

/* S6_WAIT_FOR_CLOSING_FD; and descriptor 3 when it is a pipe, which some engines use so unasked. */
static int wait_for_starter(const struct settings *s)
{
    struct stat st;
    int result = 0;
    if (s->closing_fd >= FIRST_FREE && s->closing_fd <= INT_MAX)
        result = wait_for_close((int)s->closing_fd);
    if (result == 0 && fstat(FIRST_FREE, &st) == 0 && S_ISFIFO(st.st_mode))
        result = wait_for_close(FIRST_FREE);
    return result;
}

/* From here on signals wait for the supervisor: it may take long to remove what an earlier start
 * left in /run. */
static void hold_signals(void)
{
    static const int signals[] = PID1_SIGNALS;
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Missing standard descriptors would be handed out to something else. */
static void fill_stdio(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

/* Many services need many descriptors; children get the limit that we were given. */
static struct rlimit raise_descriptors(void)
{
    struct rlimit old = {.rlim_cur = 1024, .rlim_max = 1024};
    if (getrlimit(RLIMIT_NOFILE, &old) == 0) {
        struct rlimit most = {.rlim_cur = old.rlim_max, .rlim_max = old.rlim_max};
        setrlimit(RLIMIT_NOFILE, &most);
    }
    return old;
}

static const char *directory_of(const char *program)
{
    const char *slash = strrchr(program, '/');
    char *directory = NULL;
    if (slash != NULL && slash != program)
        directory = strndup(program, (size_t)(slash - program)); /* for good */
    return directory == NULL ? "/command" : directory;
}

bool check_logging_script(const struct words *words, struct error *why)
{
    struct script script;
    if (script_parse(&script, words->item, words->count, false, why) < 0)
        return false;
    script_release(&script);
    return true;
}

int init_boot(char **cmd, bool guest)
{
    const char *workdir = getcwd(NULL, 0); /* for good */
    static struct settings settings;
    struct problems problems = PROBLEMS_INIT;
    struct error e = ERROR_INIT;
    message_name(guest ? "overlog up" : "/init");
    fill_stdio();
    if (workdir == NULL)
        workdir = "/";
    file_set_mask(022);
    bool terminal = isatty(1) || isatty(2);
    if (runtree_complete_path(&e) < 0 ||
        settings_read(&settings, getenv, terminal, &problems) < 0) {
        problems_say(&problems);
        return message_error(&e);
    }
    message_verbosity(settings.verbosity);
    if (settings.console != CONSOLE_PLAIN && settings.prefix <= 1)
        console_look(settings.console);
    problems_say(&problems);
    problems_release(&problems);
    int signal = wait_for_starter(&settings);
    if (signal != 0)
        return KILLED + signal;
    hold_signals();
    if (runtree_check_free(&e) < 0 || rundir_prepare(&settings, &e) < 0 ||
        runtree_prepare(workdir, directory_of(command_program), &settings, &e) < 0)
        return message_error(&e);
    if (settings.secrets != NULL && secrets_boot(&settings) < 0)
        return 1;
    if (chdir("/") < 0)
        message_warning("unable to enter /: %s", strerror(errno));
    struct supervisor_start start = {.settings = &settings,
                                     .program = command_program,
                                     .cmd = cmd,
                                     .guest = guest,
                                     .workdir = workdir,
                                     .check_script = check_logging_script,
                                     .nofile = raise_descriptors()};
    return supervisor_run(&start);
}

static int run_init(struct invocation *c)
{
    return init_boot(c->argv + 1, false);
}

static bool is_stage0(const char *program)
{
    static const char ending[] = "/libexec/stage0";
    size_t length = program == NULL ? 0 : strlen(program);
    return length >= sizeof ending - 1 &&
           strcmp(program + length - (sizeof ending - 1), ending) == 0;
}

/* s6-overlay's /init is a script that ends in this command, and images replace it by a changed
 * copy. The block prepares /run and stage0 starts process 1: init_boot does both. */
static int run_suexec(struct invocation *c)
{
    struct block_reader r;
    char **preinit;
    int code = blocks_read(&r, c->argv + 1, 1, &preinit);
    if (code != 0)
        return code;
    if (!is_stage0(r.next[0]))
        return refuse(EXIT_USAGE,
                      "unable to run %s: only s6-overlay's libexec/stage0 may follow "
                      "the block; use /init",
                      r.next[0] == NULL ? "nothing" : r.next[0]);
    return init_boot(r.next + 1, false);
}

const struct command command_init[] = {
    {"init", "[CMD [ARG...]]", "boot the container: run services, then CMD", NULL, run_init},
    {"s6-overlay-suexec", "{ preinit... } stage0 [CMD [ARG...]]",
     "boot the container from a copy of s6-overlay's /init", NULL, run_suexec},
    {.name = NULL}};
