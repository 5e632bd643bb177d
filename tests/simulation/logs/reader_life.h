/* One life of logcat: log directories with clocks that step, archives that change while they are
 * read, random options, and a model that reads everything and sorts. reader_plan.c draws it,
 * reader_model.c says what is to be shown, reader_life.c lives it. */
#ifndef TESTS_SIMULATION_LOGS_READER_LIFE_H
#define TESTS_SIMULATION_LOGS_READER_LIFE_H

#include "tests/simulation/logs/kernel.h"

enum { SERVICES = 3, ENTRIES = 220, QUESTIONS = 5, ARCHIVES = 6, NANO = 1000000000 };

#define NO_TIME INT64_MIN
#define FOREVER (INT64_C(9000000000) * NANO)

/* A line of a log, as its stamp says. */
struct logged {
    int64_t time; /* ns; NO_TIME: it has no stamp */
    int stream;   /* 0 not known, 1 stdout, 2 stderr */
    bool goes_on; /* a piece */
    int archive;  /* in which it is; -1: current */
    int epoch;  /* 0: it was there; of those that come: how often logcat had been at rest before */
    char stamp; /* as put_line has it */
    struct bytes text;
    struct bytes raw; /* as it is logged */
};

struct service {
    char name[4];
    bool dropped; /* a part that was left out */
    struct logged line[ENTRIES];
    size_t lines, written; /* all, and those that are there; the others come while it is followed */
    struct node *directory, *current;
    int64_t newest; /* of the archives' names */
    struct {
        char name[40];
        struct node *plain, *compressed;
        bool is_gzip;  /* of one member: all before a damage is shown, half a line, too */
        bool affected; /* deleted, or damaged: what it has may be shown, or not */
    } archive[ARCHIVES];
    size_t archives;
};

/* What happens while logcat reads. */
enum outsider { OUTSIDER_NONE, OUTSIDER_COMPRESSES, OUTSIDER_DELETES, OUTSIDER_DAMAGES };

/* Options, and what they choose. */
struct question {
    bool dropped;
    int64_t since, until; /* 0, FOREVER: not given */
    const char *word;     /* NULL: all */
    int stream;           /* 0: both */
    size_t context, last; /* last: SIZE_MAX: all */
    bool whole, reverse, follow;
    bool present;        /* followed lines have the stamp of the moment at which they come */
    bool some[SERVICES]; /* services that are named */
    enum outsider outsider;
    long after; /* so many calls it acts */
    uint64_t seed;
    char words[24][48];
    int count;
};

struct reader_plan {
    uint64_t seed;
    size_t services;
    bool dropped[SERVICES];
    struct question question[QUESTIONS];
    size_t questions;
};

/* An entry that is to be shown. */
struct shown {
    const struct service *service;
    int64_t place, time;
    size_t source, number, head;
    int stream, epoch;
    bool affected;
    bool hit, near; /* it is to be shown, or beside one that is */
    const char *text;
    size_t length;
};

/* What is shown to the question, in order; *list is to be freed with __real_free. */
size_t model_answer(const struct service *services, size_t count, const struct question *q,
                    struct shown **list);
/* The same for one that was followed: written: lines of each service that were there at first. What
 * they give is shown first, then what came. NULL: in which order cannot be said. */
size_t model_followed(struct service *services, size_t count, const struct question *q,
                      const size_t *written, struct shown **list);
/* Whether the order of all that is shown follows from the question. */
bool model_knows_order(const struct question *q);
/* Frees what entries of the last answer have. */
void model_forget(void);

extern struct service service[SERVICES];

void reader_draw(void *plan, uint64_t seed);
void reader_tell(const void *plan);
bool *reader_part(void *plan, size_t number);
/* Makes the directories, from the seed. follow: a part of the lines is to come later. */
void reader_make(const struct reader_plan *p, bool follow);
/* Lines come, and rotation: a step of a service that is followed. */
void service_goes_on(struct service *s, const struct question *q, int epoch, struct random *r);
/* One archive that is compressed, or deleted, meanwhile. */
void service_tidies(struct service *s, struct random *r);
/* The words of a question; times: of lines. */
void question_draw(struct question *q, const struct reader_plan *p);

#endif
