#include "supervisor/exitcode.h"
#include "base/error.h"
#include "base/message.h"
#include "base/str.h"
#include "contract/paths.h"
#include "supervisor/pid1_calls.h"
#include "supervisor/shortage.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int exitcode_parse(const char *text)
{
    unsigned long long value = 0;
    char digits[24];
    size_t length = strcspn(text, "\n");
    while (length > 0 &&
           (text[length - 1] == ' ' || text[length - 1] == '\t' || text[length - 1] == '\r'))
        length--;
    if (length == 0)
        return 0;
    if (length >= sizeof digits)
        return -1;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (number_parse(digits, ~0ULL, &value) < 0)
        return -1;
    return (int)(value & 0xff);
}

int exitcode_read(void)
{
    char text[128] = "";
    int fd = openat(AT_FDCWD, RUN_EXITCODE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return shortage_is(errno) ? -1 : 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n < 0 ? 0 : n] = '\0';
    int code = exitcode_parse(text);
    if (code >= 0)
        return code;
    text[strcspn(text, "\n")] = '\0';
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == '\177')
            *c = '?';
    message_warning("%s holds \"%.40s\", which is no number: the container ends with %d",
                    RUN_EXITCODE, text, EXIT_USAGE);
    return EXIT_USAGE;
}

void exitcode_write(const struct pid1_calls *calls, int code)
{
    char text[16];
    struct error ignored = ERROR_INIT;
    int n = snprintf(text, sizeof text, "%d\n", code);
    calls->write_file(AT_FDCWD, RUN_EXITCODE, text, (size_t)n, 0644, &ignored);
}
