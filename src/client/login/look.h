/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <glib.h>
#include <jansson.h>

/*
 * Looks at an address before anybody signs in there: whether a drive answers, what it is called,
 * and by which ways one comes in. address: as typed, see server_url.h. Gives
 *
 *	{"server": "https://…", "name": "…", "loopback": false, "password": true, "chat": true,
 *	 "device_code": true, "services": [{"id": "qq", "label": "QQ", "icon": "qq"}, …]}
 *
 * with texts that are printable and bounded, whatever answers there. Blocks. Errors are those of
 * server_url_read() and endpoint_discover().
 */
json_t *look_at(const char *address, GCancellable *cancellable, GError **error);
