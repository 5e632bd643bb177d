/* The splitter of lines and the stamps at their beginning. Whatever the sizes of reads, lines are
 * those of the whole; a stamp that was read is written again as it was. */
#include "base/clock.h"
#include "logger/line.h"
#include "logger/stamp.h"
#include "tests/fuzz/fuzz.h"

struct expected {
    const char *at; /* of the next piece */
    size_t left;
    size_t limit;
    size_t inside; /* pieces of this line that were given */
};

static void compare(struct expected *x, const struct line *line)
{
    size_t whole = line_end_in(x->at, x->left);
    bool last = x->limit == 0 || whole <= x->limit;
    size_t length = last ? whole : x->limit;
    MUST(line->length == length && memcmp(line->bytes, x->at, length) == 0);
    MUST(line->first == (x->inside == 0) && line->last == last);
    x->inside = last ? 0 : x->inside + 1;
    size_t taken = length + last < x->left ? length + last : x->left;
    x->at += taken;
    x->left -= taken;
}

static void stamp_again(const struct line *line)
{
    struct stamp s;
    struct timespec t;
    char *exact = input_copy(line->bytes, line->length);
    char again[STAMP_MAX];
    if (stamp_parse(exact, line->length, &s) == 0) {
        MUST(s.form != STAMP_NONE && s.length > 0 && s.length <= line->length);
        MUST(s.time.tv_nsec >= 0 && s.time.tv_nsec < 1000000000);
        if (stamp_time(exact, line->length, &t) == 0)
            MUST(clock_compare(&t, &s.time) == 0);
        if (s.form == STAMP_TAI64N) {
            size_t n = stamp_format(again, s.form, &s.time, s.stream, s.partial);
            MUST(n <= s.length && memcmp(again, exact, n) == 0);
        }
    } else {
        MUST(stamp_time(exact, line->length, &t) < 0);
    }
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct lines l = {.limit = input_byte(&in) % 64};
    uint8_t step = input_byte(&in);
    char *bytes = input_copy(in.at, in.left);
    struct expected x = {.at = bytes, .left = in.left, .limit = l.limit};
    struct line line;
    for (size_t done = 0; done < in.left;) {
        size_t n = (step & 3) == 0 ? in.left : (size_t)(step >> 2) + 1;
        if (n > in.left - done)
            n = in.left - done;
        char *room = lines_room(&l, n);
        MUST(room != NULL);
        memcpy(room, bytes + done, n);
        lines_added(&l, n);
        done += n;
        while (lines_next(&l, &line)) {
            compare(&x, &line);
            stamp_again(&line);
        }
    }
    bool begun = lines_begun(&l);
    MUST(begun == (in.left > 0 && bytes[in.left - 1] != '\n' && bytes[in.left - 1] != '\0'));
    MUST(lines_end(&l) == 0);
    while (lines_next(&l, &line)) {
        MUST(x.left > 0 || x.inside > 0);
        compare(&x, &line);
    }
    MUST(x.left == 0);
    lines_release(&l);
    free(bytes);
    return 0;
}
