/* Control requests: what is taken for a word ends within the packet. */
#include "supervisor/control.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *words[CONTROL_WORDS_MAX];
    char *bytes = input_copy(data, size);
    long count = control_parse(bytes, size, words);
    MUST(count >= -1 && count <= CONTROL_WORDS_MAX);
    for (long i = 0; i < count; i++) {
        MUST(words[i] >= bytes && words[i] < bytes + size);
        MUST(memchr(words[i], '\0', (size_t)(bytes + size - words[i])) != NULL);
    }
    free(bytes);
    return 0;
}
