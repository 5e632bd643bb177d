#include "command/tools/dns.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/tools/late.h"
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
    EXIT_TIMEOUT = 99,
    NAME_SIZE = 256,      /* the longest name has 253 characters and a dot */
    FILE_MAX = 1 << 20,   /* bytes of /etc/hosts and /etc/resolv.conf */
    PACKET_SIZE = 1 << 16 /* the largest answer there is */
};

#define BLANKS " \t\r\n"

/* --- texts and packets ------------------------------------------------------------------------ */

/* Adds "name.suffix.", or "name." for a suffix without a length. What becomes too long by its
 * suffix is left out. */
static int add_name(const char *name, const char *suffix, size_t length, struct words *out)
{
    char full[NAME_SIZE];
    while (length > 0 && suffix[length - 1] == '.')
        length--;
    int n =
        snprintf(full, sizeof full, "%s.%.*s%s", name, (int)length, suffix, length > 0 ? "." : "");
    if (n < (int)sizeof full)
        return words_add(out, full);
    return length > 0 ? 0 : words_add(out, name);
}

/* Adds the name with each suffix in the text, which ends at end. */
static int add_suffixed(const char *name, const char *text, const char *end, struct words *out)
{
    while ((text += strspn(text, BLANKS)) < end) {
        size_t n = strcspn(text, BLANKS);
        if (add_name(name, text, n, out) < 0)
            return -1;
        text += n;
    }
    return 0;
}

int dns_names(const char *name, const char *suffixes, const char *resolv_conf, struct words *out)
{
    size_t length = strlen(name);
    if (length > 0 && name[length - 1] == '.')
        return words_add(out, name);
    if (suffixes != NULL && add_suffixed(name, suffixes, strchr(suffixes, '\0'), out) < 0)
        return -1;
    for (const char *line = resolv_conf; suffixes == NULL && *line != '\0';) {
        const char *end = strchrnul(line, '\n');
        bool tells = strncmp(line, "search", 6) == 0 || strncmp(line, "domain", 6) == 0;
        if (tells && (line[6] == ' ' || line[6] == '\t') &&
            add_suffixed(name, line + 6, end, out) < 0)
            return -1;
        line = end + (*end == '\n');
    }
    return add_name(name, "", 0, out);
}

static bool same_name(const char *a, size_t length, const char *b)
{
    size_t n = strlen(b);
    n -= n > 0 && b[n - 1] == '.';
    length -= length > 0 && a[length - 1] == '.';
    return n == length && strncasecmp(a, b, n) == 0;
}

/* Adds an address as it is written. */
static int add_address(int family, const void *bytes, struct words *out)
{
    char text[INET6_ADDRSTRLEN];
    inet_ntop(family, bytes, text, sizeof text);
    return words_add(out, text);
}

/* The next word of a line of a hosts file, and its length; 0 at the end of the line. */
static size_t next_word(const char **at)
{
    *at += strspn(*at, " \t\r");
    return strcspn(*at, BLANKS "#");
}

/* Whether one of the words of the line, from at on, is that name. */
static bool line_names(const char *at, const char *name)
{
    for (size_t n; (n = next_word(&at)) > 0; at += n)
        if (same_name(at, n, name))
            return true;
    return false;
}

int dns_hosts(const char *hosts, const char *name, int family, struct words *out)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    char address[INET6_ADDRSTRLEN];
    for (const char *line = hosts; *line != '\0'; line += *line == '\n') {
        size_t n = next_word(&line);
        snprintf(address, sizeof address, "%.*s", (int)n, line);
        if (n > 0 && n < sizeof address && line_names(line + n, name) &&
            inet_pton(family, address, bytes) == 1 && add_address(family, bytes, out) < 0)
            return -1;
        line = strchrnul(line, '\n');
    }
    return 0;
}

/* What a server says instead of an answer. */
static const char *refusal(int code)
{
    switch (code) {
    case ns_r_nxdomain:
        return "no such name";
    case ns_r_servfail:
        return "the server failed";
    case ns_r_refused:
        return "the server refused";
    default:
        return "the server did not understand";
    }
}

