/* What is masked, and what is not. Tokens are written in two pieces, so that nobody who looks for
 * lost ones finds them here. */
#include "tests/unit/command/overlog/masked.h"
#include <stdio.h>

#define HEX32 "0123456789abcdef0123456789abcdef"
#define CRI "2026-11-30T18:38:24.123456789Z stdout F "
#define SOME "q7Rt2LmZ9xVb4NcKe8Yw"

static const struct masked_row corpus[] = {
    /* --- variables and settings --- */
    {"DB_PASSWORD=hunter2", "DB_PASSWORD=" M},
    {"export DB_PASSWORD=correct horse battery", "export DB_PASSWORD=" M},
    {"export API_TOKEN='a b c' && run", "export API_TOKEN='" M "' && run"},
    {"  password = \"it's\"", "  password = \"" M "\""},
    {"env A=b PGPASSWORD=hun\\ ter2 psql -h db", "env A=b PGPASSWORD=" M " psql -h db"},
    {"docker run -e SECRET_KEY_BASE=" SOME " image", "docker run -e SECRET_KEY_BASE=" M " image"},
    {"mysql_pwd: hunter2", "mysql_pwd: " M},
    {"appSecret: hunter2 is it", "appSecret: " M},
    {"APP_KEY=base64:" SOME "=", "APP_KEY=" M},
    {"aws_secret_access_key = " SOME SOME, "aws_secret_access_key = " M},
    {"secret_id=" SOME, "secret_id=" M},
    {"requirepass hunter2\nport 1", "requirepass " M "\nport 1"},
    {"private_key: |\n  first\n  second\nnext: 1", "private_key: |\n" M "\nnext: 1"},
    {"PASSWORD=\"two\nlines\"; x=1", "PASSWORD=\"" M "\"; x=1"},
    {"PASSWORD='no end\nnext line", "PASSWORD='" M "\nnext line"},
    {"password=$ecret1 x", "password=" M},
    {"PASSWORD=${PASSWORD:-hunter2}", "PASSWORD=" M},
    {"password=x\r\nuser=y\r\n", "password=" M "\r\nuser=y\r\n"},
    {"token==abcdef", "token==" M},
    {"token2 := 'abcdef'", "token2 := '" M "'"},
    /* --- a name and a value, with a blank between --- */
    {"#!/command/execlineb -P\nexport DB_PASSWORD hunter2\nexport USER x\napp",
     "#!/command/execlineb -P\nexport DB_PASSWORD " M "\nexport USER x\napp"},
    {"fdmove -c 2 1 export DB_PASSWORD \"hun ter2\" app",
     "fdmove -c 2 1 export DB_PASSWORD \"" M "\" app"},
    {"foreground { export api_token hunter2 app }", "foreground { export api_token " M " app }"},
    {"export DB_PASSWORD API_TOKEN PATH", "export DB_PASSWORD " M " PATH"},
    {"setenv DB_PASSWORD hunter2; app", "setenv DB_PASSWORD " M " app"},
    {"SetEnv DB_PASSWORD \"hunter2\"", "SetEnv DB_PASSWORD \"" M "\""},
    {"define -s password hunter2 app", "define -s password " M " app"},
    {"#define DB_PASSWORD \"hunter2\"", "#define DB_PASSWORD \"" M "\""},
    {"define( 'DB_PASSWORD', 'hunter2' );", "define( 'DB_PASSWORD', '" M "' );"},
    {"$db['password'] = 'hunter2'; x", "$db['password'] = '" M "'; x"},
    {"backtick -n DB_PASSWORD { echo -n hunter2 } app",
     "backtick -n DB_PASSWORD { echo -n " M " } app"},
    {"backtick TOKEN\n{\n  s6-echo \"hun ter2\" b\n}\napp",
     "backtick TOKEN\n{\n  s6-echo \"" M "\" " M "\n}\napp"},
    {"FROM x\nENV DB_PASSWORD hun ter2 \nENV A b", "FROM x\nENV DB_PASSWORD " M " \nENV A b"},
    {"ENV A=b DB_PASSWORD=hunter2", "ENV A=b DB_PASSWORD=" M},
    {"machine h login me password hunter2 account x",
     "machine h login me password " M " account x"},
    {"machine h\n  login me\n  password hunter2\n", "machine h\n  login me\n  password " M "\n"},
    {"secret \"hunter2\";", "secret \"" M "\";"},
    {"set -x DB_PASSWORD hunter2; app", "set -x DB_PASSWORD " M " app"},
    {"set -gx api_token \"hun ter2\"", "set -gx api_token \"" M "\""},
    {"if set -U TOKEN hunter2", "if set -U TOKEN " M},
    {"set DB_PASSWORD before you begin", NULL},
    {"set -e DB_PASSWORD\nnext", NULL},
    /* --- a name that is a value itself --- */
    {"env:\n  - name: DB_PASSWORD\n    value: hunter2\n  - name: A\n    value: b\n",
     "env:\n  - name: DB_PASSWORD\n    value: " M "\n  - name: A\n    value: b\n"},
    {"- name: \"DB_PASSWORD\"\n  value: \"hun ter2\"\n- x",
     "- name: \"DB_PASSWORD\"\n  value: \"" M "\"\n- x"},
    {"- name: TLS_PRIVATE_KEY\n  value: |\n    first\n    second\n- name: A",
     "- name: TLS_PRIVATE_KEY\n  value: |\n" M "\n- name: A"},
    {"- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db\n", NULL},
    {"- name: DB_PASSWORD\n\n  value: hunter3\n", NULL},
    {"[{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"},{\"name\":\"A\",\"value\":\"b\"}]",
     "[{\"name\":\"DB_PASSWORD\",\"value\":\"" M "\"},{\"name\":\"A\",\"value\":\"b\"}]"},
    {"{\"m\":\"{\\\"name\\\":\\\"DB_PASSWORD\\\",\\\"value\\\":\\\"hunter2\\\"}\"}",
     "{\"m\":\"{\\\"name\\\":\\\"DB_PASSWORD\\\",\\\"value\\\":\\\"" M "\\\"}\"}"},
    {"{Key: \"api_token\", Value: hunter2, Other: 1}", "{Key: \"api_token\", Value: " M},
    {"<add key=\"api_token\" value=\"hunter2\"/>", "<add key=\"api_token\" value=\"" M "\"/>"},
    {"the password value: is checked", NULL},
    /* --- data --- */
    {"{\"user\":\"a\",\"password\":\"hun\\\"ter2\",\"n\":1}",
     "{\"user\":\"a\",\"password\":\"" M "\",\"n\":1}"},
    {"{\"token\":12345678,\"n\":[1]}", "{\"token\":" M ",\"n\":[1]}"},
    {"{\"msg\":\"{\\\"apiKey\\\":\\\"abc def\\\",\\\"n\\\":1}\"}",
     "{\"msg\":\"{\\\"apiKey\\\":\\\"" M "\\\",\\\"n\\\":1}\"}"},
    {"'password' => 'hunter2', 'user' => 'x'", "'password' => '" M "', 'user' => 'x'"},
    {"<password>hunter2</password>", "<password>" M "</password>"},
    {"level=info token=abc.def msg=x", "level=info token=" M " msg=x"},
    {"setPassword('hunter2')", "setPassword('" M "')"},
    {"CREATE USER x IDENTIFIED BY 'hunter2';", "CREATE USER x IDENTIFIED BY '" M "';"},
    /* --- headers and URLs --- */
    {"Authorization: Basic aHVudGVyMjpodW50ZXIy", "Authorization: " M},
    {"curl -H \"Authorization: Bearer " SOME "\" http://x/",
     "curl -H \"Authorization: " M "\" http://x/"},
    {"Cookie: a=b; c=d", "Cookie: " M},
    {"sent bearer " SOME " to x", "sent bearer " M " to x"},
    {"X-Api-Key: abc", "X-Api-Key: " M},
    {"GET /cb?code=1&access_token=abc&x=2 HTTP/1.1",
     "GET /cb?code=1&access_token=" M "&x=2 HTTP/1.1"},
    {"https://x.blob.net/c?sv=2020&sig=ab%2Fcd%3D&se=1",
     "https://x.blob.net/c?sv=2020&sig=" M "&se=1"},
    {"{\"u\":\"https://x/c?a=1\\u0026sig=ab%2Fcd\\u0026se=1\"}",
     "{\"u\":\"https://x/c?a=1\\u0026sig=" M "\\u0026se=1\"}"},
    {"<a href='https://x/c?a=1&amp;sig=ab%2Fcd&amp;se=1'>",
     "<a href='https://x/c?a=1&amp;sig=" M "&amp;se=1'>"},
    {"https://s3/b?X-Amz-Expires=60&X-Amz-Signature=" HEX32 "&x=1",
     "https://s3/b?X-Amz-Expires=60&X-Amz-Signature=" M "&x=1"},
    {"postgres://app:s3cr%40t@db:5432/app?x=1", "postgres://" M "@db:5432/app?x=1"},
    {"redis://:hunter2@cache/0", "redis://" M "@cache/0"},
    {"https://" SOME "@sentry.io/5", "https://" M "@sentry.io/5"},
    {"amqp://a:p/w?d@mq/", "amqp://" M "@mq/"},
    {"app:hunter2@tcp(db:3306)/app", M "@tcp(db:3306)/app"},
    /* --- command lines --- */
    {"app --password hunter2 --user x", "app --password " M " --user x"},
    {"app --password=hunter2 --user x", "app --password=" M " --user x"},
    {"[\"app\", \"--api-key\", \"hunter2\", \"-v\"]",
     "[\"app\", \"--api-key\", \"" M "\", \"-v\"]"},
    {"mysqldump -u root -phunter2 app", "mysqldump -u root -p" M " app"},
    {"sshpass -p hunter2 ssh host", "sshpass -p " M " ssh host"},
    {"redis-cli -a hunter2 ping", "redis-cli -a " M " ping"},
    {"curl -u admin:hunter2 http://x", "curl -u admin:" M " http://x"},
    {"curl --user 'admin:hun ter2' http://x", "curl --user 'admin:" M "' http://x"},
    {"curl -uadmin:hunter2 http://x", "curl -uadmin:" M " http://x"},
    {"curl -su admin:hunter2 http://x", "curl -su admin:" M " http://x"},
    {"curl -sSu'admin:hun ter2' http://x", "curl -sSu'admin:" M "' http://x"},
    {"mysql -u root -p'hun ter2' app", "mysql -u root -p'" M "' app"},
    {"mysql -u root -p$ecret1 app", "mysql -u root -p" M " app"},
    {"mongodump -u me -p hunter2 --gzip", "mongodump -u me -p " M " --gzip"},
    {"echo x | docker login -u me -p hunter2 r.io", "echo x | docker login -u me -p " M " r.io"},
    {"echo \"root:hun ter2\" | chpasswd -e", "echo \"root:" M "\" | chpasswd -e"},
    {"RUN echo -e root:hunter2|chpasswd && x", "RUN echo -e root:" M " && x"},
    {"echo a; (echo root:hunter2; printf 'a:%s' \"$A\") | chpasswd",
     "echo a; (echo root:" M " printf 'a:" M "' \"$A\") | chpasswd"},
    {"chpasswd <<<'root:hunter2' && x", "chpasswd <<<'root:" M "' && x"},
    {"htpasswd -bc /etc/x me hunter2 && y", "htpasswd -bc /etc/x me " M " && y"},
    {"htpasswd -n -bBC 10 me 'hun ter2' | y", "htpasswd -n -bBC 10 me '" M "' | y"},
    {"htpasswd -c /etc/x me; y z", NULL},
    {"CREATE USER app WITH PASSWORD 'hunter2';", "CREATE USER app WITH PASSWORD '" M "';"},
    {"psql -c \"alter role app encrypted password 'hunter2'\" x",
     "psql -c \"alter role app encrypted password '" M "'\" x"},
    {"CREATE USER app\n  WITH ENCRYPTED PASSWORD 'hunter2';",
     "CREATE USER app\n  WITH ENCRYPTED PASSWORD '" M "';"},
    {"IDENTIFIED WITH mysql_native_password BY 'hunter2', y",
     "IDENTIFIED WITH mysql_native_password BY '" M "', y"},
    {"identified by password '*ABCDEF'", "identified by password '" M "'"},
    {"a wrong password 'x' was given", NULL},
    /* --- tokens --- */
    {"ts"
     "key-auth-" SOME " x",
     M " x"},
    {"key AKI"
     "AABCDEFGHIJKLMNOP.",
     "key " M "."},
    {"gh"
     "p_" SOME SOME " x",
     M " x"},
    {"github"
     "_pat_" SOME "_" SOME,
     M},
    {"glp"
     "at-" SOME,
     M},
    {"xox"
     "b-123456789012-" SOME,
     M},
    {"https://hooks.slack"
     ".com/services/T000/B000/" SOME,
     "https://" M},
    {"sk"
     "_live_" SOME,
     M},
    {"(s"
     "k-" SOME SOME ")",
     "(" M ")"},
    {"AI"
     "za" SOME SOME,
     M},
    {"np"
     "m_" SOME SOME,
     M},
    {"ey"
     "JhbGciOiJIUzI1NiJ9.ey"
     "JzdWIiOiIxIn0.abc_def-1, x",
     M ", x"},
    {"dop"
     "_v1_" HEX32 HEX32,
     M},
    {"hv"
     "s." SOME,
     M},
    {"bot 123456789:AA"
     "abcdefghijklmnopqrstuvwxyzABCDEFG",
     "bot " M},
    {"POST https://api.telegram.org/bot123456789:AA"
     "abcdefghijklmnopqrstuvwxyzABCDEFG/send",
     "POST https://api.telegram.org/bot" M "/send"},
    {"-----BEGIN RSA PRIVATE KEY-----\nMIIabc\ndef=\n-----END RSA PRIVATE KEY-----\nnext",
     M "\nnext"},
    {"a -----BEGIN CERTIFICATE-----\\nMII\\n-----END CERTIFICATE----- b", "a " M " b"},
    {"x\n2026-11-30 web MIIabcdefghijklmnop\nabcdefghijklmnop12==\n-----END PRIVATE KEY-----\ny",
     "x\n" M "\ny"},
    {"x\n" HEX32 HEX32 "\n" HEX32 HEX32 "\nAbCd==\n-----END RSA PRIVATE KEY-----\ny",
     "x\n" M "\ny"},
    {"x y\n" CRI HEX32 HEX32 "\n" CRI "AbCd==\n" CRI "-----END RSA PRIVATE KEY-----\ny",
     "x y\n" M "\ny"},
    {"AbCd==\nAbCd==\n-----END PRIVATE KEY-----", "AbCd==\n" M},
    {"-----BEGIN PRIVATE KEY-----\ncut", M},
    /* --- no secrets --- */
    {"proxy_pass http://app:8080/@user;", NULL},
    {"PWD=/srv/app OLDPWD=/", NULL},
    {"DB_PASSWORD_FILE=/run/secrets/db", NULL},
    {"exec app --password-file /run/secrets/db", NULL},
    {"PASSWORD=$DB_PASSWORD", NULL},
    {"PASSWORD=\"${db_password}\"", NULL},
    {"Access denied for user 'a'@'b' (using password: YES)", NULL},
    {"Token::parse(x) and secret/path", NULL},
    {"primary_key=5 cache_key=a.b KEY=x", NULL},
    {"FATAL: password authentication failed for user", NULL},
    {"unable to export password database to disk", NULL},
    {"backtick DB_PASSWORD { redirfd -r 0 /etc/x cat } app", NULL},
    {"export DB_PASSWORD\nexport PATH", NULL},
    {"export DB_PASSWORD ${OTHER}", NULL},
    {"kill sig=15 signal: 9", NULL},
    {"docker run -p 80:80 -u 33:33 x; curl -so /dev/null http://x", NULL},
    {"password=", NULL},
    {"password: \nuser: x", NULL},
    {"token_type=bearer token_id=7 max_tokens=12", NULL},
    {"basic authentication is needed, bearer authorization as well", NULL},
    {"http://localhost:8080/health mail a@b.c git@host:x/y", NULL},
    {"tests passed: 3, bypass=1, compass: 5", NULL},
    {"s6-setuidgid 33:33 ls -p; curl http://x", NULL},
    {"commit " HEX32 " sha256:" HEX32 HEX32, NULL},
    {"----- BEGIN -----", NULL},
    {"", NULL},
};

