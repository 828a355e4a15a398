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

/* body may be NULL. */
static VolumeState state_of_clean(int fd, Body *body, const Record *record)
{
	char parts[RANGES_SIZE_MAX];
	size_t size = 0;
	bool some = record_get(fd, NULL, RECORD_PARTS_ATTRIBUTE, parts, sizeof parts, &size) == 0;
	bool all = record->complete || record->size == 0;
	if (body) {
		g_mutex_lock(&body->mutex);
		some |= !ranges_are_empty(&body->here);
		all |= g_atomic_int_get(&body->whole);
		g_mutex_unlock(&body->mutex);
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
	/* Held while the record is read: once there is none, the record says all that it knew. */
	Body *body = body_find(volume, info.st_ino);
	int errnum = record_read(fd, NULL, &record);
	if (!errnum) {
		*ret_state = state_of_clean(fd, body, &record);
	} else if (errnum == ENODATA) {
		*ret_state = VOLUME_DIRTY;
		errnum = 0;
	}
	body_unref(body);
	return errnum == EBADMSG ? EIO : errnum;
}
