/* Expressions of logcat on lines, against regexec alone. First byte: whether case matters; up to
 * the first newline the expression; then lines. What takes the C library for ever is left out: long
 * expressions, large intervals, references back. */
#include "logcat/pattern.h"
#include "tests/fuzz/fuzz.h"
#include <ctype.h>

enum { EXPRESSION_MAX = 60, LINES_MAX = 64, MARKED_MAX = 200 };

static bool is_costly(const char *text)
{
    size_t intervals = 0, repeats = 0;
    for (const char *p = text; *p != '\0'; p++) {
        intervals += *p == '{';
        repeats += strchr("*+?{", *p) != NULL;
        if (isdigit((unsigned char)p[0]) && (isdigit((unsigned char)p[1]) || p[0] > '3'))
            return true;
        if (p[0] == '\\' && isdigit((unsigned char)p[1]))
            return true;
    }
    return intervals > 2 || repeats > 12;
}

static void compare(const struct pattern *p, const regex_t *regex, const char *line, size_t length)
{
    struct pattern_place place = {0, 0};
    regmatch_t match;
    bool found = regexec(regex, line, 1, &match, 0) == 0;
    MUST(pattern_find(p, line, length, NULL) == found);
    MUST(pattern_find(p, line, length, &place) == found);
    MUST(!found || (place.begin == (size_t)match.rm_so && place.end == (size_t)match.rm_eo));
    MUST(!found || pattern_may(p, line, length));
    size_t from = length > MARKED_MAX ? length - MARKED_MAX : 0;
    for (; pattern_find_behind(p, line, length, from, &place); from = place.end)
        MUST(from <= place.begin && place.begin < place.end && place.end <= length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    bool fold = input_byte(&in) % 2;
    const uint8_t *newline = in.left > 0 ? memchr(in.at, '\n', in.left) : NULL;
    size_t length = newline == NULL ? in.left : (size_t)(newline - in.at);
    char text[EXPRESSION_MAX + 1];
    struct error e = ERROR_INIT;
    struct pattern p;
    regex_t regex;
    if (newline == NULL || length > EXPRESSION_MAX || memchr(in.at, '\0', length) != NULL)
        return 0;
    memcpy(text, in.at, length);
    text[length] = '\0';
    if (is_costly(text))
        return 0;
    bool good = regcomp(&regex, text, REG_EXTENDED | (fold ? REG_ICASE : 0)) == 0;
    bool opened = pattern_open(&p, text, fold, &e) == 0;
    MUST(good == opened);
    if (!good)
        return 0;
    const uint8_t *at = newline + 1, *end = data + size;
    for (int lines = 0; at < end && lines < LINES_MAX; lines++) {
        const uint8_t *next = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((next == NULL ? end : next) - at);
        char *line = malloc(n + 1);
        MUST(line != NULL);
        memcpy(line, at, n);
        line[n] = '\0';
        if (memchr(line, '\0', n) == NULL) /* beyond a NUL regexec alone sees nothing */
            compare(&p, &regex, line, n);
        free(line);
        at += n + (next != NULL);
    }
    regfree(&regex);
    pattern_close(&p);
    return 0;
}
