#include "logcat/unlogged.h"
#include "base/error.h"
#include "base/file.h"
#include "contract/paths.h"
#include "rotate/logdir.h"
#include <fcntl.h>
#include <string.h>

enum { NOTE_MAX = 65536 };

static bool is_logged(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool logged = fd >= 0 && logdir_user(fd) >= 0;
    fd_close(fd);
    return logged;
}

bool unlogged_reason(const char *name, const char *directory, struct str *reason)
{
    struct error ignored = ERROR_INIT;
    struct str path = STR_INIT;
    struct str text = STR_INIT;
    size_t length = strlen(directory);
    bool found = str_printf(&path, RUN_UNLOGGED "/%s", name) == 0 &&
                 file_read(AT_FDCWD, path.data, NOTE_MAX, &text, &ignored) == 0 &&
                 text.length > length + 1 && memcmp(text.data, directory, length) == 0 &&
                 text.data[length] == '\n' && !is_logged(directory);
    str_clear(reason);
    if (found) {
        const char *why = text.data + length + 1;
        found = str_add(reason, why, strcspn(why, "\n")) == 0;
    }
    str_release(&path);
    str_release(&text);
    return found;
}

bool unlogged_first(const char *root, struct str *name, struct str *reason)
{
    struct error ignored = ERROR_INIT;
    struct words names = WORDS_INIT;
    struct str path = STR_INIT;
    bool found = false;
    if (file_list(AT_FDCWD, RUN_UNLOGGED, &names, &ignored) < 0)
        names.count = 0;
    for (size_t i = 0; i < names.count && !found; i++) {
        str_clear(&path);
        str_clear(name);
        found = str_printf(&path, "%s/%s", root, names.item[i]) == 0 &&
                unlogged_reason(names.item[i], path.data, reason) &&
                str_add_text(name, names.item[i]) == 0;
    }
    words_release(&names);
    str_release(&path);
    return found;
}
