/* A message that is a JSON object, laid out for people: a member a line. Pure. */
#ifndef LOGCAT_PRETTY_H
#define LOGCAT_PRETTY_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* Appends the members, each on a line of its own behind the message's, strings without quotes and
 * with their line breaks. caret: control characters are shown (utf8_visible). False: the message is
 * no JSON object, or memory lacks; nothing was added. */
bool pretty_add(const char *message, size_t length, bool caret, struct str *out);

#endif
