#include "command/overlog/shell_reader.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 100, HEREDOCS_MAX = 8, NESTED_MAX = 50 };

struct reader {
    const char *p;
    unsigned int line;
    struct shell_script *out;
    struct shell_command now; /* being read */
    char stack[DEPTH_MAX];    /* constructs that are open: i w c { ( and F for a function's { */
    size_t depth;
    enum shell_join before;
    bool pattern;                       /* in a case, where a pattern is next */
    bool body;                          /* the body of a function is next */
    bool bad;                           /* not understood, or no memory */
    struct str delimiter[HEREDOCS_MAX]; /* of documents that begin on the next line */
    size_t documents;
};

/* --- skipping --------------------------------------------------------------------------------- */

static void step(struct reader *r)
{
    r->line += *r->p == '\n';
    r->p++;
}

/* From after an opening quote to after the closing one. */
static void skip_quoted(struct reader *r, char quote)
{
    while (*r->p != '\0' && *r->p != quote) {
        if (*r->p == '\\' && quote != '\'' && r->p[1] != '\0')
            step(r);
        step(r);
    }
    if (*r->p == '\0')
        r->bad = true;
    else
        step(r);
}

/* From after an opening bracket to after the one that closes it. */
static void skip_nested(struct reader *r, char open, char close)
{
    unsigned int level = 1;
    while (*r->p != '\0' && level > 0) {
        char c = *r->p;
        step(r);
        if (c == '\\' && *r->p != '\0')
            step(r);
        else if (c == '\'' || c == '"' || c == '`')
            skip_quoted(r, c);
        else if (c == '#' && open == '(' && isspace((unsigned char)r->p[-2]))
            r->p += strcspn(r->p, "\n");
        else if (c == open && ++level > NESTED_MAX)
            r->bad = true;
        else if (c == close)
            level--;
    }
    r->bad |= level > 0;
}

static void skip_documents(struct reader *r)
{
    for (size_t i = 0; i < r->documents; i++) {
        const char *end = r->delimiter[i].data == NULL ? "" : r->delimiter[i].data;
        bool found = false;
        while (!found && *r->p != '\0') {
            const char *line = r->p + strspn(r->p, "\t");
            size_t length = strcspn(line, "\n");
            found = length == strlen(end) && strncmp(line, end, length) == 0;
            r->p = line + length;
            if (*r->p == '\n')
                step(r);
        }
        r->bad |= !found;
        str_release(&r->delimiter[i]);
    }
    r->documents = 0;
}

/* --- words ------------------------------------------------------------------------------------ */

/* What a dollar sign or backquote at r->p begins. */
static void expansion(struct reader *r, struct shell_word *w, struct str *text, bool quoted)
{
    const char *begin = r->p;
    char first = *r->p;
    step(r);
    if (first == '`')
        skip_quoted(r, '`');
    else if (*r->p == '(' || *r->p == '{') {
        char open = *r->p;
        step(r);
        skip_nested(r, open, open == '(' ? ')' : '}');
    } else if (*r->p == '\'' && !quoted) {
        step(r);
        skip_quoted(r, '\'');
    } else if (isalpha((unsigned char)*r->p) || *r->p == '_') {
        while (isalnum((unsigned char)*r->p) || *r->p == '_')
            r->p++;
    } else if (*r->p != '\0' && strchr("@*#?-$!0123456789", *r->p) != NULL) {
        r->p++;
    } else {
        str_add_char(text, '$');
        return;
    }
    str_add_char(text, SHELL_EXPANSION);
    w->known = false;
    w->splits |=
        !quoted || memchr(begin, '@', (size_t)(r->p - begin)) != NULL; /* "$@", "${a[@]}" */
}

static void double_quoted(struct reader *r, struct shell_word *w, struct str *text)
{
    while (*r->p != '\0' && *r->p != '"') {
        if (*r->p == '\\' && r->p[1] != '\0') {
            step(r);
            if (*r->p != '\n')
                str_add_char(text, *r->p);
            step(r);
        } else if (*r->p == '$' || *r->p == '`') {
            expansion(r, w, text, true);
        } else {
            str_add_char(text, *r->p);
            step(r);
        }
    }
    if (*r->p == '\0')
        r->bad = true;
    else
        step(r);
}

static void single_quoted(struct reader *r, struct str *text)
{
    const char *begin = r->p;
    skip_quoted(r, '\'');
    if (!r->bad)
        str_add(text, begin, (size_t)(r->p - begin) - 1);
}

