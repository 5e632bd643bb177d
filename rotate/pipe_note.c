#include "rotate/pipe_note.h"
#include "base/file.h"
#include "base/message.h"
#include "rotate/logdir.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool pipe_inode(int fd, unsigned long long *inode)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
        return false;
    *inode = st.st_ino;
    return true;
}

void pipe_note_make(char note[PIPE_NOTE_MAX], const int *fds, size_t count)
{
    unsigned long long inode;
    size_t length = 0;
    note[0] = '\0';
    for (size_t i = 0; i < count && length + 32 < PIPE_NOTE_MAX; i++)
        if (pipe_inode(fds[i], &inode))
            length +=
                (size_t)snprintf(note + length, PIPE_NOTE_MAX - length, "pipe:[%llu] ", inode);
}

bool pipe_note_is_noted(const char *note, unsigned long long inode)
{
    char word[32];
    snprintf(word, sizeof word, "pipe:[%llu]", inode);
    return strstr(note, word) != NULL;
}

/* Whether a logger has locked the directory: a killed one leaves its note behind, and the pipe's
 * number may be another's by now. Without the right to open the lock we believe the note. */
static bool is_at_work(int directory)
{
    pid_t user = logdir_user(directory);
    return user > 0 || (user < 0 && errno == EACCES);
}

/* Reads the note of the logger that works there now. False: there is none. */
static bool read_note(const char *path, char note[PIPE_NOTE_MAX])
{
    int directory = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return false;
    int fd = openat(directory, LOGDIR_NOTE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, note, PIPE_NOTE_MAX - 1);
    note[n > 0 ? n : 0] = '\0';
    bool held = n > 0 && is_at_work(directory);
    fd_close(fd);
    close(directory);
    return held;
}

bool pipe_note_leave_out(const char *name, const char *path)
{
    static bool said;
    unsigned long long inode;
    char note[PIPE_NOTE_MAX];
    if (!pipe_inode(STDOUT_FILENO, &inode) || !read_note(path, note) ||
        !pipe_note_is_noted(note, inode))
        return false;
    if (!said)
        message_warning("leaving out %s: what is shown here is logged there", name);
    said = true;
    return true;
}
