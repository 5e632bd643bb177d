/* Messages as logcat shows them, in every form. For a terminal, no byte of a service is one that a
 * terminal acts on; JSON is UTF-8 in which strings have no control characters; text/time formats
 * take any time. First byte: the form; second: options; then eight bytes of time. */
#include "logcat/render.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

static void is_clean(const char *bytes, size_t length, bool lines)
{
    for (size_t i = 0; i < length;) {
        unsigned int point = 0;
        unsigned char c = (unsigned char)bytes[i];
        size_t n = c < 0x80 ? 1 : utf8_decode(bytes + i, length - i, &point);
        MUST(n > 0);
        if (c < 0x80)
            MUST((c >= ' ' && c != 0x7f) || (lines && c == '\n') || c == '\t');
        else
            MUST(!utf8_is_harmful(point));
        i += n;
    }
}

/* A line of JSON: an object, strings ended, only escapes that there are. */
static void is_json(const char *bytes, size_t length)
{
    bool string = false;
    long depth = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned int point;
        unsigned char c = (unsigned char)bytes[i];
        MUST(c >= ' ');
        if (c >= 0x80) {
            size_t n = utf8_decode(bytes + i, length - i, &point);
            MUST(n > 0 && string);
            i += n - 1;
        } else if (string && c == '\\') {
            i++;
            MUST(i < length && strchr("\"\\/bfnrtu", bytes[i]) != NULL && bytes[i] != '\0');
            for (int digits = bytes[i] == 'u' ? 4 : 0; digits > 0; digits--) {
                i++;
                MUST(i < length && strchr("0123456789abcdefABCDEF", bytes[i]) != NULL);
            }
        } else if (c == '"') {
            string = !string;
        } else if (!string) {
            depth += (c == '{') - (c == '}');
            MUST(depth >= 0);
        }
    }
    MUST(!string && depth == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct str out = STR_INIT;
    enum render_form form = input_byte(&in) % (RENDER_PRETTY + 1);
    uint8_t how = input_byte(&in);
    struct render r = {.form = form,
                       .utc = (how & 1) != 0,
                       .names = (how & 2) != 0,
                       .color = (how & 4) != 0,
                       .caret = (how & 8) != 0,
                       .width = how >> 6};
    struct entry e = {.stamped = (how & 16) != 0, .cut = (how & 32) != 0, .stream = how % 3};
    uint64_t time = 0;
    for (int i = 0; i < 8; i++)
        time = time << 8 | input_byte(&in);
    /* Years of four digits. */
    e.time = (struct timespec){(time_t)(time >> 30) % 253402300800, (long)(time % 1000000000)};
    e.message = malloc(in.left + 1);
    MUST(e.message != NULL);
    memcpy(e.message, in.at, in.left);
    e.message[in.left] = '\0';
    e.length = in.left;
    MUST(render_entry(&r, "web", &e, &out) == 0);
    MUST(out.length > 0 && out.data[out.length - 1] == '\n');
    if (form == RENDER_JSON)
        is_json(out.data, out.length - 1);
    else if (r.caret && !r.color)
        is_clean(out.data, out.length - 1, form == RENDER_PRETTY);
    str_clear(&out);
    MUST(utf8_visible(e.message, e.length, &out) == 0);
    is_clean(out.data == NULL ? "" : out.data, out.length, false);
    str_release(&out);
    free(e.message);
    return 0;
}
