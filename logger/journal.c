#include "logger/journal.h"
#include "base/file.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOURNAL_MAX = 1 << 28 };

struct head {
    char magic[4];
    unsigned char inside;
    unsigned char begun;
    unsigned char reserved[2];
    size_t shown; /* of the bytes that follow */
};

static const char magic[4] = {'o', 'l', 'j', '1'};

int journal_write(int fd, const struct str *bytes)
{
    if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return -1;
    return fd_write_all(fd, bytes->data, bytes->length);
}

int journal_read(int fd, struct str *bytes)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > JOURNAL_MAX ||
        str_reserve(bytes, (size_t)st.st_size) < 0)
        return -1;
    while (bytes->length < (size_t)st.st_size) {
        ssize_t n = pread(fd, bytes->data + bytes->length, (size_t)st.st_size - bytes->length,
                          (off_t)bytes->length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes->length += (size_t)n;
    }
    return ftruncate(fd, 0);
}

int journal_save(int fd, const struct lines *l, bool begun)
{
    struct str all = STR_INIT;
    struct head head = {.inside = l->inside,
                        .begun = begun,
                        .shown = l->shown > l->start ? l->shown - l->start : 0};
    memcpy(head.magic, magic, sizeof magic);
    int result = -1;
    if (str_add(&all, &head, sizeof head) == 0 &&
        str_add(&all, l->data + l->start, l->end - l->start) == 0)
        result = journal_write(fd, &all);
    str_release(&all);
    return result;
}

void journal_restore(int fd, struct lines *l, bool *begun)
{
    struct str all = STR_INIT;
    struct head head;
    if (journal_read(fd, &all) == 0 && all.length >= sizeof head) {
        size_t length = all.length - sizeof head;
        memcpy(&head, all.data, sizeof head);
        char *room = NULL;
        if (memcmp(head.magic, magic, sizeof magic) == 0 && head.shown <= length)
            room = lines_room(l, length + 1);
        if (room != NULL) {
            memcpy(room, all.data + sizeof head, length);
            lines_added(l, length);
            l->shown = head.shown;
            l->inside = head.inside != 0;
            *begun = head.begun != 0;
        }
    }
    str_release(&all);
}
