/* overlog doc: the services as a page of Markdown, as far as their definitions tell. */
#include "command/overlog/doc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/graph.h"
#include "command/overlog/overlog.h"
#include "contract/logger.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what a script tells ---------------------------------------------------------------------- */

static const char *after(const char *line, const char *word)
{
    const char *found = strstr(line, word);
    return found == NULL ? NULL : found + strlen(word);
}

/* The user of "s6-setuidgid [-nB] USER" and its like; of "su-exec" and "gosu" as well. */
static void find_user(const char *text, struct str *user)
{
    static const char *const programs[] = {"s6-setuidgid ", "su-exec ", "gosu ",
                                           "setpriv --reuid="};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        const char *p = after(text, programs[i]);
        while (p != NULL && *p == '-')
            p += strcspn(p, " \n"), p += strspn(p, " ");
        if (p != NULL) {
            str_add(user, p, strcspn(p, " \t\n\"'"));
            return;
        }
    }
}

static bool ends_with_port(const char *text, const char *end)
{
    char word[32] = "";
    size_t n = 0;
    while (end > text && n < sizeof word - 1 &&
           (isalnum((unsigned char)end[-1]) || strchr("_-", end[-1]) != NULL)) {
        end--;
        memmove(word + 1, word, n++);
        word[0] = (char)tolower((unsigned char)*end);
    }
    return strcmp(word, "-p") == 0 || (n >= 4 && strcmp(word + n - 4, "port") == 0);
}

/* "0.0.0.0", "[::]", "*", "localhost" or nothing: what a program listens at. */
static bool ends_with_address(const char *text, const char *end)
{
    const char *begin = end;
    while (begin > text && (isalnum((unsigned char)begin[-1]) || begin[-1] == '.'))
        begin--;
    size_t n = (size_t)(end - begin);
    return n == 0 || memchr(begin, '.', n) != NULL ||
           (n == 9 && memcmp(begin, "localhost", n) == 0);
}

enum { PORTS_MAX = 1000 }; /* bytes: each is looked for among all */

/* Whether it is one of those between commas. */
static bool is_listed(const struct str *ports, const char *shown)
{
    size_t n = strlen(shown);
    for (const char *p = ports->length > 0 ? ports->data : ""; *p != '\0'; p += strspn(p, ", ")) {
        size_t length = strcspn(p, ",");
        if (length == n && strncmp(p, shown, n) == 0)
            return true;
        p += length;
    }
    return false;
}

void doc_ports(const char *text, struct str *ports)
{
    for (const char *p = text; (p = strpbrk(p, "123456789")) != NULL;) {
        size_t n = strspn(p, "0123456789");
        long number = n <= 5 ? strtol(p, NULL, 10) : 0;
        char before = p > text ? p[-1] : '\n';
        bool ends = p[n] == '\0' || strchr(" \t\n\"';,/)&|", p[n]) != NULL;
        bool told = before == ':' && ends_with_address(text, p - 1);
        told = told || ((before == ' ' || before == '=') && ends_with_port(text, p - 1));
        char shown[8];
        snprintf(shown, sizeof shown, "%ld", number);
        if (told && ends && number > 0 && number < 65536 && ports->length < PORTS_MAX &&
            !is_listed(ports, shown))
            str_printf(ports, "%s%s", ports->length > 0 ? ", " : "", shown);
        p += n;
    }
}

void doc_about(const char *text, struct str *about)
{
    if (strncmp(text, "#!", 2) == 0)
        text += strcspn(text, "\n");
    text += strspn(text, "\n");
    while (text[0] == '#') {
        size_t n = strcspn(text, "\n");
        text += 1;
        size_t blank = strspn(text, "# ");
        if (n - 1 > blank)
            str_printf(about, "%s%.*s", about->length > 0 ? " " : "", (int)(n - 1 - blank),
                       text + blank);
        text += n - 1;
        text += *text == '\n';
    }
}

/* --- Markdown --------------------------------------------------------------------------------- */