static unsigned int read_16(const unsigned char *at)
{
    return (unsigned int)at[0] << 8 | at[1];
}

/* Skips a name and the fixed bytes behind it, where they begin; NULL: they are not all there. */
static const unsigned char *skip_name(const unsigned char **at, const unsigned char *end,
                                      size_t fixed)
{
    int n = dn_skipname(*at, end);
    if (n < 0 || (size_t)(end - *at) < (size_t)n + fixed)
        return NULL;
    const unsigned char *behind = *at + n;
    *at = behind + fixed;
    return behind;
}

/* Adds the addresses among the records. 0; 1: they do not fit into the packet; -1: no memory. */
static int add_records(const unsigned char *packet, const unsigned char *end, int family,
                       struct words *out)
{
    unsigned int size = family == AF_INET ? NS_INADDRSZ : NS_IN6ADDRSZ;
    unsigned int type = family == AF_INET ? ns_t_a : ns_t_aaaa;
    const unsigned char *at = packet + NS_HFIXEDSZ;
    for (unsigned int left = read_16(packet + 4); left > 0; left--)
        if (skip_name(&at, end, NS_QFIXEDSZ) == NULL)
            return 1;
    for (unsigned int left = read_16(packet + 6); left > 0; left--) {
        const unsigned char *record = skip_name(&at, end, NS_RRFIXEDSZ);
        if (record == NULL || (size_t)(end - at) < read_16(record + 8))
            return 1;
        if (read_16(record) == type && read_16(record + 2) == ns_c_in &&
            read_16(record + 8) == size && add_address(family, at, out) < 0)
            return -1;
        at += read_16(record + 8);
    }
    return 0;
}

int dns_answer(const unsigned char *packet, size_t length, int family, struct words *out,
               const char **why)
{
    size_t before = out->count;
    *why = "malformed answer";
    if (length < NS_HFIXEDSZ)
        return DNS_FAILED;
    if ((packet[3] & 15) != ns_r_noerror) {
        *why = refusal(packet[3] & 15);
        return DNS_FAILED;
    }
    int bad = add_records(packet, packet + length, family, out);
    if (bad < 0)
        return -1;
    if (out->count > before)
        return DNS_FOUND;
    if (bad == 0)
        *why = "the answer was cut short";
    return bad > 0 || (packet[2] & 2) != 0 ? DNS_FAILED : DNS_NOTHING;
}

/* --- the commands ----------------------------------------------------------------------------- */

/* Asks the servers of /etc/resolv.conf. An outcome, EXIT_SYSTEM or -1. */
static int ask(const char *name, int family, struct words *out, const char **why)
{
    static unsigned char packet[PACKET_SIZE];
    unsigned char query[512];
    int type = family == AF_INET ? ns_t_a : ns_t_aaaa;
    int n = res_mkquery(ns_o_query, name, ns_c_in, type, NULL, 0, NULL, query, sizeof query);
    *why = "not a name";
    if (n < 0)
        return EXIT_SYSTEM;
    n = res_send(query, n, packet, sizeof packet);
    /* The C library does not tell silence from servers that all say they failed. */
    *why = "no server has an answer";
    if (n < NS_HFIXEDSZ)
        return DNS_FAILED;
    return dns_answer(packet, (size_t)n, family, out, why);
}

/* Adds what the text of a hosts file has for the first of the names that is in it. */
static int find_in_hosts(const struct words *names, const int *families, const char *hosts,
                         struct words *out)
{
    for (size_t i = 0; out->count == 0 && i < names->count; i++)
        for (const int *family = families; *family != 0; family++)
            if (dns_hosts(hosts, names->item[i], *family, out) < 0)
                return -1;
    return 0;
}

/* Adds the addresses of these families (the last is 0) of the first name that has any. An outcome,
 * EXIT_SYSTEM or -1: where no name has any, that of the name that came closest to an answer. */
