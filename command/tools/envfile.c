/* with-envfile: variables from a file of NAME=VALUE lines. */
#include "base/envfile.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

/* Sets a variable; word is ours to write in. */
static int set(char *word)
{
    char *value = strchr(word, '=');
    *value++ = '\0';
    return setenv(word, value, 1) == 0 ? 0 : fail("set", word);
}

static int load(const char *file)
{
    struct str text = STR_INIT;
    struct words list = WORDS_INIT;
    struct error e = ERROR_INIT;
    struct envfile_mistake m;
    int code = 0;
    if (file_read(AT_FDCWD, file, FILE_MAX, &text, &e) < 0)
        code = errno == ENOENT && given('o') ? 0 : message_error(&e);
    else if (envfile_parse(text.data, text.length, &list, &m) < 0)
        code = refuse(EXIT_SYSTEM, "%s:%u: %s", file, m.line,
                      m.text == NULL ? "out of memory" : m.text);
    for (size_t i = 0; i < list.count && code == 0; i++)
        code = set(list.item[i]);
    words_release(&list);
    str_release(&text);
    return code;
}

static int run_with_envfile(struct invocation *c)
{
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    int code = load(options.operand[0]);
    return code == 0 ? command_chain(c, options.operand + 1) : code;
}

static const char envfile_options[] = "-o, --optional  go on where there is no such file\n";

const struct command command_envfile[] = {{"with-envfile", "[-o] file prog...",
                                           "run a program with variables from a file of NAME=VALUE",
                                           envfile_options, run_with_envfile},
                                          {.name = NULL}};
