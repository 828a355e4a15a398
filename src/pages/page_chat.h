/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/frame.h"

/*
 * While somebody confirms in his chat program. With a number: the drive asked there, and the answer
 * must hold the number. With a code: he sends it. frame->reload_s must be set.
 */
typedef struct PageChat {
	const char *address; /* his */
	const char *number;  /* or NULL */
	const char *code;    /* or NULL */
	const char *drive_address;
	const char *link;   /* opens his chat program with the code in it */
	const char *poll;   /* path that answers wait.js */
	const char *next;   /* path of this page */
	const char *cancel; /* path to POST to */
} PageChat;

GBytes *page_chat(const Frame *frame, const PageChat *chat);
