/* For the benchmarks: notes the monotonic time in a file, then executes a program, or stays.
 *   stamp FILE PROGRAM...   append the time, execute
 *   stamp FILE              append the time, exit
 *   stamp -pFILE            append the time, stay for ever (as an interpreter: "#!/stamp -pFILE")
 *   stamp -fN FILE          start N processes that do this, in a bare loop: what nothing that starts N can undercut
 *   stamp -xN FILE A [B]    start A, and B if there is one, N times each in a bare loop; append the time when all
 *                           are executed, stay for ever
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void note(const char *path)
{
    struct timespec t;
    char line[64];
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    clock_gettime(CLOCK_MONOTONIC, &t);
    int n = snprintf(line, sizeof line, "%lld%09ld\n", (long long)t.tv_sec, t.tv_nsec);
    if (fd < 0 || write(fd, line, (size_t)n) != n)
        _exit(111);
    close(fd);
}

static int start(int count, const char *program, const char *path)
{
    char option[256];
    snprintf(option, sizeof option, "-p%s", path);
    for (int i = 0; i < count; i++)
        if (fork() == 0) {
            execl(program, program, option, (char *)NULL);
            _exit(127);
        }
    for (;;)
        pause();
}

/* Each holds the pipe until it executes. */
static int execute(int count, const char *path, char **programs)
{
    int held[2];
    char byte;
    if (pipe2(held, O_CLOEXEC) < 0)
        return 111;
    for (int i = 0; i < count; i++)
        for (int p = 0; programs[p] != NULL; p++)
            if (fork() == 0) {
                setsid(); /* as a service has it: the scheduler is fair among sessions */
                execl(programs[p], programs[p], (char *)NULL);
                _exit(127);
            }
    close(held[1]);
    while (read(held[0], &byte, 1) > 0)
        ;
    note(path);
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    if (argc >= 4 && strncmp(argv[1], "-x", 2) == 0)
        return execute(atoi(argv[1] + 2), argv[2], argv + 3);
    if (argc == 3 && strncmp(argv[1], "-f", 2) == 0)
        return start(atoi(argv[1] + 2), argv[0], argv[2]);
    if (argc >= 2 && strncmp(argv[1], "-p", 2) == 0) {
        note(argv[1] + 2);
        for (;;)
            pause();
    }
    if (argc < 2)
        return 100;
    note(argv[1]);
    if (argc == 2)
        return 0;
    execvp(argv[2], argv + 2);
    return 127;
}