static int find(const struct words *names, const int *families, struct words *out, const char **why)
{
    int best = INT_MAX;
    for (size_t i = 0; best != DNS_FOUND && i < names->count; i++)
        for (const int *family = families; *family != 0; family++) {
            const char *reason;
            int outcome = ask(names->item[i], *family, out, &reason);
            if (outcome < best) {
                best = outcome;
                *why = reason;
            }
            if (outcome < 0)
                return -1;
        }
    return best;
}

static void shuffle(struct words *w)
{
    for (size_t left = w->count; left > 1; left--) {
        uint32_t noise;
        kernel_noise(&noise, sizeof noise);
        char **other = &w->item[noise % left];
        char *last = w->item[left - 1];
        w->item[left - 1] = *other;
        *other = last;
    }
}

/* The whole file, or nothing when it cannot be read. */
static const char *read_text(const char *path, struct str *text)
{
    struct error e = ERROR_INIT;
    str_clear(text);
    if (file_read(AT_FDCWD, path, FILE_MAX, text, &e) < 0)
        str_clear(text);
    return text->data != NULL ? text->data : "";
}

/* s6-dnsip4, s6-dnsip6 and s6-dnsip, by their names. */
static int run_dnsip(struct invocation *c)
{
    static const int ip4[] = {AF_INET, 0}, ip6[] = {AF_INET6, 0}, both[] = {AF_INET6, AF_INET, 0};
    char digit = c->command->name[sizeof "s6-dnsip" - 1];
    const int *families = digit == '4' ? ip4 : digit == '6' ? ip6 : both;
    struct words names = WORDS_INIT;
    struct words found = WORDS_INIT;
    struct str text = STR_INIT;
    uint64_t ms = 0;
    const char *why = "";
    if (options_read(c, 1) != 0 || options_number(c, argument_of('t'), UINT_MAX, &ms) != 0)
        return EXIT_USAGE;
    const char *name = options.operand[0];
    if (*name == '\0')
        return command_usage(c);
    if (getenv("DNSCACHEIP") != NULL)
        message_warning("DNSCACHEIP is not used: /etc/resolv.conf names the servers");
    static char late[MESSAGE_MAX];
    snprintf(late, sizeof late, "%s: fatal: unable to resolve %s: timed out\n", c->command->name,
             name);
    if (ms > 0)
        late_begin((int64_t)ms * 1000, late, EXIT_TIMEOUT);
    const char *suffixes = given('q') ? getenv("DNSQUALIFY") : "";
    const char *conf = suffixes == NULL ? read_text("/etc/resolv.conf", &text) : "";
    int outcome = dns_names(name, suffixes, conf, &names);
    if (outcome == 0 && options_last("hH") == 'h')
        outcome = find_in_hosts(&names, families, read_text("/etc/hosts", &text), &found);
    if (outcome == 0 && found.count == 0)
        outcome = find(&names, families, &found, &why);
    late_end();
    if (outcome < 0)
        return fail("resolve", name);
    if (outcome > DNS_NOTHING)
        message_fatal("unable to resolve %s: %s", name, why);
    if (given('r'))
        shuffle(&found);
    for (size_t i = 0; i < found.count; i++)
        puts(found.item[i]);
    return outcome;
}

#define USAGE "[-q] [-H|-h] [-r] [-t ms] name"

static const char dnsip_options[] =
    "-q     ask for the name with each suffix first (DNSQUALIFY, or search)\n"
    "-h     look into /etc/hosts first\n"
    "-H     do not (the default)\n"
    "-r     in random order\n"
    "-t ms  no longer than that (0: as long as the C library waits)\n";

const struct command command_dns[] = {
    {"s6-dnsip4", USAGE, "print the IPv4 addresses of a name", dnsip_options, run_dnsip},
    {"s6-dnsip6", USAGE, "print the IPv6 addresses of a name", dnsip_options, run_dnsip},
    {"s6-dnsip", USAGE, "print the IPv6 and IPv4 addresses of a name", dnsip_options, run_dnsip},
    {.name = NULL}};
