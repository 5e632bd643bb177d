#include "overlay/fixattrs.h"
#include "base/account.h"
#include "base/file.h"
#include "base/message.h"
#include "base/quantity.h"
#include "base/str.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELDS = 5, FILE_MAX = 1 << 20, MODE_MAX = 07777, PART_MAX = 256, DEPTH_MAX = 2048 };

/* --- pure ------------------------------------------------------------------------------------- */

static int parse_mode(const char *text, mode_t *mode)
{
    uint64_t value;
    if (octal_parse(text, MODE_MAX, &value) < 0)
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
    if (!id->known && account_id(text, &id->value) == 0)
        id->known = true;
}

/* Cuts text at the first c. Returns the text behind, or NULL: there is no c. */
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
    if (!u.known && account_ids(user, &found, e) == 0) {
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
    const struct fixattrs_options *options;
    uid_t uid;
    gid_t gid;
    const char *file;
    unsigned int number; /* of the line */
    struct str path;     /* of the file being looked at, for messages */
    unsigned int depth;  /* of that file, in folders */
    int result;
};

/* A file that was found: an O_PATH descriptor, and where it came from. */
struct found {
    int fd;
    int at;
    const char *name;
    bool named; /* the rule names it without a pattern */
    struct stat st;
};

static void complain(struct work *w, const char *why)
{
    message_warning("%s:%u: %s: %s", w->file, w->number, w->path.data, why);
    w->result = -1;
}

bool fixattrs_is_foreign(const struct stat *file, const struct stat *folder, uid_t account,
                         bool links_protected)
{
    if (links_protected || S_ISDIR(file->st_mode) || S_ISLNK(file->st_mode))
        return false; /* a directory has no second name, and no mode of a link is changed */
    bool open = folder->st_uid != 0 || (folder->st_mode & (S_IWGRP | S_IWOTH)) != 0;
    return file->st_nlink > 1 && file->st_uid != account && open;
}

/* Changes owner and mode of f as the rule says. fd: a descriptor of that file. */
static int change(const struct work *w, int fd, const struct found *f)
{
    mode_t mode = S_ISDIR(f->st.st_mode) ? w->line->directory_mode : w->line->file_mode;
    if (fchownat(fd, "", w->uid, w->gid, AT_EMPTY_PATH) < 0)
        return -1;
    return S_ISLNK(f->st.st_mode) ? 0 : fd_mode(fd, f->at, f->name, mode);
}

static void apply(struct work *w, int at, const char *name, bool named);

static bool is_wanted(const struct work *w, const char *name)
{
    if (name[0] != '.')
        return true;
    return w->options->hidden && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Appends name to the path that messages tell; *back is the length to cut it to afterwards. */
static bool path_enter(struct work *w, const char *name, size_t *back)
{
    *back = w->path.length;
    const char *slash = *back == 0 || w->path.data[*back - 1] == '/' ? "" : "/";
    if (str_printf(&w->path, "%s%s", slash, name) == 0)
        return true;
    complain(w, "out of memory");
    return false;
}

static void path_leave(struct work *w, size_t back)
{
    w->path.length = back;
    w->path.data[back] = '\0';
}

static void descend(struct work *w, DIR *d)
{
    size_t back;
    w->depth++;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        if (!is_wanted(w, entry->d_name) || !path_enter(w, entry->d_name, &back))
            continue;
        apply(w, dirfd(d), entry->d_name, false);
        path_leave(w, back);
    }
    w->depth--;
}

/* Changes the files in a directory, then the directory: as long as it is root's, nobody else puts
 * files there. One that we may not read is changed first. */
static void apply_directory(struct work *w, const struct found *f)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int fd = openat(f->fd, ".", flags);
    bool changed = fd < 0;
    if (changed && change(w, f->fd, f) < 0) {
        complain(w, strerror(errno));
        return;
    }
    if (fd < 0 && w->line->recurse)
        fd = openat(f->fd, ".", flags);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (d == NULL && w->line->recurse)
        complain(w, strerror(errno));
    if (d != NULL && w->line->recurse && w->depth >= DEPTH_MAX)
        complain(w, "too many folders in one another: what is in it is left as it is");
    else if (d != NULL && w->line->recurse)
        descend(w, d);
    if (!changed && change(w, fd, f) < 0)
        complain(w, strerror(errno));
    if (d != NULL)
        closedir(d);
    else
        fd_close(fd);
}

static bool may_be_planted(const struct work *w, const struct found *f)
{
    struct stat folder;
    if (f->st.st_nlink <= 1 || w->options->links_protected)
        return false;
    return fstatat(f->at, ".", &folder, 0) < 0 ||
           fixattrs_is_foreign(&f->st, &folder, w->uid, false);
}

