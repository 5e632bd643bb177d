/* Lays out a message that is a JSON object for people: a member a line. Pure. */
#ifndef LOGCAT_PRETTY_H
#define LOGCAT_PRETTY_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* Appends each member on a new line, strings without quotes and with their line breaks. caret:
 * control characters are made visible (utf8_visible). False: the message is no JSON object, or
 * there is no memory; nothing was appended. */
bool pretty_add(const char *message, size_t length, bool caret, struct str *out);

#endif
