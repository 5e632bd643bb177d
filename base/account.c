#include "base/account.h"

#include "base/str.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PASSWD "/etc/passwd"
#define GROUP "/etc/group"

/* 1: the largest value means "leave as it is" to the kernel and names nobody. */
enum { ID_MAX_BELOW = 1 };

/* NULL and 0 when the file is missing: then nobody is known. */
static int open_table(const char *path, FILE **f, struct error *e)
{
    *f = fopen(path, "re");
    if (!*f && errno != ENOENT)
        return error_system(e, "unable to open %s", path);
    return 0;
}

static int close_table(FILE *f, const char *path, int result, struct error *e)
{
    bool bad = f && ferror(f) != 0;
    if (f)
        fclose(f);
    if (!bad)
        return result;
    errno = EIO;
    return error_system(e, "unable to read %s", path);
}

/* Finds the user of that name, or with name NULL of that id. 0, with its ids in a and its name in
 * found, cut to fit; 1: there is none; -1 with e. */
static int find_user(const char *name, uid_t uid, struct account *a, char found[ACCOUNT_NAME_MAX],
                     struct error *e)
{
    FILE *f;
    struct passwd *p;
    int result = 1;
    found[0] = '\0';
    *a = (struct account){.uid = 0};
    if (open_table(PASSWD, &f, e) < 0)
        return -1;
    while (f && result == 1 && (p = fgetpwent(f)))
        if (name != NULL ? strcmp(p->pw_name, name) == 0 : p->pw_uid == uid) {
            *a = (struct account){.uid = p->pw_uid, .gid = p->pw_gid};
            snprintf(found, ACCOUNT_NAME_MAX, "%s", p->pw_name);
            result = 0;
        }
    return close_table(f, PASSWD, result, e);
}

/* The same of a group, whose id is *gid then. */
static int find_group(const char *name, gid_t *gid, char found[ACCOUNT_NAME_MAX], struct error *e)
{
    FILE *f;
    struct group *g;
    int result = 1;
    found[0] = '\0';
    if (open_table(GROUP, &f, e) < 0)
        return -1;
    while (f && result == 1 && (g = fgetgrent(f)))
        if (name != NULL ? strcmp(g->gr_name, name) == 0 : g->gr_gid == *gid) {
            *gid = g->gr_gid;
            snprintf(found, ACCOUNT_NAME_MAX, "%s", g->gr_name);
            result = 0;
        }
    return close_table(f, GROUP, result, e);
}

int groups_add(struct groups *g, gid_t id)
{
    if (g->count == GROUPS_MOST) {
        errno = E2BIG;
        return -1;
    }
    if (LIST_ROOM(g->id, g->count, g->room) < 0)
        return -1;
    g->id[g->count++] = id;
    return 0;
}

void groups_release(struct groups *g)
{
    free(g->id);
    *g = (struct groups){.id = NULL};
}

int account_ids(const char *name, struct account *a, struct error *e)
{
    char found[ACCOUNT_NAME_MAX];
    return find_user(name, 0, a, found, e);
}

static bool has_group(const struct account *a, gid_t gid)
{
    for (size_t i = 0; i < a->groups.count; i++)
        if (a->groups.id[i] == gid)
            return true;
    return false;
}

static bool is_member(const struct group *g, const char *name)
{
    for (size_t i = 0; g->gr_mem[i]; i++)
        if (strcmp(g->gr_mem[i], name) == 0)
            return true;
    return false;
}

static int find_groups(const char *name, struct account *a, struct error *e)
{
    FILE *f;
    if (open_table(GROUP, &f, e) < 0)
        return -1;
    int result = 0;
    struct group *g;
    while (f && result == 0 && (g = fgetgrent(f))) {
        if (!is_member(g, name) || has_group(a, g->gr_gid))
            continue;
        if (groups_add(&a->groups, g->gr_gid) < 0)
            result = errno == E2BIG ? error_set(e, EXIT_SYSTEM, "user %s is in more than %d groups",
                                                name, GROUPS_MOST)
                                    : error_system(e, "unable to keep the groups of %s", name);
    }
    return close_table(f, GROUP, result, e);
}

