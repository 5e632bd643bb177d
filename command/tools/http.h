/* HTTP/1.1 as a client that asks one question over one connection needs it: the request as bytes,
 * and the answer taken apart as its bytes arrive, however they are cut. Pure.
 *
 * 1. http_begin; 2. http_take with all that is read, until it returns false; 3. http_end when the
 * server closed the connection before that; 4. http_release. */
#ifndef COMMAND_TOOLS_HTTP_H
#define COMMAND_TOOLS_HTTP_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends a GET of that uri; headers are lines "Name: value", of which one may be "Host: ...", in
 * the place of host. 0, or -1: no memory. */
int http_request(struct str *out, const char *uri, const char *host, const struct words *headers);
/* Whether text can be such a line. */
bool http_is_header(const char *text);

/* Whether a status is in a list such as "200,301-303,4xx"; -1: it is no such list. */
int http_status_in(const char *list, int status);

enum http_part {
    HTTP_STATUS, /* the first line */
    HTTP_HEADERS,
    HTTP_BODY,       /* a known number of bytes, or up to the end of the connection */
    HTTP_CHUNK_SIZE, /* the line before a chunk */
    HTTP_CHUNK,
    HTTP_CHUNK_END, /* the end of line behind a chunk */
    HTTP_DONE,      /* nothing more is to be read */
    HTTP_BROKEN     /* it is not HTTP */
};

enum {
    HTTP_LINE_MAX = 512 /* bytes of a line that are looked at; the rest of it is passed over */
};

struct http_answer {
    enum http_part part;
    int status;               /* 100 to 999, once the first line was read */
    bool found;               /* the body contains wanted */
    const char *wanted;       /* NULL: the body does not matter, and is not read; the caller's */
    char reason[64];          /* behind the status in the first line */
    char line[HTTP_LINE_MAX]; /* the line being read, of length bytes */
    size_t length;
    bool chunked, sized;
    uint64_t left;   /* bytes of the body, if sized, or of the chunk */
    struct str tail; /* the end of the body so far, where wanted may have begun */
};

void http_begin(struct http_answer *a, const char *wanted);
/* Takes the next bytes. False: nothing more is to be read, the answer is DONE or BROKEN. */
bool http_take(struct http_answer *a, const char *bytes, size_t count);
/* No more bytes come. Whether the answer is whole: the status is valid, and so is found. */
bool http_end(struct http_answer *a);
void http_release(struct http_answer *a);

#endif
