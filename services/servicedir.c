#include "services/servicedir.h"
#include "base/message.h"
#include "base/signals.h"
#include "base/str.h"
#include "services/supervise.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 64, DESCRIPTOR_MAX = 1 << 20 };

struct reading {
    int at;
    const char *name;
};

static bool is_there(const struct reading *r, const char *file)
{
    return r->at >= 0 && faccessat(r->at, file, F_OK, 0) == 0;
}

/* The first line without trailing blanks; false when there is no such file. Never waits for a fifo.
 */
static bool first_line(const struct reading *r, const char *file, char line[LINE_MAX_BYTES])
{
    struct stat st;
    int fd = r->at < 0 ? -1 : openat(r->at, file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        n = read(fd, line, LINE_MAX_BYTES - 1);
    close(fd);
    line[n < 0 ? 0 : n] = '\0';
    size_t length = strcspn(line, "\n");
    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
        length--;
    line[length] = '\0';
    return true;
}

static void invalid(const struct reading *r, const char *file, const char *line)
{
    if (r->name != NULL)
        message_line(MESSAGE_WARNING, "s6-supervise %s: warning: invalid %s \"%s\", ignored",
                     r->name, file, line);
}

static unsigned long long number(const struct reading *r, const char *file, unsigned long long most,
                                 unsigned long long fallback)
{
    char line[LINE_MAX_BYTES];
    unsigned long long value = fallback;
    if (first_line(r, file, line) && number_parse(line, most, &value) < 0) {
        invalid(r, file, line);
        return fallback;
    }
    return value;
}

static int descriptor(const struct reading *r, const char *file)
{
    const unsigned long long none = DESCRIPTOR_MAX;
    unsigned long long value = number(r, file, DESCRIPTOR_MAX - 1, none);
    return value == none ? -1 : (int)value;
}

static int signal_of(const struct reading *r, const char *file, int fallback)
{
    char line[LINE_MAX_BYTES];
    if (!first_line(r, file, line))
        return fallback;
    int found = signal_number(line, SIGNAL_COUNT - 1);
    if (found > 0)
        return found;
    invalid(r, file, line);
    return fallback;
}

void servicedir_read(struct servicedir *d, const char *path, const char *name)
{
    struct reading r = {.at = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), .name = name};
    *d = (struct servicedir){
        .has_finish = is_there(&r, "finish"),
        .down = is_there(&r, "down"),
        .notification_fd = descriptor(&r, "notification-fd"),
        .lock_fd = descriptor(&r, "lock-fd"),
        .timeout_kill = (uint32_t)number(&r, "timeout-kill", UINT32_MAX, 0),
        .timeout_finish = (uint32_t)number(&r, "timeout-finish", UINT32_MAX, 5000),
        .kill_group = is_there(&r, "flag-timeout-killpg"),
        .new_pids = is_there(&r, "flag-newpidns"),
        .max_death_tally = (unsigned int)number(&r, "max-death-tally", SUPERVISE_DEATHS_MAX, 100),
        .down_signal = signal_of(&r, "down-signal", SIGTERM),
        .reload_signal = signal_of(&r, "reload-signal", SIGHUP),
    };
    if (r.at >= 0)
        close(r.at);
}