/* Text that others wrote, as Markdown shows it: no HTML, no links, no marks of its own. */
static void put_text(const char *text, struct str *out)
{
    struct str shown = STR_INIT;
    put_shown(&shown, text, 0);
    for (const char *p = shown.data == NULL ? "" : shown.data; *p != '\0'; p++)
        if (*p == '<')
            str_add_text(out, "&lt;");
        else if (*p == '>')
            str_add_text(out, "&gt;");
        else if (*p == '&')
            str_add_text(out, "&amp;");
        else if (strchr("\\`*[]|", *p) != NULL)
            str_printf(out, "\\%c", *p);
        else
            str_add_char(out, *p);
    str_release(&shown);
}

/* The same as code, between more backticks than text has in a row. */
static void put_code(const char *text, struct str *out)
{
    size_t most = 0;
    for (const char *p = text; *p != '\0'; p += *p != '\0') {
        size_t n = strspn(p, "`");
        most = n > most ? n : most;
        p += n;
    }
    for (size_t i = 0; i <= most; i++)
        str_add_char(out, '`');
    str_add_text(out, most > 0 ? " " : "");
    put_shown(out, text, 0);
    str_add_text(out, most > 0 ? " " : "");
    for (size_t i = 0; i <= most; i++)
        str_add_char(out, '`');
}

/* --- the page --------------------------------------------------------------------------------- */

static void put_names(struct str *out, const char *label, const struct words *names)
{
    if (names->count == 0)
        return;
    str_printf(out, "- %s: ", label);
    for (size_t i = 0; i < names->count; i++) {
        str_add_text(out, i == 0 ? "" : ", ");
        put_code(names->item[i], out);
    }
    str_add_char(out, '\n');
}

static void put_needed_by(struct str *out, const struct tree *t, uint32_t node)
{
    struct words names = WORDS_INIT;
    const struct node *n = &t->graph.node[node];
    for (uint32_t i = 0; i < n->needed_by_count; i++)
        if (tree_definition(t, n->needed_by[i])->directory != NULL)
            words_add(&names, tree_definition(t, n->needed_by[i])->name);
    put_names(out, "Needed by", &names);
    words_release(&names);
}

static void put_log_code(struct str *out, const char *before, const char *text)
{
    str_printf(out, "- Log: %s", before);
    put_code(text, out);
    str_add_char(out, '\n');
}

static void put_log(struct str *out, const struct definition *d)
{
    char path[8192];
    const char *root = getenv("OVERLOG_DIR");
    if (d->type == DEFINITION_ONESHOT)
        str_add_text(out, "- Log: `.init`, with the messages of the container\n");
    else if (d->producer_for != NULL)
        put_log_code(out, "its output goes to ", d->producer_for);
    else if (d->consumer_for.count > 0)
        str_add_text(out, "- Log: it is a logger itself\n");
    else if (d->keys.logging == 0)
        str_add_text(out, "- Log: the console only\n");
    else {
        snprintf(path, sizeof path, "%s/%s", root == NULL ? LOGGER_ROOT : root, d->name);
        put_log_code(out, "", path);
    }
}

static void put_command(struct str *out, const struct words *w)
{
    struct str line = STR_INIT;
    for (size_t i = 0; i < w->count; i++)
        str_printf(&line, "%s%s", i == 0 ? "" : " ",
                   w->item[i][0] == '\0' ? "}" : w->item[i] + strspn(w->item[i], " "));
    put_code(line.data == NULL ? "" : line.data, out);
    str_release(&line);
}

static void put_policy(struct str *out, const char *policy)
{
    str_add_text(out, "- Restart: ");
    put_code(policy, out);
    str_add_char(out, '\n');
}

static void put_longrun(struct str *out, const struct definition *d)
{
    static const char *const ends[] = {
        [EXIT_FAILURE_ONLY] = "fails", [EXIT_ALWAYS] = "ends", [EXIT_GAVE_UP] = "is given up"};
    char policy[RESTART_LINE_MAX];
    if (d->keys.notification_fd >= 0)
        str_printf(out, "- Ready: when it says so on descriptor %d\n", d->keys.notification_fd);
    if (d->keys.container_exit != EXIT_NEVER)
        str_printf(out, "- When it %s, the container ends\n", ends[d->keys.container_exit]);
    if (restart_format(&d->keys.restart, policy, sizeof policy) > 0)
        put_policy(out, policy);
    if (d->keys.timeout_kill > 0)
        str_printf(out, "- Stop: killed after %lu ms\n", (unsigned long)d->keys.timeout_kill);
}

