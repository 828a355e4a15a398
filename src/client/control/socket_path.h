/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <glib.h>

#define SOCKET_PATH_NAME "control.sock"

/*
 * The address of the control socket in a profile folder, however long that folder's path is (a
 * socket address holds 107 bytes): through a descriptor of the folder, which must stay open as long
 * as the address is used. *ret_fd is to be closed.
 */
GSocketAddress *socket_path_address(const char *folder, int *ret_fd, GError **error);
