#include "command/overlog/imagecheck.h"
#include "base/signals.h"
#include "base/str.h"
#include "contract/signals.h"
#include <signal.h>
#include <string.h>
#include <strings.h>

enum { LINUX_SIGNALS = 64 };

/* --- STOPSIGNAL ------------------------------------------------------------------------------- */

static int number_of(const char *name)
{
    int number = signal_number(name, LINUX_SIGNALS);
    bool realtime = strncasecmp(name, "SIGRT", 5) == 0 || strncasecmp(name, "RT", 2) == 0;
    if (strcasecmp(name, "SIGRTMIN+3") == 0 || strcasecmp(name, "RTMIN+3") == 0)
        return SIGNAL_HALT;
    return number < 0 && realtime ? LINUX_SIGNALS : number;
}

static const char *effect(int number)
{
    switch (number) {
    case SIGTERM:
    case SIGQUIT:
    case SIGINT:
    case SIGUSR1:
    case SIGUSR2:
    case SIGPWR:
    case SIGWINCH:
    case SIGNAL_HALT:
        return NULL;
    case SIGABRT:
        return "/init stops on it without waiting for anything";
    case SIGKILL:
    case SIGSTOP:
        return "/init cannot see it: nothing is stopped in order";
    case SIGHUP:
    case SIGALRM:
        return "/init looks for new services on it and does not stop: the engine waits and kills";
    default:
        return "/init does not stop on it: the engine waits and kills";
    }
}

static void check_signal(const struct image_stage *s, const char *path, struct problems *p)
{
    const char *cure = "leave STOPSIGNAL out, or say SIGTERM";
    int number = s->signal == NULL ? SIGTERM : number_of(s->signal);
    if (number <= 0)
        problems_warning(p, path, s->signal_line, cure, "STOPSIGNAL %s is no signal", s->signal);
    else if (effect(number) != NULL)
        problems_warning(p, path, s->signal_line, cure, "STOPSIGNAL %s: %s", s->signal,
                         effect(number));
}

/* --- process 1 -------------------------------------------------------------------------------- */

static const char entrypoint[] = "ENTRYPOINT [\"/init\"]";

static bool is_init(const char *word)
{
    return strcmp(word, "/init") == 0 || strcmp(word, "/bin/init") == 0 ||
           strcmp(word, "/sbin/init") == 0;
}

static bool is_shell(const char *word)
{
    static const char *const names[] = {"sh", "ash", "bash", "dash", "ksh", "zsh", NULL};
    return is_among(path_name(word), names);
}

/* Stays process 1 and runs the rest below itself. */
static bool is_wrapper(const char *word)
{
    static const char *const names[] = {"tini",        "tini-static", "dumb-init", "docker-init",
                                        "catatonit",   "my_init",     "pid1",      "runsvdir",
                                        "supervisord", "s6-svscan",   NULL};
    return is_among(path_name(word), names);
}

/* The first word of a shell's text that is /init, behind exec. */
static bool runs_init(const char *text)
{
    text += strspn(text, " \t\"'");
    if (strncmp(text, "exec ", 5) == 0)
        text += 5 + strspn(text + 5, " \t");
    size_t n = strcspn(text, " \t;&|\"'");
    return n == 5 && strncmp(text, "/init", 5) == 0;
}

static void check_shell(const struct image_command *c, const char *what, const char *path,
                        struct problems *p)
{
    const char *text = c->words.item[0];
    if (c->bad_list)
        problems_warning(p, path, c->line, "put each word into double quotes",
                         "%s is no list of words in double quotes: /bin/sh gets all of it", what);
    else if (runs_init(text) && strcmp(what, "CMD") != 0)
        problems_warning(p, path, c->line, entrypoint,
                         "without a list /bin/sh is process 1 before /init, and CMD and the "
                         "arguments of docker run are lost");
    else if (runs_init(text))
        problems_warning(p, path, c->line, "CMD [\"/init\"], or better ENTRYPOINT [\"/init\"]",
                         "without a list /bin/sh is process 1 before /init");
}