/* The script of a service, or its command line; never empty. */
static void read_program(const struct tree *t, const struct definition *d, struct str *text)
{
    char path[8192];
    struct error ignored = ERROR_INIT;
    bool longrun = d->type == DEFINITION_LONGRUN;
    size_t prefix = strlen(TREE_DEFAULT);
    const struct section_file *f =
        d->section == NULL ? NULL : section_find(d->section, longrun ? "run" : "up");
    snprintf(path, sizeof path, "%s/%s", d->directory, longrun ? "run" : "up");
    if (!longrun && d->up.count > 0 && strncmp(d->up.item[0], TREE_DEFAULT "/", prefix + 1) == 0)
        snprintf(path, sizeof path, "%s%s", t->dir, d->up.item[0] + prefix);
    if (f != NULL)
        str_add(text, f->text, f->length);
    else if (file_read(AT_FDCWD, path, 1 << 20, text, &ignored) < 0)
        str_clear(text);
    if (text->length == 0)
        str_add_text(text, "\n");
}

static void put_service(struct str *out, const struct tree *t, uint32_t node, bool started)
{
    const struct definition *d = tree_definition(t, node);
    struct str text = STR_INIT, found = STR_INIT;
    bool longrun = d->type == DEFINITION_LONGRUN;
    read_program(t, d, &text);
    str_add_text(out, "\n## ");
    put_text(d->name, out);
    str_add_text(out, "\n\n");
    if (d->section != NULL && d->section->about != NULL)
        str_add_text(&found, d->section->about);
    else
        doc_about(text.data, &found);
    if (found.length > 0) {
        put_text(found.data, out);
        str_add_text(out, "\n\n");
    }
    str_printf(out, "- %s, started %s\n", longrun ? "Service" : "Done once (oneshot)",
               started ? "with the container" : "by hand: `s6-rc -u change NAME`");
    put_names(out, "Only if", &d->enable_if);
    put_names(out, "Depends on", &d->dependencies);
    put_names(out, "After, where they are started", &d->after);
    put_needed_by(out, t, node);
    str_clear(&found);
    find_user(text.data, &found);
    str_add_text(out, "- User: ");
    put_text(found.length > 0 ? found.data : "that of the container", out);
    str_add_char(out, '\n');
    str_clear(&found);
    doc_ports(text.data, &found);
    if (found.length > 0)
        str_printf(out, "- Ports: %s\n", found.data);
    if (longrun)
        put_longrun(out, d);
    put_log(out, d);
    if (!longrun && d->up.count > 0) {
        str_add_text(out, "- Runs: ");
        put_command(out, &d->up);
        str_add_char(out, '\n');
    }
    str_release(&text);
    str_release(&found);
}

static int run_doc(struct invocation *c)
{
    struct tree t;
    struct str out = STR_INIT;
    if (options_read_anywhere(c, 0, 1) != 0)
        return EXIT_USAGE;
    int code = tree_load(&t, argument_of('r'), options.operand[0]);
    unsigned char *started = code == 0 ? tree_started(&t) : NULL;
    if (started != NULL) {
        str_add_text(&out, "# Services\n\n```mermaid\n");
        graph_render(GRAPH_MERMAID, &t.graph, started, &out);
        str_add_text(&out, "```\n");
        for (uint32_t i = 0; i < t.graph.count; i++)
            if (tree_definition(&t, i)->directory != NULL)
                put_service(&out, &t, i, started[i]);
        code = put_all(&out);
    }
    free(started);
    tree_release(&t);
    return code;
}

static const char doc_options[] = "-r, --root=ROOT  the tree is that of this root\n";

const struct command command_doc[] = {{"overlog doc", "[-r ROOT] [DIR]",
                                       "describe the services in Markdown (DIR: /etc/s6-overlay)",
                                       doc_options, run_doc},
                                      {.name = NULL}};
