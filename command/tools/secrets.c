/* with-secrets: variables from files that other variables name. */
#include "overlay/secrets.h"
#include "base/failure.h"
#include "base/options.h"
#include "command/commands.h"
#include <stdlib.h>

extern char **environ;

static int set_all(const struct words *affixes, struct problems *p)
{
    struct secrets s = SECRETS_INIT;
    struct str value = STR_INIT;
    int code = secrets_find(&s, environ, affixes, p) == 0 ? 0 : EXIT_SYSTEM;
    for (size_t i = 0; i < s.count && code == 0; i++) {
        if (!secret_read(&s.item[i], &value, p))
            continue;
        if (setenv(s.item[i].name, value.data, 1) < 0)
            code = fail("set", s.item[i].name);
        unsetenv(s.item[i].from);
    }
    str_release(&value);
    secrets_release(&s);
    return code;
}

static int run_with_secrets(struct invocation *c)
{
    struct words affixes = WORDS_INIT;
    struct problems p = PROBLEMS_INIT;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    int code = secrets_affixes(given('a') ? argument_of('a') : SECRETS_USUAL, &affixes, &p) == 0
                   ? (p.errors > 0 ? EXIT_USAGE : set_all(&affixes, &p))
                   : EXIT_SYSTEM;
    problems_say(&p);
    if (code == 0 && p.errors > 0)
        code = EXIT_SYSTEM;
    problems_release(&p);
    words_release(&affixes);
    return code == 0 ? command_chain(c, options.operand) : code;
}

static const char secrets_options[] =
    "-a, --affixes=WORDS  what marks such a variable: \"FILE__ _FILE\" are FILE__X and X_FILE\n";

const struct command command_secrets[] = {
    {"with-secrets", "[-a WORDS] prog...",
     "run a program with variables from files that X_FILE or FILE__X name", secrets_options,
     run_with_secrets},
    {.name = NULL}};
