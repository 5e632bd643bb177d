#include "command/overlog/tar.h"
#include <stdio.h>
#include <string.h>

enum { BLOCK = 512 };

/* As POSIX has it. Numbers are octal digits with a blank or a NUL behind them. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], time[12], sum[8], type, link[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

/* Cuts a long name at a slash into prefix and name. */
static int put_name(struct header *h, const char *name)
{
    size_t length = strlen(name);
    const char *slash;
    if (length == 0 || name[0] == '/' || strncmp(name, "../", 3) == 0 || strcmp(name, "..") == 0 ||
        strstr(name, "/../") != NULL)
        return 1;
    if (length <= sizeof h->name) {
        memcpy(h->name, name, length);
        return 0;
    }
    for (slash = name + length - sizeof h->name - 1; *slash != '\0' && *slash != '/';)
        slash++;
    size_t before = (size_t)(slash - name);
    if (*slash == '\0' || before == 0 || before > sizeof h->prefix || slash[1] == '\0')
        return 1;
    memcpy(h->prefix, name, before);
    memcpy(h->name, slash + 1, length - before - 1);
    return 0;
}

static void put_sum(struct header *h)
{
    unsigned int sum = 0;
    const unsigned char *bytes = (const unsigned char *)h;
    memset(h->sum, ' ', sizeof h->sum);
    for (size_t i = 0; i < sizeof *h; i++)
        sum += bytes[i];
    snprintf(h->sum, sizeof h->sum, "%06o", sum);
}

int tar_add(struct str *out, const char *name, unsigned int mode, int64_t time, const void *bytes,
            size_t length)
{
    static const char nothing[BLOCK];
    struct header h = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
    size_t odd = length % BLOCK, before = out->length;
    unsigned long long size = length;
    if (put_name(&h, name) != 0 || size > 077777777777ULL)
        return 1;
    snprintf(h.mode, sizeof h.mode, "%07o", mode & 07777);
    snprintf(h.uid, sizeof h.uid, "%07o", 0);
    snprintf(h.gid, sizeof h.gid, "%07o", 0);
    snprintf(h.size, sizeof h.size, "%011llo", size);
    snprintf(h.time, sizeof h.time, "%011llo",
             (unsigned long long)(time < 0 ? 0 : time) & 077777777777ULL);
    strcpy(h.user, "root");
    strcpy(h.group, "root");
    put_sum(&h);
    if (str_add(out, &h, sizeof h) < 0 || str_add(out, bytes, length) < 0 ||
        str_add(out, nothing, odd == 0 ? 0 : BLOCK - odd) < 0) {
        out->length = before;
        return -1;
    }
    return 0;
}

int tar_end(struct str *out)
{
    static const char nothing[2 * BLOCK];
    return str_add(out, nothing, sizeof nothing);
}
