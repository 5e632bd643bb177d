#include "supervisor/console.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int destination = 2;
static int own = -1;       /* the same pipe or terminal as an open file of ours, with O_NONBLOCK */
static int no_socket = -1; /* the last that was found to be none */
static unsigned long dropped;
static char rest[PIPE_BUF]; /* of a line that a terminal took a part of */
static size_t rest_length;
static enum console_form form;
static int shared = -1; /* the loggers' file */

static ssize_t write_now(int fd, const void *bytes, size_t length)
{
    ssize_t n = fd == no_socket ? -1 : send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0 || (fd != no_socket && errno != ENOTSOCK))
        return n;
    no_socket = fd;
    return kernel_write_now(fd, bytes, length);
}

bool console_try(int fd, const void *bytes, size_t length)
{
    return write_now(fd, bytes, length) == (ssize_t)length;
}

/* Between a poll and a write others fill the pipe, and a terminal takes a part and waits for the
 * rest. An open file of our own may have O_NONBLOCK; where it is not to be had (no /proc, somebody
 * else's pipe) there is the flag of the single write, and on kernels without that the risk. */
static int open_own(int fd)
{
    enum { TTY_MAJOR = 5, PTMX_MINOR = 2 }; /* which opened again would be another terminal */
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    bool terminal =
        S_ISCHR(st.st_mode) && isatty(fd) && st.st_rdev != makedev(TTY_MAJOR, PTMX_MINOR);
    if (!S_ISFIFO(st.st_mode) && !terminal)
        return -1;
    return process_open_side(fd, O_WRONLY | O_NONBLOCK | O_NOCTTY);
}

static ssize_t put(const char *bytes, size_t length)
{
    return own >= 0 ? write(own, bytes, length) : write_now(destination, bytes, length);
}

static bool put_line(const char *line, size_t length)
{
    if (rest_length > 0) {
        ssize_t n = put(rest, rest_length);
        if (n <= 0)
            return false;
        rest_length -= (size_t)n;
        memmove(rest, rest + n, rest_length);
        if (rest_length > 0)
            return false;
    }
    ssize_t n = put(line, length);
    if (n > 0 && (size_t)n < length) {
        rest_length = length - (size_t)n;
        memcpy(rest, line + n, rest_length);
    }
    return n > 0;
}

/* Adds an object with the line, or with a part of it if all of it is too long. 0, or -1. */
static int add_object(struct str *out, const char *line, size_t length)
{
    enum { AROUND = 128, ESCAPED = 6 };
    char when[CLOCK_UTC_LENGTH + 1] = "";
    struct timespec now = clock_wall();
    size_t before = out->length;
    clock_utc_format(when, &now);
    if (str_printf(out,
                   "{\"" CONSOLE_JSON_TIME "\":\"%s\",\"" CONSOLE_JSON_SERVICE "\":\"" CONSOLE_OWN
                   "\",\"" CONSOLE_JSON_STREAM "\":\"stderr\",\"" CONSOLE_JSON_MESSAGE "\":",
                   when) < 0 ||
        json_write_string(out, line, length, NULL) < 0 || str_add_text(out, "}\n") < 0)
        return -1;
    if (out->length < PIPE_BUF)
        return 0;
    out->length = before;
    return add_object(out, line, (PIPE_BUF - AROUND) / ESCAPED);
}

/* A logger's begun line on descriptor 2 is ended. */
static bool is_within(void)
{
    uint32_t within = 0;
    const uint32_t none = 0;
    struct stat st[2];
    if (shared < 0 || destination != STDERR_FILENO)
        return false;
    bool same = fstat(1, &st[0]) == 0 && fstat(2, &st[1]) == 0 && st[0].st_dev == st[1].st_dev &&
                st[0].st_ino == st[1].st_ino;
    off_t at = CONSOLE_WITHIN_OFFSET + (same ? 0 : (off_t)sizeof none);
    if (pread(shared, &within, sizeof within, at) != sizeof within || within == 0)
        return false;
    ssize_t ignored = pwrite(shared, &none, sizeof none, at);
    (void)ignored;
    return true;
}

static bool put_message(const char *line, size_t length)
{
    static struct str text; /* keeps its memory */
    int result = 0;
    bool within = is_within();
    if (!within && (form == CONSOLE_PLAIN || destination != STDERR_FILENO))
        return put_line(line, length);
    str_clear(&text);
    if (within)
        result = str_add_char(&text, '\n');
    if (result == 0 && form == CONSOLE_JSON)
        result = add_object(&text, line, length - 1);
    else if (result == 0)
        result = str_printf(&text, "%s%.*s", form == CONSOLE_PREFIX ? "[" CONSOLE_OWN "] " : "",
                            (int)length, line);
    return result == 0 && put_line(text.data, text.length);
}

static void say(const char *line, size_t length)
{
    if (dropped > 0) {
        char text[96];
        int n =
            snprintf(text, sizeof text, "overlog: warning: %lu messages did not fit\n", dropped);
        if (!put_message(text, (size_t)n)) {
            dropped++;
            return;
        }
        dropped = 0;
    }
    if (!put_message(line, length))
        dropped++;
}

void console_look(enum console_form wanted)
{
    form = wanted;
    message_to(say);
}

void console_shared_by(int lock)
{
    shared = lock;
}

void console_messages_to(int fd)
{
    fd_close(own);
    destination = fd;
    no_socket = -1;
    own = open_own(fd);
    rest_length = 0;
    message_to(say);
}
