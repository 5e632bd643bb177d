/* The contract of pid 1 and the logger processes (docs/logger-contract.md). Pid 1 makes the pipes
 * and files, starts `logger` with them and keeps them over its death; the logger owns their
 * content. */
#ifndef CONTRACT_LOGGER_H
#define CONTRACT_LOGGER_H

/* The descriptors of a logger, besides /dev/null (0) and the container's stdout and stderr (1, 2).
 */
enum logger_fd {
    LOGGER_FD_OUT = 3,             /* read end of the service's stdout */
    LOGGER_FD_ERR = 4,             /* of its stderr */
    LOGGER_FD_OUT_JOURNAL = 5,     /* file without a name: what was read and not yet logged */
    LOGGER_FD_ERR_JOURNAL = 6,     /* the same for stderr */
    LOGGER_FD_STATE = 7,           /* state at STATE_OFFSET; the same file as OUT_JOURNAL. Its
                                      O_NONBLOCK flag is the gate (base/process.h) */
    LOGGER_FD_LOCK = 8,            /* the console lock */
    LOGGER_FD_EVENTS = 9,          /* read end of the event pipe; .init only, as is the next */
    LOGGER_FD_EVENTS_JOURNAL = 10, /* its journal */
    LOGGER_FD_REPORT = 11,         /* write end of the event pipe, for floods; not of .init */
    LOGGER_FDS = 12                /* one more than the highest */
};

/* Layout of a journal file, in bytes. A pipe's content may come on top of what a full disk keeps
 * waiting: hence several pipes' worth. */
enum {
    JOURNAL_SIZE = 262144,
    STATE_OFFSET = JOURNAL_SIZE, /* the state follows the journal */
    STATE_SIZE = 4096,
    LAST_WORDS_OFFSET = JOURNAL_SIZE, /* of the file of stderr's journal: the last line of an
                                         instance, zeros behind it */
    LAST_WORDS_SIZE = 160
};

/* The exit code of a logger that was asked to make way, or whose directory is gone: what it has
 * read and not written is in the journals, for its successor. */
enum { LOGGER_EXIT_SUCCESSOR = 99 };

/* Where output goes. */
enum logging_mode { LOGGING_CONSOLE = 0, LOGGING_BOTH = 1, LOGGING_DISK = 2, LOGGING_AUTO = 3 };
/* How the command line of a logger spells the modes, by their number. */
#define LOGGING_MODE_NAMES                                                                         \
    {                                                                                              \
        "0", "1", "2", "auto"                                                                      \
    }

/* How lines look on the console, and what OVERLOG_CONSOLE calls that. */
enum console_form { CONSOLE_PLAIN = 0, CONSOLE_PREFIX = 1, CONSOLE_JSON = 2 };
#define CONSOLE_FORM_NAMES                                                                         \
    {                                                                                              \
        "plain", "prefix", "json"                                                                  \
    }
/* The service that our own messages are of. */
#define CONSOLE_OWN ".init"
/* An object of CONSOLE_JSON begins so: time, service (a JSON string), stream. */
#define CONSOLE_JSON_TIME "time"
#define CONSOLE_JSON_SERVICE "service"
#define CONSOLE_JSON_STREAM "stream"
#define CONSOLE_JSON_MESSAGE "message"
#define CONSOLE_JSON_PARTIAL "partial"

/* The file of LOGGER_FD_LOCK: two words of 32 bits say who has begun a line on the container's
 * stdout and stderr and not ended it; 0: nobody. They are changed under the console lock. */
enum { CONSOLE_WITHIN_OFFSET = 64, CONSOLE_LOCK_SIZE = 4096 };

/* Options of the command `logger`. */
#define LOGGER_OPTION_DIRECTORY "d" /* DIR: the log directory */
#define LOGGER_OPTION_USER "u"      /* UID:GID to become */
#define LOGGER_OPTION_PREFIX "p"    /* [NAME] before each line on the console */
#define LOGGER_OPTION_PRETTY "P"    /* WIDTH: time and padded NAME before each line there */
#define LOGGER_OPTION_COLOR "c"     /* with PRETTY: in colours */
#define LOGGER_OPTION_JSON "j"      /* a JSON object for each line there */
#define LOGGER_OPTION_EVENTS "e"    /* DIR: log directory of the event pipe */
#define LOGGER_OPTION_RESUME "r"    /* take current over as the predecessor left it */
#define LOGGER_OPTION_VERBOSE "v"   /* print info lines */
#define LOGGER_OPTION_DROP "D"      /* drop lines that cannot be written */
#define LOGGER_OPTION_FLOOD "f"     /* BYTES a minute that are a flood; 0: none is */

/* So many bytes a minute are a flood where OVERLOG_FLOOD is not set: what a log holds by the script
 * below, so that it forgets everything within a minute. */
#define LOGGER_FLOOD 20000000ULL

/* The log root when OVERLOG_DIR is not set. */
#define LOGGER_ROOT "/var/log/services"

/* The logging script of a service that has none, as words and as one line. */
#define LOGGER_SCRIPT_KEEP "n20"
#define LOGGER_SCRIPT_SIZE "s1000000"
#define LOGGER_SCRIPT_STAMP "C"
#define LOGGER_SCRIPT LOGGER_SCRIPT_KEEP " " LOGGER_SCRIPT_SIZE " " LOGGER_SCRIPT_STAMP

#endif
