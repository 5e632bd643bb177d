/* For the benchmarks: notes the monotonic time in a file, then executes a program, or stays.
 *   stamp FILE PROGRAM...   append the time, execute
 *   stamp FILE              append the time, exit
 *   stamp -p FILE           append the time, stay for ever (as an interpreter: "#!/stamp -pFILE")
 */
#include <fcntl.h>
#include <stdio.h>
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

int main(int argc, char **argv)
{
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
