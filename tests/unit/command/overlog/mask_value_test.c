/* How far a masked value goes: words of several quoted pieces, lists, objects, blocks. */
#include "tests/unit/command/overlog/masked.h"
#include <stdio.h>

static const struct masked_row words[] = {
    {"export DB_PASSWORD='it'\\''s rest' x", "export DB_PASSWORD='" M "' x"},
    {"exec env 'APP_SECRET=ab'\\''cd rest' app", "exec env 'APP_SECRET=" M "' app"},
    {"exec env \"APP_SECRET=ab\"'\"'\"cd rest\" app", "exec env \"APP_SECRET=" M "\" app"},
    {"exec env 'APP_SECRET='\"cd rest\" app", "exec env 'APP_SECRET=" M " app"},
    {"app --password='x'\\''rest x' y", "app --password='" M "' y"},
    {"app --password 'x'\\''rest x' y", "app --password '" M "' y"},
    {"app --password ''\\''rest x' y", "app --password ''" M "' y"},
    {"DB_PASSWORD2=\"pre\"rest x", "DB_PASSWORD2=" M},
    {"x DB_PASSWORD2=\"pre\"rest'a b'\\ c x", "x DB_PASSWORD2=" M " x"},
    {"env PGPASSWORD=\"$PRE\"'the rest' x", "env PGPASSWORD=" M " x"},
    {"env = API_KEY=a\"b c\"rest x", "env = API_KEY=" M " x"},
    {"env API_KEY=$'a\\'b c' x", "env API_KEY=" M " x"},
    {"env API_KEY='a\nb'\\''c\nd' x", "env API_KEY='" M "' x"},
    {"env API_KEY='a'\\''no end", "env API_KEY=" M},
    {"password: 'it''s one' # x", "password: '" M "' # x"},
    {"mysql -p'it'\\''s rest' app", "mysql -p'" M "' app"},
    {"mysql -pit\\''s rest' app", "mysql -p" M " app"},
    {"curl -u 'me:it'\\''s rest' http://x", "curl -u 'me:" M "' http://x"},
    {"curl -u 'me:' http://x", NULL},
    {"env PASSWORD=\"\"'' x", "env PASSWORD=" M " x"},
    {"CREATE USER x IDENTIFIED BY 'it''s one';", "CREATE USER x IDENTIFIED BY '" M "';"},
    /* --- a quote that closes what the word stands in --- */
    {"sh -c \"app --password='x y'\" z", "sh -c \"app --password='" M "'\" z"},
    {"sh -c \"mysql -p'x y'\" z", "sh -c \"mysql -p'" M "'\" z"},
    {"sh -c \"sh -c \\\"app --password='y z'\\\"\" z",
     "sh -c \"sh -c \\\"app --password='" M "'\\\"\" z"},
    {"{\"cmd\":\"app --password='x y'\",\"user\":\"a\"}",
     "{\"cmd\":\"app --password='" M "'\",\"user\":\"a\"}"},
    {"{\"m\":\"password='x y'\\nuser\"}", "{\"m\":\"password='" M "'\\nuser\"}"},
    {"{\"m\":\"{\\\"c\\\":\\\"password='x y'\\\",\\\"u\\\":1}\"}",
     "{\"m\":\"{\\\"c\\\":\\\"password='" M "'\\\",\\\"u\\\":1}\"}"},
    {"msg=\"a token=abc\" level=\"info\" x", "msg=\"a token=" M " level=\"info\" x"},
    {"see `app --token='x y'`, it's new", "see `app --token='" M "'`, it's new"},
    /* --- an apostrophe, and what follows a value --- */
    {"it has token=abc, don't x", "it has token=" M " don't x"},
    {"it was token=don't here, said she", "it was token=" M " here, said she"},
    {"the password='x y'. It's new", "the password='" M "'. It's new"},
    {"<a password='x y'/><b c='d'>", "<a password='" M "'/><b c='d'>"},
    {"PASSWORD=\"$A\" x 'y'", NULL},
};

static void words_of_pieces(void **state)
{
    (void)state;
    masked_rows(words, sizeof words / sizeof words[0]);
}

