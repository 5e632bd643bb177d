#include "command/tools/http.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { STATUS_LEAST = 100 };

/* --- the request ------------------------------------------------------------------------------ */

int http_request(struct str *out, const char *uri, const char *host, const struct words *headers)
{
    bool named = false;
    int result = str_printf(out, "GET %s HTTP/1.1\r\n", uri);
    for (size_t i = 0; i < headers->count; i++) {
        named |= strncasecmp(headers->item[i], "host:", 5) == 0;
        result |= str_printf(out, "%s\r\n", headers->item[i]);
    }
    if (!named)
        result |= str_printf(out, "Host: %s\r\n", host);
    result |= str_add_text(out, "User-Agent: overlog-probe\r\nAccept: */*\r\n"
                                "Connection: close\r\n\r\n");
    return result;
}

bool http_is_header(const char *text)
{
    size_t name = strcspn(text, ": \t");
    if (name == 0 || text[name] != ':')
        return false;
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

/* --- lists of statuses ------------------------------------------------------------------------ */

/* Reads three digits, or "Nxx". False: text begins with neither. */
static bool read_status(const char *text, int *low, int *high)
{
    if (text[0] < '1' || text[0] > '5')
        return false;
    *low = *high = (text[0] - '0') * 100;
    if (strncmp(text + 1, "xx", 2) == 0) {
        *high += 99;
        return true;
    }
    for (int i = 1, unit = 10; i < 3; i++, unit /= 10) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *low += (text[i] - '0') * unit;
    }
    *high = *low;
    return true;
}

int http_status_in(const char *list, int status)
{
    int result = 0;
    for (const char *at = list;; at++) {
        int low, high, ignored;
        if (!read_status(at, &low, &high))
            return -1;
        at += 3;
        if (*at == '-') {
            if (!read_status(at + 1, &ignored, &high) || high < low)
                return -1;
            at += 4;
        }
        if (status >= low && status <= high)
            result = 1;
        if (*at == '\0')
            return result;
        if (*at != ',')
            return -1;
    }
}

/* --- the answer ------------------------------------------------------------------------------- */

void http_begin(struct http_answer *a, const char *wanted)
{
    *a = (struct http_answer){.part = HTTP_STATUS, .wanted = wanted};
    a->found = wanted == NULL || wanted[0] == '\0';
}

void http_release(struct http_answer *a)
{
    str_release(&a->tail);
}

/* "HTTP/1.1 200 OK" */
static enum http_part status_line(struct http_answer *a)
{
    int digits = 0;
    const char *at = a->line + strcspn(a->line, " ");
    if (strncmp(a->line, "HTTP/1.", 7) != 0 || *at == '\0')
        return HTTP_BROKEN;
    a->status = 0;
    for (at += strspn(at, " "); *at >= '0' && *at <= '9' && digits < 4; at++, digits++)
        a->status = a->status * 10 + (*at - '0');
    if (digits != 3 || a->status < STATUS_LEAST || (*at != ' ' && *at != '\0'))
        return HTTP_BROKEN;
    snprintf(a->reason, sizeof a->reason, "%s", at + strspn(at, " "));
    return HTTP_HEADERS;
}

/* The value of the header in line, if it has that name; else NULL. */
static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);
    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return line + strspn(line, " \t");
}

static enum http_part header_line(struct http_answer *a)
{
    const char *length = value_of(a->line, "content-length");
    const char *coding = value_of(a->line, "transfer-encoding");
    unsigned long long size;
    if (coding != NULL)
        a->chunked = strcasecmp(coding, "chunked") == 0;
    if (length == NULL)
        return HTTP_HEADERS;
    if (number_parse(length, UINT64_MAX, &size) < 0)
        return HTTP_BROKEN;
    a->sized = true;
    a->left = size;
    return HTTP_HEADERS;
}

