/* Reading scripts of sh as far as looking at them needs: the simple commands, their words, where
 * each stands. Pure: text in, commands out. What it does not understand it says, and then nothing
 * should be concluded. */
#ifndef COMMAND_OVERLOG_SHELL_READER_H
#define COMMAND_OVERLOG_SHELL_READER_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

struct shell_word {
    char *text;  /* without quotes; an expansion is one byte SHELL_EXPANSION */
    bool plain;  /* nothing in it is quoted */
    bool known;  /* holds no expansion */
    bool splits; /* holds an expansion outside of quotes: may be any number of words */
};
enum { SHELL_EXPANSION = 1 };

enum shell_join { SHELL_END, SHELL_AND, SHELL_OR, SHELL_PIPE, SHELL_BACKGROUND };

/* A simple command, without its redirections. */
struct shell_command {
    unsigned int line;
    struct shell_word *word;
    size_t count, room;
    unsigned int depth;            /* of the constructs that it is in: 0 is the script itself */
    enum shell_join before, after; /* what joins it to its neighbours */
};

struct shell_script {
    struct shell_command *command;
    size_t count, room;
    bool understood;        /* every construct was closed, and there was memory for all */
    bool ends_in_simple;    /* the last command is the last thing of the script */
    struct words functions; /* names of those that it defines */
};

/* Reads a script; the caller releases it, understood or not. */
void shell_read(const char *text, struct shell_script *out);
/* Frees what shell_read made. */
void shell_release(struct shell_script *s);

#endif
