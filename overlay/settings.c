#include "overlay/settings.h"
#include "base/file.h"
#include "base/lexer.h"
#include "base/quantity.h"
#include "contract/paths.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VARIABLE_MAX = 1 << 17 };

struct reader {
    char *(*lookup)(const char *name);
    struct problems *problems;
};

static uint32_t number(const struct reader *r, const char *name, uint32_t fallback)
{
    unsigned long long value;
    const char *text = r->lookup(name);
    if (text == NULL || text[0] == '\0')
        return fallback;
    if (number_parse(text, UINT32_MAX, &value) == 0)
        return (uint32_t)value;
    problems_warning(r->problems, name, 0, NULL, "%s is not a number, using %lu", text,
                     (unsigned long)fallback);
    return fallback;
}

/* A number of bytes. */
static uint64_t size(const struct reader *r, const char *name, uint64_t fallback,
                     const char *without)
{
    uint64_t value = fallback;
    const char *text = r->lookup(name);
    if (text != NULL && text[0] != '\0' && size_parse(text, INT64_MAX, &value) != 0)
        problems_warning(r->problems, name, 0, "write bytes, or as 500M or 2G", "%s is no size, %s",
                         text, without);
    return value;
}

static const char *text_or(const struct reader *r, const char *name, const char *fallback)
{
    const char *text = r->lookup(name);
    return text == NULL || text[0] == '\0' ? fallback : text;
}

static enum logging_mode logging(const struct reader *r, bool terminal)
{
    const char *text = r->lookup("S6_LOGGING");
    if (text == NULL || text[0] == '\0')
        return terminal ? LOGGING_CONSOLE : LOGGING_AUTO;
    uint32_t value = number(r, "S6_LOGGING", 0);
    if (value > 2) {
        problems_warning(r->problems, "S6_LOGGING", 0, "use 0, 1 or 2", "%s is no logging mode",
                         text);
        return LOGGING_CONSOLE;
    }
    return (enum logging_mode)value;
}

static int script(const struct reader *r, struct words *out)
{
    struct lexer_error e;
    const char *text = text_or(r, "OVERLOG_SCRIPT", LOGGER_SCRIPT);
    if (lexer_words(text, strlen(text), out, &e) == 0)
        return 0;
    problems_warning(r->problems, "OVERLOG_SCRIPT", e.line, "the default script is used", "%s",
                     e.text);
    words_release(out);
    return words_add(out, LOGGER_SCRIPT_KEEP) | words_add(out, LOGGER_SCRIPT_SIZE) |
           words_add(out, LOGGER_SCRIPT_STAMP);
}

static bool drops(const struct reader *r)
{
    const char *text = text_or(r, "OVERLOG_ON_FULL", "hold");
    bool drop = strcmp(text, "drop") == 0;
    if (!drop && strcmp(text, "hold") != 0)
        problems_warning(r->problems, "OVERLOG_ON_FULL", 0, "use hold or drop",
                         "%s is neither, using hold", text);
    return drop;
}

static bool shows_group(const struct reader *r)
{
    uint32_t size = number(r, "OVERLOG_SUPERVISE_STATUS", 35);
    if (size != 35 && size != 43)
        problems_warning(r->problems, "OVERLOG_SUPERVISE_STATUS", 0, "use 35 or 43",
                         "%lu is neither, using 35", (unsigned long)size);
    return size == 43;
}

/* The path /etc/cont-profile.d/PROFILE + rest, owned by s; NULL: no memory. */
static const char *in_profile(struct settings *s, const char *profile, const char *rest)
{
    char path[4096];
    snprintf(path, sizeof path, "/etc/cont-profile.d/%s%s", profile, rest);
    return words_add(&s->texts, path) < 0 ? NULL : s->texts.item[s->texts.count - 1];
}

