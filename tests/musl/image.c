/* The image of a program that has no tables of commands, as none has with PIE=0. Says its results
 * as cmocka does. */
#include "base/image.h"
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where constants are that the start-up code relocates. */
__attribute__((section(".data.rel.ro"))) static volatile int constant = 1;
static volatile int variable = 1;

/* Whether a child that writes there dies. */
static int is_protected(volatile int *where)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        *where = 2;
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status);
}

int main(void)
{
    image_protect();
    int failed = !is_protected(&constant) || is_protected(&variable) || constant != 1;
    image_rest();
    printf("[  %s ] protects_what_was_relocated\n", failed ? "FAILED " : "     OK");
    return failed;
}
