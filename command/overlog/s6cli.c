/* s6-cli: the verbs of the tool of that name, done by those of overlog. */
#include "base/error.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 16 };

static const struct {
    const char *name, *alias, *verb;
} verbs[] = {{"create", "c", "create"},
             {"remove", "rm", "remove"},
             {"lint", "l", "check"},
             {"mermaid", "m", "graph"}};

static int run_verb(const char *verb, char **argv, int argc)
{
    struct invocation c = {.command = command_verb(verb), .argc = argc, .argv = argv};
    return c.command->run(&c);
}

static int run_s6cli(struct invocation *c)
{
    static char root_path[] = TREE_DEFAULT "/s6-rc.d", dir[] = "--dir";
    static char mermaid[] = "--format=mermaid", alone[] = "--bundle=-", quiet[] = "--quiet";
    char *path = root_path;
    char *argv[WORDS_MAX];
    int argc = 0;
    const char *verb = NULL;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    if (given('p'))
        path = (char *)(uintptr_t)argument_of('p');
    char **words = options.operand;
    int count = options.count;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(words[0], verbs[i].name) == 0 || strcmp(words[0], verbs[i].alias) == 0)
            verb = verbs[i].verb;
    bool creates = verb != NULL && strcmp(verb, "create") == 0;
    if (verb == NULL || count > WORDS_MAX - 7)
        return command_usage(c);
    bool graph = strcmp(verb, "graph") == 0, check = strcmp(verb, "check") == 0;
    argv[argc++] = words[0];
    if (graph)
        argv[argc++] = mermaid;
    if (creates) /* nothing is started that user/contents.d does not name */
        argv[argc++] = alone;
    if (!graph && !check) {
        argv[argc++] = quiet; /* the words are those of that tool */
        argv[argc++] = dir;
    }
    argv[argc++] = path;
    for (int i = 1; i < count; i++)
        argv[argc++] = words[i];
    argv[argc] = NULL;
    if (graph)
        puts("```mermaid");
    int code = run_verb(verb, argv, argc);
    if (graph)
        puts("```");
    if (code == 0 && (creates || strcmp(verb, "remove") == 0))
        print_shown("%sd %s", verb, argv[argc - 1]), putchar('\n');
    return code;
}

static const char s6cli_options[] =
    "-p, --root-path=DIR  where services are defined (/etc/s6-overlay/s6-rc.d)\n";

const struct command command_s6cli[] = {
    {"s6-cli", "[-p DIR] create [-o] oneshot|longrun|bundle NAME | remove NAME | lint | mermaid",
     "write, delete, check and draw service definitions", s6cli_options, run_s6cli},
    {.name = NULL}};
