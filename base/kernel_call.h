/* A system call that touches nothing but the kernel: not even errno, so that it may be made in
 * memory that another process uses at the same time. */
#ifndef BASE_KERNEL_CALL_H
#define BASE_KERNEL_CALL_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define KERNEL_CALL_IS_PURE 1
#elif defined(__aarch64__) && !defined(__ILP32__)
#define KERNEL_CALL_IS_PURE 1
#else
#define KERNEL_CALL_IS_PURE 0 /* it is as syscall(), but for what it returns */
#endif

/* The result, or -errno. */
static inline long kernel_call(long number, long a, long b, long c, long d)
{
#if defined(__x86_64__) && !defined(__ILP32__)
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "+a"(number)
                     : "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return number;
#elif defined(__aarch64__) && !defined(__ILP32__)
    register long call __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    __asm__ volatile("svc 0"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth)
                     : "memory");
    return first;
#else
    long result = syscall(number, a, b, c, d);
    return result < 0 ? -errno : result;
#endif
}

#endif
