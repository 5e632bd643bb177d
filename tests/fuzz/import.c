/* overlog import: by the first byte a crontab, of the system where it is odd, if it is 240 or more;
 * else a supervisord.conf where it is even, or a Procfile. Whatever it says, what is written can be
 * read again, without a mistake, and has each service. */
#include "command/overlog/import.h"
#include "tests/fuzz/imported.h"
#include <regex.h>

/* How many services a Procfile is: its lines "NAME: COMMAND", but one for all releases. */
static size_t lines_of_procfile(const char *text)
{
    static regex_t line;
    size_t n = 0, releases = 0;
    regmatch_t found[2];
    if (line.re_nsub == 0)
        MUST(regcomp(&line, "^([A-Za-z0-9_-]+):[ \t]*[^ \t\r\n]", REG_EXTENDED | REG_NEWLINE) == 0);
    for (const char *p = text; regexec(&line, p, 2, found, 0) == 0;) {
        bool release =
            found[1].rm_eo - found[1].rm_so == 7 && strncmp(p + found[1].rm_so, "release", 7) == 0;
        releases += release;
        n += !release;
        p += found[0].rm_so;
        p += strcspn(p, "\n");
        if (*p == '\0')
            break;
        p++;
    }
    return n + (releases > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct tree t;
    uint8_t kind = input_byte(&in);
    bool crontab = kind >= 240, procfile = !crontab && kind % 2;
    const char *root = fuzz_directory();
    char *text = strndup((const char *)in.at, in.left);
    MUST(text != NULL);
    if (strcasestr(text, "include") != NULL) { /* files of this machine */
        free(text);
        return 0;
    }
    make_empty_tree(&t, root);
    struct import im = {.tree = &t, .file = "/nowhere/file"};
    int code = crontab    ? import_crontab(&im, text, kind % 2)
               : procfile ? import_procfile(&im, text)
                          : import_supervisord(&im, text);
    MUST(code == 0 || code == 1);
    MUST(!procfile || code != 0 || im.services == lines_of_procfile(text));
    if (code == 0 && im.services > 0) {
        MUST(import_save(&im, kind % 3 == 0, "") == 0);
        MUST(services_again(root) == services_of(&t) + im.services);
    }
    import_release(&im);
    tree_release(&t);
    free(text);
    return 0;
}
