#include "supervisor/request.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/str.h"
#include <stdio.h>

/* The letters of s6-rc as they were given, then timeout, verbosity and the pause of a dry run. */
int request_read(struct request *r, int64_t now)
{
    unsigned long long ms, level, pause;
    if (r->word_count < REQUEST_FIXED)
        return -1;
    for (const char *letter = r->words[1]; *letter != '\0'; letter++) {
        r->down = *letter == 'd' || *letter == 'D' || (r->down && *letter != 'u');
        r->essential_too |= *letter == 'D';
        r->all |= *letter == 'a';
        r->prune |= *letter == 'p';
        r->dry |= *letter == 'n';
        r->wait |= *letter == 'b';
        r->hide_essential = *letter == 'e' || (r->hide_essential && *letter != 'E');
    }
    if (number_parse(r->words[2], UINT32_MAX, &ms) < 0 ||
        number_parse(r->words[3], 9, &level) < 0 ||
        number_parse(r->words[4], UINT32_MAX, &pause) < 0)
        return -1;
    r->verb = r->words[REQUEST_FIXED - 1];
    r->verbosity = (int)level;
    r->pause = (uint32_t)pause;
    r->deadline = ms > 0 ? now + (int64_t)ms * CLOCK_MS : 0;
    return 0;
}

int request_refuse(const struct request *r, int code, const char *what, const char *why)
{
    char text[MESSAGE_MAX];
    snprintf(text, sizeof text, "%s: fatal: %s%s\n", r->words[0], what, why);
    control_say(r->from, 'e', text);
    return code;
}

void reply_flush(struct reply *o)
{
    o->text[o->length] = '\0';
    if (o->length > 0)
        control_say(o->to, o->kind, o->text);
    o->length = 0;
}

void reply_put(struct reply *o, const char *text)
{
    for (; *text != '\0'; text++) {
        if (o->length == sizeof o->text - 1)
            reply_flush(o);
        o->text[o->length++] = *text;
    }
}

void reply_put_line(struct reply *o, const char *sign, const char *name)
{
    reply_put(o, sign);
    reply_put(o, name);
    reply_put(o, "\n");
}
