/* Linked into a build of the program for tests: pid 1's requests for memory are refused as the file
 * /scarce of its root says: three numbers of 32 bits, first and last request to be refused and how
 * many there were so far, in memory that the test shares. */
#include "tests/simulation/wrap.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct scarce {
    uint32_t first, last, count;
};

static int refused(void)
{
    static volatile struct scarce *scarce;
    static int looked;
    if (getpid() != 1)
        return 0;
    if (!looked) {
        looked = 1;
        int fd = open("/scarce", O_RDWR | O_CLOEXEC);
        void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *scarce, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p != MAP_FAILED)
            scarce = p;
        if (fd >= 0)
            close(fd);
    }
    if (scarce == NULL)
        return 0;
    uint32_t n = ++scarce->count;
    if (n < scarce->first || n > scarce->last)
        return 0;
    errno = ENOMEM;
    return 1;
}

DECLARE(void *, malloc, size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

DECLARE(void *, calloc, size_t count, size_t size)
{
    return refused() ? NULL : __real_calloc(count, size);
}

DECLARE(void *, realloc, void *old, size_t size)
{
    return refused() ? NULL : __real_realloc(old, size);
}
