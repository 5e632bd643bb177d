/* The forms in which programs write a level, and the way to find the one that a line has. */
#include "logcat/fields.h"
#include "logcat/letters.h"
#include "logcat/severity.h"
#include "logcat/text_time.h"
#include <string.h>

/* Of two rows of a place that fit, the first counts. */
const struct severity_format severity_formats[] = {
    {"nginx", AFTER_TIME, 0, " [~%w~]"},
    {"mariadb", AFTER_TIME, 0, " %d [%w]"},
    {"postgres", AFTER_TIME, 0, " [%d] %w:"},
    {"postgres with users", AFTER_TIME, 0, " [%d] %s %w:"},
    {"http of Go", AFTER_TIME, SEVERITY_ERROR, " http: panic serving"},
    {"log of Go", AFTER_TIME, 0, " %w:"},
    {"log4j", AFTER_TIME, 0, " %w "},
    {"logback", AFTER_TIME, 0, " [%m] %W "},
    {"zookeeper", AFTER_TIME, 0, " [%m] - %W "},
    {"logging of Python", AFTER_TIME, 0, " - %s - %w - "},
    {"loguru", AFTER_TIME, 0, " | %w |"},
    {"nlog", AFTER_TIME, 0, "|%w|"},
    {"squid", AFTER_TIME, 0, "| %w:"},
    {"clickhouse", AFTER_TIME, 0, " [~%d~] {%m} <%w>"},
    {"telegraf", AFTER_TIME, 0, " %l! "},
    {"logrus with a time", AFTER_TIME, 0, " level=%w"},
    {"mosquitto", AFTER_TIME, 0, ": %w:"},
    {"dovecot", AFTER_TIME, 0, " %s: %w:"},
    {"syslog", AFTER_TIME, 0, " %s %s: %w:"},
    {"root logger of Python", AFTER_TIME, 0, " %s %W "},

    {"php-fpm's workers", AFTER_BRACKET_TIME, 0,
     "] %w: [pool %m] child %d said into %a: \"~NOTICE: PHP message: PHP %P:"},
    {"php-fpm", AFTER_BRACKET_TIME, 0, "] %w:"},
    {"PHP's error_log", AFTER_BRACKET_TIME, 0, "] PHP %P:"},
    {"monolog", AFTER_BRACKET_TIME, 0, "] %a.%W:"},
    {"gunicorn", AFTER_BRACKET_TIME, 0, "] [%d] [%w]"},
    {"apache", AFTER_BRACKET_TIME, 0, "] [%a:%w]"},
    {"apache 2.2", AFTER_BRACKET_TIME, 0, "] [~%w~]"},
    {"kafka", AFTER_BRACKET_TIME, 0, "] %W "},
    {"envoy", AFTER_BRACKET_TIME, 0, "][%d][%w]"},
    {"elasticsearch", AFTER_BRACKET_TIME, 0, "][%w~]"},
    {"celery", AFTER_BRACKET_TIME, 0, ": %w/"},
    {"env_logger of Rust", AFTER_BRACKET_TIME, 0, " %w "},
    {"serilog", AFTER_BRACKET_TIME, 0, " %w]"},
    {"unbound", AFTER_BRACKET_TIME, 0, "] %s %w:"},

    {"haproxy", AT_BRACKET, 0, "[~%w~]"},
    {"nats", AT_BRACKET, 0, "[%d] %t [%w]"},
    {"slf4j", AT_BRACKET, 0, "[%m] %W "},
    {"a name in brackets", AT_BRACKET, 0, "[%m] %w:"},

    {"redis", AT_DIGIT, 0, "%d:%a %t %r "},

    {"systemd", AT_OTHER, 0, "<%n>"},
    {"klog", AT_OTHER, 0, "%l#### ##:##:##"},
    {"logger of Ruby", AT_OTHER, 0, "%l, [%t"},
    {"apt", AT_OTHER, 0, "%l: "},
    {"PHP by php-fpm", AT_OTHER, 0, "NOTICE: PHP message: PHP %P:"},
    {"PHP", AT_OTHER, 0, "PHP %P:"},
    {"a word first", AT_OTHER, 0, "%w:"},
    {"cassandra", AT_OTHER, 0, "%W "},
    {"logrus", AT_OTHER, 0, "%w[####]"},
    {"npm", AT_OTHER, 0, "npm %w"},
    {"erlang", AT_OTHER, 0, "=%w REPORT"},
    {"trace of Python", AT_OTHER, SEVERITY_ERROR, "Traceback (most recent call last)"},
    {"trace of Go", AT_OTHER, SEVERITY_ERROR, "goroutine %d ["},
    {"abort of Go", AT_OTHER, SEVERITY_CRITICAL, "fatal error: "},
    {"panic of Rust", AT_OTHER, SEVERITY_ERROR, "thread '%m' panicked at"},
    {"panic of Rust with a number", AT_OTHER, SEVERITY_ERROR, "thread '%m' (%d) panicked at"},
    {"trace of Java", AT_OTHER, SEVERITY_ERROR, "Exception in thread"},
    {"cause of Java", AT_OTHER, SEVERITY_ERROR, "Caused by: "},
    {"trace of .NET", AT_OTHER, SEVERITY_CRITICAL, "Unhandled exception. "},
    {"exception of Node", AT_OTHER, SEVERITY_ERROR, "Uncaught "},
    {"exception of C++", AT_OTHER, SEVERITY_CRITICAL, "terminate called "},
    {"sanitizers", AT_OTHER, SEVERITY_ERROR, "==%d==ERROR: "},
    {"exception of Ruby", AT_OTHER, SEVERITY_ERROR, "%m:%d:in %m: "},
    {"exception", AT_OTHER, SEVERITY_ERROR, "%x"},
    {"tools", AT_OTHER, 0, "%s: %w:"},
    {"nginx at its start", AT_OTHER, 0, "%s: [%w]"},

    {"pino", AT_JSON, 0, NULL},
    {"logfmt", AT_LOGFMT, 0, NULL},
    {0},
};