static void take(void *context, unsigned long line, const char *kind)
{
    (void)kind;
    *(unsigned long *)context = *(unsigned long *)context * 10 + line;
}

static void each_of_the_corpus(void **state)
{
    (void)state;
    masked_rows(corpus, sizeof corpus / sizeof corpus[0]);
}

/* All of the corpus as one text. */
static void all_at_once(void **state)
{
    struct mask m = MASK_INIT;
    struct str text = STR_INIT, out = STR_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof corpus / sizeof corpus[0]; i++)
        str_printf(&text, "%s\n\n", corpus[i].text);
    assert_int_equal(mask_learn_text(&m, text.data, text.length), 0);
    assert_true(m.count > 10);
    assert_int_equal(mask_text(&m, text.data, text.length, &out, NULL, NULL), 0);
    assert_null(strstr(out.data, "hunter2"));
    assert_null(strstr(out.data, SOME));
    for (size_t i = 0; i < m.count; i++)
        assert_null(memmem(out.data, out.length, m.value[i].bytes, m.value[i].length));
    str_release(&text);
    str_release(&out);
    mask_release(&m);
}

static void learned(void **state)
{
    struct mask m = MASK_INIT;
    static const char text[] =
        "DB_PASSWORD=hunter2\nurl=pg://u:s3cr%40t@h/\nADMIN_PASSWORD=postgres\n"
        "x_token='a\"b12\\c'\n";
    (void)state;
    assert_int_equal(mask_learn_text(&m, text, strlen(text)), 0);
    masked_is(&m, "login with hunter2 failed", "login with " M " failed");
    masked_is(&m, "requirepass hunter2hunter2", "requirepass " M);
    masked_is(&m, "it is s3cr@t or s3cr%40t", "it is " M " or " M);
    masked_is(&m, "{\"a\":\"a\\\"b12\\\\c\"}", "{\"a\":\"" M "\"}");
    assert_int_equal(mask_learn(&m, "ab/cd<e", 7), 0);
    masked_is(&m, "ab/cd<e ab\\/cd<e ab/cd\\u003ce", M " " M " " M);
    static const char coded[] = "{\"auths\":{\"r.io\":{\"auth\":\"bWU6czNjcjN0LXNpeA==\"}}}\n"
                                "data:\n  db-password: czNjcjN0LWZpdmU=\n";
    assert_int_equal(mask_learn_text(&m, coded, strlen(coded)), 0);
    masked_is(&m, "as me:s3cr3t-six, s3cr3t-six s3cr3t-five", "as " M ", " M " " M);
    static const char script[] =
        "export DB_PASSWORD s3cr3t-one\nENV API_KEY s3cr3t-two\n"
        "API_TOKEN=s3cr3t-four exec sleep 1\n"
        "backtick TOKEN { echo s3cr3t-three }\nexport PASSWORD API_TOKEN\n";
    assert_int_equal(mask_learn_text(&m, script, strlen(script)), 0);
    masked_is(&m, "s3cr3t-one s3cr3t-two s3cr3t-three s3cr3t-four API_TOKEN",
              M " " M " " M " " M " API_TOKEN");
    struct str out = STR_INIT;
    assert_int_equal(mask_learned(&m, "x_token:1: hunter2", 18, &out), 0);
    assert_string_equal(out.data, "x_token:1: " M);
    str_release(&out);
    masked_is(&m, "connect to postgres", "connect to postgres"); /* an ordinary word */
    mask_release(&m);
    assert_int_equal(mask_learn(&m, "line one of a key\nline two of it\n", 33), 0);
    masked_is(&m, "t web line one of a key", "t web " M);
    mask_release(&m);
}

