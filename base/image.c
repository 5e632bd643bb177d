#include "base/image.h"
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* Of the linker. */
extern const char __ehdr_start[] __attribute__((weak, visibility("hidden")));
extern const char image_rows[] __attribute__((weak, visibility("hidden")));
extern const char image_rows_end[] __attribute__((weak, visibility("hidden")));

static uintptr_t page_of(uintptr_t address)
{
    return address & ~(uintptr_t)(getauxval(AT_PAGESZ) - 1);
}

void image_protect(void)
{
    const ElfW(Phdr) *header = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);
    uintptr_t base = 0;
    if (header == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        if (header[i].p_type == PT_LOAD && header[i].p_offset == 0 && header[i].p_filesz > 0)
            base = (uintptr_t)__ehdr_start - header[i].p_vaddr;
    for (size_t i = 0; i < count; i++)
        if (header[i].p_type == PT_GNU_RELRO) {
            uintptr_t begin = page_of(base + header[i].p_vaddr);
            uintptr_t end = page_of(base + header[i].p_vaddr + header[i].p_memsz);
            mprotect((void *)begin, end - begin, PROT_READ);
        }
}

/* Code and constants come before the tables. What runs next is mapped again, some pages at once. */
void image_rest(void)
{
    uintptr_t begin = page_of((uintptr_t)__ehdr_start);
    uintptr_t end = page_of((uintptr_t)image_rows);
    if (begin != 0 && end > begin)
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}

/* Nothing else is on their pages: the first is that of the segment, and what follows them begins on
 * another. Where pages are larger than the linker thinks, the last one stays. */
void image_discard_tables(void)
{
    uintptr_t begin = page_of((uintptr_t)image_rows);
    uintptr_t end = page_of((uintptr_t)image_rows_end);
    if (end > begin && mprotect((void *)begin, end - begin, PROT_NONE) == 0)
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}
