#include "command/tools/logfiles_word.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

/* --- arguments -------------------------------------------------------------------------------- */

/* Whether what stands behind the last colon is meant as a word of ours, right or wrong: names of
 * files have a dot or a digit there, or no colon. */
static bool is_word(const char *text)
{
    return *text != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

static int take(const char *word, struct logfile *f, bool *chosen, struct error *e)
{
    if (strcmp(word, "follow") == 0) {
        f->follow = true;
        return 0;
    }
    bool is_err = strcmp(word, "err") == 0;
    if (!is_err && strcmp(word, "out") != 0)
        return error_set(e, EXIT_USAGE, ":%s is neither :out, :err nor :follow", word);
    if (*chosen)
        return error_set(e, EXIT_USAGE, "a log file goes to one stream, :out or :err");
    *chosen = true;
    f->stream = is_err ? 2 : 1;
    return 0;
}

int logfile_parse(const char *word, struct logfile *f, struct error *e)
{
    bool chosen = false;
    if (strlen(word) >= sizeof f->path)
        return error_set(e, EXIT_USAGE, "the name of a log file is too long");
    strcpy(f->path, word);
    f->stream = 1;
    f->follow = false;
    for (char *colon; (colon = strrchr(f->path, ':')) != NULL && is_word(colon + 1); *colon = '\0')
        if (take(colon + 1, f, &chosen, e) < 0)
            return -1;
    if (f->path[0] != '/' || f->path[strlen(f->path) - 1] == '/')
        return error_set(e, EXIT_USAGE, "%s is no absolute path of a file", word);
    return 0;
}

size_t logfile_count(char *const *words, size_t *program)
{
    size_t count = 0;
    while (words[count] != NULL && words[count][0] == '/')
        count++;
    *program = count;
    if (words[count] != NULL && strcmp(words[count], "--") == 0)
        ++*program;
    return count;
}

/* --- notes ------------------------------------------------------------------------------------ */

void logfile_note_name(const char *path, char out[NAME_MAX + 1])
{
    uint64_t digest = 14695981039346656037U; /* FNV-1a */
    for (const char *p = path; *p != '\0'; p++)
        digest = (digest ^ (unsigned char)*p) * 1099511628211U;
    snprintf(out, NAME_MAX + 1, "%.200s~%016llx", path_name(path), (unsigned long long)digest);
}

size_t logfile_note_format(const struct logfile_place *p, char out[LOGFILE_NOTE_MAX])
{
    static const char digits[] = "0123456789abcdef";
    int n = snprintf(out, LOGFILE_NOTE_MAX, "%016llx %016llx %016llx %02zx ",
                     (unsigned long long)p->device, (unsigned long long)p->inode,
                     (unsigned long long)p->offset, p->mark_length);
    char *at = out + n;
    for (size_t i = 0; i < LOGFILE_MARK; i++) {
        unsigned char byte = i < p->mark_length ? p->mark[i] : 0;
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 15];
    }
    *at++ = '\n';
    return (size_t)(at - out);
}

/* Reads that many hexadecimal digits at *at, and one more byte, which is end. */
static bool hex(const char **at, size_t digits, char end, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits; i++, ++*at) {
        char c = **at;
        unsigned int digit = c >= '0' && c <= '9'   ? (unsigned int)(c - '0')
                             : c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10
                                                    : 16;
        if (digit == 16)
            return false;
        *value = *value << 4 | digit;
    }
    return end == '\0' || *(*at)++ == end;
}

bool logfile_note_parse(const char *text, size_t length, struct logfile_place *p)
{
    enum { NUMBER = 16, COUNT = 2, BYTE = 2 };
    const size_t whole = 3 * (NUMBER + 1) + COUNT + 1 + (size_t)LOGFILE_MARK * BYTE + 1;
    uint64_t count = 0, byte = 0;
    bool good = length == whole && text[whole - 1] == '\n' && hex(&text, NUMBER, ' ', &p->device) &&
                hex(&text, NUMBER, ' ', &p->inode) && hex(&text, NUMBER, ' ', &p->offset) &&
                hex(&text, COUNT, ' ', &count) && count <= LOGFILE_MARK && count <= p->offset &&
                p->offset <= INT64_MAX;
    for (size_t i = 0; good && i < LOGFILE_MARK; i++) {
        good = hex(&text, BYTE, '\0', &byte);
        p->mark[i] = (unsigned char)byte;
    }
    p->mark_length = (size_t)count;
    if (!good)
        *p = (struct logfile_place){.offset = 0};
    return good;
}

void logfile_place_move(struct logfile_place *p, const void *bytes, size_t length)
{
    size_t taken = length < LOGFILE_MARK ? length : LOGFILE_MARK;
    size_t kept = p->mark_length < LOGFILE_MARK - taken ? p->mark_length : LOGFILE_MARK - taken;
    memmove(p->mark, p->mark + p->mark_length - kept, kept);
    memcpy(p->mark + kept, (const char *)bytes + length - taken, taken);
    p->mark_length = kept + taken;
    p->offset += length;
}
