/* The control socket (docs/control.md): its server in pid 1, and its client. */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include <stddef.h>

enum { CONTROL_CONNECTIONS = 16, CONTROL_PACKET_MAX = 65536, CONTROL_WORDS_MAX = 64 };

struct control;

struct control_connection {
    struct control *control;
    struct watch watch; /* fd -1: free */
};

/* words and count are valid during the call. Returns the exit code for the caller, and may put text
 * for its stderr into *say (static). */
typedef int control_handler(void *context, const char *const *words, size_t count,
                            const char **say);

struct control {
    struct loop *loop;
    struct watch listener;
    struct control_connection connection[CONTROL_CONNECTIONS];
    control_handler *handler;
    void *context;
};

int control_open(struct control *c, struct loop *l, const char *path, control_handler *handler,
                 void *context, struct error *e);
void control_close(struct control *c);

/* Pure: the words of a request. words point into bytes. The count, or -1 for a malformed one. */
long control_parse(const char *bytes, size_t length, const char *words[CONTROL_WORDS_MAX]);

/* The client: sends words, copies replies to descriptors 1 and 2; the exit code, or -1. */
int control_request(const char *path, const char *const *words, size_t count, struct error *e);

#endif
