/* Commands about the scan directory, and about who may see and control a service. */
#include "base/account.h"
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "command/commands.h"
#include "command/s6/service.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4400, EXIT_TIMED_OUT = 99, POLL_MS = 10, LETTERS_MAX = 60, EXIT_UNREAD = 1 };

static const char *join(char path[PATH_BYTES], const char *folder, const char *name)
{
    snprintf(path, PATH_BYTES, "%.4096s/%.255s", folder, name);
    return path;
}

/* --- s6-svscanctl ----------------------------------------------------------------------------- */

static int tell(const char *scandir, const char *letters, size_t count)
{
    char path[PATH_BYTES];
    return service_send(join(path, scandir, ".s6-svscan/control"), scandir, letters, count,
                        EXIT_SYSTEM, EXIT_USAGE);
}

static int run_svscanctl(struct invocation *c)
{
    char letters[LETTERS_MAX];
    size_t count = 0;
    for (int option; (option = command_option(c)) != 0;) {
        if (option == '?')
            return EXIT_USAGE;
        if (count == LETTERS_MAX)
            return command_usage(c);
        letters[count++] = (char)option;
    }
    if (command_operand_count(c) != 1)
        return command_usage(c);
    return tell(command_operands(c)[0], letters, count);
}

/* --- s6-svlink, s6-svunlink ------------------------------------------------------------------- */

static bool has_log(const char *service)
{
    char path[PATH_BYTES];
    return access(join(path, service, "log/run"), F_OK) == 0;
}

/* Until the service and its logger have a supervisor, or have none any more: 0, or 99. */
static int wait_until(const char *service, bool supervised, uint64_t ms)
{
    int64_t due = clock_deadline(ms);
    bool logged = has_log(service);
    char log[PATH_BYTES];
    join(log, service, "log");
    while (service_is_supervised(service) != supervised ||
           (logged && service_is_supervised(log) != supervised)) {
        if (due != 0 && clock_monotonic() >= due)
            return EXIT_TIMED_OUT;
        clock_sleep(POLL_MS * CLOCK_MS);
    }
    return 0;
}

