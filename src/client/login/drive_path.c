/* SPDX-License-Identifier: Apache-2.0 */
#include "client/login/drive_path.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* Without symbolic links as far as it exists. */
static char *real_path(const char *file)
{
	g_autofree char *absolute = g_canonicalize_filename(file, NULL);
	g_autofree char *folder = g_path_get_dirname(absolute);
	g_autofree char *name = g_path_get_basename(absolute);
	char *known = realpath(folder, NULL);
	char *path = g_build_filename(known ? known : folder, name, NULL);
	free(known);
	return path;
}

char *drive_path_of(const Profile *profile, const char *file, GError **error)
{
	g_autofree char *path = real_path(file);
	for (unsigned i = 0; i < profile_bindings(profile)->len; i++) {
		const ProfileBinding *binding = profile_bindings(profile)->pdata[i];
		size_t size = strlen(binding->folder);
		if (strncmp(path, binding->folder, size) == 0 &&
		    (path[size] == '/' || path[size] == '\0')) {
			return g_strdup(path + size + (path[size] == '/'));
		}
	}
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
		    "'%s' does not lie in a folder that is synced: 'imdrive status' shows these",
		    file);
	return NULL;
}
