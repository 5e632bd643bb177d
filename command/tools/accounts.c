/* Running a program as another user (spec/commands.md, the chain loaders). Only ids that are not 0
 * are applied: 0 keeps what we have. */
#include "base/account.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "command/commands.h"
#include "command/tools/identity.h"

#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Cuts the number in front of a delimiter out of *text, moving it behind both. 0, or -1: it is
 * none.
 */
static int next_id(const char **text, const char *delimiter, unsigned int *id)
{
    char number[16];
    size_t length = strcspn(*text, delimiter);
    snprintf(number, sizeof number, "%.*s", (int)length, *text);
    *text += length + ((*text)[length] != '\0');
    return length < sizeof number ? account_id(number, id) : -1;
}

/* "1,2,3"; an empty text is an empty list. */
static int parse_list(const char *text, struct identity *id)
{
    id->has_list = true;
    id->list.count = 0;
    while (*text != '\0') {
        gid_t one;
        if (next_id(&text, ",", &one) < 0 || groups_add(&id->list, one) < 0)
            return -1;
    }
    return 0;
}

/* The primary group is one of the list, as the kernel's checks of access expect. */
static int apply_list(struct identity *id)
{
    gid_t primary = id->gid ? id->gid : getgid();
    bool has_primary = false;
    for (size_t i = 0; i < id->list.count && !has_primary; i++)
        has_primary = id->list.id[i] == primary;
    if (!has_primary && groups_add(&id->list, primary) < 0)
        return -1;
    return setgroups(id->list.count, id->list.id);
}

int identity_apply(struct identity *id, struct error *e)
{
    if (id->has_list && apply_list(id) < 0)
        return error_system(e, "unable to set supplementary group list");
    if (id->gid && setgid(id->gid) < 0)
        return error_system(e, "unable to setgid");
    if (id->uid && setuid(id->uid) < 0)
        return error_system(e, "unable to setuid");
    return 0;
}

static void forget_variables(void)
{
    unsetenv("UID");
    unsetenv("GID");
    unsetenv("GIDLIST");
}

static int unknown(const char *what, const char *name)
{
    return refuse(ACCOUNT_UNKNOWN, "unknown %s: %s", what, name);
}

int identity_pair(const struct invocation *c, const char *text, struct account *a)
{
    struct error e = ERROR_INIT;
    int result = account_pair(text, a, &e);
    return result == 0 ? 0 : result < 0 ? message_error(&e) : command_usage(c);
}

/* --- s6-setuidgid --- */

static int identity_of_user(const char *name, struct identity *id, struct error *e)
{
    struct account a;
    int result = account_by_name(name, &a, e);
    if (result != 0)
        return result;
    *id = (struct identity){.uid = a.uid, .gid = a.gid, .has_list = true, .list = a.groups};
    /* The first is the primary group. */
    id->list.count--;
    memmove(id->list.id, id->list.id + 1, id->list.count * sizeof *id->list.id);
    return 0;
}

static int run_setuidgid(struct invocation *c)
{
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    char **words = options.operand;
    const char *name = words[0];
    struct error e = ERROR_INIT;
    struct identity id = {.uid = 0};
    if (*name == '\0')
        return command_chain(c, words + 1);
    if (strchr(name, ':')) {
        struct account a;
        int code = identity_pair(c, name, &a);
        if (code != 0)
            return code;
        id = (struct identity){.uid = a.uid, .gid = a.gid, .has_list = true};
    } else {
        int result = identity_of_user(name, &id, &e);
        if (result < 0)
            return message_error(&e);
        if (result > 0)
            return unknown("user", name);
        forget_variables();
    }
    if (identity_apply(&id, &e) < 0)
        return message_error(&e);
    return command_chain(c, words + 1);
}

/* --- s6-applyuidgid --- */

static const char apply_options[] =
    "-u uid      user id to become\n"
    "-g gid      group id to become\n"
    "-G gidlist  supplementary groups, separated by commas\n"
    "-U          take all three from the variables UID, GID and GIDLIST\n"
    "-z          remove these variables from the environment\n";