static int scans(const char *scandir)
{
    char path[PATH_BYTES];
    struct stat st;
    int fd = open(join(path, scandir, ".s6-svscan/lock"), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail("open", path);
    bool scanned = fd_is_locked(fd);
    close(fd);
    if (scanned)
        return 0;
    return refuse(EXIT_USAGE, "%s is not scanned by anybody", scandir);
}

/* event/ for everybody, or for who is in our group; only if it is not there unless forced. */
static int make_event(const char *service, bool public, bool force)
{
    char path[PATH_BYTES];
    join(path, service, "event");
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fail("make", path);
    if (errno == EEXIST && !force)
        return 0;
    return file_mode_made(AT_FDCWD, path, S_IFDIR, public ? 01733 : 03730) < 0
               ? fail("change the mode of", path)
               : 0;
}

static int make_down(const char *service, bool down)
{
    char path[PATH_BYTES];
    join(path, service, "down");
    if (!down)
        return unlink(path) < 0 && errno != ENOENT ? fail("remove", path) : 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail("make", path);
    close(fd);
    return 0;
}

static int link_service(const char *scandir, const char *real, const char *name, uint64_t ms)
{
    char path[PATH_BYTES];
    char down = options_last("dD");
    int code = down != 0 ? make_down(real, true) : 0;
    errno = 0;
    if (code == 0 && (given('P') || given('f')))
        code = make_event(real, given('P'), given('f'));
    if (code != 0)
        return code;
    if (symlink(real, join(path, scandir, name)) < 0)
        return fail("make the link", path);
    code = tell(scandir, "a", 1);
    if (code == 0)
        code = wait_until(real, true, ms);
    if (code == EXIT_TIMED_OUT)
        message_fatal("%s got no supervisor in time", real);
    if (down == 'd')
        make_down(real, false);
    return code;
}

static int run_svlink(struct invocation *c)
{
    uint64_t ms = 0;
    char real[PATH_MAX];
    char path[PATH_BYTES];
    if (options_read(c, 2) != 0 || options_number(c, argument_of('t'), UINT32_MAX, &ms) != 0)
        return EXIT_USAGE;
    if (options.count > 3)
        return command_usage(c);
    const char *service = options.operand[1];
    if (realpath(service, real) == NULL || access(join(path, real, "run"), F_OK) < 0) {
        join(path, service, "run");
        return fail("look at", path);
    }
    const char *name = options.count == 3 ? options.operand[2] : strrchr(real, '/') + 1;
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return refuse(EXIT_USAGE, "%s is no name for a service", name);
    int code = scans(options.operand[0]);
    if (code != 0)
        return code;
    if (service_is_supervised(real)) {
        message_warning("supervisor already running on %s", service);
        return 0;
    }
    return link_service(options.operand[0], real, name, ms);
}

static int run_svunlink(struct invocation *c)
{
    uint64_t ms = 0;
    char real[PATH_MAX];
    char path[PATH_BYTES];
    struct stat st;
    if (options_read(c, 2) != 0 || options_number(c, argument_of('t'), UINT32_MAX, &ms) != 0)
        return EXIT_USAGE;
    const char *name = options.operand[1];
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return command_usage(c);
    join(path, options.operand[0], name);
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : fail("look at", path);
    if (!S_ISLNK(st.st_mode))
        return refuse(EXIT_USAGE, "%s is no symbolic link: it is not for us to remove", path);
    bool there = realpath(path, real) != NULL;
    if (unlink(path) < 0)
        return fail("remove", path);
    int code = tell(options.operand[0], "an", 2);
    if (code == 0 && there && !given('X'))
        wait_until(real, false, ms); /* that it takes longer is no failure */
    return code;
}

/* --- s6-svperms ------------------------------------------------------------------------------- */

/* By name, or ":" and a number. */
static int find_group(const char *word, gid_t *gid)
{
    struct error e = ERROR_INIT;
    unsigned long long number;
    if (word[0] == ':' && number_parse(word + 1, UINT_MAX, &number) == 0) {
        *gid = (gid_t)number;
        return 0;
    }
    int found = account_group(word, gid, &e);
    if (found == 0)
        return 0;
    return refuse(found > 0 ? EXIT_USAGE : EXIT_SYSTEM, "%s", found > 0 ? "no such group" : e.text);
}

/* By descriptor: the folder may belong to somebody else, who may put a link there. */
static int change(const char *path, gid_t gid, mode_t mode)
{
    int code = 0;
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail("open", path);
    if (fchownat(fd, "", (uid_t)-1, gid, AT_EMPTY_PATH) < 0)
        code = fail("change the group of", path);
    else if (fd_mode(fd, AT_FDCWD, path, mode) < 0)
        code = fail("change the mode of", path);
    close(fd);
    return code;
}

static int change_service(const char *service, char status, gid_t group, char event,
                          gid_t listeners)
{
    char path[PATH_BYTES];
    int code = 0;
    bool controls = status == 'G' || status == 'O';
    bool everybody = status == 'o' || status == 'O';
    if (status != 0) {
        code = change(join(path, service, "supervise"), everybody ? getegid() : group,
                      everybody       ? 0711
                      : status == 'u' ? 0700
                                      : 0710);
        if (code == 0)
            code = change(join(path, service, "supervise/control"), controls ? group : getegid(),
                          controls ? 0620 : 0600);
    }
    if (event != 0 && code == 0)
        code = change(join(path, service, "event"), listeners, event == 'e' ? 01733 : 03730);
    return code;
}

static void put_group(const char *service, const char *what, gid_t gid)
{
    char name[ACCOUNT_NAME_MAX];
    account_group_name(gid, name);
    if (name[0] != '\0')
        printf("%s %s: group %s\n", service, what, name);
    else
        printf("%s %s: group :%lu\n", service, what, (unsigned long)gid);
}

/* One line: public, group or owner, as the mode says. */
static int show(const char *service, const char *file, const char *what, mode_t for_all,
                mode_t for_group, mode_t for_owner)
{
    char path[PATH_BYTES];
    struct stat st;
    if (stat(join(path, service, file), &st) < 0) {
        complain("look at", path);
        return EXIT_UNREAD;
    }
    mode_t mode = st.st_mode & 07777;
    if (mode == for_all)
        printf("%s %s: public\n", service, what);
    else if (mode == for_group)
        put_group(service, what, st.st_gid);
    else if (mode == for_owner)
        printf("%s %s: owner\n", service, what);
    else
        message_warning("%s has mode %o, which nobody gives it", path, (unsigned int)mode);
    return mode == for_all || mode == for_group || mode == for_owner ? 0 : EXIT_UNREAD;
}

static int show_service(const char *service)
{
    const mode_t never = 010000;
    return show(service, "supervise", "status", 0711, 0710, 0700) |
           show(service, "supervise/control", "control", never, 0620, 0600) |
           show(service, "event", "events", 01733, 03730, never);
}

static int run_svperms(struct invocation *c)
{
    gid_t group = getegid(), listeners = getegid();
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    char status = options_last("ugGoO");
    char event = options_last("eE");
    int code = 0;
    if (status != 0 && argument_of(status) != NULL)
        code = find_group(argument_of(status), &group);
    if (code == 0 && event == 'E')
        code = find_group(argument_of('E'), &listeners);
    for (int i = 0; code == 0 && i < options.count; i++)
        code = change_service(options.operand[i], status, group, event, listeners);
    if (code == 0 && ((status == 0 && event == 0) || given('v')))
        for (int i = 0; i < options.count; i++)
            code |= show_service(options.operand[i]);
    return fflush(stdout) == 0 ? code : fail("write to", "stdout");
}

static const char link_options[] =
    "-d     it stays down this time\n"
    "-D     it stays down, also later: the file down is made and kept\n"
    "-P     everybody may listen to its events\n"
    "-f     or nobody may but our group, whatever event/ is now\n"
    "-t ms  do not wait longer for its supervisor\n";

static const char perms_options[] = "-v        then say who may do what\n"
                                    "-u        only the owner sees and controls it\n"
                                    "-g group  the group sees it (a name, or :gid)\n"
                                    "-G group  the group sees and controls it\n"
                                    "-o        everybody sees it\n"
                                    "-O group  everybody sees it, the group controls it\n"
                                    "-e        everybody may listen to its events\n"
                                    "-E group  the group may listen to its events\n";

static const char svscanctl_options[] = "-a  supervise what is new\n"
                                        "-n  stop and forget what the last scan did not find\n"
                                        "-N  the same, but loggers are told to end, too\n"
                                        "-h  -a, then -n\n"
                                        "-t  stop the container\n"
                                        "-i  the same\n"
                                        "-q  stop it without waiting\n"
                                        "-b  the same\n"
                                        "-z  nothing; for compatibility\n";

static const char svunlink_options[] = "-X     do not wait\n"
                                       "-t ms  wait no longer than that\n";

const struct command command_scan[] = {
    {"s6-svscanctl", "[-zabhitqnN] scandir", "scan /run/service, or stop the container",
     svscanctl_options, run_svscanctl},
    {"s6-svlink", "[-d|-D] [-P] [-f] [-t ms] scandir servicedir [name]",
     "add a service while the container runs", link_options, run_svlink},
    {"s6-svunlink", "[-X] [-t ms] scandir name", "stop and forget a service that was added",
     svunlink_options, run_svunlink},
    {"s6-svperms", "[options] servicedir...", "say or change who may see and control a service",
     perms_options, run_svperms},
    {.name = NULL}};
