/* The request status: how everything is, for whoever asks (docs/control.md). */
#ifndef SUPERVISOR_STATUS_H
#define SUPERVISOR_STATUS_H

#include "base/str.h"
#include "supervisor/control.h"

struct supervisor;

/* Answers it; the exit code. */
int status_request(struct supervisor *sv, struct control_connection *from);

/* Pure: appends " KEY=VALUE", with what would end a word as backslash and three octal digits. */
void status_word(struct str *out, const char *key, const char *value);
/* Pure: the value of a key in a line, decoded, into value. False: it is not there. */
bool status_value(const char *line, const char *key, char *value, size_t size);

#endif
