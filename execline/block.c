#include "execline/block.h"
#include "base/message.h"
#include "base/str.h"
#include <limits.h>
#include <stdlib.h>

void block_begin(struct block_reader *r, char **argv)
{
    const char *text = getenv("EXECLINE_STRICT");
    *r = (struct block_reader){.next = argv};
    if (text != NULL && number_parse(text, ULLONG_MAX, &r->strict) < 0)
        r->strict = 0;
}

static int unquoted(const struct block_reader *r, const char *word, size_t position,
                    struct error *e)
{
    if (r->strict >= 2)
        return error_set(e, EXIT_USAGE, "unquoted argument %s at block %u position %zu", word,
                         r->number, position);
    if (r->strict == 1)
        message_warning("unquoted argument %s at block %u position %zu", word, r->number, position);
    return 0;
}

int block_read(struct block_reader *r, char ***words, size_t *count, struct error *e)
{
    char **word = r->next;
    size_t n = 0;
    r->number++;
    for (; word[n] != NULL && word[n][0] != '\0'; n++) {
        if (word[n][0] == ' ')
            word[n]++;
        else if (unquoted(r, word[n], n, e) < 0)
            return -1;
    }
    if (word[n] == NULL)
        return error_set(e, EXIT_USAGE, "unterminated block");
    word[n] = NULL;
    r->next = word + n + 1;
    *words = word;
    if (count != NULL)
        *count = n;
    return 0;
}

int blocks_read(struct block_reader *r, char **argv, size_t count, char **blocks[])
{
    struct error e = ERROR_INIT;
    block_begin(r, argv);
    for (size_t i = 0; i < count; i++)
        if (block_read(r, &blocks[i], NULL, &e) < 0)
            return message_error(&e);
    return 0;
}
