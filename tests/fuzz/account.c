/* /etc/passwd and /etc/group. Of tables with broken lines among whole ones, what is found is what a
 * reader of the whole ones finds; of tables of any bytes, ids come with a success only.
 *
 * Input: a byte, odd where the tables are any bytes, with a NUL between them; else bytes of which
 * three make a line. The user who is looked for is the first one of the names. */
#include "base/account.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"
#include "tests/simulation/wrap.h"
#include <errno.h>
#include <stdbool.h>

enum { LINES_MAX = 200 };

static const char *const names[] = {"a", "root", "a-b", "nobody", "x_1", "long-name-of-a-user",
                                    "7"};
enum { NAMES = sizeof names / sizeof names[0] };

static struct str passwd, group;

DECLARE(FILE *, fopen, const char *path, const char *mode)
{
    struct str *s = strcmp(path, "/etc/passwd") == 0  ? &passwd
                    : strcmp(path, "/etc/group") == 0 ? &group
                                                      : NULL;
    if (s == NULL)
        return __real_fopen(path, mode);
    if (s->length == 0) { /* not every fmemopen takes nothing */
        errno = ENOENT;
        return NULL;
    }
    return fmemopen(s->data, s->length, "r");
}

/* What glibc makes of fopen where a long has 32 bits. */
DECLARE(FILE *, fopen64, const char *path, const char *mode)
{
    return __wrap_fopen(path, mode);
}

/* What a reader of the whole lines knows. */
static struct {
    bool user, group;
    unsigned int uid, gid, group_id;
    unsigned int of[LINES_MAX + 1];
    size_t count;
} model;

static void model_member(unsigned int gid)
{
    for (size_t i = 0; i < model.count; i++)
        if (model.of[i] == gid)
            return;
    model.of[model.count++] = gid;
}

static void put_user(const char *name, unsigned int id, uint8_t how)
{
    unsigned int gid = id / 3;
    str_printf(&passwd, "%s:x:%u:%u:%s:/home:/bin/sh\n", name, id, gid, how & 16 ? "A, B" : "");
    if (strcmp(name, names[0]) != 0 || model.user)
        return;
    model.user = true;
    model.uid = id;
    model.gid = gid;
}

static void put_group(const char *name, unsigned int id, uint8_t how)
{
    bool member = (how & 16) != 0, last = (how & 32) != 0;
    str_printf(&group, "%s:x:%u:%s%s%s%s\n", name, id, how & 64 ? "aa" : "",
               member && (how & 64) ? "," : "", member ? names[0] : "",
               member && last ? ",root" : "");
    if (member)
        model_member(id);
    if (strcmp(name, names[0]) != 0 || model.group)
        return;
    model.group = true;
    model.group_id = id;
}

static void put_broken(struct str *s, uint8_t how)
{
    static const char *const lines[] = {"",
                                        "a",
                                        "a:x",
                                        "a:x:y:1::/:/bin/sh",
                                        "# a:x:1:2::/:/bin/sh",
                                        ":",
                                        "\xff\xfe",
                                        "a:x:99999999999999999999:1::/:"};
    str_printf(s, "%s\n", lines[how % (sizeof lines / sizeof lines[0])]);
}

static void make_tables(struct input *in)
{
    memset(&model, 0, sizeof model);
    for (int i = 0; i < LINES_MAX && in->left > 0; i++) {
        uint8_t how = input_byte(in), first = input_byte(in);
        unsigned int id = first * 256U + input_byte(in);
        const char *name = names[(how >> 2) % NAMES];
        id = (how & 128) != 0 ? 4294967040U + id % 255 : id;
        switch (how & 3) {
        case 0:
            put_user(name, id, how);
            break;
        case 1:
            put_group(name, id, how);
            break;
        default:
            put_broken(how & 1 ? &passwd : &group, how >> 2);
            break;
        }
    }
}

static void check_model(void)
{
    struct account a;
    struct error e = ERROR_INIT;
    gid_t gid = 0;
    MUST(account_ids(names[0], &a, &e) == (model.user ? 0 : 1));
    MUST(!model.user || (a.uid == model.uid && a.gid == model.gid));
    MUST(account_group(names[0], &gid, &e) == (model.group ? 0 : 1));
    MUST(!model.group || gid == model.group_id);
    MUST(account_by_name(names[0], &a, &e) == (model.user ? 0 : 1));
    if (!model.user)
        return;
    model_member(model.gid);
    MUST(a.groups.count == model.count && a.groups.id[0] == model.gid);
    for (size_t i = 0; i < a.groups.count; i++) {
        size_t k = 0;
        while (k < model.count && model.of[k] != a.groups.id[i])
            k++;
        MUST(k < model.count);
    }
    groups_release(&a.groups);
    char name[ACCOUNT_NAME_MAX];
    account_user_name(model.uid, name);
    MUST(name[0] != '\0');
}

static void check_any(void)
{
    struct account a;
    struct error e = ERROR_INIT;
    char name[ACCOUNT_NAME_MAX];
    for (size_t i = 0; i < NAMES; i++) {
        int ids = account_ids(names[i], &a, &e);
        uid_t uid = a.uid;
        MUST(ids == 0 || ids == 1);
        MUST(account_by_name(names[i], &a, &e) == ids);
        if (ids != 0)
            continue;
        MUST(a.uid == uid && a.groups.count > 0 && a.groups.id[0] == a.gid);
        groups_release(&a.groups);
        account_user_name(uid, name); /* of the first entry, which may have an empty one */
        MUST(memchr(name, '\0', sizeof name) != NULL);
    }
}

/* "UID:GID" is that, or it is refused. */
static void check_number(const char *text)
{
    struct account a;
    unsigned long long uid, gid;
    char again[64];
    if (account_by_number(text, &a) < 0) {
        size_t first = strspn(text, "0123456789"), second = strspn(text + first, ":");
        MUST(first == 0 || first > 9 || second != 1 || strspn(text + first + 1, "0123456789") > 9 ||
             strspn(text + first + 1, "0123456789") == 0 ||
             text[first + 1 + strspn(text + first + 1, "0123456789")] != '\0');
        return;
    }
    MUST(a.uid != (uid_t)-1 && a.gid != (gid_t)-1);
    int n = sscanf(text, "%19llu:%19llu", &uid, &gid);
    MUST(n >= 1 && uid == a.uid && (n == 1 ? a.uid : gid) == a.gid);
    snprintf(again, sizeof again, "%u:%u", (unsigned int)a.uid, (unsigned int)a.gid);
    MUST(account_by_number(again, &a) == 0 && a.uid == uid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    bool any = (input_byte(&in) & 1) != 0;
    char *text = strndup((const char *)in.at, in.left);
    MUST(text != NULL);
    check_number(text);
    if (any) {
        size_t n = strlen(text);
        str_add(&passwd, text, n);
        if (n < in.left)
            str_add(&group, in.at + n + 1, in.left - n - 1);
        check_any();
    } else {
        make_tables(&in);
        check_model();
    }
    free(text);
    str_release(&passwd);
    str_release(&group);
    return 0;
}