/* A program that got the word shows it without quotes. */
static void words_are_learned(void **state)
{
    static const struct masked_row learned[] = {
        {"export DB_PASSWORD='it'\\''s rest' x", "it's rest"},
        {"exec env 'APP_SECRET=it'\"'\"'s own' app", "it's own"},
        {"API_KEY=a\"b c\"\\$defg app", "ab c$defg"},
        {"API_KEY=\"it\\\"s one\" app", "it\"s one"},
        {"PGPASSWORD=\"pre\"fixed12", "prefixed12"},
        {"mysql -p'it'\\''s mine' app", "it's mine"},
        {"curl -u 'me:it'\\''s curl' http://x", "it's curl"},
        {"env PASSWORD=\"\"''\"it's five\" x", "it's five"},
        {"password: 'it''s yaml'", "it's yaml"},
        {"CREATE USER x IDENTIFIED BY 'it''s sql'", "it's sql"},
        {"{\"m\":\"password='s3cr3t-six'\\\\more\"}", "s3cr3t-six"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof learned / sizeof learned[0]; i++) {
        struct mask m = MASK_INIT;
        char text[100];
        assert_int_equal(mask_learn_text(&m, learned[i].text, strlen(learned[i].text)), 0);
        snprintf(text, sizeof text, "log: %s!", learned[i].shown);
        masked_is(&m, text, "log: " M "!");
        mask_release(&m);
    }
}

static const struct masked_row members[] = {
    /* --- lists and objects --- */
    {"{\"password\": {\"value\": \"a b\"}, \"n\": 1}", "{\"password\": " M ", \"n\": 1}"},
    {"{\"secret\": {\"a\":\"..47\",\"b\":\"x]}\"}}", "{\"secret\": " M "}"},
    {"{\"secrets\": [\"a,b\", \"it's\",\n  \"c\"],\n \"n\": [2]}",
     "{\"secrets\": " M ",\n \"n\": [2]}"},
    {"{\"secrets\": [[\"a\"], {\"b\": \"c d\"}], \"n\": 1}", "{\"secrets\": " M ", \"n\": 1}"},
    {"{\"secrets\": [\"a\", \"cut of", "{\"secrets\": " M},
    {"{\"secrets\": [], \"token\": {}, \"password\": {\"set\": true}}", NULL},
    {"secrets: [a b, 'c d']\nnext: 1", "secrets: " M "\nnext: 1"},
    {"secrets: [a b,\n  c d]\nnext: 1", "secrets: " M "\nnext: 1"},
    {"secrets = [\n  \"a b\",\n]\nnext = 1", "secrets = " M "\nnext = 1"},
    {"DB_PASSWORD=[a] b", "DB_PASSWORD=" M},
    {"usage: app [--password PASSWORD] [x]", "usage: app [--password " M " [x]"},
    {"{\"m\":\"{\\\"secret\\\":{\\\"a\\\":\\\"b c\\\"}}\"}", "{\"m\":\"{\\\"secret\\\":" M "\"}"},
    /* --- blocks --- */
    {"passwords:\n  - a b\n  - c\nnext: 1", "passwords:\n" M "\nnext: 1"},
    {"passwords:\n- a b\n- c\nnext: 1", "passwords:\n" M "\nnext: 1"},
    {"secrets:\n  db: a b\n\n  n:\n    - c\n\nnext: 1", "secrets:\n" M "\n\nnext: 1"},
    {"db:\n  password:\n    value: a b\n  user: x", "db:\n  password:\n" M "\n  user: x"},
    {"- password:\n    value: a b\n  user: x", "- password:\n" M "\n  user: x"},
    {"password:\r\n  a b\r\n\r\n  c\r\nnext: 1", "password:\r\n" M "\nnext: 1"},
    {"password: # the one\n  a b\nnext: 1", "password: " M "\n" M "\nnext: 1"},
    {"key_secret: !!binary |\n  a b\nnext: 1", "key_secret: " M "\n" M "\nnext: 1"},
    {"{\n  \"password\":\n    \"a b\",\n  \"user\": 1}",
     "{\n  \"password\":\n" M "\n  \"user\": 1}"},
    {"  \"secrets\":\n  [\n    \"a b\"\n  ]", "  \"secrets\":\n" M "\n  ]"},
    {"password:\n  required: true\n  changed:\nnext: 1", NULL},
    {"an invalid token:\n    at x.js:1\n", NULL},
    {"  --password:\n      the password to use\n", NULL},
    {"password:\nuser: x\n", NULL},
};

static void lists_and_blocks(void **state)
{
    (void)state;
    masked_rows(members, sizeof members / sizeof members[0]);
}

/* Each of the members is one wherever else it stands. */
static void members_are_learned(void **state)
{
    static const char *const texts[] = {
        "{\"secrets\": [{\"a\": \"s3cr3t-one\"}, 5, \"s3cr3t-two\"]}",
        "{\"m\":\"{\\\"secret\\\":{\\\"a\\\":\\\"s3cr3t-one\\\",\\\"b\\\":\\\"s3cr3t-two\\\"}}\"}",
        "secrets: [s3cr3t-one, 's3cr3t-two'] # both",
        "secrets:\n  - s3cr3t-one\n  - \"s3cr3t-two\"\n",
        "secrets:\n- a: s3cr3t-one\n  b: 's3cr3t-two'\n",
        "secrets:\n  all: [s3cr3t-one, s3cr3t-two]\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct mask m = MASK_INIT;
        assert_int_equal(mask_learn_text(&m, texts[i], strlen(texts[i])), 0);
        masked_is(&m, "s3cr3t-one and s3cr3t-two", M " and " M);
        mask_release(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_pieces), cmocka_unit_test(words_are_learned),
        cmocka_unit_test(lists_and_blocks), cmocka_unit_test(members_are_learned)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
