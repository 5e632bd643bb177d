/* Secrets that are known by their form. */
#include "command/overlog/mask_parts.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* --- tokens ----------------------------------------------------------------------------------- */

enum alphabet { ALNUM, UPPER, HEX, WORD, DOTTED, PATH, BASE64 };

static bool belongs(enum alphabet a, char c)
{
    unsigned char u = (unsigned char)c;
    switch (a) {
    case ALNUM:
        return isalnum(u) && u < 128;
    case UPPER:
        return (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9');
    case HEX:
        return isxdigit(u);
    case WORD:
        return u < 128 && (isalnum(u) || c == '_' || c == '-');
    case DOTTED:
        return belongs(WORD, c) || c == '.';
    case PATH:
        return belongs(WORD, c) || c == '/';
    case BASE64:
        return belongs(DOTTED, c) || strchr("/+=~", c) != NULL;
    }
    return false;
}

static const struct shape {
    const char *prefix, *kind;
    enum alphabet alphabet;
    unsigned char least; /* characters behind the prefix */
    unsigned char dots;  /* of which so many are dots, at least */
} shapes[] = {
    {"AKIA", "AWS access key", UPPER, 16, 0},
    {"ASIA", "AWS access key", UPPER, 16, 0},
    {"ABIA", "AWS access key", UPPER, 16, 0},
    {"ACCA", "AWS access key", UPPER, 16, 0},
    {"ghp_", "GitHub token", ALNUM, 16, 0},
    {"gho_", "GitHub token", ALNUM, 16, 0},
    {"ghu_", "GitHub token", ALNUM, 16, 0},
    {"ghs_", "GitHub token", ALNUM, 16, 0},
    {"ghr_", "GitHub token", ALNUM, 16, 0},
    {"github_pat_", "GitHub token", WORD, 16, 0},
    {"glpat-", "GitLab token", WORD, 16, 0},
    {"gldt-", "GitLab token", WORD, 16, 0},
    {"glrt-", "GitLab token", WORD, 16, 0},
    {"glptt-", "GitLab token", WORD, 16, 0},
    {"xoxa-", "Slack token", WORD, 8, 0},
    {"xoxb-", "Slack token", WORD, 8, 0},
    {"xoxe-", "Slack token", WORD, 8, 0},
    {"xoxe.xox", "Slack token", DOTTED, 8, 0},
    {"xoxo-", "Slack token", WORD, 8, 0},
    {"xoxp-", "Slack token", WORD, 8, 0},
    {"xoxr-", "Slack token", WORD, 8, 0},
    {"xoxs-", "Slack token", WORD, 8, 0},
    {"xapp-", "Slack token", WORD, 8, 0},
    {"hooks.slack.com/", "Slack webhook", PATH, 16, 0},
    {"discord.com/api/webhooks/", "Discord webhook", PATH, 16, 0},
    {"discordapp.com/api/webhooks/", "Discord webhook", PATH, 16, 0},
    {"sk_live_", "Stripe key", ALNUM, 10, 0},
    {"sk_test_", "Stripe key", ALNUM, 10, 0},
    {"rk_live_", "Stripe key", ALNUM, 10, 0},
    {"rk_test_", "Stripe key", ALNUM, 10, 0},
    {"whsec_", "Stripe key", BASE64, 16, 0},
    {"sk-", "API key", WORD, 20, 0},
    {"AIza", "Google API key", WORD, 30, 0},
    {"ya29.", "Google token", DOTTED, 16, 0},
    {"GOCSPX-", "Google client secret", WORD, 16, 0},
    {"npm_", "npm token", ALNUM, 30, 0},
    {"pypi-", "PyPI token", WORD, 32, 0},
    {"dckr_pat_", "Docker token", WORD, 16, 0},
    {"hf_", "Hugging Face token", ALNUM, 30, 0},
    {"SG.", "SendGrid key", DOTTED, 30, 1},
    {"shpat_", "Shopify token", ALNUM, 20, 0},
    {"shpss_", "Shopify token", ALNUM, 20, 0},
    {"dop_v1_", "DigitalOcean token", HEX, 32, 0},
    {"glsa_", "Grafana token", WORD, 20, 0},
    {"hvs.", "Vault token", WORD, 16, 0},
    {"hvb.", "Vault token", WORD, 16, 0},
    {"tskey-", "Tailscale key", WORD, 16, 0},
    {"AGE-SECRET-KEY-", "age key", UPPER, 20, 0},
    {"eyJ", "JWT", DOTTED, 20, 1},
};

static bool starts(const struct mask_parts *p, size_t at, const char *text)
{
    size_t n = strlen(text);
    return p->length - at >= n && memcmp(p->text + at, text, n) == 0;
}

static bool starts_in_any_case(const struct mask_parts *p, size_t at, const char *text)
{
    size_t n = strlen(text);
    return p->length - at >= n && strncasecmp(p->text + at, text, n) == 0;
}

/* Behind the last character of that alphabet from at on. */
static size_t run(const struct mask_parts *p, size_t at, enum alphabet a)
{
    while (at < p->length && p->text[at] != '\0' && belongs(a, p->text[at]))
        at++;
    return at;
}

/* done: the end of the run in which it was found last; within that there is nothing more. */
static void try_shape(struct mask_parts *p, size_t at, const struct shape *s, size_t *done)
{
    size_t body = at + strlen(s->prefix), dots = 0;
    if (body <= *done)
        return;
    size_t end = run(p, body, s->alphabet);
    *done = end;
    for (size_t i = body; i < end; i++)
        dots += p->text[i] == '.';
    if (end - body >= s->least && dots >= s->dots)
        mask_add(p, at, end, at, s->kind);
}

/* "123456789:AA..." */
static void try_telegram(struct mask_parts *p, size_t at)
{
    size_t colon = at;
    while (colon < p->length && isdigit((unsigned char)p->text[colon]))
        colon++;
    if (colon - at < 8 || colon - at > 10 || colon == p->length || p->text[colon] != ':')
        return;
    size_t end = run(p, colon + 1, WORD);
    if (end - colon - 1 >= 34 && end - colon - 1 <= 36)
        mask_add(p, at, end, at, "Telegram token");
}

/* Not a word of a sentence, nor the next NAME=value. */
static bool is_credential(const struct mask_parts *p, size_t begin, size_t end)
{
    bool plain = true;
    for (size_t i = begin; i < end; i++) {
        char c = p->text[i];
        if (c == '=' && i + 1 < end && p->text[i + 1] != '=')
            return false;
        plain &= isalpha((unsigned char)c) || c == '.';
    }
    return end - begin >= (plain ? 24 : 8);
}

/* "Bearer TOKEN", "Basic BASE64". */
static void try_scheme(struct mask_parts *p, size_t at, const char *scheme, const char *kind)
{
    size_t body = at + strlen(scheme);
    if (!starts_in_any_case(p, at, scheme))
        return;
    while (body < p->length && p->text[body] == ' ')
        body++;
    size_t end = run(p, body, BASE64);
    if (is_credential(p, body, end))
        mask_add(p, body, end, body, kind);
}

static void find_tokens(struct mask_parts *p)
{
    bool begins[256] = {false};
    size_t done[sizeof shapes / sizeof shapes[0]] = {0};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        begins[(unsigned char)shapes[i].prefix[0]] = true;
    for (size_t at = 0; at < p->length; at++) {
        unsigned char c = (unsigned char)p->text[at];
        /* Behind letters, too: "/bot123456789:AA..." */
        if (isdigit(c) && (at == 0 || !isdigit((unsigned char)p->text[at - 1])))
            try_telegram(p, at);
        if (at > 0 && belongs(ALNUM, p->text[at - 1]))
            continue;
        for (size_t i = 0; begins[c] && i < sizeof shapes / sizeof shapes[0]; i++)
            if (starts(p, at, shapes[i].prefix))
                try_shape(p, at, &shapes[i], &done[i]);
        if (c == 'b' || c == 'B') {
            try_scheme(p, at, "bearer ", "bearer token");
            try_scheme(p, at, "basic ", "basic authentication");
        }
    }
}

/* --- URLs ------------------------------------------------------------------------------------- */

enum { USERINFO_MAX = 1024 };

static bool ends_url(char c)
{
    return c == '\0' || isspace((unsigned char)c) || strchr("\"'`<>\\", c) != NULL;
}

/* A password may hold a slash that should have been coded: then a colon is there that begins no
 * port. */
static bool has_password(const struct mask_parts *p, size_t begin, size_t end)
{
    const char *colon = memchr(p->text + begin, ':', end - begin);
    size_t i = colon == NULL ? end : (size_t)(colon + 1 - p->text);
    bool port = true;
    for (size_t k = i; k < end; k++)
        port &= isdigit((unsigned char)p->text[k]) != 0;
    return colon != NULL && !port;
}

/* Masks the userinfo of the authority that begins there. */
static void mask_userinfo(struct mask_parts *p, size_t begin)
{
    size_t host = begin, end;
    while (host < p->length && !ends_url(p->text[host]) && strchr("/?#", p->text[host]) == NULL)
        host++;
    const char *at = memrchr(p->text + begin, '@', host - begin);
    if (at == NULL && has_password(p, begin, host)) {
        for (end = host; end < p->length && end - begin < USERINFO_MAX && !ends_url(p->text[end]);)
            end++;
        at = memrchr(p->text + begin, '@', end - begin);
    }
    if (at == NULL)
        return;
    size_t stop = (size_t)(at - p->text);
    const char *colon = memchr(p->text + begin, ':', stop - begin);
    mask_add(p, begin, stop, colon == NULL ? stop : (size_t)(colon + 1 - p->text),
             "userinfo of a URL");
}

/* "user:password@tcp(host)/name", as drivers of Go have it. */
static void mask_driver(struct mask_parts *p, size_t at)
{
    size_t begin = at, line = mask_line_begin(p, at);
    while (begin > line && at - begin < USERINFO_MAX && !ends_url(p->text[begin - 1]) &&
           p->text[begin - 1] != '=')
        begin--;
    const char *colon = memchr(p->text + begin, ':', at - begin);
    if (colon == NULL)
        return;
    mask_add(p, begin, at, (size_t)(colon + 1 - p->text), "userinfo of a data source");
}

static void find_urls(struct mask_parts *p)
{
    for (size_t i = 0; i < p->length; i++)
        if (starts(p, i, "://"))
            mask_userinfo(p, i + 3);
        else if (starts(p, i, "@tcp(") || starts(p, i, "@unix(") || starts(p, i, "@udp("))
            mask_driver(p, i);
}

/* --- PEM -------------------------------------------------------------------------------------- */

static const char pem_begin[] = "-----BEGIN ", pem_end[] = "-----END ";

/* Whether the last word of the line is one of base64 as in a PEM block, of so many characters. */
static bool is_base64_line(const struct mask_parts *p, size_t begin, size_t end, size_t least)
{
    size_t word = end;
    while (end > begin && isspace((unsigned char)p->text[end - 1]))
        end--;
    for (word = end; word > begin && belongs(BASE64, p->text[word - 1]);)
        word--;
    return end - word >= least;
}

/* The block began before the text does: the lines of base64 before its end. from, to: the one of
 * that kind before it; a line in there is not looked at again. Returns where it begins. */
static size_t mask_rest(struct mask_parts *p, size_t at, size_t end, size_t from, size_t to)
{
    size_t begin = mask_line_begin(p, at), least = 1; /* the last line may be short */
    while (begin > to) {
        size_t line = mask_line_begin(p, begin - 1);
        if (!is_base64_line(p, line, begin - 1, least))
            break;
        least = 16;
        begin = line;
    }
    begin = begin < to ? from : begin;
    mask_add(p, begin, end, end, "end of a PEM block");
    return begin;
}

/* Behind the five dashes that close the line of a mark. */
static size_t close_mark(const struct mask_parts *p, size_t at)
{
    const char *dashes = memmem(p->text + at, p->length - at, "-----", 5);
    return dashes == NULL ? p->length : (size_t)(dashes + 5 - p->text);
}

static void find_pem(struct mask_parts *p)
{
    size_t at = 0, done = 0, rest = 0, rest_end = 0;
    while (at < p->length) {
        const char *hit = memmem(p->text + at, p->length - at, "-----", 5);
        if (hit == NULL)
            return;
        at = (size_t)(hit - p->text);
        if (starts(p, at, pem_begin)) {
            const char *end = memmem(hit, p->length - at, pem_end, sizeof pem_end - 1);
            done = end == NULL ? p->length
                               : close_mark(p, (size_t)(end - p->text) + sizeof pem_end - 1);
            mask_add(p, at, done, done, "PEM block");
            at = done;
        } else if (starts(p, at, pem_end)) {
            done = close_mark(p, at + sizeof pem_end - 1);
            rest = mask_rest(p, at, done, rest, rest_end);
            at = rest_end = done;
        } else {
            at++;
        }
    }
}

void mask_find_shapes(struct mask_parts *p)
{
    find_tokens(p);
    find_urls(p);
    find_pem(p);
}
