/* A private view of this machine, in which a tree is that of a container: a mount namespace of our
 * own, and for a plain user a user namespace that it needs for that. Who we are, the processes, the
 * network and all other files stay those of the machine. Nothing outside is changed. */
#ifndef COMMAND_OVERLOG_UP_H
#define COMMAND_OVERLOG_UP_H

#include "base/error.h"

struct view {
    const char *run;   /* a directory of ours: what becomes /run */
    const char *root;  /* an empty directory of ours, to build on */
    const char *links; /* an empty directory of ours: what is added to /usr/bin */
    const char *tree;  /* absolute: what becomes /etc/s6-overlay */
    const char *etc;   /* absolute: a folder whose s6-overlay v2 folders, and what the machine does
                          not have in /etc, are seen there; NULL: none */
};

/* Once, before anything else is started. The old root is at VIEW_HOST. */
int view_enter(const struct view *v, struct error *e);
#define VIEW_HOST "/.host"

#endif
