/* Messages to the person who runs us: "NAME: fatal|warning|info: text\n" on descriptor 2. Control
 * characters and the like in text, which names may hold, are shown and not sent (utf8.h).
 *
 * Each message is one write of at most MESSAGE_MAX bytes, so lines of several processes never mix.
 * A process that must not block (pid 1) installs its own writer.
 */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include <stddef.h>

struct error;

enum message_level {
    MESSAGE_FATAL = 0, /* always shown */
    MESSAGE_WARNING = 1,
    MESSAGE_INFO = 2,
    MESSAGE_DEBUG = 3
};

enum { MESSAGE_MAX = 2048 };

typedef void message_writer(const char *line, size_t length);

/* Sets the NAME of all messages; it is kept, not copied. */
void message_name(const char *name);
/* Sets the highest level that is shown; MESSAGE_WARNING at first. */
void message_verbosity(int verbosity);
/* Sends messages to writer instead of descriptor 2; NULL: back there. */
void message_to(message_writer *writer);

/* Say a message of that level. */
void message_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));
void message_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void message_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says a line without NAME and level, for messages in another program's name ("s6-rc: info: ...").
 */
void message_line(enum message_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says e as fatal and returns its code, for `return message_error(&e)` in a command. */
int message_error(const struct error *e);

#endif
