/* Severities of lines: no byte beyond the line is read, the row that is told fits, and blanks in
 * front or behind change nothing. */
#include "logcat/severity.h"
#include "logcat/text_time.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *exact = input_copy(data, size), *indented = malloc(size + 2);
    enum severity is, again;
    MUST(indented != NULL);
    const struct severity_format *f = severity_find(exact, size, &is);
    MUST(is <= SEVERITY_EMERGENCY && (f == NULL) == (is == SEVERITY_UNKNOWN));
    MUST(f == NULL || f->fixed == SEVERITY_UNKNOWN || f->fixed == is);
    indented[0] = ' ';
    indented[1] = '\t';
    memcpy(indented + 2, exact, size);
    /* A coloured line is looked at as far as a limit, which the blanks move. */
    if (memchr(exact, 27, size) == NULL) {
        MUST(severity_find(indented, size + 2, &again) == f && again == is);
    }
    const char *behind = text_time(exact, exact + size);
    MUST(behind == NULL || (behind > exact && behind <= exact + size));
    free(indented);
    free(exact);
    return 0;
}
