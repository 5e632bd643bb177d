#include "overlay/legacy.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "base/process.h"
#include "base/str.h"
#include "contract/paths.h"
#include "overlay/fixattrs.h"
#include "services/servicedir.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { PATH_BYTES = 4096, POLL_MS = 10, FAILED = 1 };

/* Lists the names in a folder of etc, sorted; a folder that does not exist is empty. */
static struct words list(const struct settings *s, const char *folder, char path[PATH_BYTES])
{
    struct words names = WORDS_INIT;
    struct error e = ERROR_INIT;
    snprintf(path, PATH_BYTES, "%s/%s", s->etc, folder);
    if (file_list(AT_FDCWD, path, &names, &e) < 0 && errno != ENOENT)
        message_warning("%s", e.text);
    return names;
}

/* The exit code for a failure, by the settings; warns of it unless they ignore it. */
static int failure(const struct settings *s, const char *what)
{
    if (s->behaviour == BEHAVIOUR_SILENT)
        return 0;
    message_warning("%s", what);
    return s->behaviour >= BEHAVIOUR_STOP ? FAILED : 0;
}

/* --- scripts ---------------------------------------------------------------------------------- */

static volatile sig_atomic_t told;

static void note(int number)
{
    told = number;
}

/* Notes SIGTERM, which goes to our process group, and so to the script that runs: no other is
 * begun.
 */
static void listen_for_term(void)
{
    struct sigaction action = {.sa_handler = note};
    sigaction(SIGTERM, &action, NULL);
}

/* Runs a script to its end. Returns its exit code as a shell gives it. */
static int run(const char *program, char *const *argv, const char *script)
{
    /* by_shell: in s6-overlay a shell runs the scripts, and some have no #! line. */
    struct process_spawn s = {.program = program, .argv = argv, .envp = environ, .by_shell = true};
    struct error e = ERROR_INIT;
    pid_t pid = process_start_explain(&s, &e);
    if (pid < 0 && e.code == EXIT_SYSTEM)
        message_warning("%s: %s", script, e.text);
    else if (pid < 0)
        message_warning("%s", e.text);
    if (pid < 0)
        return e.code;
    if (told != 0)
        kill(pid, told); /* the signal came before the script was there */
    int status = process_wait(pid);
    return status < 0 ? EXIT_SYSTEM : process_exit_code(status);
}

int legacy_cont_init(const struct settings *s)
{
    char folder[PATH_BYTES];
    struct words names = list(s, "cont-init.d", folder);
    bool failed = false;
    listen_for_term();
    for (size_t i = 0; i < names.count && told == 0; i++) {
        char script[2 * PATH_BYTES];
        snprintf(script, sizeof script, "%s/%s", folder, names.item[i]);
        char *argv[] = {script, NULL};
        message_info("running %s", script);
        int code = run(script, argv, script);
        message_info("%s exited %d", script, code);
        failed |= code != 0;
    }
    words_release(&names);
    if (told != 0)
        return 128 + told;
    return failed ? failure(s, "some scripts exited nonzero") : 0;
}

int legacy_cont_finish(const struct settings *s, const char *program)
{
    char folder[PATH_BYTES];
    char limit[16];
    struct words names = list(s, "cont-finish.d", folder);
    snprintf(limit, sizeof limit, "%lu", (unsigned long)s->finish_max);
    listen_for_term();
    for (size_t i = 0; i < names.count && told == 0; i++) {
        char script[2 * PATH_BYTES];
        snprintf(script, sizeof script, "%s/%s", folder, names.item[i]);
        char *argv[] = {(char[]){"s6-maximumtime"}, (char[]){"-k"}, limit, script, NULL};
        message_info("running %s", script);
        run(program, argv, script);
    }
    words_release(&names);
    return 0;
}

/* Whether the kernel protects hard links; false where it does not say. */
static bool links_are_protected(void)
{
    struct str text = STR_INIT;
    struct error ignored = ERROR_INIT;
    bool is_on =
        file_read(AT_FDCWD, "/proc/sys/fs/protected_hardlinks", 16, &text, &ignored) == 0 &&
        text.data[0] == '1';
    str_release(&text);
    return is_on;
}

