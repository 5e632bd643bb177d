/* Users and groups from /etc/passwd and /etc/group, without NSS. Reads files: children and commands
 * only, never pid 1 past its mark. */
#ifndef BASE_ACCOUNT_H
#define BASE_ACCOUNT_H

#include "base/error.h"
#include <sys/types.h>

enum { GROUPS_MOST = 65536 }; /* most groups that the kernel lets one process have */

/* Group ids in memory of their own; all zero: none. */
struct groups {
    gid_t *id;
    size_t count;
    size_t room;
};

/* Appends id. 0, or -1 with errno: ENOMEM, or E2BIG when there are GROUPS_MOST already. */
int groups_add(struct groups *g, gid_t id);
/* Frees the memory and leaves an empty list. */
void groups_release(struct groups *g);

struct account {
    uid_t uid;
    gid_t gid;
    struct groups groups; /* supplementary, gid included when looked up by name */
};

/* Looks a user up in /etc/passwd, and its supplementary groups in /etc/group; the caller releases
 * a->groups. 0; 1 when there is no such user; -1 with e when a file cannot be read. */
int account_by_name(const char *name, struct account *a, struct error *e);
/* The same without supplementary groups: nothing is to be released. */
int account_ids(const char *name, struct account *a, struct error *e);
/* Looks a group up in /etc/group: 0, 1 or -1 as above. */
int account_group(const char *name, gid_t *gid, struct error *e);
/* Reads the number of a user or group; the largest there is means none. 0, or -1. */
int account_id(const char *text, unsigned int *id);
/* Reads "UID:GID", or "UID" for a group of the same number, in digits; no supplementary groups. 0,
 * or -1 when text is neither. */
int account_by_number(const char *text, struct account *a);
enum { ACCOUNT_UNKNOWN = 1 }; /* the code of an error that says that there is no such account */
/* Reads "USER:GROUP", where each is a number, or else a name that is looked up; no supplementary
 * groups. 0; 1 when text has another form; -1 with e when a name is not known or a file cannot be
 * read. */
int account_pair(const char *text, struct account *a, struct error *e);
enum { ACCOUNT_NAME_MAX = 64 };
/* Write the name that the account files give an id, cut to fit; "" when they give none. */
void account_user_name(uid_t uid, char name[ACCOUNT_NAME_MAX]);
void account_group_name(gid_t gid, char name[ACCOUNT_NAME_MAX]);
/* As setgroups, setresgid and setresuid, for a process of one thread: one call each, where the C
 * library makes four to reach all threads. */
int account_set_groups(size_t count, const gid_t *groups);
int account_set_gids(gid_t real, gid_t effective, gid_t saved);
int account_set_uids(uid_t real, uid_t effective, uid_t saved);
/* Sets supplementary groups, gid and uid of this process, for good. 0, or -1 with e and errno. */
int account_become(const struct account *a, struct error *e);

#endif
