/* Users and groups from /etc/passwd and /etc/group, without NSS. Reads files: children and commands
 * only, never pid 1 past its mark. */
#ifndef BASE_ACCOUNT_H
#define BASE_ACCOUNT_H

#include "base/error.h"
#include <sys/types.h>

enum { GROUPS_MOST = 65536 }; /* that the kernel takes of one process */

/* Group ids in memory of their own; all zero: none. */
struct groups {
    gid_t *id;
    size_t count;
    size_t room;
};

/* -1 with errno: no memory, or E2BIG when there are GROUPS_MOST already. */
int groups_add(struct groups *g, gid_t id);
void groups_release(struct groups *g);

struct account {
    uid_t uid;
    gid_t gid;
    struct groups groups; /* supplementary, gid included when looked up by name */
};

/* NAME: by /etc/passwd, with its supplementary groups, which the caller releases. 0; 1 when there
 * is no such user; -1 on error. */
int account_by_name(const char *name, struct account *a, struct error *e);
/* The same without groups: nothing is to be released. */
int account_ids(const char *name, struct account *a, struct error *e);
/* A group's id by name, 0, 1 or -1 as above. */
int account_group(const char *name, gid_t *gid, struct error *e);
/* "UID:GID" or "UID" (gid = uid) in digits, no supplementary groups: 0, or -1 when it is not one.
 */
int account_by_number(const char *text, struct account *a);
/* The name of an id; empty when it has none. */
enum { ACCOUNT_NAME_MAX = 64 };
void account_user_name(uid_t uid, char name[ACCOUNT_NAME_MAX]);
void account_group_name(gid_t gid, char name[ACCOUNT_NAME_MAX]);
/* Sets groups, gid, uid for good. */
int account_become(const struct account *a, struct error *e);

#endif
