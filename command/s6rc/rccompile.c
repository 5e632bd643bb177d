/* s6-rc-compile, and what remains of s6-rc-init, s6-rc-format-upgrade and s6-rc-dryrun where /init
 * reads definitions by itself. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/s6/control_client.h"
#include "command/s6rc/rcsource.h"
#include "contract/paths.h"
#include "services/database.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_INCOMPATIBLE = 102, VERBOSITY_MAX = 9 };

static int verbosity(const struct invocation *c, uint64_t *level)
{
    if (options_number(c, argument_of('v'), VERBOSITY_MAX, level) != 0)
        return EXIT_USAGE;
    message_verbosity((int)*level);
    return 0;
}

/* --- s6-rc-compile ---------------------------------------------------------------------------- */

static int compile(char *const *operands, size_t sources)
{
    struct definitions d = DEFINITIONS_INIT;
    struct graph g = GRAPH_INIT;
    struct error e = ERROR_INIT;
    for (size_t i = 1; i <= sources; i++)
        message_info("adding sources from %s", operands[i]);
    message_info("making bundles for pipelines");
    message_info("resolving bundle names");
    message_info("resolving service names");
    int code = rcsource_read(&d, &g, (const char *const *)operands + 1, sources);
    if (code == 0) {
        message_info("writing compiled information to %s", operands[0]);
        if (database_compile(operands[0], &d, &e) < 0)
            code = message_error(&e);
    }
    graph_release(&g);
    definitions_release(&d);
    return code;
}

static int run_compile(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct stat s;
    uint64_t level = 1;
    int code = options_read(c, 2);
    if (code != 0 || (code = verbosity(c, &level)) != 0)
        return code;
    if (lstat(options.operand[0], &s) == 0) {
        error_set(&e, EXIT_SYSTEM, "unable to create %s: %s", options.operand[0], strerror(EEXIST));
        return message_error(&e);
    }
    return compile(options.operand, (size_t)options.count - 1);
}

/* --- s6-rc-init ------------------------------------------------------------------------------- */

static int same_database(const char *path)
{
    struct definitions d[2] = {DEFINITIONS_INIT, DEFINITIONS_INIT};
    struct str packed[2] = {STR_INIT, STR_INIT};
    const char *const paths[2] = {path, RUN_COMPILED};
    struct error e = ERROR_INIT;
    int code = 0;
    for (int i = 0; i < 2 && code == 0; i++)
        if (database_read(&d[i], paths[i], &e) < 0 || definitions_pack(&d[i], &packed[i]) < 0)
            code = message_error(&e);
    if (code == 0 && (packed[0].length != packed[1].length ||
                      memcmp(packed[0].data, packed[1].data, packed[0].length) != 0)) {
        message_fatal("%s is not the database that runs: use s6-rc-update %s", path, path);
        code = EXIT_INCOMPATIBLE;
    }
    for (int i = 0; i < 2; i++) {
        definitions_release(&d[i]);
        str_release(&packed[i]);
    }
    return code;
}

static int run_init(struct invocation *c)
{
    struct error e = ERROR_INIT;
    const char *nothing[] = {"s6-rc", "", "0", "1", "0", "list"};
    int code = options_read(c, 1);
    if (code != 0)
        return code;
    if (given('l') && !rcsource_is_live(argument_of('l')))
        return EXIT_SYSTEM;
    if (!file_is_same(options.operand[0], RUN_SCANDIR) ||
        control_request(RUN_CONTROL, nothing, sizeof nothing / sizeof nothing[0], &e) != 0)
        return refuse(EXIT_USAGE, "no s6-svscan is running on %s (/init does, on " RUN_SCANDIR ")",
                      options.operand[0]);
    /* /init has done it; what is there is used. */
    return given('c') ? same_database(argument_of('c')) : 0;
}

/* --- s6-rc-format-upgrade, s6-rc-dryrun ------------------------------------------------------- */

static int run_upgrade(struct invocation *c)
{
    struct definitions d = DEFINITIONS_INIT;
    struct error e = ERROR_INIT;
    uint64_t level = 1;
    int code = options_read(c, 1);
    if (code != 0 || (code = verbosity(c, &level)) != 0)
        return code;
    if (database_read(&d, options.operand[0], &e) < 0)
        code = message_error(&e);
    else
        message_info("there is one format: nothing is to be upgraded");
    definitions_release(&d);
    return code;
}

static int run_dryrun(struct invocation *c)
{
    uint64_t level = 1;
    uint64_t ms = 0;
    int code = options_read(c, 1);
    if (code != 0 || (code = verbosity(c, &level)) != 0 ||
        (code = options_number(c, argument_of('t'), UINT32_MAX, &ms)) != 0)
        return code;
    struct str line = STR_INIT;
    for (char **word = options.operand; *word != NULL; word++)
        if (str_printf(&line, " %s", *word) < 0)
            return EXIT_SYSTEM;
    if (level >= 1)
        message_line(MESSAGE_WARNING, "%s:%s", c->command->name, line.data);
    str_release(&line);
    clock_sleep((int64_t)ms * CLOCK_MS);
    return 0;
}

static const char compile_options[] =
    "-v, --verbosity=N         0 errors, 1 warnings too (default), 2 what is done\n"
    "-h, --fdholder-user=USER  accepted: nobody needs it\n"
    "-b, --block               accepted: nothing is locked\n";

static const char init_options[] = "-c, --bootdb=DIR   the database that must run\n"
                                   "-l, --livedir=DIR  the live directory (/run/s6-rc)\n"
                                   "-p, --prefix=TEXT  accepted\n"
                                   "-t, --timeout=MS   accepted\n"
                                   "-b, --block        accepted\n"
                                   "-d, --dereference  accepted\n"
                                   "-c, --compiled=DIR\n-d, --deref\n";

static const char upgrade_options[] = "-v, --verbosity=N  2: say what is done\n"
                                      "-l, --livedir=DIR  accepted\n"
                                      "-t, --timeout=MS   accepted\n"
                                      "-b, --block        accepted\n";

static const char dryrun_options[] = "-v, --verbosity=N  0: say nothing\n"
                                     "-t, --timeout=MS   sleep as long as that\n";

const struct command command_rccompile[] = {
    {"s6-rc-compile", "[-v n] [-h user] [-b] dest source...",
     "check directories of definitions, and make a database", compile_options, run_compile},
    {"s6-rc-init", "[-c compiled] [-l livedir] [-p prefix] [-t ms] [-b] [-d] scandir",
     "look that the services are supervised, as they are", init_options, run_init},
    {"s6-rc-format-upgrade", "[-v n] [-l livedir] [-t ms] [-b] compiled",
     "look that a database can be used", upgrade_options, run_upgrade},
    {"s6-rc-dryrun", "[-v n] [-t ms] prog...", "say what would be run", dryrun_options, run_dryrun},
    {.name = NULL}};
