/* The database of an update before the switch: what is refused, and what is put back. */
#include "base/file.h"
#include "contract/paths.h"
#include "services/database.h"
#include "supervisor/update_stage.h"
#include "tests/unit/supervisor/simulated.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct update_stage *stage(void)
{
    struct longruns *ls = &simulated.sv->longruns;
    struct update_stage *u =
        update_stage_new(ls, &simulated.sv->oneshots, ls->catalogue->graph.count);
    assert_non_null(u);
    return u;
}

static struct update_stage *load_second(void)
{
    struct error e = ERROR_INIT;
    struct update_stage *u = stage();
    simulated_compile("second");
    if (update_stage_load(u, "second", &e) < 0)
        fail_msg("%s", e.text);
    return u;
}

static void refuse_name(const char *name, int code, const char *text)
{
    struct error e = ERROR_INIT;
    struct update_stage *u = stage();
    assert_int_equal(update_stage_load(u, name, &e), -1);
    assert_int_equal(e.code, code);
    if (strstr(e.text, text) == NULL)
        fail_msg("%s", e.text);
    update_stage_free(u);
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    simulated_boot(NULL);
    refuse_name("../etc", EXIT_USAGE, "malformed request");
    refuse_name("a/b", EXIT_USAGE, "malformed request");
    refuse_name(".hidden", EXIT_USAGE, "malformed request");
    refuse_name("nowhere", EXIT_SYSTEM, "nowhere");
}

static void what_is_no_database_is_refused(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_compile("second");
    simulated_file(RUN_RC "/second/db", "nothing that anybody wrote");
    refuse_name("second", EXIT_DATABASE, "second");
}

/* As another program, or version, might write it. */
static void one_without_the_containers_own_is_refused(void **state)
{
    struct definitions d = DEFINITIONS_INIT;
    struct error e = ERROR_INIT;
    (void)state;
    simulated_boot(NULL);
    assert_int_equal(database_compile(RUN_RC "/second", &d, &e), 0);
    refuse_name("second", EXIT_DATABASE, "it has no ");
    assert_non_null(definitions_add(&d, "fix-attrs", DEFINITION_LONGRUN));
    assert_int_equal(database_write(RUN_RC "/third", &d, &e), 0);
    refuse_name("third", EXIT_DATABASE, "it has no fix-attrs");
    definitions_release(&d);
}

static void a_good_one_is_read(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_service("new", "longrun", "run", "", NULL);
    struct update_stage *u = load_second();
    assert_string_equal(u->name, "second");
    assert_int_equal(u->next.graph.count, u->old_count + 1);
    assert_true(definitions_find(&u->next.definitions, "new") >= 0);
    assert_null(longruns_named(&simulated.sv->longruns, "new"));
    update_stage_free(u);
}

static void what_was_prepared_is_put_back(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    simulated_web(NULL);
    simulated_service("new", "longrun", "run", "", NULL);
    struct update_stage *u = load_second();
    assert_int_equal(update_stage_prepare(u, &e), 0);
    assert_non_null(longruns_named(&simulated.sv->longruns, "new"));
    assert_true(simulated_exists(RUN_SERVICEDIRS "/new/run"));
    assert_false(simulated_exists(RUN_RC "/second/servicedirs/new"));
    update_stage_roll_back(u);
    assert_true(simulated_exists(RUN_RC "/second/servicedirs/new/run"));
    assert_false(simulated_exists(RUN_SERVICEDIRS "/new"));
    update_stage_free(u);
    simulated_settle();
    assert_null(longruns_named(&simulated.sv->longruns, "new"));
    assert_non_null(simulated_process("web"));
}

/* Nothing is stopped for what cannot be: the name is taken. */
static void a_name_that_is_taken_is_refused(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/service/new/run", "");
    simulated_ask("/run/service/.s6-svscan/control", "a");
    simulated_service("new", "longrun", "run", "", NULL);
    struct update_stage *u = load_second();
    assert_int_equal(update_stage_prepare(u, &e), -1);
    assert_string_equal(e.text, "there is a new already that is none of s6-rc's");
    update_stage_roll_back(u);
    update_stage_free(u);
    assert_non_null(simulated_process("new"));
}