/* The word at r->p; its text is "" at least, or NULL without memory. */
static struct shell_word read_word(struct reader *r)
{
    struct shell_word w = {.plain = true, .known = true};
    struct str text = STR_INIT;
    str_add_text(&text, "");
    while (*r->p != '\0' && strchr(" \t\r\n;&|<>()", *r->p) == NULL) {
        char c = *r->p;
        if (c == '$' || c == '`') {
            expansion(r, &w, &text, false);
            continue;
        }
        step(r);
        if (c == '\\' && *r->p != '\0') {
            w.plain &= *r->p == '\n';
            if (*r->p != '\n')
                str_add_char(&text, *r->p);
            step(r);
        } else if (c == '\'' || c == '"') {
            w.plain = false;
            if (c == '"')
                double_quoted(r, &w, &text);
            else
                single_quoted(r, &text);
        } else {
            str_add_char(&text, c);
        }
        if (c == '=' && *r->p == '(') { /* a list of bash */
            step(r);
            skip_nested(r, '(', ')');
        }
    }
    w.text = text.data;
    r->bad |= w.text == NULL;
    return w;
}

/* --- commands --------------------------------------------------------------------------------- */

static void release_command(struct shell_command *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->word[i].text);
    free(c->word);
    *c = (struct shell_command){.word = NULL};
}

static void add_word(struct reader *r, struct shell_word w)
{
    struct shell_command *c = &r->now;
    if (w.text == NULL || LIST_ROOM(c->word, c->count, c->room) < 0) {
        r->bad = true;
        free(w.text);
    } else {
        c->word[c->count++] = w;
    }
}

/* The command that was read is over, joined so to the next. */
static void end_command(struct reader *r, enum shell_join join)
{
    struct shell_script *s = r->out;
    bool header =
        r->now.count > 0 && r->now.word[0].plain &&
        (strcmp(r->now.word[0].text, "for") == 0 || strcmp(r->now.word[0].text, "select") == 0);
    if (r->now.count == 0 || header) {
        release_command(&r->now);
        if (join != SHELL_END)
            r->before = join;
        return;
    }
    if (LIST_ROOM(s->command, s->count, s->room) < 0) {
        r->bad = true;
        release_command(&r->now);
        return;
    }
    r->now.before = r->before;
    r->now.after = join;
    r->now.depth = (unsigned int)r->depth;
    s->command[s->count++] = r->now;
    r->now = (struct shell_command){.word = NULL};
    r->before = join == SHELL_BACKGROUND ? SHELL_END : join;
    s->ends_in_simple = true;
}

static void open_construct(struct reader *r, char kind)
{
    if (r->depth == DEPTH_MAX)
        r->bad = true;
    else
        r->stack[r->depth++] = r->body ? 'F' : kind;
    r->body = false;
    r->before = SHELL_END;
}

static void close_construct(struct reader *r, char kind)
{
    if (r->depth > 0 && (r->stack[r->depth - 1] == kind || r->stack[r->depth - 1] == 'F'))
        r->depth--;
    else
        r->bad = true;
    r->out->ends_in_simple = false;
    r->before = SHELL_END;
    r->pattern = false;
}

/* A reserved word where a command may begin: done with. */
static bool reserved(struct reader *r, const struct shell_word *w)
{
    static const struct {
        const char *word;
        char kind; /* ' ': only goes on; ')': closes what `close` says */
        char close;
    } words[] = {{"if", 'i', 0},     {"then", ' ', 0},   {"else", ' ', 0},  {"elif", ' ', 0},
                 {"fi", ')', 'i'},   {"while", 'w', 0},  {"until", 'w', 0}, {"do", ' ', 0},
                 {"done", ')', 'w'}, {"esac", ')', 'c'}, {"{", '{', 0},     {"}", ')', '{'},
                 {"!", ' ', 0}};
    for (size_t i = 0; i < sizeof words / sizeof words[0] && w->plain; i++) {
        if (strcmp(words[i].word, w->text) != 0)
            continue;
        if (words[i].kind == ')')
            close_construct(r, words[i].close);
        else if (words[i].kind != ' ')
            open_construct(r, words[i].kind);
        return true;
    }
    return false;
}

static void add_function(struct reader *r, const char *name)
{
    r->bad |= words_add(&r->out->functions, name) < 0;
    r->body = true;
}

static void word(struct reader *r)
{
    unsigned int line = r->line;
    struct shell_word w = read_word(r);
    if (w.text == NULL)
        return;
    bool first = r->now.count == 0;
    const char *head = first ? "" : r->now.word[0].text;
    if (first && reserved(r, &w)) {
        free(w.text);
        return;
    }
    if (first && w.plain && (strcmp(w.text, "for") == 0 || strcmp(w.text, "select") == 0))
        open_construct(r, 'w');
    if (first && w.plain && strcmp(w.text, "case") == 0)
        open_construct(r, 'c');
    if (first)
        r->now.line = line;
    bool in = w.plain && strcmp(w.text, "in") == 0 && strcmp(head, "case") == 0;
    bool function = r->now.count == 1 && strcmp(head, "function") == 0;
    add_word(r, w);
    if (function && !r->bad)
        add_function(r, w.text);
    if (in || function)
        release_command(&r->now);
    r->pattern |= in;
}

