/* services.conf: whatever is in it, each section and mistake has a line of the text, and each
 * section becomes files whose lines have places in it. A section without a mistake comes back from
 * these files as it was. */
#include "command/overlog/conf_write.h"
#include "services/section_expand.h"
#include "tests/fuzz/fuzz.h"

static void check_file(const struct section_file *f, uint32_t last)
{
    size_t lines = 0;
    for (size_t i = 0; i < f->length; i++)
        lines += f->text[i] == '\n';
    MUST(f->lines == lines && strlen(f->text) == f->length);
    MUST(f->length == 0 || f->text[f->length - 1] == '\n');
    for (size_t i = 0; i < f->lines; i++)
        MUST(f->line[i] >= 1 && f->line[i] <= last);
}

/* Without a name that a header cannot hold, all of it comes back. */
static void check_back(const struct section *s)
{
    struct str text = STR_INIT;
    struct words cannot = WORDS_INIT;
    MUST(conf_write(s, &text, &cannot) == 0);
    MUST(cannot.count == 0 || strcmp(cannot.item[0], "its name") == 0);
    str_release(&text);
    words_release(&cannot);
}

static void check_section(const struct conf_section *c, uint32_t last)
{
    struct problems p = PROBLEMS_INIT;
    MUST(c->name[0] != '\0' && c->line >= 1 && c->line <= last && c->count <= CONF_KEYS_MAX);
    for (size_t i = 0; i < c->count; i++) {
        const struct conf_key *k = &c->key[i];
        MUST(k->name[0] != '\0' && k->line > c->line && k->value_line >= k->line);
        MUST(conf_find(c, k->name) == k);
    }
    struct section *s = section_expand(c, "f", &p);
    MUST(s != NULL || p.errors > 0);
    for (size_t i = 0; s != NULL && i < s->count; i++) {
        check_file(&s->file[i], last);
        MUST(section_find(s, s->file[i].name) == &s->file[i]);
    }
    for (size_t i = 0; i < p.count; i++)
        MUST(p.item[i].line >= 1 && p.item[i].line <= last && p.item[i].text[0] != '\0');
    if (s != NULL && s->typed && p.errors == 0)
        check_back(s);
    section_free(s);
    problems_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf c = CONF_INIT;
    char *text = input_copy(data, size);
    uint32_t last = 1;
    for (size_t i = 0; i < size; i++)
        last += text[i] == '\n';
    MUST(conf_parse(&c, text, size) == 0);
    MUST(c.mistakes <= CONF_MISTAKES_MAX && c.count <= CONF_SECTIONS_MAX);
    for (size_t i = 0; i < c.mistakes; i++)
        MUST(c.mistake[i].line <= last && c.mistake[i].text[0] != '\0' && c.mistake[i].cure);
    free(text); /* nothing points into it */
    for (size_t i = 0; i < c.count; i++)
        check_section(&c.section[i], last);
    conf_release(&c);
    return 0;
}
