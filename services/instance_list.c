#include "services/instance_list.h"
#include "base/environment.h"
#include <stdio.h>
#include <string.h>

#define DIGITS "0123456789"
#define BLANKS " \t\r\n"
#define WANTED "write a number, names, or a variable such as $WORKERS or ${WORKERS:-2}"

enum { NAME_BYTES = 256 };

static int wrong(struct instances_mistake *m, const char *cure, const char *what, const char *text)
{
    snprintf(m->text, sizeof m->text, "%s \"%.100s\"", what, text);
    m->cure = cure;
    return -1;
}

static int no_memory(struct instances_mistake *m)
{
    snprintf(m->text, sizeof m->text, "out of memory");
    m->cure = NULL;
    return -1;
}

int instances_numbers(unsigned long long count, struct words *out, struct instances_mistake *m)
{
    char name[24];
    for (unsigned long long i = 1; i <= count; i++) {
        snprintf(name, sizeof name, "%llu", i);
        if (words_add(out, name) < 0)
            return no_memory(m);
    }
    return 0;
}

static int add_name(const char *name, struct words *out, struct instances_mistake *m)
{
    if (name[strspn(name, VARIABLE_LETTERS DIGITS ".-")] != '\0' || strlen(name) > 64)
        return wrong(m, "names of instances have letters, digits, dots, - and _, 64 at most",
                     "invalid name", name);
    if (words_has(out, name))
        return wrong(m, "name each once", "there are two instances", name);
    if (out->count == INSTANCES_MAX)
        return wrong(m, "256 instances are the most", "there are too many instances, as", name);
    return words_add(out, name) < 0 ? no_memory(m) : 0;
}

/* A number alone, or names. */
static int list_plain(const struct words *value, struct words *out, struct instances_mistake *m)
{
    unsigned long long number;
    int result = 0;
    if (value->count == 1 && value->item[0][strspn(value->item[0], DIGITS)] == '\0') {
        if (number_parse(value->item[0], INSTANCES_MAX, &number) < 0)
            return wrong(m, "256 instances are the most", "invalid number", value->item[0]);
        return instances_numbers(number, out, m);
    }
    for (size_t i = 0; i < value->count && result == 0; i++)
        result = add_name(value->item[i], out, m);
    return result;
}

/* Cuts "$NAME", "${NAME}" or "${NAME:-OTHER}" into its parts; other: NULL: there is none. False: it
 * is none of that. */
static bool take_apart(char *text, char **name, char **other)
{
    size_t length = strlen(text);
    bool braces = text[1] == '{';
    *name = text + 1 + braces;
    *other = NULL;
    if (braces && text[length - 1] != '}')
        return false;
    if (braces)
        text[length - 1] = '\0';
    size_t n = variable_length(*name);
    if (n > 0 && braces && strncmp(*name + n, ":-", 2) == 0) {
        (*name)[n] = '\0';
        *other = *name + n + 2;
    }
    return n > 0 && (*name)[n] == '\0';
}

static int list_variable(const char *word, condition_lookup *lookup, struct words *out,
                         struct instances_mistake *m)
{
    struct words value = WORDS_INIT;
    char text[NAME_BYTES];
    char *name, *other;
    if (strlen(word) >= sizeof text)
        return wrong(m, WANTED, "invalid value", word);
    strcpy(text, word);
    if (!take_apart(text, &name, &other))
        return wrong(m, WANTED, "invalid variable", word);
    const char *set = lookup == NULL ? NULL : lookup(name);
    if (set == NULL || set[strspn(set, BLANKS)] == '\0')
        set = other == NULL || other[0] == '\0' ? "1" : other;
    int result = words_split(&value, set, BLANKS) < 0 ? no_memory(m) : list_plain(&value, out, m);
    if (result < 0 && m->cure != NULL) {
        char what[sizeof m->text];
        strcpy(what, m->text);
        snprintf(m->text, sizeof m->text, "%.80s: %.200s", name, what);
    }
    words_release(&value);
    return result;
}

int instances_list(const struct words *value, condition_lookup *lookup, struct words *out,
                   struct instances_mistake *m)
{
    if (value->count == 0)
        return wrong(m, WANTED, "there is no value", "");
    if (value->count == 1 && value->item[0][0] == '$')
        return list_variable(value->item[0], lookup, out, m);
    return list_plain(value, out, m);
}

bool instances_are_numbers(const struct words *names)
{
    char name[24];
    bool numbers = true;
    for (size_t i = 0; i < names->count && numbers; i++) {
        snprintf(name, sizeof name, "%zu", i + 1);
        numbers = strcmp(names->item[i], name) == 0;
    }
    return numbers;
}
