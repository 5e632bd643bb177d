#include "logcat/trace.h"
#include "logcat/letters.h"
#include "logcat/severity.h"
#include <string.h>

enum { RULE = 18 /* of the signs with which a report of ThreadSanitizer begins and ends */ };

/* A line without its end, and the php-fpm wrapper around it. */
struct line {
    const char *text;
    size_t length;
};

static bool begins(const struct line *l, const char *with)
{
    size_t n = strlen(with);
    return l->length >= n && memcmp(l->text, with, n) == 0;
}

static bool ends(const struct line *l, const char *with)
{
    size_t n = strlen(with);
    return l->length >= n && memcmp(l->text + l->length - n, with, n) == 0;
}

static bool has(const struct line *l, const char *part)
{
    return l->length > 0 && memmem(l->text, l->length, part, strlen(part));
}

static bool begins_with_any(const struct line *l, const char *const *list)
{
    for (; *list && l->length > 0; list++)
        if (l->text[0] == **list && begins(l, *list))
            return true;
    return false;
}

/* Whether the line is only such bytes, one at least. */
static bool is_only(const struct line *l, const char *bytes)
{
    for (size_t i = 0; i < l->length; i++)
        if (l->text[i] == '\0' || !strchr(bytes, l->text[i]))
            return false;
    return l->length > 0;
}

static bool is_indented(const struct line *l)
{
    return l->length > 0 && (l->text[0] == ' ' || l->text[0] == '\t');
}

static bool is_caret(const struct line *l)
{
    return is_indented(l) && is_only(l, " \t^~") && (ends(l, "^") || ends(l, "~"));
}

/* Passes over digits from place at on. Returns the place behind; at: there are none. */
static size_t digits(const struct line *l, size_t at)
{
    while (at < l->length && is_digit(l->text[at]))
        at++;
    return at;
}

/* "#0 /app/cart.php(88): add()" */
static bool is_numbered(const struct line *l)
{
    size_t behind = l->length > 0 && l->text[0] == '#' ? digits(l, 1) : 0;
    return behind > 1 && behind < l->length && l->text[behind] == ' ';
}

/* "/app/cart.rb:12:in `add'": a line below the one that has the exception as well. */
static bool is_ruby(const struct line *l)
{
    return (ends(l, "'") || ends(l, ">")) && has(l, ":in ") && (has(l, ".rb:") || begins(l, "("));
}

/* "==41==ERROR: AddressSanitizer", "==41==ABORTING" */
static bool is_valgrind(const struct line *l)
{
    size_t behind = begins(l, "==") ? digits(l, 2) : 0;
    return behind > 2 && behind + 1 < l->length && memcmp(l->text + behind, "==", 2) == 0;
}

static bool opens_report(const struct line *l)
{
    return (l->length >= RULE && is_only(l, "=")) || begins(l, "WARNING: ThreadSanitizer") ||
           (is_valgrind(l) && has(l, "Sanitizer"));
}

/* --- what continues an entry wherever it stands --- */

static const char *const always[] = {"Stack trace:", /* PHP */
                                     "PHP Stack trace:",
                                     "PHP   ",
                                     "[stacktrace]", /* Laravel */
                                     "[previous exception]",
                                     "Next ",      /* of PHP's exceptions, see is_always */
                                     "Caused by:", /* Java, anyhow of Rust */
                                     "Suppressed: ",
                                     "Stack backtrace:",
                                     "stack backtrace:", /* Rust */
                                     "note: run with `RUST_BACKTRACE",
                                     "note: Some details are omitted",
                                     "During handling of the above exception", /* Python */
                                     "The above exception was the direct cause",
                                     "goroutine ", /* Go, see is_always */
                                     "---> ",      /* .NET */
                                     "--- End of stack trace from",
                                     "--- End of inner exception",
                                     "Node.js v",
                                     "SUMMARY: ", /* sanitizers */
                                     "=>0x",
                                     "Shadow byte",
                                     NULL};

static bool is_always(const struct line *l)
{
    if (is_numbered(l) || is_ruby(l))
        return true;
    if (!begins_with_any(l, always))
        return false;
    if (begins(l, "Next "))
        return has(l, " in ") && has(l, ".php:");
    if (begins(l, "goroutine "))
        return digits(l, 10) > 10 && has(l, " [");
    return true;
}

/* Lines of closing brackets and quotes behind what was indented. */
static bool is_closing(const struct line *l)
{
    return is_only(l, "}])\"',; ");
}

/* "main.add(...)", "panic({0x4a2e40?, 0x4e8f50?})": no blank before the bracket */
static bool is_go_function(const struct line *l)
{
    const char *bracket = memchr(l->text, '(', l->length);
    return bracket && is_letter(l->text[0]) && ends(l, ")") &&
           !memchr(l->text, ' ', (size_t)(bracket - l->text));
}

