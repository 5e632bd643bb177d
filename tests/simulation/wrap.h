/* A function that the linker leads to the one of a test (--wrap): the form of its definition. What
 * follows the macro is its body; __real_NAME is the function itself. */
#ifndef TESTS_SIMULATION_WRAP_H
#define TESTS_SIMULATION_WRAP_H

/* After the name its parameters, "..." among them. */
#define DECLARE(result, name, ...)                                                                 \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

#endif
