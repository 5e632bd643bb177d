/* overlog graph: the definitions as a picture. */
#include "command/overlog/graph.h"
#include "base/error.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include <stdlib.h>
#include <string.h>

const char *const graph_forms[GRAPH_FORMS] = {"text", "mermaid", "dot"};

/* Not a built-in one, but for the bundles that people fill. */
static bool is_shown(const struct definition *d)
{
    return d->directory != NULL || (d->type == DEFINITION_BUNDLE && d->builtin == BUILTIN_NONE &&
                                    d->contents.count > 0 && strncmp(d->name, "user", 4) == 0);
}

/* Appends the conditions of enable-if, with " and " between them, and before ahead of the first;
 * nothing where there is none. As they are in the file: not for a terminal. */
static void add_conditions(const struct definition *d, const char *before, struct str *out)
{
    for (size_t i = 0; i < d->enable_if.count; i++)
        str_printf(out, "%s%s", i == 0 ? before : " and ", d->enable_if.item[i]);
}

/* --- mermaid and dot -------------------------------------------------------------------------- */

/* A label. Mermaid takes HTML and its own codes there, so what could begin either is a code. */
static void quote(enum graph_form form, const char *name, struct str *out)
{
    static const char special[] = "\"\\<>&#";
    static const char *const mermaid[] = {"#quot;", "\\", "#lt;", "#gt;", "#amp;", "#35;"};
    struct str shown = STR_INIT;
    put_shown(&shown, name, 0);
    str_add_char(out, '"');
    for (const char *p = shown.data == NULL ? "" : shown.data; *p != '\0'; p++) {
        const char *found = strchr(special, *p);
        if (form == GRAPH_DOT && (*p == '"' || *p == '\\'))
            str_printf(out, "\\%c", *p);
        else if (form == GRAPH_MERMAID && found != NULL)
            str_add_text(out, mermaid[found - special]);
        else
            str_add_char(out, *p);
    }
    str_add_char(out, '"');
    str_release(&shown);
}

static void put_node(enum graph_form form, const struct definitions *all, size_t i,
                     const unsigned char *started, const struct graph *g, struct str *out)
{
    static const struct {
        const char *open, *close, *shape;
    } looks[] = {[DEFINITION_ONESHOT] = {"([", "])", "ellipse"},
                 [DEFINITION_LONGRUN] = {"[", "]", "box"},
                 [DEFINITION_BUNDLE] = {"{{", "}}", "hexagon"}};
    const struct definition *d = &all->item[i];
    bool idle = g->node_of[i] >= 0 && !started[g->node_of[i]];
    struct str label = STR_INIT;
    str_add_text(&label, d->name);
    add_conditions(d, " if ", &label);
    str_printf(out, "    n%zu", i);
    str_add_text(out, form == GRAPH_DOT ? " [label=" : looks[d->type].open);
    quote(form, label.data == NULL ? "" : label.data, out);
    str_release(&label);
    if (form == GRAPH_DOT)
        str_printf(out, ", shape=%s%s];\n", looks[d->type].shape, idle ? ", style=dashed" : "");
    else
        str_printf(out, "%s%s\n", looks[d->type].close, idle ? ":::idle" : "");
}

enum edge { EDGE_NEEDS, EDGE_AFTER, EDGE_CONTAINS, EDGE_PIPE };

static void put_edge(enum graph_form form, const struct definitions *all, size_t from,
                     enum edge kind, const char *to, struct str *out)
{
    static const char *const mermaid[] = {"-->", "-.->", "-.-", "-- pipe -->"};
    static const char *const dot[] = {";", " [style=dashed];", " [style=dotted, arrowhead=none];",
                                      " [label=pipe];"};
    long target = definitions_find(all, to);
    if (target < 0 || !is_shown(&all->item[target]))
        return;
    str_printf(out, "    n%zu %s n%ld%s\n", from, form == GRAPH_DOT ? "->" : mermaid[kind], target,
               form == GRAPH_DOT ? dot[kind] : "");
}

static void put_edges(enum graph_form form, const struct definitions *all, size_t i,
                      struct str *out)
{
    const struct definition *d = &all->item[i];
    for (size_t j = 0; j < d->dependencies.count; j++)
        put_edge(form, all, i, EDGE_NEEDS, d->dependencies.item[j], out);
    for (size_t j = 0; j < d->after.count; j++)
        put_edge(form, all, i, EDGE_AFTER, d->after.item[j], out);
    for (size_t j = 0; j < d->contents.count; j++)
        put_edge(form, all, i, EDGE_CONTAINS, d->contents.item[j], out);
    if (d->producer_for != NULL)
        put_edge(form, all, i, EDGE_PIPE, d->producer_for, out);
}