/* "2026/11/29 10:15:42 http: panic serving": the server of Go */
static bool is_http_panic(const char *message, size_t length)
{
    static const char serving[] = "http: panic serving";
    return length > 40 && message[4] == '/' &&
           memcmp(message + 20, serving, sizeof serving - 1) == 0;
}

/* "2026-11-29 10:15:42.871 UTC [57] STATEMENT:  SELECT 1": more of the line before */
static bool is_postgres(const char *message, size_t length)
{
    static const char *const words[] = {
        " DETAIL:  ", " HINT:  ", " STATEMENT:  ", " CONTEXT:  ", " QUERY:  ", NULL};
    if (length < 30 || message[0] != '2' || message[4] != '-')
        return false;
    const char *bracket = memchr(message, ']', length < 60 ? length : 60);
    if (!bracket)
        return false;
    struct line l = {bracket + 1, length - (size_t)(bracket + 1 - message)};
    return begins_with_any(&l, words);
}

/* "java.sql.SQLException: gone": with the name of a package or namespace */
static bool is_named_exception(const struct line *l)
{
    size_t n = 0, dots = 0;
    for (; n < l->length && (is_letter(l->text[n]) || is_digit(l->text[n]) || l->text[n] == '.' ||
                             l->text[n] == '_' || l->text[n] == '$' || l->text[n] == '\\');
         n++)
        dots += l->text[n] == '.' || l->text[n] == '\\';
    struct line name = {l->text, n};
    return dots > 0 && (n == l->length || l->text[n] == ':') &&
           (ends(&name, "Exception") || ends(&name, "Error"));
}

/* Whether the entry begins with a line that names its level, and the level is bad. */
static bool is_below_error(const struct trace *t)
{
    enum severity is;
    if (!t->before)
        return false;
    const struct severity_format *f = severity_find(t->before, t->length, &is);
    return f && f->fixed == SEVERITY_UNKNOWN && is >= SEVERITY_ERROR;
}

/* --- states --- */

/* The state behind a line that belongs to no trace before it, and is not indented. */
static enum trace_state opening(const struct line *l)
{
    if (l->length == 0)
        return TRACE_NONE;
    if (begins(l, "panic: ") || begins(l, "fatal error: ") || begins(l, "goroutine ") ||
        begins(l, "SIGQUIT: ") || is_http_panic(l->text, l->length))
        return TRACE_GO;
    if (begins(l, "thread '") && has(l, " panicked at "))
        return ends(l, ":") ? TRACE_PANIC : TRACE_FRAMES;
    if (begins(l, "Error: "))
        return TRACE_ERROR;
    return opens_report(l) ? TRACE_SANITIZER : TRACE_NONE;
}

static bool in_go(struct trace *t, const struct line *l)
{
    static const char *const parts[] = {"[signal ", "[recovered", "goroutine ",     "created by ",
                                        "panic: ",  "PC=",        "runtime stack:", NULL};
    if (begins(l, "exit status ")) {
        t->state = TRACE_NONE;
        return true;
    }
    return l->length == 0 || begins_with_any(l, parts) || begins(l, "...") || is_go_function(l);
}

/* A line of a report: anything but what looks like a line of a log. */
static bool in_report(struct trace *t, const struct line *l)
{
    static const char *const parts[] = {"Shadow", "=>", NULL};
    bool over = (is_valgrind(l) && has(l, "ABORTING")) || (l->length >= RULE && is_only(l, "="));
    if (over || begins(l, "SUMMARY: ")) {
        t->state = over ? TRACE_NONE : TRACE_FRAMES;
        return true;
    }
    if (l->length > 0 && (l->text[0] == '{' || l->text[0] == '[' || l->text[0] == '<'))
        return false;
    return l->length < 4 || begins(l, "0x") || begins_with_any(l, parts) ||
           !(is_digit(l->text[0]) && is_digit(l->text[1]));
}

/* An exception at the end of a trace: its name at the beginning of the line. */
static bool is_exception(const struct line *l)
{
    return l->length > 0 && (is_letter(l->text[0]) || l->text[0] == '_' || l->text[0] == '[');
}

/* Whether the line, which no rule for all states covers, belongs to the trace in this state. */
static bool belongs(struct trace *t, const struct line *l)
{
    switch (t->state) {
    case TRACE_FRAMES:
        return l->length == 0 || is_closing(l) || is_valgrind(l) ||
               (l->length == RULE && is_only(l, "="));
    case TRACE_PYTHON:
    case TRACE_CARET:
        if (l->length == 0)
            return t->state == TRACE_CARET;
        t->state = is_exception(l) ? TRACE_RAISED : TRACE_NONE;
        return t->state == TRACE_RAISED;
    case TRACE_RAISED:
    case TRACE_CHAINED:
    case TRACE_ERROR:
        return l->length == 0;
    case TRACE_GO:
        return in_go(t, l);
    case TRACE_PANIC:
        t->state = TRACE_FRAMES;
        return true;
    case TRACE_SANITIZER:
        return in_report(t, l);
    case TRACE_NONE:
        break;
    }
    return false;
}