static int bad_variable(const char *name, bool set)
{
    if (set)
        message_fatal("invalid $%s", name);
    else
        message_fatal("%s not set", name);
    return EXIT_USAGE;
}

/* 0, or the exit code after saying what is wrong. */
static int take_variables(struct identity *id)
{
    const char *uid = getenv("UID");
    const char *gid = getenv("GID");
    const char *list = getenv("GIDLIST");
    if (!uid || account_id(uid, &id->uid) < 0)
        return bad_variable("UID", uid != NULL);
    if (!gid || account_id(gid, &id->gid) < 0)
        return bad_variable("GID", gid != NULL);
    if (!list || parse_list(list, id) < 0)
        return bad_variable("GIDLIST", list != NULL);
    return 0;
}

/* Whether the option was given, and -U not after it. */
static bool counts(char letter)
{
    return options_last((const char[]){letter, 'U', '\0'}) == letter;
}

int identity_read(const struct invocation *c, struct identity *id)
{
    int code = given('U') ? take_variables(id) : 0;
    if (code == 0 && ((counts('u') && account_id(argument_of('u'), &id->uid) < 0) ||
                      (counts('g') && account_id(argument_of('g'), &id->gid) < 0) ||
                      (counts('G') && parse_list(argument_of('G'), id) < 0)))
        code = command_usage(c);
    return code;
}

static int run_applyuidgid(struct invocation *c)
{
    struct identity id = {.uid = 0};
    struct error e = ERROR_INIT;
    int code = options_read(c, 1);
    if (code == 0)
        code = identity_read(c, &id);
    if (code != 0)
        return code;
    if (identity_apply(&id, &e) < 0)
        return message_error(&e);
    if (given('z'))
        forget_variables();
    return command_chain(c, options.operand);
}

/* --- s6-envuidgid --- */

static const char env_options[] =
    "-u                  account is a user: set UID only\n"
    "-g                  account is a group: set GID only\n"
    "-B                  account is user:group: set UID and GID only\n"
    "-n                  take numbers for names that are not known (user:group)\n"
    "-i                  exit 1 when the account is not known (default)\n"
    "-D uid:gid:gidlist  set these when the account is not known\n";

/* Which variables an account gives. */
enum part { PART_ALL, PART_USER, PART_GROUP, PART_BOTH };

struct lookup {
    enum part part;
    bool numbers;
    bool has_default;
    struct identity fallback;
};

/* "uid:gid:gidlist"; what is missing at the end or empty is 0 or an empty list. */
static int parse_default(const char *text, struct lookup *l)
{
    struct identity *id = &l->fallback;
    *id = (struct identity){.has_list = true};
    if (!*text)
        return -1;
    for (int i = 0; i < 2 && *text != '\0'; i++)
        if (*text == ':')
            text++;
        else if (next_id(&text, ":", i == 0 ? &id->uid : &id->gid) < 0)
            return -1;
    l->has_default = true;
    return parse_list(text, id);
}

/* The finders: 0 found or replaced, 1 unknown (said), -1 error. */

static int find_uid(const struct lookup *l, const char *name, uid_t *uid, struct error *e)
{
    struct account a;
    int result = account_ids(name, &a, e);
    if (result < 0)
        return -1;
    if (result == 0)
        *uid = a.uid;
    else if (l->numbers && account_id(name, uid) == 0)
        return 0;
    else if (l->has_default)
        *uid = l->fallback.uid;
    else
        return unknown("user", name);
    return 0;
}

static int find_gid(const struct lookup *l, const char *name, gid_t *gid, struct error *e)
{
    int result = account_group(name, gid, e);
    if (result <= 0)
        return result;
    if (l->numbers && account_id(name, gid) == 0)
        return 0;
    if (!l->has_default)
        return unknown("group", name);
    *gid = l->fallback.gid;
    return 0;
}

