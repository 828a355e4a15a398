/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/html.h"

/* What every page is told. All borrowed. */
typedef struct Frame {
	Language language;
	const char *drive;     /* what the drive is called */
	const char *path;      /* of this page, from "/", for the link to another language */
	const char *csrf;      /* for forms */
	const char *who;       /* who is signed in, or NULL */
	const char *meta_name; /* <meta> that proves the domain to a chat service, or NULL */
	const char *meta_content;
	unsigned
		reload_s; /* load the page anew after so long, for browsers without script; 0: no */
	const char *next; /* go there by itself, at once; NULL: no */
} Frame;

/* What a drive is called: name, or, if that is NULL, the host of its base. Free with g_free(). */
char *frame_drive(const char *name, const char *base);

/* The page up to where its content begins, and from there on. */
void frame_open(Html *html, const Frame *frame, const char *title);
void frame_close(Html *html, const Frame *frame);

/* The beginning of a form that POSTs, with the token that proves that our page sent it. */
void frame_open_form(Html *html, const Frame *frame, const char *action, const char *style_class);

/* A phrase filled in, as a text; free with g_free(). */
char *frame_text(const Frame *frame, Phrase phrase, const char *argument);
