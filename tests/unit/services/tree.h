/* Little definition trees for tests, in a directory of their own. */
#ifndef TESTS_UNIT_SERVICES_TREE_H
#define TESTS_UNIT_SERVICES_TREE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
    char root[64];
    char services[80];
    char bundles[80];
};

static inline void tree_make(struct tree *t)
{
    strcpy(t->root, "/tmp/overlog-tree-XXXXXX");
    if (mkdtemp(t->root) == NULL)
        abort();
    snprintf(t->services, sizeof t->services, "%s/s6-rc.d", t->root);
    snprintf(t->bundles, sizeof t->bundles, "%s/user-bundles.d", t->root);
    mkdir(t->services, 0755);
    mkdir(t->bundles, 0755);
}

/* Writes a file below the root, its directories too. A path that ends in / makes a directory. */
static inline void tree_file(const struct tree *t, const char *path, const char *content)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", t->root, path);
    for (char *p = full + strlen(t->root) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        mkdir(full, 0755);
        *p = '/';
    }
    if (path[strlen(path) - 1] == '/')
        return;
    FILE *f = fopen(full, "w");
    if (f == NULL || fputs(content, f) < 0 || fclose(f) != 0)
        abort();
}

static inline void tree_remove(const struct tree *t)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", t->root);
    if (system(command) != 0)
        abort();
}

#endif