/* The caller of an earlier update was killed before it had removed what a service left. */
static void a_directory_that_nobody_uses_makes_way(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    simulated_boot(NULL);
    simulated_file(RUN_SERVICEDIRS "/new/data/old", "");
    simulated_service("new", "longrun", "run", "", NULL);
    struct update_stage *u = load_second();
    if (update_stage_prepare(u, &e) < 0)
        fail_msg("%s", e.text);
    assert_true(simulated_exists(RUN_SERVICEDIRS "/new/run"));
    assert_false(simulated_exists(RUN_SERVICEDIRS "/new/data/old"));
    assert_true(simulated_exists(RUN_RC "/second/servicedirs/left:new/data/old"));
    update_stage_roll_back(u);
    assert_false(simulated_exists(RUN_SERVICEDIRS "/new"));
    update_stage_free(u);
}

/* Somebody has made it a service of another name. */
static void one_that_is_supervised_does_not(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    simulated_boot(NULL);
    simulated_file(RUN_SERVICEDIRS "/new/run", "");
    assert_int_equal(symlink(RUN_SERVICEDIRS "/new", "/run/service/other"), 0);
    simulated_ask("/run/service/.s6-svscan/control", "a");
    assert_non_null(simulated_process("other"));
    simulated_service("new", "longrun", "run", "", NULL);
    struct update_stage *u = load_second();
    assert_int_equal(update_stage_prepare(u, &e), -1);
    assert_non_null(strstr(e.text, "unable to put " RUN_SERVICEDIRS "/new in place"));
    update_stage_roll_back(u);
    update_stage_free(u);
    assert_true(simulated_exists(RUN_SERVICEDIRS "/new/run"));
}

/* The same where one of that name was removed before, and its logger still reads. */
static void also_while_a_former_one_drains(void **state)
{
    struct error e = ERROR_INIT;
    const char *second[] = {"s6-rc-update", "", "0", "2", "0", "second", NULL};
    (void)state;
    simulated_service("new", "longrun", "run", "", "logging", "2", NULL);
    simulated_boot(NULL);
    simulated_process("new/log")->stubborn = true;
    assert_int_equal(file_remove_tree(AT_FDCWD, "/etc/s6-overlay/s6-rc.d/new", &e), 0);
    unlink("/etc/s6-overlay/s6-rc.d/user/contents.d/new");
    simulated_compile("second");
    simulated_request(second);
    struct longrun *former = simulated_longrun("new");
    assert_int_equal(former->member, MEMBER_GONE);
    simulated.sv->pid1.settings.logging = LOGGING_CONSOLE; /* so that the next one has no logger */
    simulated_file("/run/service/new/run", "");
    simulated_ask("/run/service/.s6-svscan/control", "a");
    assert_int_equal(former->member, MEMBER_GONE);
    simulated_service("new", "longrun", "run", "", NULL);
    simulated_compile("third");
    struct update_stage *u = stage();
    assert_int_equal(update_stage_load(u, "third", &e), 0);
    assert_int_equal(update_stage_prepare(u, &e), -1);
    assert_string_equal(e.text, "there is a new already that is none of s6-rc's");
    update_stage_roll_back(u);
    update_stage_free(u);
}

static void builtin_ones_are_held(void **state)
{
    (void)state;
    simulated_boot(NULL);
    struct update_stage *u = stage();
    const struct catalogue *c = simulated.sv->longruns.catalogue;
    uint32_t up = 0, down = 0;
    u->plan.down = calloc(c->graph.count, 1);
    assert_non_null(u->plan.down);
    for (uint32_t i = 0; i < c->graph.count; i++)
        up += catalogue_definition(c, i)->builtin != BUILTIN_NONE &&
              c->transition.node[i].state == NODE_UP;
    assert_true(up > 0);
    update_stage_hold(u);
    for (uint32_t i = 0; i < c->graph.count; i++)
        down += c->transition.node[i].state == NODE_DOWN;
    assert_true(down >= up);
    update_stage_let_go(u);
    for (uint32_t i = 0; i < c->graph.count; i++)
        up -= catalogue_definition(c, i)->builtin != BUILTIN_NONE &&
              c->transition.node[i].state == NODE_UP;
    assert_int_equal(up, 0);
    update_stage_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(names_that_lead_elsewhere_are_refused),
        SIMULATED_TEST(what_is_no_database_is_refused),
        SIMULATED_TEST(one_without_the_containers_own_is_refused),
        SIMULATED_TEST(a_good_one_is_read),
        SIMULATED_TEST(what_was_prepared_is_put_back),
        SIMULATED_TEST(a_name_that_is_taken_is_refused),
        SIMULATED_TEST(a_directory_that_nobody_uses_makes_way),
        SIMULATED_TEST(one_that_is_supervised_does_not),
        SIMULATED_TEST(also_while_a_former_one_drains),
        SIMULATED_TEST(builtin_ones_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
