/* An environment file: any bytes give assignments, or a place of the mistake that is in them. */
#include "base/envfile.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words words = WORDS_INIT;
    struct envfile_mistake m = {.line = 0};
    char *text = input_copy(data, size);
    size_t bytes = 0;
    unsigned int lines = 1;
    int result = envfile_parse(text, size, &words, &m);
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    for (size_t i = 0; i < words.count; i++) {
        const char *equals = strchr(words.item[i], '=');
        MUST(equals != NULL && equals > words.item[i]);
        MUST(strcspn(words.item[i], " \t\r\n\"'#;$") >= (size_t)(equals - words.item[i]));
        bytes += strlen(words.item[i]);
    }
    MUST(bytes <= size && words.count <= lines);
    if (result < 0)
        MUST(m.text != NULL && m.line >= 1 && m.line <= lines);
    words_release(&words);
    free(text);
    return 0;
}
