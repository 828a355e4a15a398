/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Which names a file system refuses, and how they are spelled there instead: each refused byte as
 * the character U+F000 + byte, as other systems do on such disks. Nothing has to be remembered
 * beside the disk: what is spelled there can be read again. A value; no I/O.
 */
typedef struct Spelling {
	uint8_t refused[16]; /* a bit for each byte below 128 */
	bool text_only;      /* no bytes that are not UTF-8 */
	bool no_last_dot;    /* a name must not end so */
	bool no_last_space;
	bool caseless; /* "a" and "A" are one name; spells nothing otherwise */
} Spelling;

/* For the byte set. byte: 1 to 127. */
void spelling_refuse(Spelling *spelling, unsigned char byte);
/* Is every name spelled as it is? */
bool spelling_is_plain(const Spelling *spelling);

/* How a name is spelled here; NULL: as it is. Free with g_free(). */
char *spelling_write(const Spelling *spelling, const char *name);
/* The same for each name of a path. */
char *spelling_write_path(const Spelling *spelling, const char *path);
/*
 * What a name that is found here means: the only name that spelling_write() spells so. False if
 * there is none. *ret_name is NULL if it is the name itself; free with g_free().
 */
bool spelling_read(const Spelling *spelling, const char *here, char **ret_name);

/* Names that a caseless file system takes for one. */
bool spelling_same_caseless(const char *a, const char *b);
