/* SPDX-License-Identifier: Apache-2.0 */
/* gallery FOLDER: writes every page in every language there, and what they need. */
#include "pages/asset.h"
#include "pages/sample.h"

#include <glib/gstdio.h>
#include <stdio.h>

static bool write_file(const char *folder, const char *name, GBytes *bytes)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(GError) error = NULL;
	size_t size;
	const char *data = g_bytes_get_data(bytes, &size);
	if (!g_file_set_contents(path, data, (gssize)size, &error)) {
		fprintf(stderr, "gallery: %s\n", error->message);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("gallery FOLDER\n", stderr);
		return 2;
	}
	g_autofree char *assets = g_build_filename(argv[1], ASSET_ROOT, NULL);
	g_mkdir_with_parents(assets, 0755);
	bool written = true;
	for (unsigned i = 0; i < ASSET_LAST; i++) {
		written = written && write_file(assets, asset_get(i)->name, asset_get(i)->bytes);
	}
	for (const Sample *sample = sample_table; sample->name; sample++) {
		for (unsigned language = 0; language < LANGUAGE_LAST; language++) {
			Frame frame = sample_frame(language, NULL);
			g_autoptr(GBytes) page = sample->make(&frame, NULL);
			g_autofree char *name = g_strdup_printf("%s.%s.html", sample->name,
								phrase_language_tag(language));
			written = written && write_file(argv[1], name, page);
		}
	}
	return written ? 0 : 1;
}
