/* The status file, as anybody may have left one: what is taken for good lies within its bytes. */
#include "supervisor/status.h"
#include "tests/fuzz/fuzz.h"

static void within(const char *text, const char *bytes, size_t size)
{
    if (text == NULL)
        return;
    MUST(text >= bytes && text < bytes + size);
    MUST(memchr(text, '\0', (size_t)(bytes + size - text)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error e = ERROR_INIT;
    struct status_container c;
    struct status_service s;
    char *bytes = input_copy(data, size);
    if (size >= STATUS_HEADER && data[16] != 0) { /* else its own digest is looked at */
        uint64_t digest = status_digest(bytes, size);
        memcpy(bytes + 16, &digest, sizeof digest);
    }
    enum status_verdict v = status_check(bytes, size, &e);
    MUST((v == STATUS_BAD) == (e.text[0] != '\0'));
    if (v == STATUS_GOOD) {
        status_container(bytes, &c);
        MUST(c.stage < STATUS_STAGES);
        within(c.release, bytes, size);
        for (uint32_t i = 0; i < status_count(bytes); i++) {
            status_service(bytes, i, &s);
            MUST(s.type < STATUS_TYPES && s.state < SERVICE_IS_STATES);
            within(s.name, bytes, size);
            within(s.log, bytes, size);
            within(s.why, bytes, size);
        }
    }
    free(bytes);
    return 0;
}