/* Fills in the paths, by profile. */
static int places(struct settings *s, const struct reader *r)
{
    const char *profile = text_or(r, "S6_RUNTIME_PROFILE", NULL);
    const char *bundles = text_or(r, "S6_RUNTIME_BUNDLEDIR", NULL);
    if (profile == NULL) {
        s->etc = "/etc";
        s->services = "/etc/s6-overlay/s6-rc.d";
        s->bundles = "/etc/s6-overlay/user-bundles.d";
        s->conf = "/etc/s6-overlay/services.conf";
    } else {
        s->etc = in_profile(s, profile, "");
        s->services = in_profile(s, profile, "/s6-overlay/s6-rc.d");
        s->bundles = in_profile(s, profile, "/s6-overlay/user-bundles.d");
        s->conf = in_profile(s, profile, "/s6-overlay/services.conf");
    }
    if (bundles != NULL)
        s->bundles = bundles;
    bool bad = s->etc == NULL || s->services == NULL || s->bundles == NULL || s->conf == NULL;
    return bad ? -1 : 0;
}

enum { PREFIX_MOST = 100 }; /* columns for a name */

static bool shows_colors(const struct reader *r)
{
    const char *kind = text_or(r, "TERM", "dumb");
    return strcmp(kind, "dumb") != 0 && text_or(r, "NO_COLOR", "")[0] == '\0';
}

/* How lines look on the console, and the prefix that goes with it. */
static void console(struct settings *s, const struct reader *r)
{
    static const char *const names[] = CONSOLE_FORM_NAMES;
    enum { FORMS = sizeof names / sizeof names[0] };
    const char *text = text_or(r, "OVERLOG_CONSOLE", NULL);
    s->prefix = number(r, "OVERLOG_PREFIX", 0);
    if (s->prefix > PREFIX_MOST)
        s->prefix = PREFIX_MOST;
    s->console = s->prefix > 0 ? CONSOLE_PREFIX : CONSOLE_PLAIN;
    if (text == NULL)
        return;
    s->console = CONSOLE_PLAIN;
    while ((int)s->console < FORMS && strcmp(text, names[s->console]) != 0)
        s->console++;
    if ((int)s->console == FORMS) {
        problems_warning(r->problems, "OVERLOG_CONSOLE", 0, "use plain, prefix or json",
                         "%s is none of these, using plain", text);
        s->console = CONSOLE_PLAIN;
    }
    if (s->console != CONSOLE_PREFIX)
        s->prefix = 0;
    else if (s->prefix == 0)
        s->prefix = 1;
}

static int read_all(struct settings *s, char *(*lookup)(const char *name), bool terminal,
                    struct problems *p)
{
    const struct reader r = {.lookup = lookup, .problems = p};
    *s = (struct settings){
        .keep_env = number(&r, "S6_KEEP_ENV", 0) != 0,
        .logging = logging(&r, terminal),
        .behaviour = (int)number(&r, "S6_BEHAVIOUR_IF_STAGE2_FAILS", 0),
        .verbosity = (int)number(&r, "S6_VERBOSITY", 2),
        .kill_grace = number(&r, "S6_KILL_GRACETIME", 3000),
        .up_timeout = number(&r, "S6_CMD_WAIT_FOR_SERVICES_MAXTIME", 0),
        .drain = number(&r, "OVERLOG_DRAIN", 1000),
        .stop_max = number(&r, "OVERLOG_STOP_MAXTIME", 0),
        .drop = drops(&r),
        .flood = size(&r, "OVERLOG_FLOOD", LOGGER_FLOOD, "using the default"),
        .log_total = size(&r, "OVERLOG_TOTAL", 0, "logs may take any number of bytes"),
        .parents = number(&r, "OVERLOG_SUPERVISE_PROCESSES", 0) != 0,
        .parents_unset = text_or(&r, "OVERLOG_SUPERVISE_PROCESSES", NULL) == NULL,
        .status_group = shows_group(&r),
        .color = terminal && shows_colors(&r),
        .log_root = text_or(&r, "OVERLOG_DIR", LOGGER_ROOT),
        .log_user = text_or(&r, "OVERLOG_USER", "32762:32762"),
        .catchall_user = text_or(&r, "S6_CATCHALL_USER", "root"),
        .secrets = text_or(&r, "OVERLOG_SECRETS", NULL),
        .hook = text_or(&r, "S6_STAGE2_HOOK", NULL),
        .cmd_arg0 = text_or(&r, "S6_CMD_ARG0", NULL),
        .cmd_terminal = number(&r, "S6_CMD_USE_TERMINAL", 0) != 0,
        .cmd_signals = number(&r, "S6_CMD_RECEIVE_SIGNALS", 0) != 0,
        .closing_fd = number(&r, "S6_WAIT_FOR_CLOSING_FD", 0),
        .read_only = number(&r, "S6_READ_ONLY_ROOT", 0) != 0,
        .open_run = number(&r, "S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES", 0) != 0,
        .sync = number(&r, "S6_SYNC_DISKS", 0) != 0,
        .fix_hidden = number(&r, "S6_FIX_ATTRS_HIDDEN", 0) != 0,
        .wait_legacy = number(&r, "S6_CMD_WAIT_FOR_SERVICES", 0) != 0,
        .legacy_ready = number(&r, "S6_SERVICES_READYTIME", 50),
        .legacy_grace = number(&r, "S6_SERVICES_GRACETIME", 3000),
        .finish_max = number(&r, "S6_KILL_FINISH_MAXTIME", 5000),
    };
    console(s, &r);
    if (s->kill_grace > 300000)
        s->kill_grace = 300000;
    if (places(s, &r) < 0 || script(&r, &s->log_script) < 0) {
        problems_error(p, "/init", 0, NULL, "out of memory");
        return -1;
    }
    return 0;
}