enum { TEXT_MOST = 96 /* bytes that %m passes over */ };

struct match {
    const char *at, *end;
    enum severity is;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct match *m)
{
    while (m->at < m->end && is_blank(*m->at))
        m->at++;
}

/* Reads as many bytes as `is` takes. False: none. */
static bool run(struct match *m, bool (*is)(char c))
{
    const char *begin = m->at;
    while (m->at < m->end && is(*m->at))
        m->at++;
    return m->at > begin;
}

static bool is_name(char c)
{
    return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

static bool is_qualified(char c)
{
    return is_name(c) || c == '.' || c == '$' || c == '\\' || c == ':';
}

static bool is_full(char c)
{
    return !is_blank(c) && c != '\0';
}

static bool word(struct match *m, bool capitals)
{
    const char *p = m->at, *begin = p;
    while (p < m->end && is_letter(*p) && !(capitals && *p > 'Z'))
        p++;
    enum severity is = severity_word(begin, (size_t)(p - begin));
    while (p < m->end && (is_digit(*p) || *p == '!')) /* debug1, ERR! */
        p++;
    if (is == SEVERITY_UNKNOWN || (p < m->end && (is_letter(*p) || *p == '_')))
        return false;
    m->at = p;
    m->is = is;
    return true;
}

/* A letter of list, which means the severity at its place in meanings. */
static bool letter(struct match *m, const char *list, const unsigned char *meanings)
{
    const char *found = m->at < m->end && *m->at ? strchr(list, *m->at) : NULL;
    if (!found)
        return false;
    m->at++;
    m->is = (enum severity)meanings[found - list];
    return true;
}

static bool level_letter(struct match *m)
{
    static const unsigned char meanings[] = {SEVERITY_DEBUG,   SEVERITY_DEBUG, SEVERITY_INFO,
                                             SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_CRITICAL};
    return letter(m, "TDIWEF", meanings);
}

static bool redis_mark(struct match *m)
{
    static const unsigned char meanings[] = {SEVERITY_DEBUG, SEVERITY_INFO, SEVERITY_NOTICE,
                                             SEVERITY_WARNING};
    return letter(m, ".-*#", meanings);
}

static bool priority(struct match *m)
{
    int number = 0;
    const char *begin = m->at;
    while (m->at < m->end && is_digit(*m->at) && m->at - begin < 3)
        number = number * 10 + (*m->at++ - '0');
    m->is = (enum severity)(SEVERITY_EMERGENCY - number % 8);
    return m->at > begin && number < 192;
}

static bool php_words(struct match *m)
{
    static const struct {
        const char *text;
        enum severity is;
    } kinds[] = {{"Fatal error", SEVERITY_ERROR},   {"Parse error", SEVERITY_ERROR},
                 {"Warning", SEVERITY_WARNING},     {"Notice", SEVERITY_NOTICE},
                 {"Deprecated", SEVERITY_NOTICE},   {"Recoverable fatal error", SEVERITY_ERROR},
                 {"Core error", SEVERITY_ERROR},    {"Compile error", SEVERITY_ERROR},
                 {"Core warning", SEVERITY_WARNING}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i].text);
        if ((size_t)(m->end - m->at) >= n && memcmp(m->at, kinds[i].text, n) == 0) {
            m->at += n;
            m->is = kinds[i].is;
            return true;
        }
    }
    return false;
}

