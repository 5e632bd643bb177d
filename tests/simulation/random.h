/* Numbers from a seed: the same seed gives the same numbers, and a draw that is made under a name
 * does not change when others are left out. */
#ifndef TESTS_SIMULATION_RANDOM_H
#define TESTS_SIMULATION_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

/* Two numbers made one, which says nothing of either. */
static inline uint64_t random_mix(uint64_t a, uint64_t b)
{
    uint64_t x = a + 0x9e3779b97f4a7c15U * (b + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

static inline uint64_t random_text(const char *text)
{
    uint64_t x = 0;
    for (; *text != '\0'; text++)
        x = random_mix(x, (unsigned char)*text);
    return x;
}

/* Less than below, which is not 0. */
static inline uint32_t random_below(struct random *r, uint32_t below)
{
    r->state = random_mix(r->state, 1);
    return (uint32_t)((r->state >> 16) % below);
}

static inline bool random_chance(struct random *r, uint32_t percent)
{
    return random_below(r, 100) < percent;
}

#endif
