/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/frame.h"

/* Where the code is typed that a device without a browser shows (RFC 8628). */
GBytes *page_device_entry(const Frame *frame, const char *code, bool wrong, const char *action);

/*
 * Who asks, from where, for what, and a warning: most likely it is a thief who sent the link. Names
 * must have been through html_name().
 */
typedef struct PageDevice {
	const char *code;
	const char *client;
	const char *device;
	const char *peer; /* numeric address */
	int64_t asked_us; /* when it asked, UTC */
	bool may_write;
	const char *action; /* POST answer=yes|no */
} PageDevice;

GBytes *page_device(const Frame *frame, const PageDevice *device, int64_t now_us);
