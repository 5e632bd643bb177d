/* Masking: whatever stands around a secret, nothing of it is left, and the rest of the text is not
 * changed. */
#include "command/overlog/mask.h"
#include "tests/fuzz/fuzz.h"

static const char known[] = "Tr0ub4dor&3\"x";

/* In two pieces: nobody who looks for lost ones finds it here. */
static const char token[] = "gh"
                            "p_0123456789abcdefghijABCDEFGHIJ";

struct counted {
    unsigned long last, most;
};

static void count(void *context, unsigned long line, const char *kind)
{
    struct counted *c = context;
    MUST(line >= c->last && line <= c->most && kind[0] != '\0');
    c->last = line;
}

static unsigned long lines(const char *text, size_t length)
{
    unsigned long n = 1;
    for (size_t i = 0; i < length; i++)
        n += text[i] == '\n';
    return n;
}

/* Whether out is the text with parts replaced by MASKED: what is between those stands there in that
 * order. */
static bool is_left(const char *text, size_t length, const struct str *out)
{
    const char *piece = out->data, *end = out->data + out->length, *mark;
    bool first = true;
    while ((mark = memmem(piece, (size_t)(end - piece), MASKED, 8)) != NULL) {
        size_t n = (size_t)(mark - piece);
        const char *there = n == 0 ? text : memmem(text, length, piece, n);
        if (there == NULL || (first && there != text))
            return false;
        length -= (size_t)(there - text) + n;
        text = there + n;
        piece = mark + 8;
        first = false;
    }
    size_t n = (size_t)(end - piece);
    return n <= length && (!first || n == length) && memcmp(text + length - n, piece, n) == 0;
}

/* Nothing of what was learned is left. */
static void none_is_left(const struct mask *m, const struct str *out)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct mask_value *v = &m->value[i];
        bool ours = memchr(v->bytes, '[', v->length) != NULL ||
                    memchr(v->bytes, ']', v->length) != NULL ||
                    memmem(MASKED, 8, v->bytes, v->length) != NULL;
        MUST(ours || memmem(out->data, out->length, v->bytes, v->length) == NULL);
    }
}

/* A file of secrets, shown as if it were none. */
static void try_file(const char *text, size_t length)
{
    struct mask m = MASK_INIT;
    struct str out = STR_INIT;
    MUST(mask_learn_file(&m, text, length) == 0);
    MUST(mask_learned(&m, text, length, &out) == 0);
    if (out.length > 0)
        none_is_left(&m, &out);
    str_release(&out);
    mask_release(&m);
}

static void try(const char *text, size_t length, const char *secret)
{
    struct mask m = MASK_INIT;
    struct str out = STR_INIT;
    struct counted c = {.last = 1, .most = lines(text, length)};
    MUST(mask_learn(&m, known, sizeof known - 1) == 0 && m.count >= 1);
    MUST(mask_learn_text(&m, text, length) == 0);
    MUST(mask_text(&m, text, length, &out, count, &c) == 0);
    MUST(lines(out.data, out.length) <= c.most);
    MUST(out.length <= length * 9 + 8);
    if (secret != NULL)
        MUST(memmem(out.data, out.length, secret, strlen(secret)) == NULL);
    none_is_left(&m, &out);
    if (length > 0 && memmem(text, length, MASKED, 8) == NULL)
        MUST(is_left(text, length, &out));
    str_release(&out);
    mask_release(&m);
}

/* The input with the word in it, behind the first `at` bytes and between blanks. */
static void plant(const uint8_t *data, size_t size, size_t at, const char *word)
{
    struct str text = STR_INIT;
    MUST(str_add(&text, data, at) == 0 && str_add_char(&text, ' ') == 0 &&
         str_add_text(&text, word) == 0 && str_add_char(&text, ' ') == 0 &&
         str_add(&text, data + at, size - at) == 0);
    char *copy = input_copy(text.data, text.length);
    try(copy, text.length, word);
    free(copy);
    str_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_copy(data, size);
    size_t at = size == 0 ? 0 : data[0] % (size + 1);
    try(text, size, NULL);
    try_file(text, size);
    plant(data, size, at, known);
    plant(data, size, at, token);
    MUST(!mask_is_secret_name(text, size) || size >= 2);
    free(text);
    return 0;
}
