/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/frame.h"

/* One of every page, with every string the given one if it is not NULL; for tests and the gallery.
 */
typedef struct Sample {
	const char *name; /* "login" */
	GBytes *(*make)(const Frame *frame, const char *text);
} Sample;

/* Ends with a NULL name. */
extern const Sample sample_table[];

/* A frame in the language, its strings as for a sample. */
Frame sample_frame(Language language, const char *text);