/* What is nothing but secrets has values of any name. */
static void secret_files(void **state)
{
    static const char *const file[] = {
        "s3cr3t-one\r\n",
        " s3cr3t-one \n",
        "# a comment\r\nHOST=a\r\nANY=s3cr3t-one\r\nOTHER=\"s3cr3t-two\"\r\n",
        "export ANY='s3cr3t-one'\nno variable\nOTHER=s3cr3t-two\n",
        "ANY=\"s3cr3t-one\\\nand more\"\n",
        "{\"user\": \"a\", \"any\": {\"list\": [1, \"s3cr3t-one\"]}, \"b\": \"s3cr3t\\u002dtwo\"}",
        "any:\n  - name: s3cr3t-one\r\n  - other: 's3cr3t-two'\r\n",
        "any:\n- s3cr3t-one\n- \"s3cr3t-two\"\n",
        "db:5432:app:user:s3cr3t-one\nuser:s3cr3t-two\n",
        "first line of a key\r\nsecond line of it s3cr3t-one\r\nend\r\n",
    };
    static const char *const is_in[] = {"1", "1", "12", "12", "a", "12", "12", "12", "12", "k"};
    (void)state;
    for (size_t i = 0; i < sizeof file / sizeof file[0]; i++) {
        struct mask m = MASK_INIT;
        assert_int_equal(mask_learn_file(&m, file[i], strlen(file[i])), 0);
        for (const char *c = is_in[i]; *c != '\0'; c++)
            if (*c == '1')
                masked_is(&m, "it is s3cr3t-one, yes", "it is " M ", yes");
            else if (*c == '2')
                masked_is(&m, "it is s3cr3t-two, yes", "it is " M ", yes");
            else if (*c == 'a')
                masked_is(&m, "it is s3cr3t-oneand more, yes", "it is " M ", yes");
            else
                masked_is(&m, "a second line of it s3cr3t-one b", "a " M " b");
        masked_is(&m, "it is true, and user a", "it is true, and user a");
        mask_release(&m);
    }
}

