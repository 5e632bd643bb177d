#include "services/servicedir.h"
#include "base/file.h"
#include "base/lexer.h"
#include "base/message.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = RESTART_LINE_MAX, SCRIPT_MAX_BYTES = 65536 };

/* The first line without blanks at its end; false with errno when there is no such file. Never
 * waits for a fifo. */
static bool first_line(int at, const char *file, char line[LINE_MAX_BYTES])
{
    struct stat st;
    errno = ENOENT;
    int fd = at < 0 ? -1 : openat(at, file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        n = read(fd, line, LINE_MAX_BYTES - 1);
    close(fd);
    line[n < 0 ? 0 : n] = '\0';
    if (n < LINE_MAX_BYTES - 1 || strchr(line, '\n') != NULL) /* else it is cut, and no value */
        (void)key_line(line);
    return true;
}

/* The directory, for its names where that is allowed; -1 with errno. */
static int open_listed(const char *path, struct keys_there *there)
{
    int at = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0 && errno == EACCES)
        at = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at >= 0)
        keys_list(there, at);
    return at;
}

/* False: the file holds nonsense, which is now in line. */
static bool read_number(int at, const struct key_row *k, void *place, char line[LINE_MAX_BYTES])
{
    int64_t value = k->usual;
    bool there = first_line(at, k->name, line);
    if (!there && error_is_lack(errno))
        return true;
    bool good = !there || key_parse(k, line, &value) == KEY_GOOD;
    key_set_number(place, value);
    return good;
}

static void read_policy(int at, const struct key_row *k, struct restart_policy *p, const char *name)
{
    char line[LINE_MAX_BYTES];
    struct restart_mistake m;
    bool there = first_line(at, k->name, line);
    if (!there && error_is_lack(errno))
        return;
    if (!there)
        *p = (struct restart_policy){.when = RESTART_AS_UPSTREAM};
    else if (restart_parse(line, p, &m) < 0 && name != NULL)
        message_line(MESSAGE_WARNING, "s6-supervise %s: warning: %s: %s, ignored; %s", name,
                     k->name, m.text, m.cure);
}

void servicedir_read(struct service_keys *keys, const char *path, const char *name)
{
    char line[LINE_MAX_BYTES];
    struct keys_there there = {0};
    int at = open_listed(path, &there);
    if (at < 0 && error_is_lack(errno))
        return;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if ((k->use & KEY_LIVE) == 0)
            continue;
        void *place = key_place_in(k, keys);
        bool listed = at >= 0 && keys_may_have(&there, k);
        if (key_is_flag(k))
            *(bool *)place =
                listed && (keys_is_file(&there, k) || faccessat(at, k->name, F_OK, 0) == 0);
        else if (k->kind == KEY_POLICY)
            read_policy(listed ? at : -1, k, place, name);
        else if (!read_number(listed ? at : -1, k, place, line) && name != NULL)
            message_line(MESSAGE_WARNING, "s6-supervise %s: warning: invalid %s \"%s\", ignored",
                         name, k->name, line);
    }
    fd_close(at);
}

static void read_script(int at, const char *path, const struct key_row *k, struct words *script)
{
    struct str text = STR_INIT;
    struct lexer_error where;
    struct error e = ERROR_INIT;
    if (file_read(at, k->name, SCRIPT_MAX_BYTES, &text, &e) == 0 &&
        lexer_words(text.data == NULL ? "" : text.data, text.length, script, &where) < 0) {
        message_warning("%s/%s:%u: %s, ignored", path, k->name, where.line, where.text);
        words_release(script);
    }
    str_release(&text);
}

void servicedir_define(struct definition *d, const char *path)
{
    char line[LINE_MAX_BYTES];
    struct keys_there there = {0};
    int at = open_listed(path, &there);
    for (const struct key_row *k = key_rows; at >= 0 && k->name != NULL; k++) {
        if ((k->use & KEY_SCANNED) == 0 || !keys_may_have(&there, k))
            continue;
        if (k->kind == KEY_SCRIPT)
            read_script(at, path, k, key_place(k, d));
        else if (!read_number(at, k, key_place(k, d), line))
            message_warning("%s/%s:1: invalid word \"%s\", ignored; %s", path, k->name, line,
                            k->wanted);
    }
    fd_close(at);
}

int servicedir_status(const char *path, struct supervise_status *s, struct error *e)
{
    char file[4200];
    struct str record = STR_INIT;
    snprintf(file, sizeof file, "%.4096s/supervise/status", path);
    int result = file_read(AT_FDCWD, file, SUPERVISE_STATUS_MOST + 64, &record, e);
    if (result == 0 && supervise_unpack(s, record.data, record.length) < 0)
        result = error_set(e, EXIT_SYSTEM, "unable to read %s: it is too short", file);
    str_release(&record);
    return result;
}