int account_by_name(const char *name, struct account *a, struct error *e)
{
    int result = account_ids(name, a, e);
    if (result != 0)
        return result;
    if (groups_add(&a->groups, a->gid) == 0)
        result = find_groups(name, a, e);
    else
        result = error_system(e, "unable to keep the groups of %s", name);
    if (result < 0)
        groups_release(&a->groups);
    return result;
}

int account_group(const char *name, gid_t *gid, struct error *e)
{
    char found[ACCOUNT_NAME_MAX];
    return find_group(name, gid, found, e);
}

int account_id(const char *text, unsigned int *id)
{
    unsigned long long value;
    if (number_parse(text, 0xffffffffULL - ID_MAX_BELOW, &value) < 0)
        return -1;
    *id = (unsigned int)value;
    return 0;
}

int account_by_number(const char *text, struct account *a)
{
    char uid[16];
    size_t length = strcspn(text, ":");
    if (length >= sizeof uid)
        return -1;
    memcpy(uid, text, length);
    uid[length] = '\0';
    unsigned int u;
    unsigned int g;
    if (account_id(uid, &u) < 0 || account_id(text[length] ? text + length + 1 : uid, &g) < 0)
        return -1;
    *a = (struct account){.uid = u, .gid = g};
    return 0;
}

/* The uid of a name or number, as account_ids. */
static int pair_user(const char *name, uid_t *uid, struct error *e)
{
    struct account a;
    if (account_id(name, uid) == 0)
        return 0;
    int result = account_ids(name, &a, e);
    *uid = a.uid;
    return result <= 0 ? result : error_set(e, ACCOUNT_UNKNOWN, "unknown user: %s", name);
}

static int pair_group(const char *name, gid_t *gid, struct error *e)
{
    if (account_id(name, gid) == 0)
        return 0;
    int result = account_group(name, gid, e);
    return result <= 0 ? result : error_set(e, ACCOUNT_UNKNOWN, "unknown group: %s", name);
}

int account_pair(const char *text, struct account *a, struct error *e)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL || colon == text || colon[1] == '\0' || strchr(colon + 1, ':') != NULL)
        return 1;
    char *name = strndup(text, (size_t)(colon - text));
    if (name == NULL)
        return error_system(e, "unable to look up %s", text);
    *a = (struct account){.uid = 0};
    int result = pair_user(name, &a->uid, e);
    if (result == 0)
        result = pair_group(colon + 1, &a->gid, e);
    free(name);
    return result;
}

void account_user_name(uid_t uid, char name[ACCOUNT_NAME_MAX])
{
    struct account ignored;
    struct error e = ERROR_INIT;
    find_user(NULL, uid, &ignored, name, &e);
}

void account_group_name(gid_t gid, char name[ACCOUNT_NAME_MAX])
{
    struct error e = ERROR_INIT;
    find_group(NULL, &gid, name, &e);
}

#ifdef SYS_setresuid32 /* else the kernel takes ids of 16 bits */
enum { SET_GROUPS = SYS_setgroups32, SET_GIDS = SYS_setresgid32, SET_UIDS = SYS_setresuid32 };
#else
enum { SET_GROUPS = SYS_setgroups, SET_GIDS = SYS_setresgid, SET_UIDS = SYS_setresuid };
#endif

int account_set_groups(size_t count, const gid_t *groups)
{
    return (int)syscall(SET_GROUPS, count, groups);
}

int account_set_gids(gid_t real, gid_t effective, gid_t saved)
{
    return (int)syscall(SET_GIDS, real, effective, saved);
}

int account_set_uids(uid_t real, uid_t effective, uid_t saved)
{
    return (int)syscall(SET_UIDS, real, effective, saved);
}

int account_become(const struct account *a, struct error *e)
{
    if (account_set_groups(a->groups.count, a->groups.id) < 0)
        return error_system(e, "unable to set supplementary groups");
    if (account_set_gids(a->gid, a->gid, a->gid) < 0)
        return error_system(e, "unable to set gid %u", (unsigned int)a->gid);
    if (account_set_uids(a->uid, a->uid, a->uid) < 0)
        return error_system(e, "unable to set uid %u", (unsigned int)a->uid);
    return 0;
}
