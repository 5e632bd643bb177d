#include "command/tools/stream.h"
#include "base/failure.h"
#include "base/file.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 65536 };

/* Where the line ends; NULL: not in these bytes. */
static const char *line_end(const struct stream_rules *rules, const char *bytes, size_t length)
{
    const char *newline = memchr(bytes, '\n', length);
    if (newline != NULL)
        length = (size_t)(newline - bytes);
    const char *nul = rules->nul ? memchr(bytes, '\0', length) : NULL;
    return nul != NULL ? nul : newline;
}

/* Moves whole lines, whose ends are not in the first known bytes, from in to out. */
static int move_lines(const struct stream_rules *rules, struct str *in, size_t known,
                      struct str *out)
{
    const char *at = in->data;
    const char *to = in->data + in->length;
    const char *end;
    while ((end = line_end(rules, at + known, (size_t)(to - at) - known)) != NULL) {
        if (rules->line(out, at, (size_t)(end - at)) < 0 || str_add_char(out, '\n') < 0)
            return -1;
        at = end + 1;
        known = 0;
    }
    in->length = (size_t)(to - at);
    memmove(in->data, at, in->length);
    return 0;
}

static int last_line(const struct stream_rules *rules, const struct str *in, struct str *out)
{
    if (in->length == 0)
        return 0;
    int bad = rules->line(out, in->data, in->length);
    return bad == 0 && rules->ends ? str_add_char(out, '\n') : bad;
}

int stream_run(const struct stream_rules *rules)
{
    struct str in = STR_INIT;
    struct str out = STR_INIT;
    for (ssize_t n = 1; n != 0;) {
        n = str_reserve(&in, READ_SIZE) < 0 ? -1 : read(0, in.data + in.length, READ_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail("read", "standard input");
        size_t known = in.length;
        in.length += (size_t)n;
        if ((n == 0 ? last_line(rules, &in, &out) : move_lines(rules, &in, known, &out)) < 0)
            return fail("read", "standard input");
        if (fd_write_all(1, out.data, out.length) < 0)
            return fail("write to", "standard output");
        str_clear(&out);
    }
    str_release(&in);
    str_release(&out);
    return 0;
}
