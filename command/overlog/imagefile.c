/* Reads Dockerfiles: lines, heredocs, stages. */
#include "command/overlog/imagefile.h"
#include "command/overlog/imageword.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEREDOCS_MAX = 16, NAME_MAX_LENGTH = 128 };

struct reader {
    const char *p; /* what is left */
    unsigned int line;
    char escape;
    struct image_file *out;
    bool failed; /* no memory */
};

/* --- lines ------------------------------------------------------------------------------------ */

/* The line at p without its end; the reader goes on behind it. */
static size_t take_line(struct reader *r)
{
    size_t length = strcspn(r->p, "\n");
    r->p += length + (r->p[length] == '\n');
    r->line++;
    return length;
}

/* "# escape=`", only before anything else. */
static void read_directives(struct reader *r)
{
    for (;;) {
        const char *at = image_skip(r->p);
        if (*at != '#')
            return;
        at = image_skip(at + 1);
        size_t n = strcspn(at, "=\n \t\r");
        const char *value = image_skip(at + n);
        if (n == 0 || *value != '=')
            return;
        value = image_skip(value + 1);
        if (n == 6 && strncasecmp(at, "escape", 6) == 0 && (*value == '`' || *value == '\\'))
            r->escape = *value;
        take_line(r);
    }
}

/* How much of a line is content; continues: its last character says that the next belongs to it. */
static size_t content_of(const struct reader *r, const char *line, size_t length, bool *continues)
{
    size_t end = length;
    while (end > 0 && strchr(" \t\r", line[end - 1]) != NULL)
        end--;
    *continues = end > 0 && line[end - 1] == r->escape;
    return *continues ? end - 1 : length;
}

/* One instruction with what continues it; false: there is none any more. */
static bool read_instruction(struct reader *r, struct str *text, unsigned int *number)
{
    bool continues = true;
    str_clear(text);
    while (*r->p != '\0' && continues) {
        const char *line = r->p;
        unsigned int at = r->line;
        size_t length = take_line(r);
        const char *begin = image_skip(line);
        if (*begin == '#' || begin >= line + length)
            continue; /* also in the middle of an instruction */
        if (text->length == 0) {
            *number = at;
            length -= (size_t)(begin - line);
            line = begin;
        }
        length = content_of(r, line, length, &continues);
        r->failed |= str_add(text, line, length) < 0;
    }
    while (text->length > 0 && strchr(" \t\r", text->data[text->length - 1]) != NULL)
        text->data[--text->length] = '\0';
    return text->length > 0 && !r->failed;
}

/* --- heredocs --------------------------------------------------------------------------------- */

/* Goes on behind the line that holds the delimiter alone. */
static void skip_document(struct reader *r, const char *name, size_t length, bool tabs)
{
    while (*r->p != '\0') {
        const char *line = r->p;
        size_t n = take_line(r);
        while (tabs && n > 0 && *line == '\t')
            line++, n--;
        n -= n > 0 && line[n - 1] == '\r';
        if (n == length && memcmp(line, name, n) == 0)
            return;
    }
}

/* A descriptor's number may stand before it, and nothing else: 1<<2 is arithmetic. */
static bool begins_word(const char *text, const char *at)
{
    while (at > text && isdigit((unsigned char)at[-1]))
        at--;
    return at == text || strchr(" \t", at[-1]) != NULL;
}

static void skip_documents(struct reader *r, const char *text)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, "<<")) != NULL && count < HEREDOCS_MAX;) {
        bool tabs = at[2] == '-';
        const char *name = at + 2 + tabs;
        bool begins = begins_word(text, at) && *name != '<';
        char quote = *name == '"' || *name == '\'' ? *name : '\0';
        name += quote != '\0';
        size_t length =
            strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "_-.");
        at = name + length;
        if (length == 0 || !begins || (quote != '\0' && *at != quote))
            continue;
        skip_document(r, name, length, tabs);
        count++;
    }
}

/* --- instructions ----------------------------------------------------------------------------- */

