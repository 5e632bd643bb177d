/* As whom a logger logs: the first of those who could write to its directory whom the kernel lets
 * us become, and who then can. */
#ifndef LOGGER_IDENTITY_H
#define LOGGER_IDENTITY_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct identity {
    bool stays; /* we remain who we are: uid and gid say nothing */
    uid_t uid;
    gid_t gid;
};

/* What is known before anybody is tried. */
struct identity_facts {
    struct identity wanted; /* stays: nobody is asked for, or ids cannot be changed at all */
    uid_t self;             /* the uid that we have */
    bool takes;             /* the kernel lets us become wanted */
    bool found;             /* the directory is there (or the nearest one above it): of whom */
    uid_t owner;
    gid_t group;
    mode_t mode;
};

enum { IDENTITY_MOST = 4 };

/* Pure: who is to be tried, in this order, the least privileged first; how many. */
size_t identity_order(const struct identity_facts *f, struct identity out[IDENTITY_MOST]);

/* Asks whether the directory can be written as who: 0, or an errno. */
typedef int identity_try(void *context, const struct identity *who);

/* Asks for one after the other until somebody can write. 0, or the errno of the last one; chosen is
 * then who goes on trying. A failure that would meet everybody (a full disk) ends the search. */
int identity_choose(const struct identity_facts *f, identity_try *works, void *context,
                    struct identity *chosen);

/* Makes and opens the log directory path, as logdir_prepare does, and settles as whom to log there;
 * it is given away only to whom we can become. The descriptor, or -1 with e when it cannot be used.
 * chosen is set in any case. For the time of a trial only the effective ids are changed. */
int identity_open(const char *path, const struct identity *wanted, mode_t mode,
                  struct identity *chosen, struct error *e);

#endif
