/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing, whom to tell, what there is in sum.
 */
#include "client/virtual/volume_internal.h"

#include "base/error.h"
#include "base/text.h"
#include "client/disk/disk_impl.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void pending_free(void *data)
{
	Pending *pending = data;
	g_bytes_unref(pending->content);
	g_free(pending);
}

/* Can its file system hold records? Asked of the folder itself. */
static bool check_attributes(const Volume *volume, GError **error)
{
	const char *probe = RECORD_ATTRIBUTE ".probe";
	int errnum = record_put(volume->root, probe, "", 0);
	if (!errnum) {
		errnum = record_put(volume->root, probe, NULL, 0);
	}
	if (errnum == EOPNOTSUPP || errnum == EPERM) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
			    "its file system has no extended attributes (user_xattr)");
		return false;
	}
	return !errnum || error_set_errno(error, errnum, "try extended attributes");
}

static Volume *volume_new(const VolumeOptions *options)
{
	Volume *volume = g_new0(Volume, 1);
	volume->root = -1;
	volume->remote = options->remote;
	volume->pace = options->pace;
	volume->online = 1;
	g_mutex_init(&volume->mutex);
	g_rw_lock_init(&volume->listening);
	volume->bodies = g_hash_table_new(g_int64_hash, g_int64_equal);
	volume->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, pending_free);
	return volume;
}

static bool open_disk(Volume *volume, const VolumeOptions *options, GError **error)
{
	if (options->is_new && g_mkdir_with_parents(options->folder, 0700) < 0) {
		return error_set_errno(error, errno, "make it");
	}
	volume->disk = volume_disk_attach(volume, options->folder, error);
	return volume->disk && check_attributes(volume, error) &&
	       disk_start(volume->disk, options->marker, options->is_new, error);
}

Volume *volume_open(const VolumeOptions *options, GError **error)
{
	g_autoptr(Volume) volume = volume_new(options);
	if (!open_disk(volume, options, error)) {
		g_autofree char *shown = text_printable(options->folder, strlen(options->folder));
		g_prefix_error(error, "open the disk's folder '%s': ", shown);
		return NULL;
	}
	return g_steal_pointer(&volume);
}

void volume_close(Volume *volume)
{
	if (!volume) {
		return;
	}
	g_assert(g_hash_table_size(volume->bodies) == 0);
	g_assert(!volume->watch);
	g_hash_table_unref(volume->bodies);
	g_hash_table_unref(volume->pending);
	disk_close(volume->disk);
	g_rw_lock_clear(&volume->listening);
	g_mutex_clear(&volume->mutex);
	g_free(volume);
}

int volume_root(const Volume *volume)
{
	return volume->root;
}

Disk *volume_disk(Volume *volume)
{
	return volume->disk;
}

void volume_set_online(Volume *volume, bool online)
{
	g_atomic_int_set(&volume->online, online);
}

bool volume_is_hidden(const char *attribute)
{
	size_t size = strlen(RECORD_ATTRIBUTE);
	return strncmp(attribute, RECORD_ATTRIBUTE, size) == 0 &&
	       (attribute[size] == '\0' || attribute[size] == '.');
}

/* ---- telling ------------------------------------------------------------------------------ */

void volume_set_listener(Volume *volume, const VolumeListener *listener, void *data)
{
	g_rw_lock_writer_lock(&volume->listening);
	volume->listener = listener;
	volume->listener_data = data;
	g_rw_lock_writer_unlock(&volume->listening);
}

void volume_tell_entry(Volume *volume, const EntryStamp *folder, const char *name)
{
	g_rw_lock_reader_lock(&volume->listening);
	if (volume->listener) {
		volume->listener->entry(folder, name, volume->listener_data);
	}
	g_rw_lock_reader_unlock(&volume->listening);
}

void volume_tell_body(Volume *volume, const EntryStamp *file)
{
	g_rw_lock_reader_lock(&volume->listening);
	if (volume->listener) {
		volume->listener->body(file, volume->listener_data);
	}
	g_rw_lock_reader_unlock(&volume->listening);
}

/* ---- states ------------------------------------------------------------------------------- */

const char *volume_state_name(VolumeState state)
{
	static const char *const names[] = {
		[VOLUME_ONLINE_ONLY] = "online-only",
		[VOLUME_PARTIAL] = "partial",
		[VOLUME_CACHED] = "cached",
		[VOLUME_DIRTY] = "dirty",
	};
	return names[state];
}
