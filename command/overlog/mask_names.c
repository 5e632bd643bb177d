/* Which names are those of secrets. */
#include "base/str.h"
#include "command/overlog/mask.h"
#include <ctype.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 100, PARTS_MAX = 12, PART_MAX = 32 };

/* The parts of a name, in small letters: "dbUserPassword" and "DB_USER_PASSWORD" are db user
 * password. A number at the end of a part does not count. */
struct parts {
    char part[PARTS_MAX][PART_MAX];
    size_t count;
    bool capitals; /* no small letter is in it */
};

static bool begins_part(const char *name, size_t length, size_t i)
{
    bool upper = isupper((unsigned char)name[i]) != 0;
    bool after_upper = isupper((unsigned char)name[i - 1]) != 0;
    bool before_lower = i + 1 < length && islower((unsigned char)name[i + 1]);
    return upper && (!after_upper || before_lower);
}

/* Its first n bytes are there. */
static void end_part(struct parts *p, size_t n)
{
    char *part = p->part[p->count++];
    while (n > 1 && isdigit((unsigned char)part[n - 1]))
        n--;
    part[n] = '\0';
}

static void split(const char *name, size_t length, struct parts *p)
{
    size_t n = 0;
    *p = (struct parts){.capitals = true};
    while (length > 0 && isdigit((unsigned char)name[length - 1]))
        length--;
    for (size_t i = 0; i < length && p->count < PARTS_MAX; i++) {
        char c = name[i];
        bool separates = strchr("_-.", c) != NULL;
        if (n > 0 && (separates || begins_part(name, length, i))) {
            end_part(p, n);
            n = 0;
        }
        p->capitals &= !islower((unsigned char)c);
        if (!separates && n < PART_MAX - 1 && p->count < PARTS_MAX)
            p->part[p->count][n++] = (char)tolower((unsigned char)c);
    }
    if (n > 0)
        end_part(p, n);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* In any place. */
static bool is_strong(const char *part)
{
    static const char *const words[] = {"password",   "passwd",        "passwort",    "passphrase",
                                        "secret",     "credential",    "apikey",      "privatekey",
                                        "accesskey",  "authtoken",     "accesstoken", "authkey",
                                        "sshkey",     "passkey",       "licensekey",  "masterkey",
                                        "signingkey", "encryptionkey", NULL};
    for (size_t i = 0; words[i] != NULL; i++)
        if (strstr(part, words[i]) != NULL)
            return true;
    return false;
}

/* In any place, but for names that only tell something about it. */
static bool is_medium(const char *part)
{
    static const char *const words[] = {"pass",     "pwd",      "pw",        "dbpass", "userpass",
                                        "rootpass", "smtppass", "mysqlpass", "rootpw", NULL};
    return is_among(part, words) || ends_with(part, "token") ||
           (ends_with(part, "pwd") && strlen(part) > 3);
}

/* At the end. */
static bool is_weak(const char *part)
{
    static const char *const words[] = {"auth",          "cookie",    "cookies", "salt",
                                        "dsn",           "jwt",       "otp",     "bearer",
                                        "authorization", "signature", NULL};
    return is_among(part, words);
}

/* In front of "key". */
static bool is_secret_key(const char *before, bool capitals)
{
    static const char *const words[] = {
        "api",     "access", "private",     "secret",  "encryption", "encrypt", "signing",
        "sign",    "app",    "application", "master",  "license",    "auth",    "service",
        "account", "shared", "storage",     "session", "jwt",        "hmac",    "aes",
        "deploy",  "client", "consumer",    "ssh",     "rsa",        "server",  "admin",
        "webhook", "x",      NULL};
    static const char *const others[] = {"public",    "primary", "foreign",     "cache", "sort",
                                         "partition", "routing", "idempotency", "hot",   "hash",
                                         "lookup",    "group",   "host",        NULL};
    return is_among(before, words) || (capitals && !is_among(before, others));
}

/* The value tells something about the secret, and is none: its file, its length, its owner. */
static bool is_about(const struct parts *p)
{
    static const char *const words[] = {
        "file",       "path",     "dir",     "directory", "url",      "uri",      "endpoint",
        "host",       "port",     "type",    "name",      "ttl",      "expiry",   "expires",
        "expiration", "length",   "len",     "count",     "size",     "min",      "max",
        "policy",     "timeout",  "enabled", "required",  "header",   "field",    "user",
        "username",   "method",   "mode",    "algorithm", "algo",     "lifetime", "version",
        "prefix",     "status",   "changed", "id",        "ids",      "in",       "duration",
        "realm",      "provider", "days",    "hours",     "minutes",  "seconds",  "age",
        "limit",      "rate",     "bucket",  "through",   "audience", "issuer",   "domain",
        "suffix",     "pattern",  "format",  "ref",       "refs",     NULL};
    const char *last = p->part[p->count - 1];
    if (strcmp(last, "id") == 0 && p->count > 1 && strcmp(p->part[p->count - 2], "secret") == 0)
        return false;
    return is_among(last, words);
}

bool mask_is_secret_name(const char *name, size_t length)
{
    static const char *const harmless[] = {"PWD", "OLDPWD", "OVERLOG_SECRETS"};
    struct parts p;
    while (length > 0 && strchr("-.", name[0]) != NULL) {
        name++;
        length--;
    }
    if (length < 2 || length > NAME_MAX_LENGTH)
        return false;
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (strlen(harmless[i]) == length && memcmp(harmless[i], name, length) == 0)
            return false;
    split(name, length, &p);
    if (p.count == 0 || is_about(&p))
        return false;
    const char *last = p.part[p.count - 1];
    bool secret = is_weak(last);
    for (size_t i = 0; i < p.count; i++) {
        bool key = strcmp(p.part[i], "key") == 0 || strcmp(p.part[i], "keys") == 0;
        /* Capitals alone say enough at the end. */
        secret |= is_strong(p.part[i]) || is_medium(p.part[i]) ||
                  (key && i > 0 && is_secret_key(p.part[i - 1], p.capitals && i + 1 == p.count));
    }
    return secret;
}
