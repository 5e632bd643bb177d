/* The logging script parser, with words as the lexer makes them: a script is refused with a
 * message, or its every step is whole. */
#include "logger/script.h"
#include "base/lexer.h"
#include "tests/fuzz/fuzz.h"

static void look(const struct script *s, bool need_action)
{
    size_t actions = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct script_step *step = &s->step[i];
        MUST(step->kind <= SCRIPT_DIRECTORY);
        bool selects = step->kind <= SCRIPT_EXACT;
        actions += !selects;
        if (step->kind != SCRIPT_EXACT && step->kind != SCRIPT_STDOUT && step->kind != SCRIPT_ALERT)
            MUST(step->text != NULL && strlen(step->text) < 1 << 20);
        MUST(step->stamps < 16);
        MUST(selects || step->settings.gzip <= 9);
    }
    MUST(!need_action || actions > 0);
}

/* What the C library's regcomp takes too much memory for. The product has another one, and regular
 * expressions come from the owner of the container. */
static bool is_monstrous(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        const char *text = words->item[i];
        size_t repeats = 0;
        if (text[0] != '+' && text[0] != '-')
            continue;
        for (text++; (text = strpbrk(text, "*+?{")) != NULL; text++)
            repeats += *text == '{' ? 3 : 1;
        if (repeats > 6)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words words = WORDS_INIT;
    struct lexer_error le = {0, 0, NULL};
    if (lexer_words((const char *)data, size, &words, &le) == 0 && words.count > 0 &&
        !is_monstrous(&words)) {
        for (int need_action = 0; need_action < 2; need_action++) {
            struct script s = {.count = 0};
            struct error e = ERROR_INIT;
            int result = script_parse(&s, words.item, words.count, need_action != 0, &e);
            if (result == 0)
                look(&s, need_action != 0);
            else
                MUST(e.text[0] != '\0' && e.code != 0);
            if (result == 0)
                script_release(&s);
        }
    }
    words_release(&words);
    return 0;
}