/* Values of many kinds, on one long line or without what they begin with: nothing is searched
 * twice. */
static void one_line(void **state)
{
    static const char *const pieces[] = {"token: x ",
                                         "a=\"password\" ",
                                         "mysql -p ",
                                         "x://",
                                         "sk-",
                                         "eyJ.",
                                         "login password x ",
                                         "@tcp(",
                                         "password='x'\" ",
                                         "token='a'\\''b ",
                                         "token=a'b ",
                                         "\"token\": [",
                                         "token: {'a\": {",
                                         "token:\n ",
                                         "password:\n",
                                         "token=a\"b\" ",
                                         "secret12345 ",
                                         "export API_KEY s3cr3t-one ",
                                         "-----END AAAAAAAAAAAAAAAAAAAAA-----\n"};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct mask m = MASK_INIT;
        struct str text = STR_INIT, out = STR_INIT;
        while (text.length < 1 << 17)
            assert_int_equal(str_add_text(&text, pieces[i]), 0);
        assert_int_equal(mask_learn_text(&m, text.data, text.length), 0);
        assert_int_equal(mask_text(&m, text.data, text.length, &out, NULL, NULL), 0);
        assert_true(m.count < 200);
        str_release(&text);
        str_release(&out);
        mask_release(&m);
    }
}