/* The names in the container environment, while one after the other is asked for: most are not
 * there. NULL: not known. */
static const struct words *listed;

int settings_read(struct settings *s, char *(*lookup)(const char *name), bool terminal,
                  struct problems *p)
{
    struct words names = WORDS_INIT;
    struct error ignored = ERROR_INIT;
    if (lookup == settings_variable && file_list(AT_FDCWD, RUN_ENVIRONMENT, &names, &ignored) == 0)
        listed = &names;
    int result = read_all(s, lookup, terminal, p);
    listed = NULL;
    words_release(&names);
    return result;
}

int settings_renew(struct settings *s, char *(*lookup)(const char *name))
{
    struct problems ignored = PROBLEMS_INIT; /* warnings were said at start */
    struct settings now;
    int result = settings_read(&now, lookup, false, &ignored);
    problems_release(&ignored);
    if (result == 0) {
        s->etc = now.etc;
        s->services = now.services;
        s->bundles = now.bundles;
        s->conf = now.conf;
        s->up_timeout = now.up_timeout;
        s->cmd_arg0 = now.cmd_arg0;
        s->cmd_terminal = now.cmd_terminal;
        s->cmd_signals = now.cmd_signals;
        words_release(&s->texts);
        s->texts = now.texts;
    }
    words_release(&now.log_script);
    return result;
}

void settings_release(struct settings *s)
{
    words_release(&s->log_script);
    words_release(&s->texts);
}

static char *variable_in(const char *folder, const char *name)
{
    struct str value = STR_INIT;
    struct error ignored = ERROR_INIT;
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_read(AT_FDCWD, path, VARIABLE_MAX, &value, &ignored) < 0) {
        str_release(&value);
        return NULL;
    }
    while (value.length > 0 && value.data[value.length - 1] == '\n')
        value.data[--value.length] = '\0';
    return value.data; /* never freed */
}

char *settings_variable(const char *name)
{
    if (listed != NULL && !words_has(listed, name))
        return NULL;
    if (listed == NULL && access(RUN_ENVIRONMENT, F_OK) < 0)
        return getenv(name);
    return variable_in(RUN_ENVIRONMENT, name);
}

char *settings_at_start(const char *name)
{
    char *value = getenv(name);
    size_t length = value == NULL ? 0 : strlen(value);
    size_t kept = length;
    while (kept > 0 && value[kept - 1] == '\n')
        kept--;
    return kept == length ? value : strndup(value, kept); /* never freed */
}

const char *settings_container_variable(const char *name)
{
    static const char *const folders[] = {RUN_ENVIRONMENT, RUN_BASE_ENVIRONMENT};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[512];
        if (access(folders[i], F_OK) < 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folders[i], name);
        const char *value = variable_in(folders[i], name);
        return value != NULL || access(path, F_OK) < 0 ? value : "";
    }
    return getenv(name);
}
