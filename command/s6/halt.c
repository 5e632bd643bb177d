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

enum { REQUEST_MAX = 5, MINUTES_MAX = 366 * 1440, GRACE_MAX = 300 /* s */, MESSAGE_ROOM = 512 };

static int ask(const char *const *words, size_t count)
{
    struct error e = ERROR_INIT;
    /* The stop that we ask for must not end us before we have said how it went. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    int code = control_request(RUN_CONTROL, words, count, &e);
    return code < 0 ? message_error(&e) : code;
}

static const char *how_by_letter(char letter, const char *otherwise)
{
    return letter == 'h'   ? "halt"
           : letter == 'p' ? "poweroff"
           : letter == 'r' ? "reboot"
                           : otherwise;
}

static int run_now(struct invocation *c)
{
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    if (given('w'))
        return 0;
    return ask((const char *[]){"halt", how_by_letter(options_last("hpr"), c->command->name)}, 2);
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
    if (strchr(text, ':') == NULL) {
        if (number_parse(text + (text[0] == '+'), MINUTES_MAX, &minutes) < 0)
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
    if (options_read(c, 0) != 0 || options_number(c, argument_of('t'), UINT32_MAX, &grace) != 0)
        return EXIT_USAGE;
    char how = options_last("hprk");
    char powered = options_last("HP"); /* what -h is to mean */
    if (powered != 0 && how != 'h')
        return command_usage(c);
    if (given('c'))
        return ask((const char *[]){"halt", "cancel"}, 2);
    if (options.count == 0)
        return command_usage(c);
    if (halt_delay(options.operand[0], time(NULL), &delay) < 0)
        return refuse(EXIT_USAGE, "%s is no time: use now, MINUTES or HH:MM", options.operand[0]);
    if (how == 'k')
        return 0;
    if (grace > GRACE_MAX) {
        message_warning("-t %llu: %d s is the most", (unsigned long long)grace, GRACE_MAX);
        grace = GRACE_MAX;
    }
    if (given('t'))
        snprintf(grace_text, sizeof grace_text, "%llu", (unsigned long long)grace * 1000);
    snprintf(delay_text, sizeof delay_text, "%lu", delay);
    join(options.operand + 1, message);
    const char *words[REQUEST_MAX] = {"halt", how_by_letter(powered == 'P' ? 'p' : how, "halt"),
                                      delay_text, grace_text, message};
    return ask(words, message[0] != '\0' ? REQUEST_MAX : REQUEST_MAX - 1);
}

/* -d, -f, -i, -n, -W: of wtmp, sync, wall and a machine that is at hand, which are not here. */
static const char now_options[] = "-h  end the container\n"
                                  "-p  power the machine off\n"
                                  "-r  reboot the machine\n"
                                  "-w  do nothing: there is no wtmp\n"
                                  "-d\n-f\n-i\n-n\n-W\n";

static const char shutdown_options[] =
    "-h          end the container (default)\n"
    "-p          power the machine off; -hP as well\n"
    "-r          reboot the machine\n"
    "-k          only look whether the call is right\n"
    "-t SECONDS  between TERM and KILL to what is left, instead of S6_KILL_GRACETIME\n"
    "-c          cancel what is scheduled\n"
    "-H\n-P\n-a\n-f\n-F\n-i\n";

const struct command command_halt[] = {
    {"halt", "[-h|-p|-r] [-w]", "stop all services and end the container", now_options, run_now},
    {"poweroff", "[-h|-p|-r] [-w]", "stop all services and power the machine off", now_options,
     run_now},
    {"reboot", "[-h|-p|-r] [-w]", "stop all services and reboot the machine", now_options, run_now},
    {"shutdown", "[-h|-p|-r|-k] [-t seconds] now|[+]minutes|hh:mm [message...] | -c",
     "stop all services, now or later, then halt, power off or reboot", shutdown_options,
     run_shutdown},
    {.name = NULL}};
