/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/asset.h"

#include <gio/gio.h>
#include <string.h>

#define RESOURCE_ROOT "/imdrive/pages/"
#define HASH_LENGTH 16

/* Generated from assets/. */
GResource *resources_get_resource(void);

typedef struct Source {
	const char *stem;
	const char *extension;
	const char *content_type;
} Source;

static const Source sources[ASSET_LAST] = {
	[ASSET_STYLE] = { "page", "css", "text/css; charset=utf-8" },
	[ASSET_WAIT] = { "wait", "js", "text/javascript; charset=utf-8" },
	[ASSET_ICON] = { "icon", "svg", "image/svg+xml" },
};

static Asset assets[ASSET_LAST];

static void load(Asset *asset, const Source *source)
{
	g_autofree char *path =
		g_strdup_printf(RESOURCE_ROOT "%s.%s", source->stem, source->extension);
	asset->bytes = g_resource_lookup_data(resources_get_resource(), path,
					      G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	g_assert(asset->bytes);
	g_autofree char *hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, asset->bytes);
	hash[HASH_LENGTH] = '\0';
	asset->name = g_strdup_printf("%s-%s.%s", source->stem, hash, source->extension);
	asset->etag = g_strdup_printf("\"%s\"", hash);
	asset->content_type = source->content_type;
}

static const Asset *all(void)
{
	static gsize loaded;
	if (g_once_init_enter(&loaded)) {
		for (unsigned i = 0; i < ASSET_LAST; i++) {
			load(&assets[i], &sources[i]);
		}
		g_once_init_leave(&loaded, 1);
	}
	return assets;
}

const Asset *asset_get(AssetId id)
{
	return &all()[id];
}

const Asset *asset_find(const char *name)
{
	for (unsigned i = 0; i < ASSET_LAST; i++) {
		if (strcmp(all()[i].name, name) == 0) {
			return &all()[i];
		}
	}
	return NULL;
}
