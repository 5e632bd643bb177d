/* What the text of a script tells about its service. Pure. */
#ifndef COMMAND_OVERLOG_DOC_H
#define COMMAND_OVERLOG_DOC_H

#include "base/str.h"

/* "80, 443": numbers that stand where a port does ("--port 80", "-p 80", "PORT=80", "host:80"). */
void doc_ports(const char *text, struct str *ports);
/* The comment at the beginning, as one line. */
void doc_about(const char *text, struct str *about);

#endif
