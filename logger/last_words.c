#include "logger/last_words.h"
#include "logger/line.h"
#include <string.h>
#include <unistd.h>

void last_words_note(struct last_words *w, const char *bytes, size_t length)
{
    size_t all = length;
    while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
        length--;
    size_t most = length < LINE_LIMIT ? length : LINE_LIMIT;
    const char *before = length == 0 ? NULL : memrchr(bytes + length - most, '\n', most);
    const char *line = before != NULL ? before + 1 : bytes + length - most;
    size_t from = before != NULL ? 0 : w->kept;
    size_t size = (size_t)(bytes + length - line);
    if (length < all)
        w->kept = 0;
    if (length == 0)
        return;
    w->length = from + size < LAST_WORDS_SIZE ? from + size : LAST_WORDS_SIZE;
    memset(w->text + from, 0, sizeof w->text - from);
    memcpy(w->text + from, line, w->length - from);
}

void last_words_keep(struct last_words *w)
{
    w->kept = w->length;
}

/* Most instances say nothing: no memory is taken for them. */
void last_words_leave(struct last_words *w, int fd)
{
    size_t size = w->length > w->left ? w->length : w->left;
    if (fd >= 0 && size > 0 && pwrite(fd, w->text, size, LAST_WORDS_OFFSET) != (ssize_t)size)
        w->length = 0;
    *w = (struct last_words){.left = fd >= 0 ? w->length : 0};
}
