/* What `probe` is asked for, read from a word such as "http://[::1]:8080/health". Pure. */
#ifndef COMMAND_TOOLS_PROBE_TARGET_H
#define COMMAND_TOOLS_PROBE_TARGET_H

#include "base/error.h"

enum probe_kind {
    PROBE_HTTP,      /* http://HOST[:PORT]/PATH: host, port, authority, uri */
    PROBE_HTTP_UNIX, /* http+unix:SOCKET:/PATH: path, authority, uri */
    PROBE_TCP,       /* tcp:HOST:PORT: host, port */
    PROBE_UNIX,      /* unix:PATH, unix:@NAME of an abstract one: path */
    PROBE_FILE,      /* file:PATH: path */
    PROBE_PID,       /* pid:FILE: path */
    PROBE_LOG,       /* log:SERVICE:REGEX: service, pattern */
    PROBE_SERVICE    /* service:NAME: service */
};

/* Members that its kind does not name are NULL. */
struct probe_target {
    enum probe_kind kind;
    const char *word;      /* as given; the caller's */
    const char *host;      /* a name or an address, without brackets */
    const char *port;      /* "1" to "65535" */
    const char *authority; /* what the header Host says */
    const char *path;
    const char *uri; /* begins with "/" */
    const char *service, *pattern;
    char *copy[3]; /* owned: what the texts above are in */
};

/* Reads a word, which must live as long as the target. 0 and *t, which the caller releases; or -1
 * with e, which says what is wrong: of code EXIT_USAGE, or EXIT_SYSTEM without memory. */
int probe_target_parse(struct probe_target *t, const char *word, struct error *e);
void probe_target_release(struct probe_target *t);

#endif
