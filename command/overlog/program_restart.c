/* The file restart of a process of supervisord: autorestart, exitcodes, startretries, startsecs. */
#include "command/overlog/supervisord_import.h"
#include <stdlib.h>
#include <string.h>

/* The codes of exitcodes, each behind a separator but for the first; "": none. */
static void expected_codes(const struct supervisord *s, const struct process *p, char separator,
                           struct str *out)
{
    char *text = program_settle(s, p->section, "exitcodes", &p->names), *place = NULL;
    char zero[] = "0";
    bool good = true;
    str_add_text(out, "");
    for (char *word = strtok_r(text == NULL ? zero : text, ", \t\n", &place); word != NULL;
         word = strtok_r(NULL, ", \t\n", &place)) {
        unsigned long long code;
        if (number_parse(word, 255, &code) < 0)
            good = false;
        else if (out->length == 0)
            str_printf(out, "%llu", code);
        else
            str_printf(out, "%c%llu", separator, code);
    }
    if (!good)
        import_note(s->im, p->section, "exitcodes are numbers up to 255: %s",
                    program_get(s, p, "exitcodes"));
    free(text);
}

static unsigned long long count_of(const struct supervisord *s, const struct process *p,
                                   const char *key, unsigned long long fallback)
{
    char *text = program_settle(s, p->section, key, &p->names);
    unsigned long long count = fallback;
    if (text != NULL && number_parse(text, 86400, &count) < 0)
        import_note(s->im, p->section, "%s is no number up to 86400: %s", key, text);
    free(text);
    return count;
}

/* supervisord gives up when startretries starts after the first have lived for less than startsecs,
 * each waited for 1 s longer than the one before. The limit is the time that these take, which
 * longer lives are not within. */
static void put_limit(const struct supervisord *s, const struct process *p, struct str *out)
{
    unsigned long long lives = count_of(s, p, "startsecs", 1);
    unsigned long long retries = count_of(s, p, "startretries", 3);
    unsigned long long waits = 0;
    if (lives == 0)
        return; /* every end is one of a program that was started */
    if (retries == 0)
        import_note(s->im, p->section, "startretries=0: it is tried once more");
    if (retries > RESTART_DEATHS_MAX)
        import_note(s->im, p->section, "startretries=%llu: given up after %d", retries,
                    RESTART_DEATHS_MAX);
    retries = retries == 0 ? 1 : retries > RESTART_DEATHS_MAX ? RESTART_DEATHS_MAX : retries;
    for (unsigned long long i = 0, wait = 1; i < retries; i++) {
        waits += wait;
        wait = wait * 2 < retries ? wait * 2 : retries;
    }
    unsigned long long seconds = waits + retries * lives;
    unsigned long long most = RESTART_TIME_MAX / 1000;
    str_printf(out, ", %llu in %llus, wait 1s..%llus", retries, seconds > most ? most : seconds,
               retries);
}

/* The file restart; restart: as of ini_restart. */
static void put_policy(const struct supervisord *s, const struct process *p, int restart)
{
    struct str line = STR_INIT, codes = STR_INIT;
    str_add_text(&line, restart == 1                ? "always"
                        : restart == INI_UNEXPECTED ? "on-failure"
                                                    : "never");
    if (restart != 1)
        expected_codes(s, p, ' ', &codes);
    if (codes.length > 0 && strcmp(codes.data, "0") != 0)
        str_printf(&line, ", ok %s", codes.data);
    if (restart != 0)
        put_limit(s, p, &line);
    str_add_char(&line, '\n');
    import_file(s->im, "restart", line.data);
    str_release(&line);
    str_release(&codes);
}

/* What the environment decides when the service ends, in finish. An end that is expected is the
 * last: nothing is wrong, so health does not mind. */
static void put_late_restart(const struct supervisord *s, const struct process *p,
                             const char *value, struct str *out)
{
    const char *raw = program_get(s, p, "autorestart");
    struct str codes = STR_INIT;
    str_printf(out, "# autorestart=%.*s\ncase ", (int)strcspn(raw, "\n"), raw);
    ini_word(value, out);
    str_add_text(out, " in\n" TRUE_WORDS ") exit 0 ;;\n"
                      "[Uu][Nn][Ee][Xx][Pp][Ee][Cc][Tt][Ee][Dd]) ;;\n"
                      "*) exec /command/s6-svc -O . ;;\nesac\n");
    expected_codes(s, p, '|', &codes);
    if (codes.length > 0)
        str_printf(out, "case $1 in\n%s) exec /command/s6-svc -O . ;;\nesac\n", codes.data);
    str_release(&codes);
}

bool program_ends(const struct supervisord *s, const struct process *p)
{
    const char *raw = program_get(s, p, "autorestart");
    char *value = program_expand(s, p, raw == NULL ? "unexpected" : raw);
    bool ends = strncmp(p->section, "program:", 8) == 0 && strchr(value, INI_ENV) == NULL &&
                ini_restart(value) == 0 && count_of(s, p, "startsecs", 1) == 0;
    free(value);
    if (ends)
        import_note(s->im, p->section,
                    "autorestart=false, startsecs=0: taken for a command that ends: a oneshot, and "
                    "programs of a higher priority wait until it has succeeded; if it does not "
                    "end, write restart = never in place of type = oneshot, or import it with "
                    "startsecs=1");
    return ends;
}

void program_restart(const struct supervisord *s, const struct process *p, struct str *finish)
{
    const char *raw = program_get(s, p, "autorestart");
    char *value = program_expand(s, p, raw == NULL ? "unexpected" : raw);
    bool later = strchr(value, INI_ENV) != NULL;
    int restart = ini_restart(value);
    if (restart < 0 && !later) {
        import_note(s->im, p->section, "autorestart is none of true, false and unexpected: %s",
                    raw);
        restart = INI_UNEXPECTED;
    }
    if (later)
        put_late_restart(s, p, value, finish);
    put_policy(s, p, later ? 1 : restart);
    free(value);
}
