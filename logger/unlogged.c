#include "logger/unlogged.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_SAID = 3 }; /* the byte of the console lock that guards its content */

void unlogged_note(const char *name, const char *directory, const char *reason)
{
    struct error ignored = ERROR_INIT;
    struct str path = STR_INIT;
    struct str text = STR_INIT;
    if (str_printf(&path, RUN_UNLOGGED "/%s", name) < 0) {
        str_release(&path);
        return;
    }
    if (reason == NULL)
        unlink(path.data);
    else if (str_printf(&text, "%s\n%s\n", directory, reason) == 0 &&
             (mkdir(RUN_UNLOGGED, 0755) == 0 || errno == EEXIST))
        file_replace(AT_FDCWD, path.data, text.data, text.length, 0644, &ignored);
    str_release(&path);
    str_release(&text);
}

bool unlogged_say(int lock)
{
    char said = 0;
    struct flock range = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_SAID, .l_len = 1};
    if (lock < 0)
        return true;
    if (fcntl(lock, F_SETLK, &range) < 0)
        return false; /* another is about to say it */
    bool first = pread(lock, &said, 1, 0) < 1 || said == 0;
    ssize_t ignored = first ? pwrite(lock, "1", 1, 0) : 0; /* twice is better than never */
    (void)ignored;
    range.l_type = F_UNLCK;
    fcntl(lock, F_SETLK, &range);
    return first;
}
