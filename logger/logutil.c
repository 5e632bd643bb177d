/* The command `logutil-service`: s6-log as nobody, by the script of S6_LOGGING_SCRIPT. */
#include "base/account.h"
#include "base/command.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "logger/processes.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { NOBODY = 65534 };
#define DEFAULT_SCRIPT "n20 s1000000 T"

const char logutil_options[] = "-f, --fifo=FIFO  read that instead of standard input\n";

/* A fifo without a writer must not be at its end, so we are one too. */
static int take_fifo(const char *path, struct error *e)
{
    int fd = openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return error_system(e, "unable to open %s", path);
    if (dup2(fd, 0) < 0)
        return error_system(e, "unable to read %s", path);
    close(fd);
    return 0;
}

static int become_nobody(struct error *e)
{
    struct account a;
    int found = account_by_name("nobody", &a, e);
    if (found < 0)
        return -1;
    if (found > 0)
        a = (struct account){.uid = NOBODY, .gid = NOBODY};
    if (found > 0 && groups_add(&a.groups, NOBODY) < 0)
        return error_system(e, "unable to keep a group");
    int result = account_become(&a, e);
    groups_release(&a.groups);
    return result;
}

static int drop(struct error *e)
{
    int result = geteuid() == 0 ? become_nobody(e) : -1;
    if (result == 0)
        return 0;
    /* EINVAL: a user namespace that knows no other users. */
    if (geteuid() == 0 && errno != EPERM && errno != EINVAL)
        return -1;
    message_warning("unable to become nobody, logging as uid %lu", (unsigned long)geteuid());
    return 0;
}

static int fill(struct words *w, const char *script, const char *directory)
{
    return words_add(w, "s6-log") | words_add(w, "-b") | words_add(w, "--") |
           words_split(w, script, " \t\n\r") | words_add(w, directory);
}

int logutil_run(struct invocation *c)
{
    struct words words = WORDS_INIT; /* main executes it */
    struct error e = ERROR_INIT;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    if (options.count != 1)
        return command_usage(c);
    const char *fifo = argument_of('f');
    const char *script = getenv("S6_LOGGING_SCRIPT");
    if (fill(&words, script == NULL ? DEFAULT_SCRIPT : script, options.operand[0]) != 0) {
        error_system(&e, "unable to read the logging script");
        return message_error(&e);
    }
    if ((fifo != NULL && take_fifo(fifo, &e) < 0) || drop(&e) < 0)
        return message_error(&e);
    environment_clear(true);      /* PATH is for processors */
    c->program = command_program; /* and its name is s6-log, by which people look for it */
    return command_chain(c, words.item);
}
