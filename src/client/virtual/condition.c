/* SPDX-License-Identifier: Apache-2.0 */
/* What people may ask of a file. */
#include "client/virtual/volume_internal.h"

#include <errno.h>

const char *condition_name(VolumeState state)
{
	static const char *const names[] = {
		[VOLUME_ONLINE_ONLY] = "online-only",
		[VOLUME_PARTIAL] = "partial",
		[VOLUME_CACHED] = "cached",
		[VOLUME_DIRTY] = "dirty",
	};
	return names[state];
}

static VolumeState state_of_clean(Volume *volume, int fd, uint64_t inode, const Record *record)
{
	char parts[RANGES_SIZE_MAX];
	size_t size = 0;
	bool some = record_get(fd, NULL, RECORD_PARTS_ATTRIBUTE, parts, sizeof parts, &size) == 0;
	bool all = record->complete || record->size == 0;
	Body *body = body_find(volume, inode);
	if (body) {
		g_mutex_lock(&body->mutex);
		some |= !ranges_are_empty(&body->here);
		all |= g_atomic_int_get(&body->whole);
		g_mutex_unlock(&body->mutex);
		body_unref(body);
	}
	if (all) {
		return VOLUME_CACHED;
	}
	return some ? VOLUME_PARTIAL : VOLUME_ONLINE_ONLY;
}

int condition_get(Volume *volume, int fd, VolumeState *ret_state, bool *ret_pinned)
{
	char none[1];
	size_t size;
	struct stat info;
	g_auto(Record) record = { 0 };
	if (fstat(fd, &info) < 0) {
		return errno;
	}
	*ret_pinned = record_get(fd, NULL, RECORD_PIN_ATTRIBUTE, none, sizeof none, &size) == 0;
	if (!S_ISREG(info.st_mode)) {
		*ret_state = VOLUME_CACHED;
		return 0;
	}
	int errnum = record_read(fd, NULL, &record);
	if (errnum && errnum != ENODATA) {
		return errnum == EBADMSG ? EIO : errnum;
	}
	*ret_state = errnum ? VOLUME_DIRTY : state_of_clean(volume, fd, info.st_ino, &record);
	return 0;
}