static bool exception(struct match *m)
{
    const char *begin = m->at, *end;
    if (!run(m, is_qualified))
        return false;
    end = m->at;
    if (end[-1] == ':')
        end--;
    else if (end < m->end)
        return false;
    return (end - begin >= 9 && memcmp(end - 9, "Exception", 9) == 0) ||
           (end - begin >= 5 && memcmp(end - 5, "Error", 5) == 0);
}

static bool any_text(struct match *m, char stop)
{
    size_t room = (size_t)(m->end - m->at);
    const char *found = memchr(m->at, stop, room < TEXT_MOST ? room : TEXT_MOST);
    if (found)
        m->at = found;
    return found;
}

static bool full_text(struct match *m)
{
    if (!run(m, is_full))
        return false;
    m->at -= m->at[-1] == ':';
    return true;
}

static bool time_there(struct match *m)
{
    const char *behind = text_time(m->at, m->end);
    if (behind)
        m->at = behind;
    return behind;
}

/* One of the words behind '%'; next: the byte of the form's text behind it. */
static bool special(struct match *m, char kind, char next)
{
    switch (kind) {
    case 'w':
    case 'W':
        return word(m, kind == 'W');
    case 'l':
        return level_letter(m);
    case 'r':
        return redis_mark(m);
    case 'n':
        return priority(m);
    case 'P':
        return php_words(m);
    case 't':
        return time_there(m);
    case 'd':
        return run(m, is_digit);
    case 's':
        return full_text(m);
    case 'a':
        return run(m, is_name);
    case 'x':
        return exception(m);
    default: /* 'm' */
        return any_text(m, next);
    }
}

static bool fits(struct match *m, const char *form)
{
    for (; *form; form++) {
        bool good = m->at < m->end;
        if (*form == '%') {
            good = special(m, form[1], form[2]);
            form++;
        } else if (*form == '~') {
            skip_blanks(m);
            good = true;
        } else if (*form == ' ') {
            good = good && is_blank(*m->at);
            skip_blanks(m);
        } else {
            good = good && (*form == '#' ? is_digit(*m->at) : *m->at == *form);
            m->at++;
        }
        if (!good)
            return false;
    }
    return true;
}

/* --- JSON and logfmt --- */

static bool is_level_name(const char *name, size_t length)
{
    static const char *const names[] = {
        "level",    "severity", "lvl",           "log.level",    "levelname",
        "loglevel", "@l",       "severity_text", "severityText", "level_name",
        "logLevel", "LogLevel", "Level",         "priority",     "PRIORITY",
    };
    for (size_t i = 0; length > 0 && i < sizeof names / sizeof names[0]; i++)
        if (*names[i] == *name && strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return true;
    return false;
}

/* The number of a level: syslog 0 to 7, pino and bunyan 10 to 60, monolog 100 to 600. */
static enum severity number_severity(const char *text, size_t length)
{
    static const unsigned char pino[] = {SEVERITY_DEBUG,   SEVERITY_DEBUG, SEVERITY_INFO,
                                         SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_CRITICAL};
    int number = 0;
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i]) || number > 1000)
            return SEVERITY_UNKNOWN;
        number = number * 10 + (text[i] - '0');
    }
    if (number < 8)
        return (enum severity)(SEVERITY_EMERGENCY - number);
    if (number >= 10 && number < 70)
        return (enum severity)pino[number / 10 - 1];
    if (number < 100 || number > 600)
        return SEVERITY_UNKNOWN;
    if (number == 250)
        return SEVERITY_NOTICE;
    return number == 550  ? SEVERITY_ALERT
           : number < 200 ? SEVERITY_DEBUG
           : number < 300 ? SEVERITY_INFO
           : number < 400 ? SEVERITY_WARNING
           : number < 500 ? SEVERITY_ERROR
           : number < 600 ? SEVERITY_CRITICAL
                          : SEVERITY_EMERGENCY;
}

