#include "base/failure.h"
#include "base/error.h"
#include "base/message.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int refuse(int code, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    message_fatal("%s", text);
    return code;
}

int fail(const char *verb, const char *what)
{
    message_fatal("unable to %s %s: %s", verb, what, strerror(errno));
    return EXIT_SYSTEM;
}

int complain(const char *verb, const char *what)
{
    message_warning("unable to %s %s: %s", verb, what, strerror(errno));
    return EXIT_SYSTEM;
}
