#include "base/message.h"
#include "base/error.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *program = "overlog";
static int highest = MESSAGE_WARNING;

static void to_stderr(const char *line, size_t length)
{
    ssize_t ignored = write(2, line, length);
    (void)ignored;
}

static message_writer *writer = to_stderr;

void message_name(const char *name)
{
    program = name;
}

void message_verbosity(int verbosity)
{
    highest = verbosity;
}

void message_to(message_writer *w)
{
    writer = w == NULL ? to_stderr : w;
}

/* prefix, text, newline in one buffer, cut at MESSAGE_MAX. */
__attribute__((format(printf, 2, 0))) static void say(const char *level, const char *format,
                                                      va_list list)
{
    char text[MESSAGE_MAX], line[MESSAGE_MAX];
    size_t room = sizeof line - 1;
    size_t length = 0;
    if (level != NULL) {
        int n = snprintf(line, room, "%s: %s: ", program, level);
        length = n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    }
    if (vsnprintf(text, sizeof text, format, list) > 0)
        length += utf8_visible_into(line + length, room - length, text, strlen(text));
    line[length++] = '\n';
    writer(line, length);
}

void message_fatal(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("fatal", format, list);
    va_end(list);
}

void message_warning(const char *format, ...)
{
    va_list list;
    if (highest < MESSAGE_WARNING)
        return;
    va_start(list, format);
    say("warning", format, list);
    va_end(list);
}

void message_info(const char *format, ...)
{
    va_list list;
    if (highest < MESSAGE_INFO)
        return;
    va_start(list, format);
    say("info", format, list);
    va_end(list);
}

void message_line(enum message_level level, const char *format, ...)
{
    va_list list;
    if (highest < (int)level)
        return;
    va_start(list, format);
    say(NULL, format, list);
    va_end(list);
}

int message_error(const struct error *e)
{
    message_fatal("%s", e->text);
    return e->code;
}
