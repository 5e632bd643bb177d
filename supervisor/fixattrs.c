#include "supervisor/fixattrs.h"
#include "base/account.h"
#include "base/file.h"
#include "base/message.h"
#include "base/str.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELDS = 5, FILE_MAX = 1 << 20, MODE_MAX = 07777, PART_MAX = 256 };

/* --- pure ------------------------------------------------------------------------------------- */

static int parse_mode(const char *text, mode_t *mode)
{
    char *end;
    unsigned long value = strtoul(text, &end, 8);
    if (text[0] < '0' || text[0] > '7' || *end != '\0' || value > MODE_MAX)
        return -1;
    *mode = (mode_t)value;
    return 0;
}

int fixattrs_parse(char *line, struct fixattrs_line *l, struct error *e)
{
    static const char blanks[] = " \t\r\n";
    char *word[FIELDS];
    char *rest;
    size_t count = 0;
    for (char *w = strtok_r(line, blanks, &rest); w != NULL && count < FIELDS;
         w = strtok_r(NULL, blanks, &rest))
        word[count++] = w;
    if (count == 0 || word[0][0] == '#')
        return 0;
    if (count < FIELDS)
        return error_set(e, EXIT_USAGE, "a line needs PATH RECURSE ACCOUNT FMODE DMODE");
    l->path = word[0];
    l->recurse = strcmp(word[1], "true") == 0;
    l->account = word[2];
    if (!l->recurse && strcmp(word[1], "false") != 0)
        return error_set(e, EXIT_USAGE, "%s is neither true nor false", word[1]);
    for (int i = 3; i < FIELDS; i++)
        if (parse_mode(word[i], i == 3 ? &l->file_mode : &l->directory_mode) < 0)
            return error_set(e, EXIT_USAGE, "%s is not an octal mode", word[i]);
    return 1;
}

/* --- accounts --------------------------------------------------------------------------------- */

struct id {
    unsigned int value;
    bool known;
};

static void by_number(const char *text, struct id *id)
{
    unsigned long long value;
    if (id->known || number_parse(text, UINT32_MAX - 1, &value) < 0)
        return;
    id->value = (unsigned int)value;
    id->known = true;
}

/* Cuts text at the first c; what follows it, or NULL. */
static char *cut(char *text, char c)
{
    char *at = strchr(text, c);
    if (at == NULL)
        return NULL;
    *at = '\0';
    return at + 1;
}

int fixattrs_account(const char *account, uid_t *uid, gid_t *gid, struct error *e)
{
    char user[PART_MAX];
    struct id u = {.known = false};
    struct id g = {.known = false};
    struct account found;
    gid_t number;
    snprintf(user, sizeof user, "%s", account);
    char *fallback = cut(user, ',');
    char *group = cut(user, ':');
    by_number(user, &u);
    if (!u.known && account_by_name(user, &found, e) == 0) {
        u = (struct id){.value = found.uid, .known = true};
        if (group == NULL)
            g = (struct id){.value = found.gid, .known = true};
    } else if (u.known && group == NULL) {
        g = u;
    }
    if (group != NULL) {
        by_number(group, &g);
        if (!g.known && account_group(group, &number, e) == 0)
            g = (struct id){.value = number, .known = true};
    }
    if (fallback != NULL) {
        char *fallback_group = cut(fallback, ':');
        by_number(fallback, &u);
        by_number(fallback_group == NULL ? fallback : fallback_group, &g);
    }
    if (!u.known || !g.known)
        return error_set(e, EXIT_USAGE, "%s %s is not known, and there is no fallback for it",
                         u.known ? "group" : "user", u.known ? group : user);
    *uid = u.value;
    *gid = g.value;
    return 0;
}

/* --- files ------------------------------------------------------------------------------------ */

struct work {
    const struct fixattrs_line *line;
    uid_t uid;
    gid_t gid;
    bool hidden;
    const char *file;
    unsigned int number; /* of the line */
    int result;
};

static void complain(struct work *w, const char *path, const char *why)
{
    message_warning("%s:%u: %s: %s", w->file, w->number, path, why);
    w->result = -1;
}

static bool is_wanted(const struct work *w, const char *name)
{
    if (name[0] != '.')
        return true;
    return w->hidden && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Links inside a tree are changed themselves: none leads out of it. The path that was named may be
 * one. */
static void apply(struct work *w, int at, const char *name, const char *path, bool top);

static void descend(struct work *w, int fd, const char *path)
{
    DIR *d = fdopendir(fd);
    struct str inner = STR_INIT;
    if (d == NULL) {
        close(fd);
        complain(w, path, strerror(errno));
        return;
    }
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        if (!is_wanted(w, entry->d_name))
            continue;
        str_clear(&inner);
        if (str_printf(&inner, "%s/%s", path, entry->d_name) < 0)
            complain(w, path, "out of memory");
        else
            apply(w, dirfd(d), entry->d_name, inner.data, false);
    }
    str_release(&inner);
    closedir(d);
}

static void apply_directory(struct work *w, int at, const char *name, const char *path, int flags)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    if (fd < 0 || fchown(fd, w->uid, w->gid) < 0 || fchmod(fd, w->line->directory_mode) < 0)
        complain(w, path, strerror(errno));
    if (fd >= 0 && w->line->recurse)
        descend(w, fd, path);
    else if (fd >= 0)
        close(fd);
}

static void apply(struct work *w, int at, const char *name, const char *path, bool top)
{
    struct stat st;
    int nofollow = top ? 0 : AT_SYMLINK_NOFOLLOW;
    if (fstatat(at, name, &st, nofollow) < 0) {
        complain(w, path, strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        apply_directory(w, at, name, path, top ? 0 : O_NOFOLLOW);
    } else if (fchownat(at, name, w->uid, w->gid, nofollow) < 0 ||
               (!S_ISLNK(st.st_mode) && fchmodat(at, name, w->line->file_mode, 0) < 0)) {
        complain(w, path, strerror(errno));
    }
}

static void apply_line(struct work *w)
{
    glob_t found = {.gl_pathc = 0};
    struct error e = ERROR_INIT;
    if (fixattrs_account(w->line->account, &w->uid, &w->gid, &e) < 0) {
        complain(w, w->line->account, e.text);
        return;
    }
    if (glob(w->line->path, GLOB_NOSORT, NULL, &found) != 0)
        complain(w, w->line->path, "no such file");
    for (size_t i = 0; i < found.gl_pathc; i++)
        apply(w, AT_FDCWD, found.gl_pathv[i], found.gl_pathv[i], true);
    globfree(&found);
}

int fixattrs_apply(const char *file, bool hidden)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    struct fixattrs_line line;
    struct work w = {.line = &line, .hidden = hidden, .file = file};
    if (file_read(AT_FDCWD, file, FILE_MAX, &text, &e) < 0) {
        message_warning("%s", e.text);
        str_release(&text);
        return -1;
    }
    for (char *at = text.data; at != NULL;) {
        char *next = cut(at, '\n');
        w.number++;
        int result = fixattrs_parse(at, &line, &e);
        if (result < 0) {
            message_warning("%s:%u: %s", file, w.number, e.text);
            w.result = -1;
        } else if (result > 0) {
            apply_line(&w);
        }
        at = next;
    }
    str_release(&text);
    return w.result;
}
