/* Runs a fuzz target without libFuzzer, which other processors lack: with each file, and with as
 * many changes of it, which are the same in every run.
 *
 * replay CHANGES FILE...   what breaks it is left in PROGRAM-crash (of a sanitizer's finding,
 *                          with abort_on_error=1)
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 65536, CHANGES_AT_ONCE = 4 };

static char crash[4096];
static uint8_t *input;
static size_t length;
static uint64_t state = 88172645463325252;

/* xorshift64 */
static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 11) % below;
}

static void leave_input(int signal_number)
{
    int fd = open(crash, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (write(fd, input, length) < 0)
        _exit(1);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void put_number(uint8_t *bytes, size_t *n, size_t at)
{
    const uint32_t usual[] = {0, UINT32_MAX, INT32_MAX, (uint32_t)INT32_MAX + 1};
    uint32_t value = usual[draw(sizeof usual / sizeof usual[0])] + draw(3) - 1;
    if (*n >= sizeof value)
        memcpy(bytes + (at < *n - sizeof value ? at : *n - sizeof value), &value, sizeof value);
}

static void change(uint8_t *bytes, size_t *n)
{
    static const char usual[] = "\0\n\r\t =:;#\"'$\\/{}[]%019a";
    size_t at = draw((uint32_t)*n);
    switch (draw(6)) {
    case 0:
        bytes[at] = (uint8_t)draw(256);
        break;
    case 1:
        bytes[at] ^= (uint8_t)(1U << draw(8));
        break;
    case 2:
        put_number(bytes, n, at);
        break;
    case 3:
        *n = at;
        break;
    case 4:
        memmove(bytes + at + 1, bytes + at, *n - at);
        ++*n;
        bytes[at] = (uint8_t)usual[draw(sizeof usual - 1)];
        break;
    default:
        bytes[at] = (uint8_t)usual[draw(sizeof usual - 1)];
    }
}

/* In memory that ends where the input does. */
static void run(const uint8_t *bytes, size_t n)
{
    length = n;
    input = malloc(n > 0 ? n : 1);
    if (input == NULL)
        abort();
    memcpy(input, bytes, n);
    LLVMFuzzerTestOneInput(input, n);
    free(input);
}

static int replay(const char *path, long changes)
{
    static uint8_t whole[INPUT_MAX], changed[INPUT_MAX + CHANGES_AT_ONCE];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    size_t size = fread(whole, 1, sizeof whole, file);
    fclose(file);
    run(whole, size);
    for (long i = 0; i < changes; i++) {
        size_t n = size;
        memcpy(changed, whole, n);
        for (uint32_t k = 1 + draw(CHANGES_AT_ONCE); k > 0 && n > 0; k--)
            change(changed, &n);
        run(changed, n);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 100;
    snprintf(crash, sizeof crash, "%s-crash", argv[0]);
    signal(SIGABRT, leave_input);
    signal(SIGSEGV, leave_input);
    for (int i = 2; i < argc; i++)
        if (replay(argv[i], atol(argv[1])) < 0) {
            perror(argv[i]);
            return 111;
        }
    return 0;
}