/* The state behind a line for which is_always holds. */
static enum trace_state behind_always(const struct trace *t, const struct line *l)
{
    if (begins(l, "goroutine "))
        return TRACE_GO;
    if (begins(l, "During handling") || begins(l, "The above exception"))
        return TRACE_CHAINED;
    return t->state == TRACE_SANITIZER && !begins(l, "SUMMARY: ") ? TRACE_SANITIZER : TRACE_FRAMES;
}

/* An indented line continues by itself; the state may be another one behind it. */
static void indented(struct trace *t, const struct line *l)
{
    if (is_caret(l) && t->state != TRACE_PYTHON)
        t->state = TRACE_CARET;
    else if (t->state == TRACE_NONE || t->state == TRACE_RAISED || t->state == TRACE_ERROR ||
             t->state == TRACE_CHAINED || t->state == TRACE_FRAMES || t->state == TRACE_CARET)
        t->state = begins(l, "  File \"") ? TRACE_PYTHON : TRACE_FRAMES;
    else if (t->state == TRACE_PANIC)
        t->state = TRACE_FRAMES;
}

/* The line that php-fpm says a worker wrote: [TIME] WARNING: [pool www] child 7 said into stderr:
 * "..."
 */
static struct line unwrap(const char *message, size_t length)
{
    static const char worker[] = "] WARNING: [pool ", said[] = " said into std";
    struct line l = {message, length};
    if (length < 60 || message[0] != '[' || memcmp(message + 21, worker, sizeof worker - 1) != 0)
        return l;
    const char *found = memmem(message, length, said, sizeof said - 1);
    const char *quote = found ? memchr(found, '"', length - (size_t)(found - message)) : NULL;
    if (!quote)
        return l;
    l = (struct line){quote + 1, length - (size_t)(quote + 1 - message)};
    l.length -= ends(&l, "\"");
    if (begins(&l, "NOTICE: PHP message: ")) {
        l.text += 21;
        l.length -= 21;
    }
    return l;
}

/* Whether no trace begins with the line and none is continued by it: so most lines. */
static bool is_plain(const struct trace *t, const char *message, size_t length)
{
    static const bool firsts[256] = {
        [' '] = true, ['\t'] = true, ['['] = true, ['#'] = true, ['='] = true, ['-'] = true,
        ['('] = true, ['S'] = true,  ['T'] = true, ['N'] = true, ['C'] = true, ['D'] = true,
        ['E'] = true, ['W'] = true,  ['P'] = true, ['s'] = true, ['n'] = true, ['g'] = true,
        ['p'] = true, ['f'] = true,  ['t'] = true,
    };
    if (t->state != TRACE_NONE || length == 0)
        return false;
    char last = message[length - 1];
    if (is_letter(message[0]) && is_named_exception(&(struct line){message, length}))
        return false;
    return !firsts[(unsigned char)message[0]] && last != '\'' && last != '>' &&
           !is_http_panic(message, length) && !is_postgres(message, length);
}

static bool judge(struct trace *t, const char *message, size_t length)
{
    if (is_plain(t, message, length))
        return false;
    struct line l = unwrap(message, length);
    if (is_indented(&l)) {
        indented(t, &l);
        return l.text != message;
    }
    if (begins(&l, "Traceback (most")) {
        bool chained = t->state == TRACE_CHAINED || is_below_error(t);
        t->state = TRACE_PYTHON;
        return chained;
    }
    if (is_postgres(message, length))
        return true;
    if (is_named_exception(&l) && is_below_error(t)) {
        t->state = TRACE_FRAMES;
        return true;
    }
    if (is_always(&l)) {
        t->state = behind_always(t, &l);
        return true;
    }
    if (belongs(t, &l))
        return true;
    t->state = opening(&l);
    return false;
}

bool trace_continues(struct trace *t, const char *message, size_t length)
{
    if (judge(t, message, length))
        return true;
    t->before = message;
    t->length = length < TRACE_BEFORE ? length : TRACE_BEFORE;
    return false;
}

void trace_keep(struct trace *t)
{
    if (!t->before || t->before == t->kept)
        return;
    memcpy(t->kept, t->before, t->length);
    t->before = t->kept;
}

void trace_reset(struct trace *t)
{
    t->before = NULL;
    t->state = TRACE_NONE;
}