static void apply_found(struct work *w, const struct found *f)
{
    if (S_ISDIR(f->st.st_mode)) {
        apply_directory(w, f);
    } else if (!f->named && may_be_planted(w, f)) {
        complain(w, "has another name and another owner: left as it is, as it may be a hard link "
                    "to a file of another place");
    } else if (change(w, f->fd, f) < 0) {
        complain(w, strerror(errno));
    }
}

static void apply(struct work *w, int at, const char *name, bool named)
{
    struct found f = {.at = at, .name = name, .named = named};
    f.fd = openat(at, name, O_PATH | O_CLOEXEC | (named ? 0 : O_NOFOLLOW));
    if (f.fd < 0 || fstat(f.fd, &f.st) < 0)
        complain(w, strerror(errno));
    else
        apply_found(w, &f);
    if (!named && w->depth == 0 && S_ISLNK(f.st.st_mode))
        message_info("%s:%u: %s is a symbolic link, and after a pattern none is followed", w->file,
                     w->number, w->path.data);
    fd_close(f.fd);
}

/* --- the path of a rule ----------------------------------------------------------------------- */

static bool is_pattern(const char *text)
{
    return strpbrk(text, "*?[\\") != NULL;
}

static size_t walk(struct work *w, int at, const char *path, bool named);

/* Goes on in the folder that a component named. Returns the number of files that the rule had
 * there.
 */
static size_t enter(struct work *w, int at, const char *name, const char *rest, bool named)
{
    struct stat st;
    int fd = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | (named ? 0 : O_NOFOLLOW));
    int why = errno;
    if (fd >= 0) {
        size_t found = walk(w, fd, rest, named);
        close(fd);
        return found;
    }
    if (!named && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
        complain(w, "is a symbolic link, and after a pattern none is followed");
    else if (why != ENOENT && why != ENOTDIR)
        complain(w, strerror(why));
    else
        return 0;
    return 1;
}

/* Takes one name that a component of the path stands for; rest: the components behind, "" at the
 * last one. Returns the number of files that the rule had there. */
static size_t step(struct work *w, int at, const char *name, const char *rest, bool named)
{
    struct stat st;
    size_t back;
    size_t found = 1;
    if (!path_enter(w, name, &back))
        return 1;
    if (rest[0] != '\0')
        found = enter(w, at, name, rest, named);
    else if (fstatat(at, name, &st, named ? 0 : AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        found = 0;
    else
        apply(w, at, name, named);
    path_leave(w, back);
    return found;
}

static size_t match(struct work *w, int at, const char *pattern, const char *rest)
{
    int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    size_t found = 0;
    if (d == NULL) {
        complain(w, strerror(errno));
        fd_close(fd);
        return 1;
    }
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            fnmatch(pattern, name, FNM_PERIOD) == 0)
            found += step(w, dirfd(d), name, rest, false);
    }
    closedir(d);
    return found;
}

/* Goes on with the first component of path; named: no component before it was a pattern. Returns
 * the number of files that the rule had there. */
static size_t walk(struct work *w, int at, const char *path, bool named)
{
    char part[PART_MAX];
    path += strspn(path, "/");
    size_t length = strcspn(path, "/");
    const char *rest = path + length + strspn(path + length, "/");
    if (length >= sizeof part) {
        complain(w, strerror(ENAMETOOLONG));
        return 1;
    }
    snprintf(part, sizeof part, "%.*s", (int)length, path);
    if (length == 0)
        strcpy(part, ".");
    if (is_pattern(part))
        return match(w, at, part, rest);
    if (!named && strcmp(part, "..") == 0) {
        complain(w, "no .. after a pattern");
        return 1;
    }
    return step(w, at, part, rest, named);
}

static void apply_line(struct work *w)
{
    struct error e = ERROR_INIT;
    bool absolute = w->line->path[0] == '/';
    int at = absolute ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
    str_clear(&w->path);
    if (str_add_text(&w->path, absolute ? "/" : "") < 0) {
        message_warning("%s:%u: out of memory", w->file, w->number);
        w->result = -1;
    } else if (fixattrs_account(w->line->account, &w->uid, &w->gid, &e) < 0) {
        message_warning("%s:%u: %s: %s", w->file, w->number, w->line->account, e.text);
        w->result = -1;
    } else if (walk(w, at, w->line->path, true) == 0) {
        message_warning("%s:%u: %s: no such file", w->file, w->number, w->line->path);
        w->result = -1;
    }
    fd_close(at);
}

int fixattrs_apply(const char *file, const struct fixattrs_options *o)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    struct fixattrs_line line;
    struct work w = {.line = &line, .options = o, .file = file, .path = STR_INIT};
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
    str_release(&w.path);
    return w.result;
}