/* Remembers "NAME=WORD", or NAME alone where the value is unknown. */
static void set_variable(struct reader *r, struct words *variables, const char *word, size_t length)
{
    size_t n = strcspn(word, "= \t\r");
    struct str one = STR_INIT;
    char *value = n < length && word[n] == '='
                      ? image_expand(word + n + 1, length - n - 1, r->escape, variables)
                      : NULL;
    if (n > length || n == 0 || n > NAME_MAX_LENGTH)
        n = 0;
    else if (str_add(&one, word, n) < 0 ||
             (value != NULL && (str_add_char(&one, '=') < 0 || str_add_text(&one, value) < 0)) ||
             words_add(variables, one.data) < 0)
        r->failed = true;
    free(value);
    str_release(&one);
}

static void set_variables(struct reader *r, struct words *variables, const char *p, bool env)
{
    size_t n = image_word(p, r->escape);
    if (env && memchr(p, '=', n) == NULL) { /* ENV NAME VALUE */
        struct str pair = STR_INIT;
        const char *value = image_skip(p + n);
        if (str_add(&pair, p, n) < 0 || str_add_char(&pair, '=') < 0 ||
            str_add_text(&pair, value) < 0)
            r->failed = true;
        else
            set_variable(r, variables, pair.data, pair.length);
        str_release(&pair);
        return;
    }
    for (; *p != '\0'; p = image_skip(p + n)) {
        n = image_word(p, r->escape);
        bool given = memchr(p, '=', n) != NULL;
        const char *outer = given || env ? NULL : image_value(&r->out->variables, p, n);
        struct str pair = STR_INIT;
        if (outer != NULL && str_printf(&pair, "%.*s=%s", (int)n, p, outer) == 0)
            set_variable(r, variables, pair.data, pair.length);
        else
            set_variable(r, variables, p, n);
        str_release(&pair);
    }
}

static void read_command(struct reader *r, struct image_command *c, const char *text,
                         unsigned int line)
{
    words_release(&c->words);
    *c = (struct image_command){.form = IMAGE_EXEC, .line = line, .words = WORDS_INIT};
    if (image_list(text, &c->words))
        return;
    words_release(&c->words);
    c->form = IMAGE_SHELL;
    c->bad_list = *text == '[';
    r->failed |= words_add(&c->words, text) < 0;
}

/* --- stages ----------------------------------------------------------------------------------- */

static bool names_us(const char *text)
{
    return strcasestr(text, "s6-overlay") != NULL || strcasestr(text, "s6overlay") != NULL ||
           strcasestr(text, "s6_overlay") != NULL || strcasestr(text, "overlog") != NULL;
}

static const struct image_stage *stage_named(const struct image_file *f, const char *name)
{
    for (size_t i = f->count; name != NULL && i-- > 0;)
        if (f->stage[i].name != NULL && strcasecmp(f->stage[i].name, name) == 0)
            return &f->stage[i];
    return NULL;
}

static char *copy_text(struct reader *r, const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);
    r->failed |= text != NULL && copy == NULL;
    return copy;
}

/* A stage that begins where another one ended. */
static void inherit(struct reader *r, struct image_stage *s, const struct image_stage *from)
{
    const struct words none = WORDS_INIT;
    free(s->base);
    s->base = copy_text(r, from->base);
    s->is_ours |= from->is_ours;
    s->trees = from->trees;
    s->entrypoint = from->entrypoint;
    s->cmd = from->cmd;
    s->entrypoint.words = s->cmd.words = none;
    s->signal = copy_text(r, from->signal);
    s->signal_line = from->signal_line;
    r->failed |= words_copy(&s->entrypoint.words, &from->entrypoint.words) < 0 ||
                 words_copy(&s->cmd.words, &from->cmd.words) < 0 ||
                 words_copy(&s->variables, &from->variables) < 0;
}

