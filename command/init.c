/* /init: from the container's environment to supervisor_run; and the commands that stop it. */
#include "base/command.h"
#include "base/message.h"
#include "command/commands.h"
#include "logger/script.h"
#include "supervisor/control.h"
#include "supervisor/runtree.h"
#include "supervisor/settings.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* S6_WAIT_FOR_CLOSING_FD: the one who started us holds the boot back until it closes this. */
static void wait_for_close(uint32_t fd)
{
    char byte;
    if (fd < 3)
        return;
    for (;;) {
        ssize_t n = read((int)fd, &byte, 1);
        if (n == 0 || (n < 0 && errno != EINTR) || (n == 1 && byte == '\n'))
            break;
    }
    close((int)fd);
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

static int run_init(struct invocation *c)
{
    const char *workdir = getcwd(NULL, 0); /* for good */
    static struct settings settings;
    struct problems problems = PROBLEMS_INIT;
    struct error e = ERROR_INIT;
    message_name("/init");
    fill_stdio();
    if (workdir == NULL)
        workdir = "/";
    umask(022);
    bool terminal = isatty(1) || isatty(2);
    if (runtree_complete_path(&e) < 0 ||
        settings_read(&settings, getenv, terminal, &problems) < 0) {
        problems_say(&problems);
        return message_error(&e);
    }
    message_verbosity(settings.verbosity);
    problems_say(&problems);
    problems_release(&problems);
    wait_for_close(settings.closing_fd);
    if (runtree_prepare(workdir, directory_of(command_program), settings.keep_env, &e) < 0)
        return message_error(&e);
    if (chdir("/") < 0)
        message_warning("unable to enter /: %s", strerror(errno));
    struct words cmd = WORDS_INIT;
    int bad = 0;
    if (c->argc > 1 && settings.cmd_arg0 != NULL) {
        for (const char *p = settings.cmd_arg0; *p != '\0';) {
            size_t blank = strspn(p, " \t\n");
            size_t length = strcspn(p + blank, " \t\n");
            if (length > 0)
                bad |= words_add_bytes(&cmd, p + blank, length);
            p += blank + length;
        }
    }
    for (int i = 1; i < c->argc; i++)
        bad |= words_add(&cmd, c->argv[i]);
    static char *none[] = {NULL};
    if (bad != 0) {
        message_fatal("out of memory");
        return EXIT_SYSTEM;
    }
    struct supervisor_start start = {.settings = &settings,
                                     .program = command_program,
                                     .cmd = cmd.count > 0 ? cmd.item : none,
                                     .workdir = workdir,
                                     .check_script = check_logging_script,
                                     .nofile = raise_descriptors()};
    return supervisor_run(&start);
}

static int ask(const char *what)
{
    struct error e = ERROR_INIT;
    const char *words[] = {"halt", what};
    /* The stop that we ask for must not end us before we have said how it went. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    int code = control_request(RUN_CONTROL, words, what == NULL ? 1 : 2, &e);
    return code < 0 ? message_error(&e) : code;
}

static int run_halt(struct invocation *c)
{
    (void)c;
    return ask(NULL);
}

static int run_poweroff(struct invocation *c)
{
    (void)c;
    return ask("poweroff");
}

static int run_reboot(struct invocation *c)
{
    (void)c;
    return ask("reboot");
}

static int run_shutdown(struct invocation *c)
{
    const char *what = NULL;
    for (int option; (option = command_option(c)) != 0;) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'p')
            what = "poweroff";
        else if (option == 'r')
            what = "reboot";
    }
    if (command_operand_count(c) != 1 || strcmp(command_operands(c)[0], "now") != 0) {
        message_fatal("only \"now\" is supported as the time of a shutdown");
        return command_usage(c);
    }
    return ask(what);
}

static const struct command_option shutdown_options[] = {
    {'h', NULL, NULL, "end the container (default)"},
    {'p', NULL, NULL, "power the machine off"},
    {'r', NULL, NULL, "reboot the machine"},
    {0, NULL, NULL, NULL}};

const struct command command_init[] = {
    {"init", "[CMD [ARG...]]", "boot the container: run services, then CMD", NULL, run_init},
    {"halt", "", "stop all services and end the container", NULL, run_halt},
    {"poweroff", "", "stop all services and power the machine off", NULL, run_poweroff},
    {"reboot", "", "stop all services and reboot the machine", NULL, run_reboot},
    {"shutdown", "[-h|-p|-r] now", "stop all services, then halt, power off or reboot",
     shutdown_options, run_shutdown},
    {NULL, NULL, NULL, NULL, NULL}};
