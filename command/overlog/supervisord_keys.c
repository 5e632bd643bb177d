#include "command/overlog/supervisord_keys.h"
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char carried[] = "carried", harmless[] = "harmless";

#define NO_EVENTS "what a program writes is no event here; logcat -f shows it"
#define ONE_LOG                                                                                    \
    "both streams are in one log, whose size stdout_logfile_maxbytes and _backups decide"
#define ENDED "a oneshot has ended when it is stopped; one that runs still gets SIGTERM"

/* Whole sections. */
static const struct {
    const char *kind, *note; /* or carried, or harmless */
} sections[] = {
    {"program", carried},
    {"fcgi-program", carried},
    {"group", carried},
    {"include", carried},
    {"supervisord", carried},
    {"supervisorctl", harmless},
    {"unix_http_server", "overlog status, s6-rc and s6-svc take the place of supervisorctl"},
    {"inet_http_server", "there is no server: overlog status, s6-rc and s6-svc take its place"},
    {"rpcinterface", "there is no server whose interface it could be"},
    {"ctlplugin", "there is no supervisorctl"},
    {"eventlistener",
     "hooks in /etc/s6-overlay/on-event.d take its place, which run when a service dies or fails: "
     "event-hooks(8); a service whose failure is to end the container has a file container-exit"},
};

/* Keys of the sections that are carried over. A value that is one of nothing loses nothing. */
static const struct {
    const char *kind; /* "program": of fcgi-program too */
    const char *key, *note, *nothing;
} keys[] = {
    {"program", "command", carried, NULL},
    {"program", "process_name", carried, NULL},
    {"program", "numprocs", carried, NULL},
    {"program", "numprocs_start", carried, NULL},
    {"program", "priority", carried, NULL},
    {"program", "autostart", carried, NULL},
    {"program", "autorestart", carried, NULL},
    {"program", "exitcodes", carried, NULL},
    {"program", "stopsignal", carried, NULL},
    {"program", "stopwaitsecs", carried, NULL},
    {"program", "stopasgroup", carried, NULL},
    {"program", "killasgroup", carried, NULL},
    {"program", "user", carried, NULL},
    {"program", "redirect_stderr", carried, NULL},
    {"program", "environment", carried, NULL},
    {"program", "directory", carried, NULL},
    {"program", "umask", carried, NULL},
    {"program", "stdout_logfile", carried, NULL}, /* said where the value is known */
    {"program", "stderr_logfile", carried, NULL},
    {"program", "stdout_logfile_maxbytes", carried, NULL},
    {"program", "stdout_logfile_backups", carried, NULL},
    {"program", "stderr_logfile_maxbytes", ONE_LOG, "0 50mb"},
    {"program", "stderr_logfile_backups", ONE_LOG, "0 10"},
    {"program", "startsecs", "it counts as started once it is executed, or with notification-fd",
     "0 1"}, /* and decides restart */
    {"program", "startretries", carried, NULL},
    {"program", "serverurl", "there is no server", "auto"},
    {"program", "stdout_syslog", "lines go to its log; examples/syslog has a syslog",
     "false no off 0"},
    {"program", "stderr_syslog", "lines go to its log; examples/syslog has a syslog",
     "false no off 0"},
    {"program", "stdout_events_enabled", NO_EVENTS, "false no off 0"},
    {"program", "stderr_events_enabled", NO_EVENTS, "false no off 0"},
    {"program", "stdout_capture_maxbytes", NO_EVENTS, "0 0b 0kb 0mb"},
    {"program", "stderr_capture_maxbytes", NO_EVENTS, "0 0b 0kb 0mb"},
    {"fcgi-program", "socket",
     "no socket is opened as its standard input: let the program listen itself", NULL},
    {"fcgi-program", "socket_owner", "no socket is opened for it", NULL},
    {"fcgi-program", "socket_mode", "no socket is opened for it", NULL},
    {"fcgi-program", "socket_backlog", "no socket is opened for it", NULL},
    {"group", "programs", carried, NULL},
    {"group", "priority", carried, NULL},
    {"include", "files", carried, NULL},
    {"supervisord", "environment", carried, NULL},
    {"supervisord", "user", carried, NULL},
    {"supervisord", "umask", carried, NULL},
    {"supervisord", "directory", carried, NULL},
    {"supervisord", "minfds", carried, NULL},
    {"supervisord", "minprocs",
     "services have the limit of processes that the container engine sets (docker run --ulimit "
     "nproc=)",
     "200"},
    {"supervisord", "strip_ansi", "escape sequences stay in the logs; logcat shows them harmlessly",
     "false no off 0"},
    {"supervisord", "nodaemon", harmless, NULL}, /* carried: directory and umask depend on it */
    {"supervisord", "silent", harmless, NULL},
    {"supervisord", "logfile", harmless, NULL}, /* the daemon's own */
    {"supervisord", "logfile_maxbytes", harmless, NULL},
    {"supervisord", "logfile_backups", harmless, NULL},
    {"supervisord", "loglevel", harmless, NULL},
    {"supervisord", "pidfile", harmless, NULL},
    {"supervisord", "identifier", harmless, NULL},
    {"supervisord", "childlogdir", harmless, NULL},
    {"supervisord", "nocleanup", harmless, NULL},
};