static enum http_part headers_end(struct http_answer *a)
{
    if (a->status < 200) { /* the real answer follows */
        a->sized = a->chunked = false;
        return a->status == 101 ? HTTP_DONE : HTTP_STATUS;
    }
    if (a->found || a->status == 204 || a->status == 304)
        return HTTP_DONE;
    if (a->chunked)
        return HTTP_CHUNK_SIZE;
    return a->sized && a->left == 0 ? HTTP_DONE : HTTP_BODY;
}

/* "1a; extension": the rest, once the size is 0, tells nothing that is asked for. */
static enum http_part chunk_line(struct http_answer *a)
{
    char *end;
    if (strspn(a->line, "0123456789abcdefABCDEF") == 0 ||
        strspn(a->line, "0123456789abcdefABCDEF") > 15)
        return HTTP_BROKEN;
    a->left = strtoull(a->line, &end, 16);
    if (*end != '\0' && *end != ';' && *end != ' ' && *end != '\t')
        return HTTP_BROKEN;
    return a->left == 0 ? HTTP_DONE : HTTP_CHUNK;
}

/* A line is complete; blanks at its end mean nothing. */
static enum http_part line_end(struct http_answer *a)
{
    while (a->length > 0 && strchr("\r\t ", a->line[a->length - 1]) != NULL)
        a->length--;
    a->line[a->length] = '\0';
    bool empty = a->length == 0;
    a->length = 0;
    switch (a->part) {
    case HTTP_STATUS:
        return status_line(a);
    case HTTP_HEADERS:
        return empty ? headers_end(a) : header_line(a);
    case HTTP_CHUNK_SIZE:
        return chunk_line(a);
    default: /* HTTP_CHUNK_END */
        return empty ? HTTP_CHUNK_SIZE : HTTP_BROKEN;
    }
}

static size_t take_line(struct http_answer *a, const char *bytes, size_t count)
{
    const char *end = memchr(bytes, '\n', count);
    size_t length = end == NULL ? count : (size_t)(end - bytes);
    size_t room = sizeof a->line - 1 - a->length;
    memcpy(a->line + a->length, bytes, length < room ? length : room);
    a->length += length < room ? length : room;
    if (end == NULL)
        return count;
    a->part = line_end(a);
    return length + 1;
}

static void search(struct http_answer *a, const char *bytes, size_t count)
{
    size_t wanted = strlen(a->wanted);
    if (str_add(&a->tail, bytes, count) < 0) {
        a->part = HTTP_BROKEN;
        return;
    }
    a->found = memmem(a->tail.data, a->tail.length, a->wanted, wanted) != NULL;
    size_t keep = wanted - 1 < a->tail.length ? wanted - 1 : a->tail.length;
    memmove(a->tail.data, a->tail.data + a->tail.length - keep, keep);
    a->tail.length = keep;
    if (a->found)
        a->part = HTTP_DONE;
}

static size_t take_body(struct http_answer *a, const char *bytes, size_t count)
{
    bool counted = a->sized || a->part == HTTP_CHUNK;
    if (counted && count > a->left)
        count = (size_t)a->left;
    a->left -= counted ? count : 0;
    search(a, bytes, count);
    if (counted && a->left == 0 && a->part != HTTP_DONE && a->part != HTTP_BROKEN)
        a->part = a->part == HTTP_CHUNK ? HTTP_CHUNK_END : HTTP_DONE;
    return count;
}

bool http_take(struct http_answer *a, const char *bytes, size_t count)
{
    while (count > 0 && a->part < HTTP_DONE) {
        bool body = a->part == HTTP_BODY || a->part == HTTP_CHUNK;
        size_t taken = body ? take_body(a, bytes, count) : take_line(a, bytes, count);
        bytes += taken;
        count -= taken;
    }
    return a->part < HTTP_DONE;
}

bool http_end(struct http_answer *a)
{
    if (a->part == HTTP_BODY && !a->sized)
        a->part = HTTP_DONE;
    return a->part == HTTP_DONE;
}
