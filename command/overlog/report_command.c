/* overlog report: writes what report.c and report_gather.c have made. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/options.h"
#include "base/quantity.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include "command/overlog/report.h"
#include "command/overlog/tar.h"
#include "rotate/bgzf.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_UNKNOWN = 1, LEVEL = 6 };

/* --- the archive ------------------------------------------------------------------------------ */

static int make_tar(const struct report *r, const char *folder, struct str *tar)
{
    int64_t now = clock_wall().tv_sec;
    for (size_t i = 0; i < r->count; i++) {
        char name[4200];
        const struct report_file *f = &r->file[i];
        snprintf(name, sizeof name, "%s/%.4000s", folder, f->name);
        int result = tar_add(tar, name, 0600, now, f->text.data, f->text.length);
        if (result < 0)
            return -1;
        if (result > 0)
            message_warning("%s is left out: its name is too long for an archive", f->name);
    }
    return tar_end(tar);
}

/* Compressed, in memory: so what is written is whole, and nobody sees it before. */
static int compress(const struct str *tar, struct str *out, struct error *e)
{
    char bytes[65536];
    int in = kernel_memory("report"), to = kernel_memory("report.gz");
    int result = in < 0 || to < 0 || fd_write_all(in, tar->data, tar->length) < 0 ||
                         lseek(in, 0, SEEK_SET) < 0
                     ? error_system(e, "unable to make the archive")
                     : bgzf_compress(in, to, LEVEL, NULL, e);
    ssize_t n = 0;
    if (result == 0 && lseek(to, 0, SEEK_SET) == 0)
        while ((n = read(to, bytes, sizeof bytes)) > 0 && result == 0)
            result = str_add(out, bytes, (size_t)n);
    if (n < 0 || (result < 0 && e->code == 0))
        result = error_system(e, "unable to make the archive");
    fd_close(in);
    fd_close(to);
    return result;
}

static int write_archive(const struct report *r, const char *folder, const char *path)
{
    struct str tar = STR_INIT, out = STR_INIT;
    struct error e = ERROR_INIT;
    char size[QUANTITY_MAX];
    int result = make_tar(r, folder, &tar) < 0 ? error_system(&e, "unable to make the archive")
                                               : compress(&tar, &out, &e);
    if (result == 0 && strcmp(path, "-") == 0)
        result = fd_write_all(STDOUT_FILENO, out.data, out.length) < 0
                     ? error_system(&e, "unable to write the archive")
                     : 0;
    else if (result == 0)
        result = file_replace(AT_FDCWD, path, out.data, out.length, 0600, &e);
    quantity_size((int64_t)out.length, size);
    str_release(&tar);
    str_release(&out);
    if (result < 0)
        return message_error(&e);
    dprintf(strcmp(path, "-") == 0 ? STDERR_FILENO : STDOUT_FILENO,
            "%s: %zu files, %s; masked in %zu places, which masked.txt in it lists\n"
            "What is secret can have any form: look through it before you give it away.\n",
            path, r->count, size, r->masked);
    return 0;
}

static int show(const struct report *r, const char *path)
{
    struct str out = STR_INIT;
    char size[QUANTITY_MAX];
    str_printf(&out, "%s would have %zu files:\n", path, r->count);
    for (size_t i = 0; i < r->count; i++) {
        quantity_size((int64_t)r->file[i].text.length, size);
        str_printf(&out, "%8s  ", size);
        put_shown(&out, r->file[i].name, 0);
        str_add_char(&out, '\n');
    }
    str_printf(&out, "masked in %zu places%s\n", r->masked, r->masked == 0 ? "" : ":");
    for (const char *line = r->places.data; line != NULL && *line != '\0';) {
        size_t n = strcspn(line, "\n");
        char shown[400];
        snprintf(shown, sizeof shown, "%.*s", (int)(n > 399 ? 399 : n), line);
        str_add_text(&out, "  ");
        put_shown(&out, shown, 0);
        str_add_char(&out, '\n');
        line += n + (line[n] == '\n');
    }
    return put_all(&out);
}

/* --- the command ------------------------------------------------------------------------------ */

static int check_names(const struct report *r)
{
    int code = 0;
    for (size_t i = 0; r->names[i] != NULL; i++)
        if (!r->found[i]) {
            message_fatal("no service or log is called %s", r->names[i]);
            code = EXIT_UNKNOWN;
        }
    return code;
}

static int run_report(struct invocation *c)
{
    struct report r = {.mask = MASK_INIT};
    char folder[64], path[80];
    if (options_read_anywhere(c, 0, INT_MAX) != 0)
        return EXIT_USAGE;
    struct timespec now = clock_wall();
    struct tm t;
    gmtime_r(&now.tv_sec, &t);
    strftime(folder, sizeof folder, "overlog-report-%Y%m%dT%H%M%SZ", &t);
    snprintf(path, sizeof path, "%s.tar.gz", folder);
    const char *output = given('o') ? argument_of('o') : path;
    if (strcmp(output, "-") == 0 && !given('n') && isatty(STDOUT_FILENO))
        return refuse(EXIT_USAGE, "stdout is a terminal: send it into a file");
    r.names = options.operand;
    r.found = calloc((size_t)options.count + 1, 1);
    if (r.found == NULL)
        return refuse(EXIT_SYSTEM, "out of memory");
    report_gather(&r);
    int code = check_names(&r);
    if (code == 0 && report_mask(&r) < 0)
        code = refuse(EXIT_SYSTEM, "out of memory");
    if (code == 0)
        code = given('n') ? show(&r, output) : write_archive(&r, folder, output);
    report_release(&r);
    return code;
}

static const char report_options[] =
    "-o, --output=FILE  write it there (overlog-report-TIME.tar.gz); -: to stdout\n"
    "-n, --dry-run      say what would be in it, and what is masked\n";

const struct command command_report[] = {{"overlog report", "[-o FILE] [-n] [NAME...]",
                                          "write an archive for a bug report, without secrets",
                                          report_options, run_report},
                                         {.name = NULL}};
