/* overlog import: a supervisord.conf where the first byte is even, else a Procfile. Whatever it
 * says, what is written can be read again, without a mistake, and has each service. */
#include "command/overlog/import.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include "services/graph.h"
#include "tests/fuzz/fuzz.h"

/* What reads the scripts of a tree is not of interest here. */
bool check_logging_script(const struct words *words, struct error *why)
{
    (void)words;
    (void)why;
    return true;
}

static size_t services_of(const struct tree *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->definitions.count; i++)
        n += t->definitions.item[i].type != DEFINITION_BUNDLE;
    return n;
}

static void read_again(const char *root, size_t services)
{
    struct tree t;
    struct error e = ERROR_INIT;
    MUST(tree_find(&t, NULL, root, &e) == 0);
    MUST(tree_read(&t) == 0);
    MUST(t.problems.errors == 0);
    MUST(services_of(&t) == services);
    tree_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct error e = ERROR_INIT;
    struct tree t;
    bool procfile = input_byte(&in) % 2;
    const char *root = fuzz_directory();
    char path[100];
    char *text = strndup((const char *)in.at, in.left);
    MUST(text != NULL);
    if (strcasestr(text, "include") != NULL) { /* files of this machine */
        free(text);
        return 0;
    }
    snprintf(path, sizeof path, "%s/s6-rc.d", root);
    MUST(mkdir(path, 0755) == 0);
    MUST(tree_find(&t, NULL, root, &e) == 0 && tree_read(&t) == 0);
    struct import im = {.w = {.tree = &t}, .file = "/nowhere/file"};
    int code = procfile ? import_procfile(&im, text) : import_supervisord(&im, text);
    MUST(code == 0 || code == 1);
    if (code == 0 && im.services > 0)
        read_again(root, services_of(&t) + im.services);
    import_release(&im);
    tree_release(&t);
    free(text);
    return 0;
}
