/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/frame.h"

#include <stddef.h>
#include <stdint.h>

/* What somebody shares by a link: a file, or a folder with what lies in it. All borrowed. */

typedef struct PageSharedEntry {
	const char *name;
	const char *href;         /* of its page; NULL: it has none */
	const char *content_href; /* of its bytes; NULL: a folder */
	uint64_t size;
	int64_t time_us; /* of its last change */
} PageSharedEntry;

typedef struct PageShared {
	const char *name;
	const char *owner;
	const char *content_href; /* what the button downloads; NULL: nothing */
	const char *too_many;     /* more than so many lie in it, and there is no button; or NULL */
	bool folder;
	uint64_t size; /* of a file */
	int64_t time_us;
	int64_t expires_us;  /* of the link; 0: none */
	const char *up_href; /* of the folder above; NULL: the link leads here */
	const PageSharedEntry *entries;
	size_t entry_count;
	const char *next_href; /* of more entries; NULL: these are all */
} PageShared;

GBytes *page_shared(const Frame *frame, const PageShared *shared, int64_t now_us);
