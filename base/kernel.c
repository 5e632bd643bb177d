#include "base/kernel.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8U
#endif
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x8
#endif

bool kernel_lacks(int why)
{
    return why == ENOSYS || why == EPERM || why == EINVAL || why == EOPNOTSUPP;
}

/* The name is only there for a moment, and is nobody else's. */
static int make_nameless(const char *folder, const char *name)
{
    char path[128];
    uint64_t noise;
    kernel_noise(&noise, sizeof noise);
    snprintf(path, sizeof path, "%s/.%s.%ld.%016llx", folder, name, (long)getpid(),
             (unsigned long long)noise);
    int fd = openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                    0600);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFL, 0); /* O_NONBLOCK has another meaning to who gets it: process_gate */
    unlink(path);
    return fd;
}

int kernel_memory(const char *name)
{
    static const char *const folders[] = {"/run", "/dev/shm", "/tmp"};
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0 && errno == EACCES) /* vm.memfd_noexec=2: none that can be executed */
        fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (fd >= 0 || (errno != EACCES && !kernel_lacks(errno)))
        return fd;
    for (size_t i = 0; fd < 0 && i < sizeof folders / sizeof folders[0]; i++)
        fd = make_nameless(folders[i], name);
    return fd;
}

static bool read_noise(void *bytes, size_t length)
{
    int fd = open("/dev/urandom", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, bytes, length);
    close(fd);
    return n == (ssize_t)length;
}

void kernel_noise(void *bytes, size_t length)
{
    static uint64_t count;
    if (getrandom(bytes, length, GRND_NONBLOCK) == (ssize_t)length || read_noise(bytes, length))
        return;
    struct timespec now = clock_wall();
    uint64_t x = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
    x = (x ^ (uint64_t)getpid() << 40) + ++count;
    for (size_t i = 0; i < length; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ((unsigned char *)bytes)[i] = (unsigned char)(x >> 56);
    }
}

ssize_t kernel_write_now(int fd, const void *bytes, size_t length)
{
    struct iovec all = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    ssize_t n = syscall(SYS_pwritev2, fd, &all, 1L, -1L, -1L, (long)RWF_NOWAIT);
    if (n >= 0 || !kernel_lacks(errno))
        return n;
    if (poll(&room, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(fd, bytes, length < PIPE_BUF ? length : PIPE_BUF);
}

bool kernel_permits(const char *path, int mode)
{
    if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0)
        return true;
    return kernel_lacks(errno) && geteuid() == getuid() && getegid() == getgid() &&
           access(path, mode) == 0;
}
