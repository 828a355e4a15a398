/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* For tests: who speaks over a socket and minds no rules. Fails the test if nothing comes for long.
 */

typedef struct RawAnswer {
	unsigned status; /* 0: the connection ended without one */
	char *header;
	GBytes *body;
} RawAnswer;

void raw_answer_clear(RawAnswer *answer);

/* Connects to this port of this machine; to be closed. */
int raw_dial(unsigned port);

/* False if the other side does not take it any more. */
bool raw_put(int fd, const void *bytes, size_t size);
bool raw_put_text(int fd, const char *text);

/* The next bytes; 0 at the end. */
size_t raw_get(int fd, void *bytes, size_t size);

/* The next answer whose length is announced, and no byte of what follows. */
void raw_get_answer(int fd, RawAnswer *ret_answer);
unsigned raw_get_status(int fd);
