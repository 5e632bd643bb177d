#include "base/error.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *e, int code, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(e->text, sizeof e->text, format, list);
    va_end(list);
    e->code = code;
    e->why = 0;
    return -1;
}

int error_system(struct error *e, const char *format, ...)
{
    int why = errno;
    va_list list;
    va_start(list, format);
    int n = vsnprintf(e->text, sizeof e->text, format, list);
    va_end(list);
    size_t length = n < 0 ? 0 : (size_t)n;
    if (length < sizeof e->text)
        snprintf(e->text + length, sizeof e->text - length, ": %s", strerror(why));
    e->code = EXIT_SYSTEM;
    e->why = why;
    errno = why;
    return -1;
}

bool error_is_lack(int why)
{
    return why == EMFILE || why == ENFILE || why == ENOMEM;
}

bool error_is_full_disk(int why)
{
    return why == ENOSPC || why == EDQUOT;
}