/* "user:group": a part that is missing is the default's, or 0. Cuts account in two. */
static int find_both(const struct lookup *l, char *account, struct identity *id, struct error *e)
{
    char *colon = strchr(account, ':');
    id->uid = l->fallback.uid;
    id->gid = l->fallback.gid;
    if (colon)
        *colon = '\0';
    if (colon && colon[1]) {
        int result = find_gid(l, colon + 1, &id->gid, e);
        if (result != 0)
            return result;
    }
    return *account || !colon ? find_uid(l, account, &id->uid, e) : 0;
}

/* A user:group has that group alone. With a default it counts as unknown, as the reference has it.
 */
static int find_all(const struct lookup *l, const char *account, struct identity *id,
                    struct error *e)
{
    struct account a;
    int result = identity_of_user(account, id, e);
    if (result <= 0)
        return result;
    if (l->has_default) {
        *id = l->fallback;
        return 0;
    }
    result = account_pair(account, &a, e);
    if (result > 0)
        return unknown("user", account);
    if (result == 0)
        *id = (struct identity){.uid = a.uid, .gid = a.gid, .has_list = true};
    return result;
}

static int find(const struct lookup *l, char *account, struct identity *id, struct error *e)
{
    switch (l->part) {
    case PART_USER:
        return find_uid(l, account, &id->uid, e);
    case PART_GROUP:
        return find_gid(l, account, &id->gid, e);
    case PART_BOTH:
        return find_both(l, account, id, e);
    case PART_ALL:
        break;
    }
    return find_all(l, account, id, e);
}

static int set_number(const char *name, unsigned int value)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    return setenv(name, text, 1);
}

static int set_list(const struct identity *id)
{
    struct str list = STR_INIT;
    int result = str_add_text(&list, "");
    for (size_t i = 0; i < id->list.count && result == 0; i++)
        result = str_printf(&list, i == 0 ? "%u" : ",%u", (unsigned int)id->list.id[i]);
    if (result == 0)
        result = setenv("GIDLIST", list.data, 1);
    str_release(&list);
    return result;
}

static int set_variables(enum part part, const struct identity *id, struct error *e)
{
    if ((part != PART_GROUP && set_number("UID", id->uid) < 0) ||
        (part != PART_USER && set_number("GID", id->gid) < 0) ||
        (part == PART_ALL && set_list(id) < 0))
        return error_system(e, "unable to set the environment");
    return 0;
}

static int run_envuidgid(struct invocation *c)
{
    struct lookup l = {.has_default = false};
    struct identity id = {.uid = 0};
    struct error e = ERROR_INIT;
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    l.numbers = given('n');
    switch (options_last("ugB")) {
    case 'u':
        l.part = PART_USER;
        break;
    case 'g':
        l.part = PART_GROUP;
        break;
    case 'B':
        l.part = PART_BOTH;
        break;
    default:
        l.part = given('n') ? PART_BOTH : PART_ALL;
    }
    if (options_last("iD") == 'D' && parse_default(argument_of('D'), &l) < 0)
        return command_usage(c);
    int result = find(&l, options.operand[0], &id, &e);
    if (result > 0)
        return ACCOUNT_UNKNOWN;
    if (result < 0 || set_variables(l.part, &id, &e) < 0)
        return message_error(&e);
    return command_chain(c, options.operand + 1);
}

const struct command command_accounts[] = {
    {"s6-setuidgid", "account|user:group prog...", "run a program as another user", NULL,
     run_setuidgid},
    {"s6-envuidgid", "[-i | -D uid:gid:gidlist] [-u | -g | -B] [-n] account prog...",
     "run a program with the ids of an account in UID, GID and GIDLIST", env_options,
     run_envuidgid},
    {"s6-applyuidgid", "[-z] [-u uid] [-g gid] [-G gidlist] [-U] prog...",
     "run a program with other ids", apply_options, run_applyuidgid},
    {.name = NULL}};
