/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/indexers.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define COMM_SIZE 16

static const char *const known[] = {
	/* GNOME */
	"tracker-miner-f",
	"tracker-extract",
	"localsearch-3",
	"localsearch-ext",
	"evince-thumbnai",
	"papers-thumbnai",
	"gdk-pixbuf-thum",
	"gnome-thumbnail",
	"gnome-font-thum",
	"totem-video-thu",
	"gst-thumbnailer",
	"glycin-thumbnai",
	"gsf-office-thum",
	"raw-thumbnailer",
	"ffmpegthumbnail",
	/* Xfce, MATE */
	"tumblerd",
	/* KDE */
	"baloo_file",
	"baloo_file_extr",
	"thumbnail.so",
	"kio_thumbnail",
	/* others */
	"recollindex",
	"nepomukindexer",
	"zeitgeist-fts",
	"updatedb",
	"updatedb.plocat",
	NULL,
};

struct Indexers {
	GHashTable *names;
};

Indexers *indexers_new(const char *const *names)
{
	Indexers *indexers = g_new0(Indexers, 1);
	indexers->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (const char *const *name = names ? names : known; *name; name++) {
		g_hash_table_add(indexers->names, g_strndup(*name, COMM_SIZE - 1));
	}
	return indexers;
}

void indexers_free(Indexers *indexers)
{
	if (!indexers) {
		return;
	}
	g_hash_table_unref(indexers->names);
	g_free(indexers);
}

bool indexers_match(const Indexers *indexers, pid_t pid)
{
	if (pid <= 0 || g_hash_table_size(indexers->names) == 0) {
		return false;
	}
	char path[64];
	char name[COMM_SIZE + 1] = "";
	g_snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	ssize_t size = read(fd, name, COMM_SIZE);
	close(fd);
	if (size <= 0) {
		return false;
	}
	name[strcspn(name, "\n")] = '\0';
	return g_hash_table_contains(indexers->names, name);
}
