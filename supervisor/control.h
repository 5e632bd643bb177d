/* The control socket (docs/control.md): its server in pid 1, and its client.
 *
 * Only root and pid 1's own user get a word in: the socket is theirs, and a peer that is neither is
 * let go before anything of it is looked at. Nothing that a caller passes ever is a descriptor of
 * pid 1: it looks at the request where it waits, in the socket, and children take the caller's
 * descriptors from there. Closing the socket then is what may wait, for whatever lies in it, and is
 * done by a child. */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include "contract/control.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    CONTROL_CONNECTIONS = 16,    /* requests at once */
    CONTROL_IDLE = 32,           /* callers that have asked nothing, or do not fetch their answer */
    CONTROL_PLACES = 64,         /* with connections that are being closed */
    CONTROL_UNSENT_MAX = 4 << 20 /* bytes */
};

struct control;

enum { CONTROL_PENDING = -1 };

enum connection_state {
    CONNECTION_FREE = 0, /* a place for one */
    CONNECTION_SILENT,   /* it has asked nothing yet */
    CONNECTION_ASKING,   /* its request was taken and is not answered yet */
    CONNECTION_ENDING,   /* it is: once that was sent, the caller is to close it */
    CONNECTION_OVER,     /* to be closed */
    CONNECTION_CLOSING   /* a child is at it */
};

struct control_connection {
    struct control *control;
    enum connection_state state;
    struct watch watch;
    ino_t inode; /* of its socket */
    pid_t peer;
    uint64_t order;    /* the lower, the longer it is here */
    int code;          /* of the answer's end, while ENDING */
    bool due;          /* that is to be sent by control_flush */
    bool ended;        /* that was sent */
    bool cut;          /* something had no room */
    struct str unsent; /* packets that the socket had no room for, each behind its length */
    size_t sent;       /* so many bytes of these are */
};

/* words and count are valid during the call. Returns the exit code for the caller, or
 * CONTROL_PENDING: control_end will be called later, if control_gone is not before. */
typedef int control_handler(void *context, struct control_connection *from,
                            const char *const *words, size_t count);
typedef void control_gone(void *context, const struct control_connection *from);
/* As process_close; a child's end is told by control_closed with that place. */
typedef pid_t control_closer(void *context, int fd, uint32_t place);

struct pid1_calls;

struct control {
    struct loop *loop;
    const struct pid1_calls *calls;
    struct watch listener;
    struct control_connection connection[CONTROL_PLACES];
    uint64_t accepted; /* so far */
    bool due;          /* there are ends for control_flush */
    control_handler *handler;
    control_gone *gone;
    control_closer *closer;
    void *context;
};

/* loop, calls, handler, gone, closer and context are set. The rest of c is filled; it is for good.
 */
int control_open(struct control *c, const char *path, struct error *e);

/* Text for the caller's stdout ('o') or stderr ('e'), or ms that it is to wait ('w'). What it does
 * not read yet waits here, CONTROL_UNSENT_MAX at most: then it gets no more, and exit code 111. */
void control_say(struct control_connection *k, char kind, const char *text);
/* The answer to a pending request, which control_flush sends. */
void control_end(struct control_connection *k, int code);
/* To be called when all is done that a caller may look at once it has its answer. */
void control_flush(struct control *c);
/* Of one whose request is pending: for struct process_spawn, the socket that brings the caller's
 * descriptors 0 to 2. */
int control_passed(const struct control_connection *k);

void control_closed(struct control *c, uint32_t place);
void control_again(struct control *c); /* what could not be closed for lack of something */

/* Pure: the words of a request. words point into bytes. The count, or -1 for a malformed one. */
long control_parse(const char *bytes, size_t length, const char *words[CONTROL_WORDS_MAX]);

/* Fills a with path. -1 with e: it is too long. */
struct sockaddr_un;
int control_address(struct sockaddr_un *a, const char *path, struct error *e);

#endif