/* "(": a subshell, or what makes a word the name of a function. */
static void parenthesis(struct reader *r)
{
    bool named = r->now.count == 1 && r->now.word[0].plain;
    const char *rest = r->p + 1 + strspn(r->p + 1, " \t");
    if (named && *rest == ')') {
        add_function(r, r->now.word[0].text);
        release_command(&r->now);
        r->p = rest + 1;
    } else if (r->now.count == 0) {
        open_construct(r, '(');
        r->p++;
    } else if (r->now.word[0].plain && strcmp(r->now.word[0].text, "[[") == 0) {
        step(r);
        skip_nested(r, '(', ')');
    } else {
        r->bad = true;
    }
}

static void redirection(struct reader *r)
{
    struct shell_command *c = &r->now;
    bool document = strncmp(r->p, "<<", 2) == 0 && r->p[2] != '<';
    /* The number before it is the descriptor's. */
    if (c->count > 0 && isdigit((unsigned char)r->p[-1]) && c->word[c->count - 1].plain &&
        strspn(c->word[c->count - 1].text, "0123456789") == strlen(c->word[c->count - 1].text))
        free(c->word[--c->count].text);
    r->p += strspn(r->p, "<>");
    r->p += document ? strspn(r->p, "-") : strspn(r->p, "&|");
    r->p += strspn(r->p, " \t");
    if (*r->p == '(') { /* of bash */
        step(r);
        skip_nested(r, '(', ')');
        return;
    }
    struct shell_word w = read_word(r);
    if (document && r->documents == HEREDOCS_MAX)
        r->bad = true;
    else if (document && w.text != NULL)
        str_add_text(&r->delimiter[r->documents++], w.text);
    free(w.text);
}

static void separator(struct reader *r)
{
    bool twice = r->p[1] == *r->p;
    char c = *r->p;
    if (c == '&' && r->p[1] == '>') { /* of bash */
        r->p++;
        redirection(r);
        return;
    }
    end_command(r, c == '&'   ? (twice ? SHELL_AND : SHELL_BACKGROUND)
                   : c == '|' ? (twice ? SHELL_OR : SHELL_PIPE)
                              : SHELL_END);
    r->pattern |= c == ';' && r->p[1] == ';' && r->depth > 0 && r->stack[r->depth - 1] == 'c';
    if (c == '\n') {
        step(r);
        skip_documents(r);
    } else {
        r->p += twice ? 2 : 1;
        r->p += c == '|' && !twice && *r->p == '&';
    }
}

/* "a | b)" of a case, or the esac that ends it. */
static void read_pattern(struct reader *r)
{
    while (*r->p != '\0' && isspace((unsigned char)*r->p))
        step(r);
    if (*r->p == '#') {
        r->p += strcspn(r->p, "\n");
    } else if (strncmp(r->p, "esac", 4) == 0 && !isalnum((unsigned char)r->p[4])) {
        r->p += 4;
        close_construct(r, 'c');
    } else if (*r->p == '(' || *r->p == '|') {
        r->p++;
    } else if (*r->p == ')') {
        r->p++;
        r->pattern = false;
    } else if (*r->p == '\0' || strchr(";&<>", *r->p) != NULL) {
        r->bad = true;
    } else {
        free(read_word(r).text);
    }
}

void shell_read(const char *text, struct shell_script *out)
{
    struct reader r = {.p = text, .line = 1, .out = out};
    *out = (struct shell_script){.command = NULL};
    while (*r.p != '\0' && !r.bad) {
        if (r.pattern)
            read_pattern(&r);
        else if (*r.p == ' ' || *r.p == '\t' || *r.p == '\r')
            r.p++;
        else if (r.p[0] == '\\' && r.p[1] == '\n')
            r.p += 2, r.line++;
        else if (*r.p == '#')
            r.p += strcspn(r.p, "\n");
        else if (strchr("\n;&|", *r.p) != NULL)
            separator(&r);
        else if (*r.p == '<' || *r.p == '>')
            redirection(&r);
        else if (*r.p == '(')
            parenthesis(&r);
        else if (*r.p == ')') {
            end_command(&r, SHELL_END);
            r.p++;
            close_construct(&r, '(');
        } else
            word(&r);
    }
    if (!r.bad)
        end_command(&r, SHELL_END);
    out->understood = !r.bad && r.depth == 0 && r.documents == 0 && !r.body;
    release_command(&r.now);
    for (size_t i = 0; i < r.documents; i++)
        str_release(&r.delimiter[i]);
}

void shell_release(struct shell_script *s)
{
    for (size_t i = 0; i < s->count; i++)
        release_command(&s->command[i]);
    free(s->command);
    words_release(&s->functions);
    *s = (struct shell_script){.command = NULL};
}
