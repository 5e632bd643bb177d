/* s6-rc: asks pid 1 to start and stop services; the engine is there. */
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "command/commands.h"
#include "command/s6/control_client.h"
#include "command/s6rc/rcsource.h"
#include "contract/control.h"
#include "contract/paths.h"
#include <stdio.h>
#include <string.h>

static const char rc_options[] =
    "-u, --up                  up (default)\n"
    "-d, --down                down; essential services stay up\n"
    "-D, --all-down            down, essential services too\n"
    "-a, --add                 add all services that are up to those named\n"
    "-p, --prune               and everything else the other way\n"
    "-t, --timeout=MS          wait no longer than that (0: for ever)\n"
    "-n, --dry-run=MS          only say what would be done\n"
    "-v, --verbosity=N         0 errors, 1 warnings too (default), 2 what is done\n"
    "-b, --block               wait for the transition that is under way\n"
    "-e, --without-essentials  do not list essential services\n"
    "-E, --with-essentials     list them (default)\n"
    "-l, --livedir=DIR         the live directory (/run/s6-rc)\n"
    "-e, --hide-essential\n"
    "-E, --show-essential\n";

enum { LETTERS_MAX = 32 };

static int run_rc(struct invocation *c)
{
    const char *words[CONTROL_WORDS_MAX];
    char letters[LETTERS_MAX] = "";
    const char *timeout = "0", *verbosity = "1", *pause = "0";
    uint64_t number;
    struct error e = ERROR_INIT;
    size_t count = 0, given = 0;
    for (int option; (option = command_option(c)) != 0;) {
        if (option == '?')
            return EXIT_USAGE;
        if ((option == 't' || option == 'n' || option == 'v') &&
            options_number(c, c->argument, option == 'v' ? 9 : UINT32_MAX, &number) != 0)
            return EXIT_USAGE;
        if (option == 't')
            timeout = c->argument;
        else if (option == 'v')
            verbosity = c->argument;
        else if (option == 'n')
            pause = c->argument;
        else if (option == 'l' && !rcsource_is_live(c->argument))
            return EXIT_SYSTEM;
        if (strchr("udDapnbeE", option) != NULL && given + 1 < LETTERS_MAX)
            letters[given++] = (char)option;
    }
    char **operands = command_operands(c);
    if (operands[0] == NULL)
        return command_usage(c);
    if (strcmp(operands[0], "help") == 0) {
        printf("usage: %s %s\n", c->command->name, c->command->usage);
        return fflush(stdout) == 0 ? 0 : EXIT_SYSTEM;
    }
    words[count++] = "s6-rc";
    words[count++] = letters;
    words[count++] = timeout;
    words[count++] = verbosity;
    words[count++] = pause;
    for (; *operands != NULL; operands++) {
        if (count == CONTROL_WORDS_MAX)
            return refuse(EXIT_USAGE, "too many services are named: put them into a bundle");
        words[count++] = *operands;
    }
    int code = control_request(RUN_CONTROL, words, count, &e);
    return code < 0 ? message_error(&e) : code;
}

const struct command command_rc[] = {
    {"s6-rc",
     "[-u|-d|-D] [-a] [-p] [-t ms] [-n ms] [-v n] [-b] [-e|-E] [-l livedir] "
     "help|list|listall|diff|change|start|stop|reload [service...]",
     "start, stop and list services", rc_options, run_rc},
    {.name = NULL}};
