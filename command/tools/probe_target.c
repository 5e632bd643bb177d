#include "command/tools/probe_target.h"
#include "base/str.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { PORT_MAX = 65535 };

static int wrong(const struct probe_target *t, struct error *e, const char *what)
{
    return error_set(e, EXIT_USAGE, "%s: %s", t->word, what);
}

/* A request must not be ended, or a second one begun, by what is in a word. */
static int check_clean(const struct probe_target *t, const char *text, struct error *e)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return wrong(t, e, "blanks and control characters must be written as %20 and so on");
    return 0;
}

/* Cuts "HOST", "HOST:PORT", "[ADDRESS]" or "[ADDRESS]:PORT" up; port stays NULL without one. */
static int take_host(struct probe_target *t, char *text, struct error *e)
{
    char *end = text + strcspn(text, ":");
    unsigned long long number;
    t->host = text;
    if (text[0] == '[') {
        t->host = text + 1;
        end = strchr(text, ']');
        if (end == NULL)
            return wrong(t, e, "the bracket before the address is not closed");
        *end++ = '\0';
        if (*end != ':' && *end != '\0')
            return wrong(t, e, "after the bracket there must be :PORT");
    } else if (*end == ':' && strchr(end + 1, ':') != NULL) {
        return wrong(t, e, "an IPv6 address must stand in brackets, as [::1]:80");
    }
    if (t->host[0] == '\0' || end == text)
        return wrong(t, e, "there is no host in it");
    if (*end == '\0')
        return 0;
    *end = '\0';
    t->port = end + 1;
    if (number_parse(t->port, PORT_MAX, &number) < 0 || number == 0)
        return wrong(t, e, "the port must be a number from 1 to 65535");
    return 0;
}

static int take_socket(struct probe_target *t, const char *path, struct error *e)
{
    t->path = path;
    if (path[0] == '\0')
        return wrong(t, e, "there is no socket in it");
    if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return wrong(t, e, "the path of a socket has at most 107 bytes");
    return 0;
}

/* "HOST:PORT/PATH?QUERY#FRAGMENT"; servers never see the last. */
static int read_http(struct probe_target *t, char *text, struct error *e)
{
    text[strcspn(text, "#")] = '\0';
    size_t length = strcspn(text, "/?");
    if (length == 0)
        return wrong(t, e, "there is no host in it");
    t->copy[1] = strndup(text, length);
    t->copy[2] = strndup(text, length);
    if (t->copy[1] == NULL || t->copy[2] == NULL)
        return error_system(e, "unable to read %s", t->word);
    t->authority = t->copy[1];
    if (text[length] != '/')
        text[--length] = '/'; /* its byte is in the copies */
    t->uri = text + length;
    t->port = "80";
    if (strchr(t->authority, '@') != NULL)
        return wrong(t, e, "a name and a password go into --header");
    if (check_clean(t, t->uri, e) < 0 || check_clean(t, t->authority, e) < 0)
        return -1;
    return take_host(t, t->copy[2], e);
}

static int read_http_unix(struct probe_target *t, char *text, struct error *e)
{
    char *uri = strstr(text, ":/");
    t->uri = "/";
    t->authority = "localhost";
    if (uri != NULL) {
        *uri = '\0';
        t->uri = uri + 1;
    }
    return take_socket(t, text, e) < 0 ? -1 : check_clean(t, t->uri, e);
}

static int read_tcp(struct probe_target *t, char *text, struct error *e)
{
    if (take_host(t, text, e) < 0)
        return -1;
    return t->port == NULL ? wrong(t, e, "there is no port in it: tcp:HOST:PORT") : 0;
}

static int read_path(struct probe_target *t, char *text, struct error *e)
{
    t->path = text;
    return text[0] == '\0' ? wrong(t, e, "there is no path in it") : 0;
}

static int read_unix(struct probe_target *t, char *text, struct error *e)
{
    return take_socket(t, text, e);
}

static int read_log(struct probe_target *t, char *text, struct error *e)
{
    char *colon = strchr(text, ':');
    if (colon == NULL || colon == text || colon[1] == '\0')
        return wrong(t, e, "it must be log:SERVICE:REGEX");
    *colon = '\0';
    t->service = text;
    t->pattern = colon + 1;
    return 0;
}

static int read_service(struct probe_target *t, char *text, struct error *e)
{
    t->service = text;
    return text[0] == '\0' ? wrong(t, e, "there is no name in it") : 0;
}

static int read_tls(struct probe_target *t, char *text, struct error *e)
{
    (void)text;
    return wrong(
        t, e,
        "there is no TLS in probe: ask a port of the service that has none, or only whether "
        "the port is open, by tcp:HOST:PORT");
}

static const struct scheme {
    const char *begin;
    enum probe_kind kind;
    int (*read)(struct probe_target *t, char *text, struct error *e);
} schemes[] = {{"http://", PROBE_HTTP, read_http}, {"http+unix:", PROBE_HTTP_UNIX, read_http_unix},
               {"tcp:", PROBE_TCP, read_tcp},      {"unix:", PROBE_UNIX, read_unix},
               {"file:", PROBE_FILE, read_path},   {"pid:", PROBE_PID, read_path},
               {"log:", PROBE_LOG, read_log},      {"service:", PROBE_SERVICE, read_service},
               {"https:", PROBE_HTTP, read_tls},   {"https+unix:", PROBE_HTTP, read_tls},
               {"tls:", PROBE_TCP, read_tls}};

int probe_target_parse(struct probe_target *t, const char *word, struct error *e)
{
    *t = (struct probe_target){.word = word};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const struct scheme *s = &schemes[i];
        size_t length = strlen(s->begin);
        if (strncmp(word, s->begin, length) != 0)
            continue;
        t->kind = s->kind;
        t->copy[0] = strdup(word + length);
        int result = t->copy[0] == NULL ? error_system(e, "unable to read %s", word)
                                        : s->read(t, t->copy[0], e);
        if (result < 0)
            probe_target_release(t);
        return result;
    }
    return wrong(t, e,
                 "a target is http://HOST[:PORT]/PATH, http+unix:SOCKET:/PATH, tcp:HOST:PORT, "
                 "unix:PATH, file:PATH, pid:FILE, log:SERVICE:REGEX or service:NAME");
}

void probe_target_release(struct probe_target *t)
{
    for (size_t i = 0; i < sizeof t->copy / sizeof t->copy[0]; i++) {
        free(t->copy[i]);
        t->copy[i] = NULL;
    }
}
