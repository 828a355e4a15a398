/* SPDX-License-Identifier: Apache-2.0 */
#include "client/control/socket_path.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>

GSocketAddress *socket_path_address(const char *folder, int *ret_fd, GError **error)
{
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		error_set_errno(error, errno, "open '%s'", folder);
		return NULL;
	}
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/" SOCKET_PATH_NAME, fd);
	*ret_fd = fd;
	return g_unix_socket_address_new(path);
}
