#include "command/tools/notify_place.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 80 /* what NOTIFY_PATH_MAX leaves beside RUN_NOTIFY and the file */ };

/* FNV-1a */
static uint32_t digest(const char *text)
{
    uint32_t d = 2166136261U;
    for (; *text != '\0'; text++)
        d = (d ^ (unsigned char)*text) * 16777619U;
    return d;
}

void notify_place(char *out, size_t size, const char *root, const char *name, const char *file)
{
    char number[12] = "";
    int length = (int)strlen(name);
    if (length > NAME_MOST) {
        snprintf(number, sizeof number, "~%08x", digest(name));
        length = NAME_MOST - (int)strlen(number);
    }
    snprintf(out, size, "%s/%.*s%s%s%s", root, length, name, number, file == NULL ? "" : "/",
             file == NULL ? "" : file);
}
