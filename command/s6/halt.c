/* halt, poweroff, reboot, shutdown: the commands that stop the container. */
#include "command/s6/halt.h"
#include "base/command.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "base/zone.h"
#include "command/commands.h"
#include "command/s6/control_client.h"
#include "contract/paths.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { REQUEST_MAX = 5, MINUTES_MAX = 366 * 1440, GRACE_MAX = 300, MESSAGE_ROOM = 512 };

static int ask(const char *const *words, size_t count)
{
    struct error e = ERROR_INIT;
    /* The stop that we ask for must not end us before we have said how it went. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    int code = control_request(RUN_CONTROL, words, count, &e);
    return code < 0 ? message_error(&e) : code;
}

static int run_now(struct invocation *c)
{
    const char *words[] = {"halt", c->command->name};
    return options_read(c, 0) != 0 ? EXIT_USAGE : ask(words, 2);
}

static int minutes_of(const char *text, unsigned long long *minutes)
{
    unsigned long long hour;
    unsigned long long minute;
    char first[3] = "";
    const char *colon = strchr(text, ':');
    if (colon == NULL || colon - text > 2)
        return -1;
    memcpy(first, text, (size_t)(colon - text));
    if (number_parse(first, 23, &hour) < 0 || number_parse(colon + 1, 59, &minute) < 0)
        return -1;
    *minutes = hour * 60 + minute;
    return 0;
}

int halt_delay(const char *text, time_t now, unsigned long *seconds)
{
    unsigned long long minutes;
    struct tm t;
    *seconds = 0;
    if (strcmp(text, "now") == 0)
        return 0;
    if (text[0] == '+') {
        if (number_parse(text + 1, MINUTES_MAX, &minutes) < 0)
            return -1;
        *seconds = (unsigned long)minutes * 60;
        return 0;
    }
    zone_settle();
    if (minutes_of(text, &minutes) < 0 || localtime_r(&now, &t) == NULL)
        return -1;
    t.tm_hour = (int)(minutes / 60);
    t.tm_min = (int)(minutes % 60);
    t.tm_sec = 0;
    t.tm_isdst = -1;
    time_t due = mktime(&t);
    if (due < now) {
        t.tm_mday++;
        t.tm_isdst = -1;
        due = mktime(&t);
    }
    *seconds = (unsigned long)(due - now);
    return 0;
}

/* The operands after the time are one message. */
static void join(char **words, char out[MESSAGE_ROOM])
{
    size_t length = 0;
    out[0] = '\0';
    for (; *words != NULL && length < MESSAGE_ROOM; words++) {
        int n =
            snprintf(out + length, MESSAGE_ROOM - length, "%s%s", length > 0 ? " " : "", *words);
        length += n > 0 ? (size_t)n : 0;
    }
}

static int run_shutdown(struct invocation *c)
{
    uint64_t grace = 0;
    unsigned long delay;
    char delay_text[24];
    char grace_text[24] = "";
    char message[MESSAGE_ROOM];
    if (options_read(c, 0) != 0 || options_number(c, argument_of('t'), GRACE_MAX, &grace) != 0)
        return EXIT_USAGE;
    char how = options_last("hprc");
    if (how == 'c')
        return ask((const char *[]){"halt", "cancel"}, 2);
    if (options.count == 0)
        return command_usage(c);
    if (halt_delay(options.operand[0], time(NULL), &delay) < 0)
        return refuse(EXIT_USAGE, "%s is no time: use now, +MINUTES or HH:MM", options.operand[0]);
    if (given('t'))
        snprintf(grace_text, sizeof grace_text, "%llu", (unsigned long long)grace * 1000);
    snprintf(delay_text, sizeof delay_text, "%lu", delay);
    join(options.operand + 1, message);
    const char *words[REQUEST_MAX] = {"halt",
                                      how == 'p'   ? "poweroff"
                                      : how == 'r' ? "reboot"
                                                   : "halt",
                                      delay_text, grace_text, message};
    return ask(words, message[0] != '\0' ? REQUEST_MAX : REQUEST_MAX - 1);
}

static const char shutdown_options[] =
    "-h          end the container (default)\n"
    "-p          power the machine off\n"
    "-r          reboot the machine\n"
    "-t SECONDS  between TERM and KILL to what is left, instead of S6_KILL_GRACETIME\n"
    "-c          cancel what is scheduled\n";

const struct command command_halt[] = {
    {"halt", "", "stop all services and end the container", NULL, run_now},
    {"poweroff", "", "stop all services and power the machine off", NULL, run_now},
    {"reboot", "", "stop all services and reboot the machine", NULL, run_now},
    {"shutdown", "[-h|-p|-r] [-t seconds] now|+minutes|hh:mm [message...] | -c",
     "stop all services, now or later, then halt, power off or reboot", shutdown_options,
     run_shutdown},
    {.name = NULL}};
