/* Dockerfiles: any text gives a description with places in it, and findings of it. */
#include "command/overlog/imagecheck.h"
#include "tests/fuzz/fuzz.h"

static void look(const struct image_command *c, unsigned int lines)
{
    MUST(c->form == IMAGE_NONE || (c->line >= 1 && c->line <= lines));
    MUST(c->form != IMAGE_SHELL || c->words.count == 1);
    MUST(!c->bad_list || c->form == IMAGE_SHELL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image_file f;
    struct problems p = PROBLEMS_INIT;
    char *text = input_copy(data, size);
    unsigned int lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    MUST(imagefile_read(text, size, &f) == 0);
    for (size_t i = 0; i < f.count; i++) {
        look(&f.stage[i].entrypoint, lines);
        look(&f.stage[i].cmd, lines);
    }
    imagefile_check(&f, "Dockerfile", &p);
    for (size_t i = 0; i < p.count; i++)
        MUST(p.item[i].warning && p.item[i].line >= 1 && p.item[i].line <= lines);
    problems_release(&p);
    imagefile_release(&f);
    free(text);
    return 0;
}
