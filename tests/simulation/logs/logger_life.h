/* One life of a paired logger: what its service writes, what happens to it, and what must be in its
 * log in the end. logger_plan.c draws it, logger_life.c lives it, logger_lines.c reads the log. */
#ifndef TESTS_SIMULATION_LOGS_LOGGER_LIFE_H
#define TESTS_SIMULATION_LOGS_LOGGER_LIFE_H

#include "tests/simulation/logs/kernel.h"

enum {
    HAPPENINGS = 60,
    STREAMS = 2,
    LINES = 4000,
    SCRIPT = 24,
    STRIKES = 2,
    LINE_LONG = 8192 /* bytes; it is cut there */
};

enum happening_kind {
    HAPPENS_WRITE,    /* the service writes lines */
    HAPPENS_KILL,     /* the logger is killed */
    HAPPENS_HELPER,   /* its helper is */
    HAPPENS_HUP,      /* the logger is told to make way for another */
    HAPPENS_ROTATE,   /* SIGALRM */
    HAPPENS_BOUNDARY, /* an instance of the service ends, another begins */
    HAPPENS_FAULT,    /* calls fail, or do not any more */
    HAPPENS_FULL,     /* the disk is full, or has room again */
    HAPPENS_CLOCK,    /* the wall clock is set */
    HAPPENS_CRASH,    /* the machine stops and starts again */
    HAPPENS_RESTART,  /* the container stops and starts again */
    HAPPENS_READ,     /* somebody calls logcat */
    HAPPENS_VACUUM,   /* somebody calls overlog vacuum */
    HAPPENS_STAND,    /* a begun line stands for a while, and something happens at its end */
    HAPPENS_MANY,     /* the service writes as much as its pipe takes */
    HAPPENS_DENY,     /* the next logger cannot open directories */
    HAPPENS_DELETE,   /* somebody deletes current, or the log directory, while all wait */
    HAPPENINGS_KINDS
};

struct happening {
    bool dropped;
    enum happening_kind kind;
    long calls; /* after so many calls of the logger since the one before, or when it waits, */
    int64_t ns; /* so much later */
    uint64_t seed;
};

struct logger_plan {
    uint64_t seed;
    const char *mode;    /* of the logger: 1, 2, auto */
    bool drops;          /* -D */
    const char *console; /* -p, -j, or NULL: lines are shown as they are */
    char script[SCRIPT][32];
    size_t words;
    const char *stamps; /* of the service's own directory, letters */
    const char *other;  /* of the directory of the script, or NULL: there is none */
    bool rest;          /* the own one gets what the other has not taken */
    const char *prefix; /* NULL: none */
    unsigned long keep;
    unsigned long long total, age;
    bool processor, gzip, follows;
    bool long_lines;
    bool vacuums;                                       /* in the end, too */
    bool deletes;                                       /* somebody does, now and then */
    bool wide;                                          /* some letters have two bytes */
    bool no_links, no_exchange, no_renameat2, no_modes; /* of the disk */
    size_t largest;                                     /* bytes of a file; 0: no limit */
    bool plain_disk;                                    /* the part that was left out */
    struct happening happening[HAPPENINGS];
    size_t happenings;
    struct strike strike[STRIKES]; /* of a sweep: the second comes after the first */
};

enum fate {
    FATE_RETIRED = 1,
    FATE_PROMISED = 2,
    FATE_BEFORE_CRASH = 4,
    FATE_BEFORE = 8,
    FATE_SHOWN = 16,
    FATE_DELETED = 32
};

/* A line that the service has written. */
struct written {
    uint32_t at, length;     /* in fed[stream], without its end */
    unsigned char logged;    /* times, in the service's directory */
    unsigned char elsewhere; /* in that of the script */
    unsigned char fate;      /* set of enum fate */
    bool pieces;             /* it may be there in pieces */
};

/* Where the lines are that are being read. */
enum place {
    PLACE_LOG,      /* in the service's directory, in the end */
    PLACE_OTHER,    /* in that of the script */
    PLACE_RETIRED,  /* in a file that retention deletes */
    PLACE_PROMISED, /* in a file that is synced */
    PLACE_BEFORE,   /* there when logcat began */
    PLACE_SHOWN,    /* in the output of logcat */
    PLACE_DELETED,  /* in a file that somebody deletes */
    PLACE_LOOK      /* nothing follows from it */
};

/* A log that is being read, piece by piece. */
struct reading {
    enum place place;
    long at[STREAMS];       /* the line that is being read, -1: none */
    size_t length[STREAMS]; /* of it so far */
    long last[STREAMS];     /* complete */
};

#define READING_OF(place)                                                                          \
    {                                                                                              \
        place, {-1, -1}, {0, 0},                                                                   \
        {                                                                                          \
            -1, -1                                                                                 \
        }                                                                                          \
    }