/* FROM [--platform=P] IMAGE [AS NAME] */
static void begin_stage(struct reader *r, const char *p)
{
    struct image_file *f = r->out;
    struct image_stage s = {.variables = WORDS_INIT};
    while (strncmp(p, "--", 2) == 0)
        p = image_skip(p + image_word(p, r->escape));
    size_t n = image_word(p, r->escape);
    s.base = image_expand(p, n, r->escape, &f->variables);
    s.is_ours = names_us(p);
    p = image_skip(p + n);
    if (strncasecmp(p, "as", 2) == 0 && strchr(" \t", p[2]) != NULL && p[2] != '\0')
        s.name = copy_text(r, image_skip(p + 2));
    const struct image_stage *from = stage_named(f, s.base);
    if (from != NULL)
        inherit(r, &s, from);
    if (LIST_ROOM(f->stage, f->count, f->room) < 0)
        r->failed = true;
    else
        f->stage[f->count++] = s;
}

/* COPY --from=NAME takes what another stage has. */
static bool copies_us(const struct reader *r, const char *text)
{
    const char *from = strstr(text, "--from=");
    char name[NAME_MAX_LENGTH] = "";
    if (from == NULL)
        return false;
    from += 7;
    size_t n = image_word(from, r->escape);
    if (n >= sizeof name)
        return false;
    memcpy(name, from, n);
    name[n] = '\0';
    const struct image_stage *s = stage_named(r->out, name);
    return s != NULL && s->is_ours;
}

/* COPY root/ /, but for the tree of s6-overlay itself. */
static bool copies_tree(const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\"]", text[n - 1]) != NULL)
        n--;
    size_t at = n;
    while (at > 0 && strchr(" \t\"", text[at - 1]) == NULL)
        at--;
    const char *to = text + at;
    n -= at;
    n -= n > 1 && to[n - 1] == '/';
    return ((n == 1 && to[0] == '/') || (n == 4 && memcmp(to, "/etc", 4) == 0)) && !names_us(text);
}

static void set_signal(struct reader *r, struct image_stage *s, const char *text, unsigned int line)
{
    free(s->signal);
    s->signal = image_expand(text, strlen(text), r->escape, &s->variables);
    s->signal_line = line;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

static void read_one(struct reader *r, const char *text, unsigned int line)
{
    size_t n = strcspn(text, " \t\r");
    const char *rest = image_skip(text + n);
    struct image_file *f = r->out;
    if (is_word(text, n, "FROM")) {
        begin_stage(r, rest);
        return;
    }
    if (f->count == 0) {
        if (is_word(text, n, "ARG"))
            set_variables(r, &f->variables, rest, false);
        return;
    }
    struct image_stage *s = &f->stage[f->count - 1];
    s->is_ours |= names_us(text) || (is_word(text, n, "COPY") && copies_us(r, rest));
    s->trees += is_word(text, n, "COPY") && copies_tree(rest);
    if (is_word(text, n, "ENTRYPOINT"))
        read_command(r, &s->entrypoint, rest, line);
    else if (is_word(text, n, "CMD"))
        read_command(r, &s->cmd, rest, line);
    else if (is_word(text, n, "STOPSIGNAL"))
        set_signal(r, s, rest, line);
    else if (is_word(text, n, "ARG") || is_word(text, n, "ENV"))
        set_variables(r, &s->variables, rest, is_word(text, n, "ENV"));
    else if (is_word(text, n, "RUN") || is_word(text, n, "COPY") || is_word(text, n, "ADD"))
        skip_documents(r, rest);
}

int imagefile_read(const char *text, size_t length, struct image_file *out)
{
    struct str copy = STR_INIT;
    struct str one = STR_INIT;
    unsigned int line = 1;
    *out = (struct image_file){.variables = WORDS_INIT};
    struct reader r = {.line = 1, .escape = '\\', .out = out};
    if (str_add(&copy, text, length) < 0)
        return -1;
    r.p = copy.data + (strncmp(copy.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    read_directives(&r);
    while (read_instruction(&r, &one, &line))
        read_one(&r, one.data, line);
    str_release(&copy);
    str_release(&one);
    return r.failed ? -1 : 0;
}

void imagefile_release(struct image_file *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct image_stage *s = &f->stage[i];
        free(s->name);
        free(s->base);
        free(s->signal);
        words_release(&s->entrypoint.words);
        words_release(&s->cmd.words);
        words_release(&s->variables);
    }
    free(f->stage);
    words_release(&f->variables);
    *f = (struct image_file){.stage = NULL};
}
