/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * What the drive writes into a chat, in the person's language. Pure. The drive's name, device and
 * place come from outside: words_clean() first.
 */
typedef enum Words {
	WORDS_SIGN_IN, /* the questions: what is asked, where from, how to answer */
	WORDS_LINK,
	WORDS_CONFIRM,
	WORDS_HINT,        /* an answer without the number */
	WORDS_PROVED,      /* the right number */
	WORDS_PROVED_CODE, /* the right code: what was asked, where from */
	WORDS_WRONG,
	WORDS_REFUSED,
	WORDS_STOPPED,
	WORDS_STOPPED_LATE,   /* when somebody is signed in already */
	WORDS_STOPPED_QUIET,  /* when nobody was signing in */
	WORDS_STOPPED_UNKEPT, /* behind one of these, when it may be forgotten */
	WORDS_STARTED,
	WORDS_FILE, /* a link that somebody sends: who, what, where, how to get no more */
	WORDS_FOLDER,
	WORDS_ROOM_FILE, /* the same for a room, where nobody can answer */
	WORDS_ROOM_FOLDER,
	WORDS_CONNECTED, /* the notices: a device was let in; a chat account came or went */
	WORDS_LINKED,
	WORDS_UNLINKED,
} Words;

typedef struct WordsValues {
	const char *language; /* a tag as "zh-CN"; NULL or not known: English */
	const char *drive;
	const char *device; /* NULL: not known */
	const char *place;  /* NULL: not known */
	/* Of notices and links. */
	const char *what;    /* the device, the chat account, or what is shared */
	const char *account; /* whose */
	const char *url;     /* the page where he can do something about it, or the link */
} WordsValues;

char *words_text(Words words, const WordsValues *values);

/*
 * One short line of text for people: valid UTF-8 of at most WORDS_VALUE_SIZE_MAX bytes without
 * control characters, line ends, and characters that turn the direction of writing. NULL stays
 * NULL, and nothing left is NULL.
 */
#define WORDS_VALUE_SIZE_MAX 128
char *words_clean(const char *text);

/*
 * A name that somebody gave, cleaned so, in a text for others: what is too long is left out in the
 * middle, so that the ending stays. Chat programs make links of what looks like one, and
 * "evil.example" is a good name of a file: behind '.', ':' and '@' stands a word joiner (U+2060),
 * which nobody sees and no address has. NULL as above.
 */
char *words_name(const char *name);

/* A notice: lines stay, the rest is cleaned as above; at most CHAT_TEXT_SIZE_MAX bytes. */
char *words_clean_notice(const char *text);
