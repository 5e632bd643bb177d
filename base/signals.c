#include "base/signals.h"
#include "base/str.h"
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <strings.h>

/* Of several names for a number the usual one is first. */
static const struct {
    char name[7];
    unsigned char number;
} signals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT},     {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT}, {"IOT", SIGABRT},      {"BUS", SIGBUS},
    {"FPE", SIGFPE},       {"KILL", SIGKILL}, {"USR1", SIGUSR1},     {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM},
    {"CHLD", SIGCHLD},     {"CLD", SIGCHLD},  {"CONT", SIGCONT},     {"STOP", SIGSTOP},
    {"TSTP", SIGTSTP},     {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
    {"XCPU", SIGXCPU},     {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},
    {"WINCH", SIGWINCH},   {"IO", SIGIO},     {"POLL", SIGIO},       {"PWR", SIGPWR},
    {"SYS", SIGSYS},
#ifdef SIGSTKFLT /* not on every architecture */
    {"STKFLT", SIGSTKFLT},
#endif
};

int signal_number(const char *name, int max)
{
    unsigned long long number;
    if (number_parse(name, (unsigned long long)max, &number) == 0)
        return number == 0 ? -1 : (int)number;
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (strcasecmp(signals[i].name, name) == 0)
            return signals[i].number;
    return -1;
}

const char *signal_name(int number)
{
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (signals[i].number == number)
            return signals[i].name;
    return NULL;
}

void signal_text(int number, char out[SIGNAL_TEXT_MAX])
{
    const char *name = signal_name(number);
    if (name != NULL)
        snprintf(out, SIGNAL_TEXT_MAX, "SIG%s", name);
    else
        snprintf(out, SIGNAL_TEXT_MAX, "signal %d", number);
}
