/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "admin/data_folder.h"

#include <glib.h>
#include <stdbool.h>

/*
 * What an operator can do to an open data folder: the same whether it is opened for that or served
 * (control.h). A verb has one or two words: "check", "user add".
 */
typedef struct VerbCall {
	DataFolder *data;         /* NULL if the verb stands apart */
	const char *folder;       /* the path of the data folder, if it does */
	const char *public_url;   /* of the configuration; NULL: not said */
	const char *const *words; /* after the verb's own; ends with NULL */
	const char *input;        /* what the verb asked standard input for */
	GString *out;             /* for standard output */
} VerbCall;

typedef bool (*VerbRun)(VerbCall *call, GError **error);

typedef struct Verb {
	const char *name;      /* "user add" */
	const char *arguments; /* "NAME" */
	unsigned least;        /* words that it takes */
	unsigned most;
	const char *summary;
	const char *prompt; /* what to ask standard input for; NULL: nothing */
	bool creates;       /* makes a data folder if there is none */
	VerbRun run;
	bool apart; /* reads files of the folder only: needs neither its lock nor its server */
	bool many;  /* all of standard input is asked for, not a line of it */
} Verb;

/* The verb that words begin with, and the words after it; NULL if none. */
const Verb *verb_find(const char *const *words, const char *const **ret_rest);

/* All verbs; ends with one without a name. */
extern const Verb verb_table[];

/* Whether it takes as many words; if not, how it is used is appended to ret_err. */
bool verb_takes(const Verb *verb, const char *const *words, GString *ret_err);

/* Runs it; returns the exit code: 0, 1, or 2 for wrong usage. Errors are appended to ret_err. */
int verb_run(const Verb *verb, VerbCall *call, GString *ret_err);

/* "imdrived user add NAME --data DIR" and what it does. */
void verb_append_help(const Verb *verb, GString *text);
