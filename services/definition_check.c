/* What upstream ignores in silence, and what can only be seen once everything was read. */
#include "base/nearest.h"
#include "services/definition_reading.h"
#include <stdio.h>
#include <string.h>

/* --- files that mean nothing ------------------------------------------------------------------ */

enum { NEAR_LENGTH = 6, NEAR_DISTANCE = 2 };

static bool is_near(const char *file, const char *name)
{
    return name != NULL && strlen(name) >= NEAR_LENGTH &&
           nearest_distance(file, name) <= NEAR_DISTANCE;
}

/* The known name that a file may have been meant to have. Scripts of any name are kept there. */
static const char *meant(const char *file, enum definition_type type)
{
    for (const struct key_row *k = key_rows; k->name != NULL && strlen(file) >= NEAR_LENGTH; k++) {
        if ((k->types & 1U << type) == 0)
            continue;
        if (is_near(file, k->name) || is_near(file, k->folder))
            return is_near(file, k->name) ? k->name : k->folder;
    }
    return NULL;
}

static void check_file(struct reading *r, const char *file, enum definition_type type)
{
    char path[READING_PATH];
    char cure[128];
    const struct key_row *k = key_find(file, type);
    const char *other = k == NULL ? meant(file, type) : NULL;
    reading_path(r, file, path);
    if (other != NULL) {
        snprintf(cure, sizeof cure, "did you mean %s?", other);
        problems_warning(r->p, path, 0, cure, "%s is ignored: no file of a %s has this name", file,
                         definition_type_name(type));
    } else if (k != NULL && k->kind == KEY_NOTHING) {
        problems_warning(r->p, path, 0, k->cure, "%s is ignored under s6-rc.d", file);
    } else if (k != NULL && (k->types & 1U << type) == 0) {
        problems_warning(r->p, path, 0, k->cure == NULL ? "delete it" : k->cure,
                         "%s is ignored: it means nothing in a %s", file,
                         definition_type_name(type));
    }
}

void check_files(struct reading *r, enum definition_type type)
{
    for (size_t i = 0; i < r->names.count; i++)
        check_file(r, r->names.item[i], type);
}

/* --- restart ----------------------------------------------------------------------------------
 */

void check_restart(struct reading *r, const struct definition *d)
{
    char path[READING_PATH];
    const struct restart_policy *p = &d->keys.restart;
    enum definition_exit when = d->keys.container_exit;
    bool again = p->when == RESTART_ALWAYS || p->when == RESTART_ON_FAILURE;
    bool gives_up = d->keys.has_finish || p->when == RESTART_NEVER || p->within > 0;
    /* With container-exit failure, clean ends and what counts as one are still the policy's. */
    bool of_failures = p->within > 0 || p->wait_min > 0 || p->when == RESTART_ALWAYS;
    if (again && (when == EXIT_ALWAYS || (when == EXIT_FAILURE_ONLY && of_failures)))
        problems_warning(
            r->p, reading_path(r, "container-exit", path), 1,
            "write gave-up, or remove one of them", "the container ends at the first %s",
            when == EXIT_ALWAYS ? "end of the service, and restart has no effect"
                                : "failure, so restart starts nothing again after one");
    if (when == EXIT_GAVE_UP && !gives_up)
        problems_warning(r->p, reading_path(r, "container-exit", path), 1,
                         "add a file restart with a limit, as in: on-failure, 5 in 1m",
                         "nothing gives the service up");
    else if (p->then != RESTART_STAY && !gives_up)
        problems_warning(r->p, reading_path(r, "restart", path), 1,
                         "add a limit, as in: on-failure, 5 in 1m, then exit",
                         "nothing gives the service up, so that then has no effect");
}

/* --- run and finish in a oneshot
 * -------------------------------------------------------------------------
 */

static bool mentions(const struct words *words, const char *text)
{
    for (size_t i = 0; i < words->count; i++)
        if (strstr(words->item[i], text) != NULL)
            return true;
    return false;
}

static void check_uncalled(const struct definitions *all, const struct definition *d,
                           const char *file, const char *cure, struct problems *p)
{
    char path[READING_PATH];
    snprintf(path, sizeof path, "/%s/%s", d->name, file);
    for (size_t i = 0; i < all->count; i++)
        if (mentions(&all->item[i].up, path) || mentions(&all->item[i].down, path) ||
            mentions(&all->item[i].reload, path))
            return;
    snprintf(path, sizeof path, "%s/%s", d->directory, file);
    problems_warning(p, path, 0, cure, "%s is ignored: no oneshot calls it", file);
}

/* --- bundles ---------------------------------------------------------------------------------- */

static void make_essential(struct definitions *all, const char *name)
{
    long found = definitions_find(all, name);
    struct definition *d = found < 0 ? NULL : &all->item[found];
    if (d == NULL || d->essential)
        return;
    d->essential = true;
    for (size_t i = 0; i < d->contents.count; i++)
        make_essential(all, d->contents.item[i]);
}

static void spread_essential(struct definitions *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct definition *d = &all->item[i];
        if (!d->essential || d->type != DEFINITION_BUNDLE)
            continue;
        for (size_t j = 0; j < d->contents.count; j++)
            make_essential(all, d->contents.item[j]);
    }
}

/* The bundle that pipeline-name asks for: the last consumer and whatever leads to it. */
static void add_funnel(const struct definitions *all, const char *consumer, struct words *out)
{
    if (words_has(out, consumer) || words_add(out, consumer) < 0)
        return;
    long found = definitions_find(all, consumer);
    for (size_t i = 0; found >= 0 && i < all->item[found].consumer_for.count; i++)
        add_funnel(all, all->item[found].consumer_for.item[i], out);
}

static void add_pipelines(struct definitions *all, struct problems *p)
{
    char path[READING_PATH];
    size_t count = all->count;
    for (size_t i = 0; i < count; i++) {
        const char *name = all->item[i].pipeline_name;
        if (name == NULL)
            continue;
        if (definitions_find(all, name) >= 0) {
            snprintf(path, sizeof path, "%s/pipeline-name", all->item[i].directory);
            problems_error(p, path, 0, "choose another pipeline-name",
                           "pipeline name %s is already the name of a definition", name);
            continue;
        }
        struct words members = WORDS_INIT;
        add_funnel(all, all->item[i].name, &members);
        struct definition *bundle = definitions_add(all, name, DEFINITION_BUNDLE);
        if (bundle != NULL)
            bundle->contents = members;
        else
            words_release(&members);
    }
}

void definitions_finish(struct definitions *all, struct problems *p)
{
    add_pipelines(all, p);
    spread_essential(all);
    for (size_t i = 0; i < all->count; i++) {
        const struct definition *d = &all->item[i];
        if (d->type != DEFINITION_ONESHOT)
            continue;
        if (d->keys.has_run)
            check_uncalled(all, d, "run", "name it in up, or make the service a longrun", p);
        if (d->keys.has_finish)
            check_uncalled(all, d, "finish", "name it in down, or make the service a longrun", p);
    }
}
