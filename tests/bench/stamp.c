/* For the benchmarks: notes the monotonic time in a file, then executes a program, or stays.
 *   stamp FILE PROGRAM...   append the time, execute
 *   stamp FILE              append the time, exit
 *   stamp -pFILE            append the time, stay for ever (as an interpreter: "#!/stamp -pFILE")
 *   stamp -fN FILE          start N processes that do this, in a bare loop: what nothing that starts N can undercut
 */
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

int main(int argc, char **argv)
{
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