struct logger_life {
    struct logger_plan *plan;
    bool tells;
    struct bytes fed[STREAMS];
    struct written line[STREAMS][LINES];
    long lines[STREAMS];
    size_t begun[STREAMS];               /* bytes of the begun line */
    size_t cut[STREAMS][HAPPENINGS + 2]; /* places in fed where an instance ended within a line */
    size_t cuts[STREAMS];
    bool waited[STREAMS]; /* the begun line was not written at once */
    struct node *pipe[STREAMS], *journal[STREAMS], *console[STREAMS], *lock, *directory, *other;
    struct open
        kept[STREAMS]; /* the supervisor's of the journals: their offset outlives a logger */
    struct process *logger;
    struct strike struck_by[STRIKES]; /* those that came */
    size_t strikes;
    int64_t start_at; /* when another logger is to be started */
    bool resume, boundary, over;
    unsigned int kills, hups, crashes, boots, absent; /* so far */
    unsigned int said;                                /* messages of loggers */
    bool was_full;
    bool to_deny, denies; /* the next logger, this one cannot open directories */
    bool deletes;         /* somebody does, now */
    unsigned int deletions;
    struct reading retired, retired_other;
    long missing;        /* lines that notices in the log count */
    struct bytes output; /* of logcat */
    struct process *reader, *vacuum;
    int64_t vacuum_most;         /* bytes that may stay */
    int64_t vacuum_high;         /* the most that archives took since it began */
    unsigned int deleted;        /* archives since it began */
    char newest[96];             /* archive that was deleted */
    struct node *shown;          /* what it writes */
    struct node *to_sync[NAMES]; /* archives that the helper that runs will have synced */
    size_t to_sync_count;
    int syncer;          /* pid of that helper */
    unsigned int struck; /* failures until it began */
};

extern struct logger_life life;

void life_story(const char *format, ...) __attribute__((format(printf, 1, 2)));
void life_fails(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Lives a plan, as judge.h has it. */
uint64_t logger_live(void *plan, bool tells, uint64_t *hash);
void logger_enter(void);
/* Looks where the directories are. */
void life_find(void);
/* Lets processes run until so many calls are made or all wait, and time go on to `until`. */
void life_step(long calls, int64_t until);
/* Everything works again, the pipes are closed, and the logger comes to its end. */
void life_end(void);
/* Those of a service that has just been made. */
void life_new_memories(void);
void life_make_pipes(void);

/* --- logger_happens.c --- */

void life_happens(const struct happening *h);

/* --- logger_vacuum.c --- */

/* overlog vacuum begins, unless one runs. */
void vacuum_begin(int64_t most);
/* A file loses its last name: nothing is deleted for less. */
void vacuum_meets(const struct node *n, const char *name);
/* The same while nothing else happens: exactly what must go, goes. */
void vacuum_in_peace(int64_t most);

/* --- logger_plan.c --- */

void logger_draw(void *plan, uint64_t seed);
void logger_tell(const void *plan);
bool *logger_part(void *plan, size_t number);
void happening_tell(const struct happening *h, char *text, size_t size);

/* --- logger_lines.c --- */

/* The service writes: whole lines and a begun one, as much as its pipe takes. */
void lines_write(struct random *r);
/* The service writes a part of a line. */
void lines_begin(struct random *r);
/* The begun line of a stream is over. */
void lines_end_here(int stream);
/* It is over because its instance is. */
void lines_cut_here(int stream);
/* Reads the bytes of a file of a log. */
void lines_read(struct reading *r, const char *bytes, size_t length);
/* Reads all files of a log directory, the oldest first. */
void lines_read_directory(struct node *directory, struct reading *r);
/* The plain bytes of a file. False: it is damaged. */
bool lines_plain(const struct node *n, struct bytes *to);
bool lines_ends_with(const char *name, const char *end);
bool lines_is_archive(const char *name);
/* The archives of a directory, the oldest first; X is left out where X.gz is. Their number. */
size_t lines_list(const struct node *directory, struct name found[NAMES]);
/* Lines may have been dropped: there was trouble with the disk, and the logger does not wait for
 * it. */
bool lines_may_drop(void);
/* The line that is being read will not be complete. */
void lines_incomplete(struct reading *r, int stream);
/* Notes the archives that there are, but for old ones: a helper is about to sync them. */
void lines_to_sync(void);
/* The machine is about to stop: what was synced must be there afterwards. */
void lines_promise(void);

/* --- logger_console.c --- */

/* The console shows what the service wrote; nothing was killed. */
void console_check(void);
/* Whether the console shows a line. */
bool console_has(int stream, const struct written *w);

/* --- logger_check.c --- */

/* Somebody is about to delete that file of the log directory, or all of them (NULL). */
void lines_deleted(struct node *file);
/* A file loses its last name. */
void lines_forgotten(struct node *directory, struct node *n, const char *name);
/* The life is over. */
void lines_check(void);
/* Nothing has happened for that many ns: a begun line is in the log. */
void lines_look(int64_t ns);
/* logcat begins; it has ended. */
void lines_reader_begins(void);
void lines_reader_ends(void);

#endif