int legacy_fix_attrs(const struct settings *s)
{
    char folder[PATH_BYTES];
    struct words names = list(s, "fix-attrs.d", folder);
    struct fixattrs_options options = {.hidden = s->fix_hidden,
                                       .links_protected = links_are_protected()};
    size_t count = names.count;
    bool failed = false;
    for (size_t i = 0; i < count; i++) {
        char file[2 * PATH_BYTES];
        snprintf(file, sizeof file, "%s/%s", folder, names.item[i]);
        message_info("applying %s", file);
        failed |= fixattrs_apply(file, &options) < 0;
    }
    words_release(&names);
    if (count > 0)
        message_warning("fix-attrs is deprecated, please fix volume permissions in your container "
                        "manager instead");
    return failed ? failure(s, "some fix files failed to apply") : 0;
}

/* --- services.d ------------------------------------------------------------------------------- */

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void paths_of(const char *name, char live[PATH_BYTES], char link[PATH_BYTES])
{
    snprintf(live, PATH_BYTES, RUN_LEGACY "/%s", name);
    snprintf(link, PATH_BYTES, RUN_SCANDIR "/%s", name);
}

/* Asks pid 1 to look at the scan directory: letter a for new services, n for removed ones. */
static int scan(const char *letters)
{
    int fd = open(RUN_SCANDIR "/.s6-svscan/control", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    int result = fd < 0 ? -1 : fd_write_all(fd, letters, strlen(letters));
    fd_close(fd);
    if (result < 0)
        message_warning("unable to reach pid 1: %s", strerror(errno));
    return result;
}

/* Whether /run/service/NAME exists and leads elsewhere: a service of s6-rc has that name. */
static bool is_taken(const char *live, const char *link)
{
    char target[PATH_BYTES];
    ssize_t n = readlink(link, target, sizeof target - 1);
    if (n < 0)
        return errno != ENOENT;
    target[n] = '\0';
    return strcmp(target, live) != 0;
}

static int copy(const char *folder, const char *name)
{
    char source[2 * PATH_BYTES];
    char live[PATH_BYTES];
    char link[PATH_BYTES];
    char notification[PATH_BYTES + 32];
    struct error e = ERROR_INIT;
    snprintf(source, sizeof source, "%s/%s", folder, name);
    paths_of(name, live, link);
    if (is_taken(live, link)) {
        message_warning("%s has the name of a service that is there already: skipped", source);
        return -1;
    }
    if (file_copy_tree(AT_FDCWD, source, AT_FDCWD, live, &e) < 0) {
        message_warning("%s", e.text);
        return -1;
    }
    snprintf(notification, sizeof notification, "%s/notification-fd", live);
    message_info("copying legacy longrun %s%s", name,
                 access(notification, R_OK) == 0 ? "" : " (no readiness notification)");
    return 0;
}

static int link_one(const char *name)
{
    char live[PATH_BYTES];
    char link[PATH_BYTES];
    struct error e = ERROR_INIT;
    paths_of(name, live, link);
    if (file_link(live, AT_FDCWD, link, &e) == 0)
        return 0;
    message_warning("%s", e.text);
    return -1;
}

/* --- waiting for them */

enum wanted { WANTED_UP, WANTED_READY, WANTED_DOWN };

/* Looks at the state of a service: 1, as wanted; 0, not yet; -1, it will not be. */
static int look(const char *live, enum wanted wanted)
{
    struct supervise_status status;
    struct error ignored = ERROR_INIT;
    int result = wanted == WANTED_DOWN; /* without a status it was never supervised */
    if (servicedir_status(live, &status, &ignored) == 0) {
        bool up = status.pid != 0 && !status.finishing;
        bool given_up = status.pid == 0 && !status.want_up;
        if (wanted == WANTED_DOWN)
            result = given_up;
        else if (given_up && !supervise_is_fresh(&status))
            result = -1;
        else
            result = up && (wanted == WANTED_UP || status.is_ready);
    }
    return result;
}

/* Waits until each service is as wanted, at most ms (0: for ever). Returns how many are not. */
static size_t wait_for(const struct words *live, enum wanted wanted, uint32_t ms)
{
    int64_t deadline = clock_deadline(ms);
    size_t done = 0;
    size_t failed = 0;
    while (done < live->count) {
        int result = look(live->item[done], wanted);
        if (result == 0 && told == 0 && (deadline == 0 || clock_monotonic() < deadline)) {
            clock_sleep(POLL_MS * CLOCK_MS);
            continue;
        }
        failed += result != 1;
        done++;
    }
    return failed;
}

static bool has(const char *live, const char *file)
{
    char path[PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/%s", live, file);
    return access(path, F_OK) == 0;
}

/* Waits until services are up, or, with a notification-fd, ready. Returns how many are not. */
static size_t wait_up(const struct settings *s, const struct words *names)
{
    struct words quiet = WORDS_INIT;
    struct words notifying = WORDS_INIT;
    const struct timespec pause = clock_timespec(s->legacy_ready * CLOCK_MS);
    size_t failed = 0;
    nanosleep(&pause, NULL); /* which a signal ends */
    for (size_t i = 0; i < names->count; i++) {
        char live[PATH_BYTES];
        char link[PATH_BYTES];
        paths_of(names->item[i], live, link);
        if (!has(live, "down")) /* with that file it is not started */
            failed += words_add(has(live, "notification-fd") ? &notifying : &quiet, live) < 0;
    }
    failed += wait_for(&quiet, WANTED_UP, s->up_timeout);
    failed += wait_for(&notifying, WANTED_READY, s->up_timeout);
    words_release(&quiet);
    words_release(&notifying);
    return failed;
}

int legacy_services_up(const struct settings *s)
{
    char folder[PATH_BYTES];
    struct error e = ERROR_INIT;
    struct words names = list(s, "services.d", folder);
    struct words copied = WORDS_INIT;
    size_t failed = 0;
    listen_for_term();
    if (file_remove_tree(AT_FDCWD, RUN_LEGACY, &e) < 0 ||
        file_make_directories(AT_FDCWD, RUN_LEGACY, 0755, &e) < 0)
        return message_error(&e);
    for (size_t i = 0; i < names.count; i++) {
        char source[2 * PATH_BYTES];
        snprintf(source, sizeof source, "%s/%s", folder, names.item[i]);
        if (!is_directory(source))
            continue;
        if (copy(folder, names.item[i]) < 0 || words_add(&copied, names.item[i]) < 0)
            failed++;
    }
    for (size_t i = 0; i < copied.count; i++)
        failed += link_one(copied.item[i]) < 0;
    failed += scan("a") < 0; /* also for what cont-init scripts put into the scan directory */
    if (s->wait_legacy && copied.count > 0)
        failed += wait_up(s, &copied);
    words_release(&names);
    words_release(&copied);
    if (told != 0) /* services that were started must count as up, to be stopped */
        return 0;
    return failed > 0 ? failure(s, "some legacy longruns failed to start") : 0;
}

/* Those that are waited for no longer; a log only where its service is down. */
static void name_left(const struct words *live, const struct settings *s)
{
    bool service_left = false;
    for (size_t i = 0; i < live->count; i++) {
        const char *name = live->item[i] + sizeof RUN_LEGACY;
        bool left = look(live->item[i], WANTED_DOWN) == 0;
        if (left && !(service_left && strchr(name, '/') != NULL))
            message_warning("%s has not ended within S6_SERVICES_GRACETIME (%lu ms): the stop goes "
                            "on without it",
                            name, (unsigned long)s->legacy_grace);
        service_left = left && strchr(name, '/') == NULL;
    }
}

int legacy_services_down(const struct settings *s)
{
    struct words names = WORDS_INIT;
    struct words live = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    file_list(AT_FDCWD, RUN_LEGACY, &names, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        char path[PATH_BYTES];
        char link[PATH_BYTES];
        paths_of(names.item[i], path, link);
        if (is_taken(path, link))
            continue;
        unlink(link);
        words_add(&live, path);
        if (has(path, "log/run")) {
            strncat(path, "/log", sizeof path - strlen(path) - 1);
            words_add(&live, path);
        }
    }
    if (live.count > 0 && scan("an") == 0 && wait_for(&live, WANTED_DOWN, s->legacy_grace) > 0 &&
        s->legacy_grace > 0)
        name_left(&live, s);
    words_release(&names);
    words_release(&live);
    return 0;
}
