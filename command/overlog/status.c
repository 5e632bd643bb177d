/* overlog status: how everything is, as the status file of pid 1 says. */
#include "command/overlog/status.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_UNWELL = 1 };

static long long directory_bytes(const char *path)
{
    long long bytes = 0;
    struct stat st;
    DIR *d = path[0] == '\0' ? NULL : opendir(path);
    if (d == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            bytes += (long long)st.st_size;
    closedir(d);
    return bytes;
}

static int show(struct status *s, bool json, bool health)
{
    struct str out = STR_INIT;
    for (size_t i = 0; !health && i < s->count; i++)
        s->row[i].log_bytes = directory_bytes(s->row[i].log);
    if (json)
        status_json(s, &out);
    else if (health)
        status_health(s, &out);
    else
        status_table(s, &out);
    return put_all(&out);
}

static int run_status(struct invocation *c)
{
    struct status s;
    struct error e = ERROR_INIT;
    if (options_read_anywhere(c, 0, INT_MAX) != 0)
        return EXIT_USAGE;
    bool health = given('H');
    if (status_read(&s, given('R') ? argument_of('R') : "/run", &e) < 0) {
        int code = message_error(&e);
        return health ? EXIT_UNWELL : code;
    }
    bool good = status_choose(&s, options.operand);
    int code = show(&s, given('j'), health);
    if (code == 0 && (!good || (health && !status_is_well(&s))))
        code = EXIT_UNWELL;
    status_release(&s);
    return code;
}

static const char status_options[] =
    "-H, --health   say what is not well; exit 0 only when all that should be is up and ready\n"
    "-j, --json     for programs\n"
    "-R, --run=DIR  another /run: that which overlog up names\n";

const struct command command_status[] = {{"overlog status",
                                          "[--health] [--json] [-R DIR] [NAME...]",
                                          "say how the services are", status_options, run_status},
                                         {.name = NULL}};
