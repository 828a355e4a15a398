/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/frame.h"

/* A page that says one thing, and how to go on. All borrowed. */
typedef struct PageMessage {
	Phrase title; /* {1} of both is about */
	Phrase text;
	const char *about; /* a service, an address; NULL where the phrases need none */
	bool good;         /* nothing went wrong */
	const char *href;  /* the way on */
	Phrase way;
	const char *other_href; /* and another, or NULL */
	Phrase other_way;
} PageMessage;

GBytes *page_message(const Frame *frame, const PageMessage *message);
