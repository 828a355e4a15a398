/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Style, scripts and icon, compiled into the program. Their names carry a hash of their bytes, so a
 * browser may keep them for ever and gets new ones with a new program.
 */
typedef struct Asset {
	const char *name; /* "page-1f3a….css": under ASSET_ROOT */
	const char *content_type;
	const char *etag; /* strong, with its quotes */
	GBytes *bytes;
} Asset;

#define ASSET_ROOT "/assets/"

typedef enum AssetId {
	ASSET_STYLE,
	ASSET_WAIT, /* waits for what happens elsewhere */
	ASSET_ICON,
	ASSET_LAST,
} AssetId;

/* Borrowed, for ever. */
const Asset *asset_get(AssetId id);
/* By name, NULL if there is none. */
const Asset *asset_find(const char *name);
