/* The fast path of expressions against regexec of the C library that the product has. Says its
 * result as cmocka does. */
#include "tests/unit/logcat/random_expressions.h"

int main(void)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct random_result r = random_compare(seed * 0x9e3779b97f4a7c15, 10000);
        if (r.wrong[0] != '\0' || r.compiled < 4000 || r.words < 1000 || r.matches < r.lines / 20) {
            printf("%s\n%lu expressions, %lu with words, %lu lines, %lu matches\n", r.wrong,
                   r.compiled, r.words, r.lines, r.matches);
            printf("[  FAILED  ] tests: 1 test(s).\n");
            return 1;
        }
    }
    printf("[       OK ] finds_what_regexec_finds_for_random_expressions\n");
    return 0;
}
