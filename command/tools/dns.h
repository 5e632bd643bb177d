/* Addresses of a name, as the s6-dnsip commands print them: what /etc/resolv.conf, /etc/hosts and
 * the answer of a server say. Nothing here reads a file or asks anybody. */
#ifndef COMMAND_TOOLS_DNS_H
#define COMMAND_TOOLS_DNS_H

#include "base/str.h"
#include <stddef.h>

/* Also the exit codes: addresses were found; the name exists but has none; there is no answer. */
enum dns_outcome { DNS_FOUND, DNS_NOTHING, DNS_FAILED };

/* Appends the full names to ask for, the first that has addresses being the one that counts: the
 * name with each suffix, then the name alone; a name that ends with a dot only as it is. The
 * suffixes are the words of the text suffixes, or if that is NULL of the lines "search" and
 * "domain" of the text resolv_conf. 0, or -1: no memory. */
int dns_names(const char *name, const char *suffixes, const char *resolv_conf, struct words *out);

/* Appends the addresses of that family (AF_INET, AF_INET6) that the text of a hosts file gives a
 * name, whatever its case and with or without a dot at its end. 0, or -1: no memory. */
int dns_hosts(const char *hosts, const char *name, int family, struct words *out);

/* Appends the addresses of that family in a server's answer, which may be any bytes and may end too
 * early. When it says DNS_FAILED, *why is the reason; -1: no memory. */
int dns_answer(const unsigned char *packet, size_t length, int family, struct words *out,
               const char **why);

#endif