static void places(void **state)
{
    struct mask m = MASK_INIT;
    struct str out = STR_INIT;
    unsigned long lines = 0;
    static const char text[] =
        "a\npassword=xyz\n\ntoken: abc\n-----BEGIN X-----\n1\n-----END X-----\nsecret=1234\n";
    (void)state;
    assert_int_equal(mask_text(&m, text, strlen(text), &out, take, &lines), 0);
    assert_int_equal(lines, 2456);
    str_release(&out);
}

static void names(void **state)
{
    static const char *const secret[] = {"password",
                                         "DB_PASS",
                                         "dbPassword",
                                         "X-Api-Key",
                                         "GITHUB_TOKEN",
                                         "passwd",
                                         "SENTRY_DSN",
                                         "JWT",
                                         "clientSecret",
                                         "APIKey",
                                         "MYSQL_ROOT_PASSWORD",
                                         "STRIPE_KEY",
                                         "authToken",
                                         "--token",
                                         "SECRET",
                                         "redis.auth",
                                         "token_1",
                                         "TOKEN_GITHUB",
                                         "DB_PASS_RO",
                                         "DB_PASS2_RO",
                                         "API_KEY_PROD",
                                         "X-Amz-Signature",
                                         "authTokenProd",
                                         "TS_AUTHKEY",
                                         "LICENSEKEY",
                                         "SSHKEY",
                                         "PASSKEY"};
    static const char *const other[] = {"PWD",
                                        "OVERLOG_SECRETS",
                                        "OLDPWD",
                                        "key",
                                        "monkey",
                                        "author",
                                        "TOKEN_URL",
                                        "passenger",
                                        "PUBLIC_KEY",
                                        "id",
                                        "",
                                        "a",
                                        "compass",
                                        "KEYMAP",
                                        "secret_name",
                                        "AWS_ACCESS_KEY_ID",
                                        "tokens_used",
                                        "-",
                                        "...",
                                        "PASS_MAX_DAYS",
                                        "TOKEN_BUCKET",
                                        "secretKeyRef",
                                        "PASS_THROUGH",
                                        "CACHE_KEY_SUFFIX",
                                        "AUTH_LDAP_SERVER"};
    (void)state;
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        assert_true(mask_is_secret_name(secret[i], strlen(secret[i])));
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        assert_false(mask_is_secret_name(other[i], strlen(other[i])));
}

/* Long lines and many values do not take long. */
static void large(void **state)
{
    struct mask m = MASK_INIT;
    struct str text = STR_INIT, out = STR_INIT;
    (void)state;
    for (int i = 0; i < 20000; i++)
        str_printf(&text, "a-b --c mysql -x://%d \"token\":\"v%d\" ", i, i % 50);
    assert_int_equal(mask_learn_text(&m, text.data, text.length), 0);
    assert_int_equal(mask_text(&m, text.data, text.length, &out, NULL, NULL), 0);
    assert_null(strstr(out.data, "v49"));
    str_release(&text);
    str_release(&out);
    mask_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_of_the_corpus),
                                       cmocka_unit_test(all_at_once),
                                       cmocka_unit_test(learned),
                                       cmocka_unit_test(secret_files),
                                       cmocka_unit_test(one_line),
                                       cmocka_unit_test(places),
                                       cmocka_unit_test(names),
                                       cmocka_unit_test(large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