/* /init somewhere behind the first word. */
static bool has_init(const struct words *w)
{
    for (size_t i = 1; i < w->count; i++)
        if (is_init(w->item[i]) || runs_init(w->item[i]))
            return true;
    return false;
}

static void check_list(const struct image_command *c, const char *what, const char *path,
                       struct problems *p)
{
    const char *first = c->words.count > 0 ? c->words.item[0] : "";
    if (is_wrapper(first) && has_init(&c->words))
        problems_warning(p, path, c->line, entrypoint,
                         "%s: %s is process 1, /init is not: it adopts orphans and hears signals "
                         "itself",
                         what, path_name(first));
    else if (is_shell(first) && c->words.count > 2 && strcmp(c->words.item[1], "-c") == 0 &&
             runs_init(c->words.item[2]))
        problems_warning(p, path, c->line, entrypoint,
                         "%s: %s is process 1 before /init, and gets the arguments of docker run",
                         what, path_name(first));
}

static bool is_script(const char *word)
{
    const char *name = path_name(word);
    size_t n = strlen(name);
    return strstr(name, "entry") != NULL || strstr(name, "init") != NULL ||
           strstr(name, "start") != NULL || strstr(name, "run") != NULL ||
           (n > 3 && strcmp(name + n - 3, ".sh") == 0);
}

/* Certainly something that does not execute /init: a script could. */
static bool is_other(const struct image_command *c)
{
    const char *first = c->words.count > 0 ? c->words.item[0] : "";
    if (c->form == IMAGE_SHELL)
        return strpbrk(first, "$`") == NULL && strstr(first, "init") == NULL && !is_script(first) &&
               !c->bad_list;
    for (size_t i = 0; i < c->words.count; i++)
        if (strstr(c->words.item[i], "init") != NULL || is_script(c->words.item[i]))
            return false;
    return first[0] != '\0';
}

/* An image whose own ENTRYPOINT is certainly none of ours. */
static bool is_plain_base(const char *image)
{
    static const char *const names[] = {"scratch", "alpine",    "debian",     "ubuntu", "busybox",
                                        "fedora",  "almalinux", "rockylinux", NULL};
    char name[64];
    if (image == NULL)
        return false;
    if (strncmp(image, "docker.io/library/", 18) == 0)
        image += 18;
    size_t n = strcspn(image, ":@");
    if (n >= sizeof name)
        return false;
    memcpy(name, image, n);
    name[n] = '\0';
    return is_among(name, names);
}

static void check_other(const struct image_stage *s, const char *path, struct problems *p)
{
    const struct image_command *e = &s->entrypoint;
    const struct image_command *c = &s->cmd;
    if (e->form != IMAGE_NONE && is_other(e))
        problems_warning(p, path, e->line,
                         "ENTRYPOINT [\"/init\"], and the program as CMD or as a service",
                         "the image has an /init, and ENTRYPOINT starts something else: no service "
                         "runs");
    else if (e->form == IMAGE_NONE && c->form != IMAGE_NONE && is_other(c) &&
             is_plain_base(s->base))
        problems_warning(p, path, c->line, entrypoint,
                         "the image has an /init, and nothing starts it: no service runs");
}

/* An image whose entrypoint is its base's has its services from there, too. */
bool imagefile_has_more(const struct image_file *f)
{
    if (f->count == 0)
        return false;
    const struct image_stage *s = &f->stage[f->count - 1];
    return s->trees > 1 || (s->entrypoint.form == IMAGE_NONE && !is_plain_base(s->base));
}

void imagefile_check(const struct image_file *f, const char *path, struct problems *p)
{
    if (f->count == 0)
        return;
    const struct image_stage *s = &f->stage[f->count - 1];
    const struct image_command *const commands[] = {&s->entrypoint, &s->cmd};
    static const char *const names[] = {"ENTRYPOINT", "CMD"};
    check_signal(s, path, p);
    for (int i = 0; i < 2; i++) {
        if (commands[i]->form == IMAGE_SHELL)
            check_shell(commands[i], names[i], path, p);
        else if (commands[i]->form == IMAGE_EXEC)
            check_list(commands[i], names[i], path, p);
    }
    if (s->is_ours)
        check_other(s, path, p);
}
