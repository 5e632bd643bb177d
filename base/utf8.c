#include "base/utf8.h"
#include <stdio.h>
#include <string.h>

size_t utf8_decode(const char *bytes, size_t length, unsigned int *point)
{
    static const unsigned int least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = length > 0 ? (unsigned char)bytes[0] : 0xff;
    size_t n = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (n == 0 || n > length || lead > 0xf4)
        return 0;
    unsigned int value = n == 1 ? lead : lead & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if ((c & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (c & 0x3fU);
    }
    if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *point = value;
    return n;
}

bool utf8_is_harmful(unsigned int point)
{
    return (point >= 0x80 && point < 0xa0) || point == 0x061c || point == 0x200b ||
           point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0x2060 || point == 0xfeff;
}

size_t utf8_show(const char *bytes, size_t length, char shown[UTF8_SHOWN_MAX])
{
    unsigned char c = (unsigned char)bytes[0];
    unsigned int point = c;
    size_t n = c < 0x80 ? 1 : utf8_decode(bytes, length, &point);
    bool control = point < 0x20 || point == 0x7f;
    shown[0] = '\0';
    if (n == 0)
        snprintf(shown, UTF8_SHOWN_MAX, "\\x%02x", c);
    else if (c < 0x80 && control && c != '\t')
        snprintf(shown, UTF8_SHOWN_MAX, "^%c", (int)(point ^ 0x40));
    else if (c >= 0x80 && utf8_is_harmful(point))
        snprintf(shown, UTF8_SHOWN_MAX, "\\u%04x", point);
    return n > 0 ? n : 1;
}

/* Columns of a character: marks over others take none, those of East Asia and pictures two. */
static size_t point_width(unsigned int p)
{
    static const struct {
        unsigned int first, last, width;
    } ranges[] = {
        {0x300, 0x36f, 0},     {0x1100, 0x115f, 2},   {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},
        {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
        {0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},
        {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1faff, 2}, {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0] && p >= ranges[i].first; i++)
        if (p <= ranges[i].last)
            return ranges[i].width;
    return 1;
}

size_t utf8_width(const char *bytes, size_t length)
{
    size_t width = 0;
    while (width < length && !(bytes[width] & 0x80))
        width++;
    for (size_t i = width; i < length;) {
        unsigned int point = 'x';
        size_t n = utf8_decode(bytes + i, length - i, &point);
        width += point_width(point);
        i += n > 0 ? n : 1;
    }
    return width;
}

static bool is_plain(char c)
{
    return (c >= ' ' && c < 0x7f) || c == '\t';
}

int utf8_visible(const char *bytes, size_t length, struct str *out)
{
    size_t plain = 0; /* begin of what can go out as it is */
    for (size_t i = 0; i < length;) {
        char shown[UTF8_SHOWN_MAX];
        if (is_plain(bytes[i])) {
            i++;
            continue;
        }
        size_t n = utf8_show(bytes + i, length - i, shown);
        if (shown[0] != '\0') {
            if (str_add(out, bytes + plain, i - plain) < 0 || str_add_text(out, shown) < 0)
                return -1;
            plain = i + n;
        }
        i += n;
    }
    return str_add(out, bytes + plain, length - plain);
}

size_t utf8_visible_into(char *out, size_t size, const char *bytes, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && size > 0;) {
        char shown[UTF8_SHOWN_MAX];
        size_t n = utf8_show(bytes + i, length - i, shown);
        const char *piece = shown[0] == '\0' ? bytes + i : shown;
        size_t more = shown[0] == '\0' ? n : strlen(shown);
        if (more >= size - used)
            break;
        memcpy(out + used, piece, more);
        used += more;
        i += n;
    }
    if (size > 0)
        out[used] = '\0';
    return used;
}

size_t utf8_torn(const char *bytes, size_t length)
{
    for (size_t n = 1; n <= 3 && n <= length; n++) {
        unsigned char c = (unsigned char)bytes[length - n];
        size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
        if ((c & 0xc0) != 0x80)
            return c < 0xf5 && whole > n ? n : 0;
    }
    return 0;
}
