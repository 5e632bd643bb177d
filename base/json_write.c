#include "base/json_write.h"
#include "base/utf8.h"
#include <string.h>

/* Quotes are common in messages: no printf for them. */
static void escape(unsigned int point, char shown[8])
{
    static const char digits[] = "0123456789abcdef";
    bool simple = point == '"' || point == '\\' || point == '\t';
    shown[0] = '\\';
    shown[1] = point == '\t' ? 't' : simple ? (char)point : 'u';
    for (int i = 0; i < 4; i++)
        shown[2 + i] = digits[point >> (12 - 4 * i) & 15];
    shown[simple ? 2 : 6] = '\0';
}

/* Appends text whose quotes and backslashes stay (raw) or are escaped. */
static int add_escaped(struct str *out, const char *bytes, size_t length, bool raw, bool *lossy)
{
    size_t plain = 0;
    for (size_t i = 0; i < length;) {
        char shown[8];
        unsigned char c = (unsigned char)bytes[i];
        unsigned int point = c;
        if (c >= 0x20 && c < 0x7f && (raw || (c != '"' && c != '\\'))) {
            i++;
            continue;
        }
        size_t n = c < 0x80 ? 1 : utf8_decode(bytes + i, length - i, &point);
        if ((n > 1 && !utf8_is_harmful(point)) || (raw && c == '\t')) {
            i += n;
            continue;
        }
        if (lossy && n == 0)
            *lossy = true;
        if (raw && c < 0x20) /* between tokens */
            strcpy(shown, " ");
        else
            escape(n > 0 ? point : 0xfffd, shown);
        str_add(out, bytes + plain, i - plain);
        str_add_text(out, shown);
        i += n > 0 ? n : 1;
        plain = i;
    }
    return str_add(out, bytes + plain, length - plain);
}

int json_write_string(struct str *out, const char *bytes, size_t length, bool *lossy)
{
    str_add_char(out, '"');
    add_escaped(out, bytes, length, false, lossy);
    return str_add_char(out, '"');
}

int json_write_raw(struct str *out, const char *bytes, size_t length)
{
    return add_escaped(out, bytes, length, true, NULL);
}
