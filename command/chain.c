#include "command/chain.h"
#include "base/execute.h"
#include "base/kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stat self; /* st_ino 0: not known */

void chain_begin(void)
{
    if (stat("/proc/self/exe", &self) < 0)
        self.st_ino = 0;
}

/* An exec would give capabilities or the right to be looked at back, or take them. */
static bool exec_changes_more(void)
{
    return self.st_ino == 0 || (self.st_mode & (S_ISUID | S_ISGID)) != 0 ||
           getauxval(AT_SECURE) != 0 || prctl(PR_GET_DUMPABLE) != 1;
}

/* 1 it is our file, 0 another that an exec would try, -1 an exec would pass it over. */
static int look(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? -1 : 0;
    return st.st_ino == self.st_ino && st.st_dev == self.st_dev && kernel_permits(path, X_OK);
}

bool chain_is_ours(const char *program, const char *path)
{
    struct execute_search s = execute_search(program, path);
    int found = -1;
    if (exec_changes_more())
        return false;
    while (found < 0 && execute_candidate(&s))
        found = look(s.file);
    return found == 1;
}
