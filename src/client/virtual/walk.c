/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Each folder on the way is open: at most DEPTH_MAX. */
#include "client/virtual/walk.h"

#include "base/limits.h"
#include "client/virtual/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Walk {
	GString *path;
	WalkVisitor visit;
	void *data;
	const char *skip;
	unsigned depth;
} Walk;

static bool is_pinned(int folder)
{
	char none[1];
	size_t size;
	return record_get(folder, NULL, RECORD_PIN_ATTRIBUTE, none, sizeof none, &size) == 0;
}

static unsigned char kind_of(int folder, const struct dirent *entry)
{
	struct stat info;
	if (entry->d_type != DT_UNKNOWN) {
		return entry->d_type;
	}
	if (fstatat(folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0) {
		return DT_UNKNOWN;
	}
	return S_ISREG(info.st_mode) ? DT_REG : S_ISDIR(info.st_mode) ? DT_DIR : DT_UNKNOWN;
}

static bool walk_folder(Walk *walk, int folder, bool pinned);

static bool walk_entry(Walk *walk, int folder, const struct dirent *entry, bool pinned)
{
	size_t length = walk->path->len;
	unsigned char kind = kind_of(folder, entry);
	bool going = true;
	if (length > 0) {
		g_string_append_c(walk->path, '/');
	}
	g_string_append(walk->path, entry->d_name);
	if (kind == DT_REG) {
		WalkFile file = { folder, entry->d_name, walk->path->str, pinned };
		going = walk->visit(&file, walk->data);
	} else if (kind == DT_DIR && walk->depth < DEPTH_MAX) {
		int fd = openat(folder, entry->d_name,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0) {
			walk->depth++;
			going = walk_folder(walk, fd, pinned);
			walk->depth--;
		}
	}
	g_string_truncate(walk->path, length);
	return going;
}

/* Takes the descriptor. */
static bool walk_folder(Walk *walk, int folder, bool pinned)
{
	DIR *listing = fdopendir(folder);
	if (!listing) {
		close(folder);
		return true;
	}
	bool going = true;
	bool top = walk->depth == 0;
	pinned = pinned || is_pinned(dirfd(listing));
	const struct dirent *entry;
	while (going && (entry = readdir(listing))) {
		bool left_out = strcmp(entry->d_name, ".") == 0 ||
				strcmp(entry->d_name, "..") == 0 ||
				(top && walk->skip && strcmp(entry->d_name, walk->skip) == 0);
		going = left_out || walk_entry(walk, dirfd(listing), entry, pinned);
	}
	closedir(listing);
	return going;
}

bool walk_files(int folder, const char *skip, WalkVisitor visit, void *data)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return true;
	}
	g_autoptr(GString) path = g_string_new(NULL);
	Walk walk = { .path = path, .visit = visit, .data = data, .skip = skip };
	return walk_folder(&walk, fd, false);
}
