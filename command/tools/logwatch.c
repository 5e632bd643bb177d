/* The command `s6-logwatch`: prints what a log directory's current holds and gets, through
 * rotations. Nothing is missed, whatever the speed of rotations: see rotate/read/reader.h. */
#include "base/container.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "logcat/dirwatch.h"
#include "rotate/read/reader.h"
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { BUFFER = 4000, BUFFER_MAX = 1 << 20 };

struct logwatch {
    struct loop loop;
    struct dirwatch follow;
    struct watch output; /* only its end */
    struct reader *reader;
    char *buffer;
    uint64_t size;
    int code;
};

static void finish(struct logwatch *w, int code)
{
    w->code = code;
    loop_stop(&w->loop);
}

static void print(void *context, size_t tag)
{
    struct logwatch *w = context;
    struct error e = ERROR_INIT;
    ssize_t n;
    (void)tag;
    while ((n = reader_read(w->reader, w->buffer, (size_t)w->size, &e)) != 0) {
        if (n < 0)
            message_warning("%s", e.text);
        else if ((reader_gap(w->reader) && fd_write_all(1, "\n", 1) < 0) ||
                 fd_write_all(1, w->buffer, (size_t)n) < 0)
            return finish(w, fail("write to", "standard output"));
    }
}

static void look(void *context)
{
    print(context, 0);
}

/* Something beside the directory was added or removed. */
static void look_around(void *context)
{
    struct logwatch *w = context;
    struct stat st;
    if (fstat(reader_directory(w->reader), &st) == 0 && st.st_nlink > 0)
        return;
    message_fatal("the log directory was removed");
    finish(w, EXIT_SYSTEM);
}

static void output_gone(struct watch *o, uint32_t events)
{
    (void)events;
    finish(container_of(o, struct logwatch, output), 0);
}

static int run_logwatch(struct invocation *c)
{
    static const struct dirwatch_calls calls = {
        .changed = print, .unsure = look, .places = look_around};
    struct logwatch w = {.size = BUFFER, .output = {.fd = 1, .ready = output_gone}};
    struct error e = ERROR_INIT;
    if (options_read(c, 1) != 0 || options_number(c, argument_of('m'), UINT_MAX, &w.size) != 0)
        return EXIT_USAGE;
    if (w.size == 0 || w.size > BUFFER_MAX)
        w.size = w.size == 0 ? 1 : BUFFER_MAX;
    const char *path = options.operand[0];
    char parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%s/..", path);
    w.buffer = malloc((size_t)w.size);
    if (w.buffer == NULL)
        return fail("watch", path);
    if (loop_open(&w.loop, &e) < 0 || dirwatch_open(&w.follow, &w.loop, &calls, &w, &e) < 0 ||
        dirwatch_directory(&w.follow, path, 0, &e) < 0 ||
        dirwatch_place(&w.follow, parent, &e) < 0 ||
        reader_open(&w.reader, path, READER_CURRENT, 0, NULL, &e) < 0)
        return message_error(&e);
    loop_watch(&w.loop, &w.output, 0, &e); /* a plain file has no end to be told of */
    print(&w, 0);
    if (w.code == 0 && loop_run(&w.loop, &e) < 0)
        return message_error(&e);
    return w.code;
}

static const char logwatch_options[] = "-m bytes  write at most so much at once (4000)\n";

const struct command command_logwatch[] = {{"s6-logwatch", "[-m bytes] logdir",
                                            "print and follow the current file of a log directory",
                                            logwatch_options, run_logwatch},
                                           {.name = NULL}};
