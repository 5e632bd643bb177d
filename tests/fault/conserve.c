/* Writes numbered lines that can be told right from wrong by looking at them, and counts them.
 *
 * conserve write FD TAG COUNT SEED SCALE   lines TAG 1 ... TAG COUNT to descriptor FD, in writes of
 *                                          all sizes; SCALE: length of the longest common line.
 *                                          SIGTERM: no more lines; says how many there were
 * conserve check < LOG                     reads CRI lines, joins pieces, and says for each stream
 *                                          "TAG FIRST LAST BYTES"; exit 1 and what is wrong when a
 *                                          line is missing, twice, torn, or earlier than one before
 * conserve rest < LOG                      the same, where the beginning is gone: each stream may
 *                                          begin with the end of a line in pieces
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 65536, BUFFER = 1 << 20 };

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53u;
    return x ^ x >> 33;
}

/* The line without its newline: TAG NUMBER SCALE and as many letters as these make. */
static size_t compose(char *to, char tag, uint64_t number, uint64_t scale)
{
    uint64_t r = mix(number * 64 + (uint64_t)tag);
    size_t n = (size_t)sprintf(to, "%c %llu %llu ", tag, (unsigned long long)number,
                               (unsigned long long)scale);
    size_t length = (size_t)(r % (scale + 1));
    if (r >> 40 < 1u << 14) /* one of a thousand is long */
        length = (size_t)(mix(r) % 20000);
    for (size_t i = 0; i < length; i++)
        to[n++] = (char)('a' + (r + i * (1 + r % 7)) % 26);
    return n;
}

static void put(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            perror("conserve: write");
            exit(1);
        }
        bytes += n;
        length -= (size_t)n;
    }
}

static volatile sig_atomic_t told;

static void stop(int signal)
{
    told = signal;
}

static int write_lines(char **words)
{
    signal(SIGTERM, stop);
    static char buffer[BUFFER + LINE_MAX_BYTES];
    int fd = atoi(words[0]);
    uint64_t count = strtoull(words[2], NULL, 10), number = 1;
    uint64_t seed = strtoull(words[3], NULL, 10), scale = strtoull(words[4], NULL, 10);
    size_t have = 0, want = 0;
    while (number <= count || have > 0) {
        if (told && count >= number)
            count = number - 1;
        seed = mix(seed + 1);
        switch (seed % 16) {
        case 0:
            want = 1;
            break;
        case 1:
            want = (size_t)(seed >> 8) % 300000;
            break;
        default:
            want = (size_t)(seed >> 8) % 20000;
        }
        while (have < want && number <= count) {
            have += compose(buffer + have, words[1][0], number++, scale);
            buffer[have++] = '\n';
        }
        size_t n = want > 0 && want < have ? want : have;
        put(fd, buffer, n);
        memmove(buffer, buffer + n, have - n);
        have -= n;
    }
    printf("%llu\n", (unsigned long long)count);
    return 0;
}

struct stream {
    char tag;
    uint64_t first, last, bytes;
    char joined[LINE_MAX_BYTES];
    size_t length;
    bool rest; /* what comes first may be the end of a line */
};

static int check_line(struct stream *s, const char *stamped, unsigned long line)
{
    static char expected[LINE_MAX_BYTES];
    unsigned long long number, scale;
    char tag;
    bool rest = s->rest;
    s->rest = false;
    s->joined[s->length] = '\0';
    if (rest && sscanf(s->joined, "%c %llu %llu ", &tag, &number, &scale) != 3) {
        s->length = 0;
        return 0;
    }
    if (sscanf(s->joined, "%c %llu %llu ", &tag, &number, &scale) != 3)
        return fprintf(stderr, "line %lu: torn: %.200s\n", line, stamped), 1;
    size_t n = compose(expected, tag, number, scale);
    if (n != s->length || memcmp(expected, s->joined, n) != 0)
        return fprintf(stderr, "line %lu: torn: %.200s\n", line, stamped), 1;
    if (s->first != 0 && (tag != s->tag || number != s->last + 1))
        return fprintf(stderr, "line %lu: %c %llu after %c %llu\n", line, tag, number, s->tag,
                       (unsigned long long)s->last),
               1;
    if (s->first == 0)
        s->first = number;
    s->tag = tag;
    s->last = number;
    s->bytes += n + 1;
    s->length = 0;
    return 0;
}

static int check(bool rest)
{
    enum { TIME = 30 };
    static struct stream streams[2];
    char *text = NULL, last[TIME + 1] = "";
    streams[0].rest = streams[1].rest = rest;
    size_t capacity = 0;
    ssize_t n;
    for (unsigned long line = 1; (n = getline(&text, &capacity, stdin)) > 0; line++) {
        if (text[n - 1] != '\n')
            return fprintf(stderr, "line %lu: no newline: %s\n", line, text), 1;
        text[--n] = '\0';
        struct stream *s = n > TIME + 10 && strncmp(text + TIME + 1, "stdout ", 7) == 0
                               ? &streams[0]
                           : n > TIME + 10 && strncmp(text + TIME + 1, "stderr ", 7) == 0
                               ? &streams[1]
                               : NULL;
        if (s == NULL || text[TIME] != ' ' || text[TIME - 1] != 'Z' ||
            (text[TIME + 8] != 'F' && text[TIME + 8] != 'P') || text[TIME + 9] != ' ')
            return fprintf(stderr, "line %lu: not a CRI line: %.200s\n", line, text), 1;
        if (strncmp(last, text, TIME) > 0)
            return fprintf(stderr, "line %lu: earlier than the one before: %.200s\n", line, text),
                   1;
        memcpy(last, text, TIME);
        size_t piece = (size_t)n - TIME - 10;
        if (s->length + piece >= LINE_MAX_BYTES)
            return fprintf(stderr, "line %lu: a line without end\n", line), 1;
        memcpy(s->joined + s->length, text + TIME + 10, piece);
        s->length += piece;
        if (text[TIME + 8] == 'F' && check_line(s, text, line) != 0)
            return 1;
    }
    for (int i = 0; i < 2; i++)
        if (streams[i].length > 0)
            return fprintf(stderr, "a line has no end\n"), 1;
        else if (streams[i].first > 0)
            printf("%c %llu %llu %llu\n", streams[i].tag, (unsigned long long)streams[i].first,
                   (unsigned long long)streams[i].last, (unsigned long long)streams[i].bytes);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "write") == 0)
        return write_lines(argv + 2);
    if (argc == 2 && (strcmp(argv[1], "check") == 0 || strcmp(argv[1], "rest") == 0))
        return check(argv[1][0] == 'r');
    fprintf(stderr, "usage: conserve write FD TAG COUNT SEED SCALE | conserve check|rest <LOG\n");
    return 100;
}
