#include "execline/loop_input.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { NETSTRING_MAX = 1 << 28 };

/* 1 with *c, 0 at the end, -1 with e. */
static int next_byte(struct loop_input *in, char *c, struct error *e)
{
    while (in->at == in->filled) {
        ssize_t n = read(in->fd, in->buffer, sizeof in->buffer);
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system(e, "unable to read");
        in->at = 0;
        in->filled = (size_t)n;
    }
    *c = in->buffer[in->at++];
    return 1;
}

static int bad_netstring(struct error *e)
{
    return error_set(e, EXIT_SYSTEM, "the input is not a sequence of netstrings");
}

static int next_netstring(struct loop_input *in, struct str *item, struct error *e)
{
    size_t length = 0;
    char c;
    int got = next_byte(in, &c, e);
    if (got <= 0)
        return got < 0 ? -1 : INPUT_END;
    if (c == ':')
        return bad_netstring(e);
    for (; c != ':'; got = next_byte(in, &c, e)) {
        if (got <= 0 || c < '0' || c > '9' || length > NETSTRING_MAX / 10)
            return got < 0 ? -1 : bad_netstring(e);
        length = length * 10 + (size_t)(c - '0');
    }
    for (; length > 0; length--) {
        got = next_byte(in, &c, e);
        if (got <= 0)
            return got < 0 ? -1 : bad_netstring(e);
        if (str_add_char(item, c) < 0)
            return error_system(e, "unable to read");
    }
    got = next_byte(in, &c, e);
    if (got < 0)
        return -1;
    return got == 0 || c != ',' ? bad_netstring(e) : INPUT_ENDED;
}

int loop_input_next(struct loop_input *in, struct str *item, struct error *e)
{
    char c;
    int got;
    str_clear(item);
    if (str_add_text(item, "") < 0)
        return error_system(e, "unable to read");
    in->raw = in->delimiters != NULL && in->delimiters[0] == '\0';
    if (in->raw)
        return next_netstring(in, item, e);
    while ((got = next_byte(in, &c, e)) > 0) {
        if (str_add_char(item, c) < 0)
            return error_system(e, "unable to read");
        if (in->delimiters == NULL ? c == '\0' : c != '\0' && strchr(in->delimiters, c) != NULL)
            return INPUT_ENDED;
    }
    if (got < 0)
        return -1;
    return item->length == 0 ? INPUT_END : INPUT_OPEN;
}

void loop_input_close(struct loop_input *in)
{
    if (in->fd > 0)
        close(in->fd);
}
