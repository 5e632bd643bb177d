/* Substitution: any value, delimiters and script. What a value becomes keeps its bytes and order;
 * what the words become is what the rules say, told again here in the plainest way; no value ends a
 * block. */
#include "execline/substitute.h"
#include "base/lexer.h"
#include "tests/fuzz/fuzz.h"

enum { KEYS = 3, MOST = 1 << 18 };

/* The rest of the line, NUL-terminated, for free(). */
static char *line(struct input *in)
{
    const uint8_t *end = memchr(in->at, '\n', in->left);
    size_t length = end == NULL ? in->left : (size_t)(end - in->at);
    char *text = malloc(length + 1);
    MUST(text != NULL);
    memcpy(text, in->at, length);
    text[length] = '\0';
    in->at += end == NULL ? length : length + 1;
    in->left -= end == NULL ? length : length + 1;
    return text;
}

static void check_transform(const char *value, const struct transform *t, const struct words *w)
{
    const char *delimiters = t->delimiters == NULL ? " \n\r\t" : t->delimiters;
    const char *at = value;
    MUST(t->split || w->count == 1);
    MUST(w->count <= strlen(value) + 1);
    for (size_t i = 0; i < w->count; i++) {
        const char *word = w->item[i];
        if (t->split && delimiters[0] != '\0')
            MUST(strpbrk(word, delimiters) == NULL);
        for (; *word != '\0'; word++) { /* its bytes stand in the value, after those of the last */
            at = strchr(at, *word);
            MUST(at != NULL);
            at++;
        }
    }
}

/* --- the rules again ----------------------------------------------------------------------------
 */

static void multiply(struct words *out, char *const *values, size_t count)
{
    struct words next = WORDS_INIT;
    struct str s = STR_INIT;
    for (size_t i = 0; i < out->count; i++)
        for (size_t v = 0; v < count; v++) {
            str_clear(&s);
            MUST(str_printf(&s, "%s%s", out->item[i], values[v]) == 0);
            MUST(words_add(&next, s.data) == 0);
        }
    str_release(&s);
    words_release(out);
    *out = next;
}

static void append(struct words *out, const char *bytes, size_t length)
{
    char *text = strndup(bytes, length);
    MUST(text != NULL);
    multiply(out, &text, 1);
    free(text);
}

/* How long a reference to key is at the dollar, or 0. */
static size_t reference(const char *dollar, const char *key)
{
    size_t length = strlen(key);
    if (dollar[1] == '{')
        return strncmp(dollar + 2, key, length) == 0 && dollar[2 + length] == '}' ? length + 3 : 0;
    return strncmp(dollar + 1, key, length) == 0 && strchr("${}\\", dollar[1 + length]) != NULL
               ? length + 1
               : 0;
}

/* How much there is of it, in bytes and words. */
static size_t weight_of(const struct substitution *s)
{
    size_t sum = 1;
    for (size_t i = 0; i < s->count; i++)
        sum += strlen(s->value[i]) + 1;
    return sum;
}

static size_t weight(const struct words *w)
{
    return weight_of(&(struct substitution){.value = w->item, .count = w->count});
}

/* false: too much for a test */
static bool expand(const char *word, const struct substitution *s, struct words *out)
{
    MUST(words_add(out, "") == 0);
    while (*word != '\0') {
        size_t slashes = strspn(word, "\\");
        size_t length = 0;
        size_t k = 0;
        while (word[slashes] == '$' && k < KEYS &&
               (length = reference(word + slashes, s[k].key)) == 0)
            k++;
        if (length == 0) {
            append(out, word, slashes == 0 ? 1 : slashes);
            word += slashes == 0 ? 1 : slashes;
            continue;
        }
        append(out, word, slashes / 2);
        word += slashes;
        if (slashes % 2 == 1)
            append(out, word, length);
        else if (weight(out) * weight_of(&s[k]) > MOST)
            return false;
        else
            multiply(out, s[k].value, s[k].count);
        word += length;
    }
    return true;
}

static void check_word(char *word, const struct substitution *s)
{
    char *in[] = {word, NULL};
    struct words expected = WORDS_INIT;
    struct words got = WORDS_INIT;
    if (expand(word, s, &expected)) {
        MUST(substitute(in, s, KEYS, &got) == 0);
        MUST(got.count == expected.count);
        for (size_t i = 0; i < got.count; i++) {
            MUST(strcmp(got.item[i], expected.item[i]) == 0);
            MUST(word[0] != ' ' || got.item[i][0] == ' ');
        }
    }
    words_release(&expected);
    words_release(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.at = data, .left = size};
    uint8_t how = input_byte(&in);
    char *delimiters = line(&in);
    char *value = line(&in);
    char *other = line(&in);
    struct transform t = {.delimiters = how & 1 ? delimiters : NULL,
                          .crunch = (how & 2) != 0,
                          .chomp = (how & 4) != 0,
                          .split = (how & 8) != 0};
    struct words words = WORDS_INIT;
    struct words script = WORDS_INIT;
    struct error e = ERROR_INIT;
    struct lexer_error le;
    if (transform(value, &t, &words, &e) == 0)
        check_transform(value, &t, &words);
    else
        MUST(e.code == EXIT_SYSTEM && t.split && t.delimiters[0] == '\0');
    struct substitution s[KEYS] = {{.key = "A", .value = words.item, .count = words.count},
                                   {.key = "1", .value = &other, .count = 1},
                                   {.key = "A}", .value = &value, .count = 1}};
    if (lexer_words((const char *)in.at, in.left, &script, &le) == 0)
        for (size_t i = 0; i < script.count; i++)
            check_word(script.item[i], s);
    words_release(&script);
    words_release(&words);
    free(delimiters);
    free(value);
    free(other);
    return 0;
}