bool ini_section_is(const char *section, const char *kind)
{
    size_t n = strlen(kind);
    return strncmp(section, kind, n) == 0 && (section[n] == ':' || section[n] == '\0');
}

bool ini_section_runs(const char *section)
{
    return strncmp(section, "program:", 8) == 0 || strncmp(section, "fcgi-program:", 13) == 0;
}

static const char *only_notes(const char *note)
{
    return note == carried || note == harmless ? NULL : note;
}

const char *ini_section_note(const char *section)
{
    if (strcmp(section, "rpcinterface:supervisor") == 0) /* in every file */
        return NULL;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (ini_section_is(section, sections[i].kind))
            return only_notes(sections[i].note);
    return "supervisord has no such section";
}

static bool is_one_of(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (; words != NULL && *words != '\0'; words += strspn(words, " ")) {
        size_t n = strcspn(words, " ");
        if (n == length && strncasecmp(words, word, n) == 0)
            return true;
        words += n;
    }
    return false;
}

const char *ini_key_note(const char *section, const char *key, const char *value)
{
    bool runs = ini_section_runs(section);
    if (ini_section_note(section) != NULL || ini_section_is(section, "supervisorctl") ||
        ini_section_is(section, "rpcinterface"))
        return NULL;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        bool of =
            ini_section_is(section, keys[i].kind) || (runs && strcmp(keys[i].kind, "program") == 0);
        if (of && strcmp(keys[i].key, key) == 0)
            return is_one_of(keys[i].nothing, value) ? NULL : only_notes(keys[i].note);
    }
    return "supervisord has no such key";
}

const char *ini_oneshot_note(const char *key, const char *value)
{
    static const struct {
        const char *key, *note, *nothing;
    } rows[] = {
        {"exitcodes", "a oneshot succeeds with exit code 0", "0"},
        {"stopsignal", ENDED, "term sigterm 15"},
        {"stopwaitsecs", ENDED, NULL},
        {"stopasgroup", ENDED, "false no off 0"},
        {"killasgroup", ENDED, "false no off 0"},
        {"stdout_logfile_maxbytes", INI_NO_LOG, "0 50mb"},
        {"stdout_logfile_backups", INI_NO_LOG, "0 10"},
        {"stderr_logfile_maxbytes", INI_NO_LOG, "0 50mb"},
        {"stderr_logfile_backups", INI_NO_LOG, "0 10"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].key, key) == 0)
            return is_one_of(rows[i].nothing, value) ? NULL : rows[i].note;
    return NULL;
}
