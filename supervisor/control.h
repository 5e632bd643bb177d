/* The control socket (docs/control.md): its server in pid 1, and its client. */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    CONTROL_CONNECTIONS = 16,
    CONTROL_STRANGERS = 4,
    CONTROL_PACKET_MAX = 65536,
    CONTROL_UNSENT_MAX = 4 << 20,
    CONTROL_WORDS_MAX = 1024
};

struct control;

enum { CONTROL_STDIO = 3, CONTROL_PENDING = -1 };

struct control_connection {
    struct control *control;
    struct watch watch; /* fd -1: free */
    pid_t peer;
    bool stranger;            /* neither root nor our own user: it may look, and no more */
    int stdio[CONTROL_STDIO]; /* the caller's descriptors 0 to 2, or -1 */
    bool pending;             /* its request was taken and is not answered yet */
    bool ending;              /* it is, and is closed as soon as all of that has been read */
    bool cut;                 /* something had no room */
    struct str unsent;        /* packets that the socket had no room for, each behind its length */
    size_t sent;              /* so many bytes of these are */
};

/* words and count are valid during the call. Returns the exit code for the caller, or
 * CONTROL_PENDING: control_end will be called later, if control_gone is not before. */
typedef int control_handler(void *context, struct control_connection *from,
                            const char *const *words, size_t count);
typedef void control_gone(void *context, const struct control_connection *from);

struct control {
    struct loop *loop;
    struct watch listener;
    struct control_connection connection[CONTROL_CONNECTIONS];
    control_handler *handler;
    control_gone *gone;
    void *context;
};

int control_open(struct control *c, struct loop *l, const char *path, control_handler *handler,
                 control_gone *gone, void *context, struct error *e);

/* Text for the caller's stdout ('o') or stderr ('e'), or ms that it is to wait ('w'). What it does
 * not read yet waits here, CONTROL_UNSENT_MAX at most: then it gets no more, and exit code 111. */
void control_say(struct control_connection *k, char kind, const char *text);
/* The answer to a pending request. */
void control_end(struct control_connection *k, int code);
void control_close(struct control *c);

/* Pure: the words of a request. words point into bytes. The count, or -1 for a malformed one. */
long control_parse(const char *bytes, size_t length, const char *words[CONTROL_WORDS_MAX]);

/* The client: sends words and descriptors 0 to 2, copies replies to descriptors 1 and 2; the exit
 * code, or -1. */
int control_request(const char *path, const char *const *words, size_t count, struct error *e);
/* The same with what is for descriptor 1 appended to out. */
int control_ask(const char *path, const char *const *words, size_t count, struct str *out,
                struct error *e);

#endif