/* A word, a letter or a number for a level. */
static enum severity value_severity(const char *text, size_t length)
{
    struct match m = {text, text + length, SEVERITY_UNKNOWN};
    if (length > 0 && is_digit(*text))
        return number_severity(text, length);
    if (length <= 2 && level_letter(&m)) /* mongod: "E", "D1" */
        return m.is;
    m.at = text;
    return word(&m, false) ? m.is : SEVERITY_UNKNOWN;
}

static enum severity json_severity(const char *message, size_t length)
{
    struct json_value name, value;
    struct json j;
    if (!json_begin(&j, message, length, '{'))
        return SEVERITY_UNKNOWN;
    while (json_next(&j, &name, &value) == 1) {
        bool text = value.kind == JSON_STRING || value.kind == JSON_NUMBER;
        enum severity is = SEVERITY_UNKNOWN;
        if (text && (is_level_name(name.text, name.length) ||
                     (name.length == 1 && *name.text == 's' && value.length <= 2)))
            is = value_severity(value.text, value.length);
        else if (value.kind == JSON_OBJECT && json_is(&name, "log", 3))
            is = json_severity(value.text, value.length);
        if (is != SEVERITY_UNKNOWN)
            return is;
    }
    return SEVERITY_UNKNOWN;
}

static enum severity logfmt_severity(const char *message, size_t length)
{
    struct fields f;
    struct field field;
    fields_begin(&f, message, length);
    while (fields_next(&f, &field))
        if (is_level_name(field.name.text, field.name.length))
            return value_severity(field.value.text, field.value.length);
    return SEVERITY_UNKNOWN;
}

/* --- lines --- */

static enum severity_place place_of(struct match *m)
{
    char first = *m->at;
    if (first == '{')
        return AT_JSON;
    if (first == '[') {
        m->at++;
        if (time_there(m))
            return AFTER_BRACKET_TIME;
        m->at--;
        return AT_BRACKET;
    }
    if ((is_digit(first) || is_letter(first)) && time_there(m))
        return AFTER_TIME;
    if (is_digit(first))
        return AT_DIGIT;
    return fields_are_pairs(m->at, (size_t)(m->end - m->at)) ? AT_LOGFMT : AT_OTHER;
}

static const struct severity_format *find(const char *message, size_t length, enum severity *is)
{
    struct match m = {message, message + length, SEVERITY_UNKNOWN};
    *is = SEVERITY_UNKNOWN;
    skip_blanks(&m);
    if (m.at == m.end)
        return NULL;
    enum severity_place place = place_of(&m);
    for (const struct severity_format *f = severity_formats; f->program; f++) {
        struct match own = m;
        own.is = f->fixed;
        if (f->place != place)
            continue;
        if (place == AT_JSON)
            own.is = json_severity(m.at, (size_t)(m.end - m.at));
        else if (place == AT_LOGFMT)
            own.is = logfmt_severity(m.at, (size_t)(m.end - m.at));
        else if (!fits(&own, f->text))
            continue;
        *is = own.is;
        return own.is != SEVERITY_UNKNOWN ? f : NULL;
    }
    return NULL;
}

enum { BEGINNING = 256, ESCAPE = 27 };

/* Copies the line's beginning without the escape sequences that colour it. */
static size_t uncolored(char *to, const char *message, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length && n < BEGINNING; i++) {
        if (message[i] != ESCAPE) {
            to[n++] = message[i];
            continue;
        }
        i += i + 1 < length && message[i + 1] == '[';
        while (i + 1 < length && (is_digit(message[i + 1]) || message[i + 1] == ';'))
            i++;
        i++; /* the letter that ends it */
    }
    return n;
}

const struct severity_format *severity_find(const char *message, size_t length, enum severity *is)
{
    char plain[BEGINNING];
    size_t look = length < BEGINNING / 2 ? length : BEGINNING / 2;
    if (look > 0 && memchr(message, ESCAPE, look))
        return find(plain, uncolored(plain, message, length), is);
    return find(message, length, is);
}
