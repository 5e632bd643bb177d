/* The execline lexer: any text gives words, or a place of the mistake that is in the text. */
#include "base/lexer.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words words = WORDS_INIT;
    struct lexer_error e = {0, 0, NULL};
    char *text = input_copy(data, size);
    int result = lexer_words(text, size, &words, &e);
    size_t depth = 0;
    for (size_t i = 0; i < words.count; i++) {
        size_t blanks = strspn(words.item[i], " ");
        MUST(strlen(words.item[i]) <= size + depth + 1);
        if (result == 0 && blanks > depth)
            depth = blanks;
    }
    MUST(words.count <= size + 1);
    if (result == 0) {
        MUST(words.count == 0 || words.item[words.count] == NULL);
    } else {
        MUST(e.text != NULL && e.line >= 1 && e.line <= size + 1 && e.column >= 1 &&
             e.column <= size + 1);
    }
    words_release(&words);
    free(text);
    return 0;
}