static void put_picture(enum graph_form form, const struct graph *g, const unsigned char *started,
                        struct str *out)
{
    const struct definitions *all = g->definitions;
    str_add_text(out, form == GRAPH_DOT ? "digraph services {\n" : "flowchart TD\n");
    for (size_t i = 0; i < all->count; i++)
        if (is_shown(&all->item[i]))
            put_node(form, all, i, started, g, out);
    for (size_t i = 0; i < all->count; i++)
        if (is_shown(&all->item[i]))
            put_edges(form, all, i, out);
    str_add_text(out, form == GRAPH_DOT ? "}\n" : "    classDef idle stroke-dasharray: 4\n");
}

/* --- text ------------------------------------------------------------------------------------- */

static void put_shown_names(const struct definitions *all, const char *before,
                            const struct words *names, struct str *out)
{
    for (size_t j = 0; j < names->count; j++) {
        long found = definitions_find(all, names->item[j]);
        if (found < 0 || !is_shown(&all->item[found]))
            continue;
        str_add_text(out, before);
        put_shown(out, names->item[j], 0);
        before = ", ";
    }
}

static void put_conditions(const struct definition *d, struct str *out)
{
    struct str text = STR_INIT;
    add_conditions(d, "  if ", &text);
    if (text.length > 0)
        put_shown(out, text.data, 0);
    str_release(&text);
}

/* In the order of a start; a number for each step, in which all start together. */
static void put_text(const struct graph *g, const unsigned char *started, struct str *out)
{
    uint32_t *level = graph_levels(g, NULL);
    int width = 1;
    unsigned int step = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        int length = (int)shown_width(g->definitions->item[g->node[i].definition].name);
        width = length > width ? length : width;
    }
    for (uint32_t l = 0; level != NULL && l <= g->count; l++) {
        bool first = true;
        for (uint32_t i = 0; i < g->count; i++) {
            const struct definition *d = &g->definitions->item[g->node[i].definition];
            if (level[i] != l || !is_shown(d))
                continue;
            if (first)
                str_printf(out, "%3u", ++step);
            str_add_text(out, first ? "  " : "     ");
            put_shown(out, d->name, (size_t)width);
            str_printf(out, "  %s", definition_type_name(d->type));
            first = false;
            put_shown_names(g->definitions, "  needs ", &d->dependencies, out);
            put_shown_names(g->definitions, "  after ", &d->after, out);
            put_conditions(d, out);
            if (d->producer_for != NULL) {
                str_add_text(out, "  writes to ");
                put_shown(out, d->producer_for, 0);
            }
            str_add_text(out, started[i] ? "\n" : "  (not started)\n");
        }
    }
    free(level);
}

void graph_render(enum graph_form form, const struct graph *g, const unsigned char *started,
                  struct str *out)
{
    if (form == GRAPH_TEXT)
        put_text(g, started, out);
    else
        put_picture(form, g, started, out);
}

static int run_graph(struct invocation *c)
{
    enum graph_form form = GRAPH_TEXT;
    struct tree t;
    struct str out = STR_INIT;
    if (options_read_anywhere(c, 0, 1) != 0)
        return EXIT_USAGE;
    while (given('f') && form < GRAPH_FORMS && strcmp(graph_forms[form], argument_of('f')) != 0)
        form++;
    if (form == GRAPH_FORMS)
        return command_usage(c);
    int code = tree_load(&t, argument_of('r'), options.operand[0]);
    unsigned char *started = code == 0 ? tree_started(&t) : NULL;
    if (started != NULL) {
        graph_render(form, &t.graph, started, &out);
        code = put_all(&out);
    }
    free(started);
    tree_release(&t);
    return code;
}

static const char graph_options[] = "-f, --format=FORM  text, mermaid or dot\n"
                                    "-r, --root=ROOT    the tree is that of this root\n";

const struct command command_graph[] = {{"overlog graph", "[-f text|mermaid|dot] [-r ROOT] [DIR]",
                                         "draw which service needs which (DIR: /etc/s6-overlay)",
                                         graph_options, run_graph},
                                        {.name = NULL}};
