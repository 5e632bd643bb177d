#include "supervisor/logging.h"
#include "base/account.h"
#include "base/kernel.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The user that a variable names. 0, or -1 with e. */
static int find(const char *user, struct account *a, const char *variable, struct error *e)
{
    if (account_by_number(user, a) == 0)
        return 0;
    int found = account_pair(user, a, e);
    if (found > 0)
        found = account_ids(user, a, e);
    if (found > 0)
        return error_set(e, EXIT_USAGE, "no user %s in /etc/passwd (%s)", user, variable);
    struct error why = *e;
    if (found < 0 && why.code == ACCOUNT_UNKNOWN)
        error_set(e, EXIT_USAGE, "%s (%s)", why.text, variable);
    return found;
}

/* "UID:GID" of a user, or of "USER:GROUP", given by names or numbers; "" when it is who we are, or
 * we cannot change. */
static int resolve(const char *user, char out[32], const char *variable, struct error *e)
{
    struct account a;
    out[0] = '\0';
    if (geteuid() != 0 || strcmp(user, "root") == 0) /* a scratch image has no passwd */
        return 0;
    if (find(user, &a, variable, e) < 0)
        return -1;
    if (a.uid != 0 || a.gid != 0)
        snprintf(out, 32, "%lu:%lu", (unsigned long)a.uid, (unsigned long)a.gid);
    return 0;
}

static int copy_variable(struct words *environment, const char *name)
{
    char text[4096];
    const char *value = getenv(name);
    if (value == NULL)
        return 0;
    snprintf(text, sizeof text, "%s=%s", name, value);
    return words_add(environment, text);
}

int logging_open(struct logging *g, struct pid1 *p, struct error *e)
{
    *g = (struct logging){.pid1 = p, .lock = -1};
    if (resolve(p->settings.log_user, g->user, "OVERLOG_USER", e) < 0 ||
        resolve(p->settings.catchall_user, g->catchall, "S6_CATCHALL_USER", e) < 0)
        return -1;
    if (copy_variable(&g->environment, "PATH") < 0 || copy_variable(&g->environment, "TZ") < 0)
        return error_system(e, "unable to prepare the environment of loggers");
    g->lock = kernel_memory("console");
    return g->lock < 0 ? error_system(e, "unable to make the console lock") : 0;
}

unsigned long logging_descriptors(const struct logging *g, bool apart)
{
    enum { PIPES = 2, JOURNALS = 2, CONTROL = 1 };
    int fd = apart ? -1 : process_open_side(g->pid1->null, O_RDWR);
    if (fd < 0)
        return 2 * PIPES + JOURNALS + CONTROL;
    close(fd);
    return PIPES + JOURNALS + CONTROL;
}

bool logging_is_paired(const struct settings *s, const struct definition *d,
                       enum logging_mode *mode)
{
    *mode = d->keys.logging >= 0 ? (enum logging_mode)d->keys.logging : s->logging;
    if (d->producer_for != NULL || d->consumer_for.count > 0)
        return false;
    return *mode != LOGGING_CONSOLE || s->console != CONSOLE_PLAIN;
}
