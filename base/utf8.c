#include "logger/utf8.h"

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
    return (point >= 0x80 && point < 0xa0) || point == 0x061c || point == 0x200e ||
           point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
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
