/* What the text of a script tells about its service. Pure. */
#ifndef COMMAND_OVERLOG_DOC_H
#define COMMAND_OVERLOG_DOC_H

#include "base/str.h"

/* "80, 443": numbers that stand where a port does ("--port 80", "-p 80", "PORT=80", "host:80"). */
void doc_ports(const char *text, struct str *ports);
/* The comment at the beginning, as one line. */
void doc_about(const char *text, struct str *about);

/* Pure: text that others wrote, as Markdown shows it: no HTML, no links, no marks of its own. */
void doc_text(const char *text, struct str *out);
/* Pure: the same as code. */
void doc_code(const char *text, struct str *out);

#endif
