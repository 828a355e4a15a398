/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profile folder. profile.conf is a GKeyFile:
 *
 *	[login]        server, account, device, device_name, drive
 *	[limits]       up, down: bytes per second, 0 for none
 *	[disk]         cache: bytes that a mounted disk keeps of what the server has, too (0: no
 *limit); indexers: programs that may not make it fetch (a;b;c) [binding ID]   folder; mount, if it
 *is a disk's; marked, once the folder has its marker
 *
 * The tokens have a file of their own, so that the rest can be shown to anybody.
 */
#include "client/login/profile.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/login/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOGIN_GROUP "login"
#define LIMITS_GROUP "limits"
#define DISK_GROUP "disk"
#define BINDING_PREFIX "binding "

#define DISK_CACHE_SIZE_DEFAULT (20 * GIB)

struct Profile {
	char *folder;
	int lock;
	GKeyFile *settings;
	ProfileLogin login;
	bool has_login;
	bool sealed; /* signed in, but the keyring is locked */
	GPtrArray *bindings;
};

char *profile_default_folder(void)
{
	return g_build_filename(g_get_user_state_dir(), "imdrive", NULL);
}

char *profile_path(const Profile *profile, const char *name)
{
	return g_build_filename(profile->folder, name, NULL);
}

void profile_login_clear(ProfileLogin *login)
{
	g_clear_pointer(&login->server, g_free);
	g_clear_pointer(&login->account, g_free);
	g_clear_pointer(&login->device_name, g_free);
	tokens_clear(&login->tokens);
}

static void binding_free(void *data)
{
	ProfileBinding *binding = data;
	g_free(binding->id);
	g_free(binding->folder);
	g_free(binding);
}

/* ---- reading ---------------------------------------------------------------------------- */

static bool make_private(const char *folder, GError **error)
{
	struct stat info;
	if (g_mkdir_with_parents(folder, 0700) != 0) {
		return error_set_errno(error, errno, "create the profile folder '%s'", folder);
	}
	if (stat(folder, &info) != 0) {
		return error_set_errno(error, errno, "open the profile folder '%s'", folder);
	}
	if (info.st_uid != geteuid() || (info.st_mode & 077) != 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_FORBIDDEN,
			    "the profile folder '%s' holds this device's credential, but others "
			    "can read it: 'chmod 700' it, or use another with --profile",
			    folder);
		return false;
	}
	return true;
}

static bool read_token(Profile *profile, GError **error)
{
	g_autoptr(GError) failure = NULL;
	tokens_clear(&profile->login.tokens);
	profile->sealed = false;
	if (token_file_read(profile->folder, &profile->login.tokens, &failure)) {
		return true;
	}
	if (g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_BUSY)) {
		profile->sealed = true;
		return true;
	}
	if (!g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_CORRUPT)) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	/* Damaged: signing in again mends it. */
	profile->login.tokens.access = g_strdup("");
	return true;
}

static bool read_login(Profile *profile, GError **error)
{
	GKeyFile *settings = profile->settings;
	if (!g_key_file_has_group(settings, LOGIN_GROUP)) {
		return true;
	}
	ProfileLogin *login = &profile->login;
	g_autofree char *drive = g_key_file_get_string(settings, LOGIN_GROUP, "drive", NULL);
	login->server = g_key_file_get_string(settings, LOGIN_GROUP, "server", NULL);
	login->account = g_key_file_get_string(settings, LOGIN_GROUP, "account", NULL);
	login->device_name = g_key_file_get_string(settings, LOGIN_GROUP, "device_name", NULL);
	login->device = g_key_file_get_int64(settings, LOGIN_GROUP, "device", NULL);
	if (!login->server || !login->account || !login->device_name || !drive ||
	    !node_id_from_hex(drive, &login->drive)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
			    "'%s/profile.conf' is damaged in [" LOGIN_GROUP
			    "]: remove that section and sign in again",
			    profile->folder);
		return false;
	}
	profile->has_login = true;
	return read_token(profile, error);
}

static bool read_bindings(Profile *profile, GError **error)
{
	g_auto(GStrv) groups = g_key_file_get_groups(profile->settings, NULL);
	for (char **group = groups; *group; group++) {
		if (!g_str_has_prefix(*group, BINDING_PREFIX)) {
			continue;
		}
		g_autofree char *folder =
			g_key_file_get_string(profile->settings, *group, "folder", error);
		if (!folder) {
			g_prefix_error(error, "read '%s/profile.conf': ", profile->folder);
			return false;
		}
		ProfileBinding *binding = g_new0(ProfileBinding, 1);
		binding->id = g_strdup(*group + strlen(BINDING_PREFIX));
		binding->folder = g_steal_pointer(&folder);
		binding->mount = g_key_file_get_boolean(profile->settings, *group, "mount", NULL);
		binding->is_new =
			!g_key_file_get_boolean(profile->settings, *group, "marked", NULL);
		g_ptr_array_add(profile->bindings, binding);
	}
	return true;
}

bool profile_reload(Profile *profile, GError **error)
{
	g_autoptr(GKeyFile) settings = g_key_file_new();
	g_autofree char *path = profile_path(profile, "profile.conf");
	g_autoptr(GError) failure = NULL;
	if (!g_key_file_load_from_file(settings, path, G_KEY_FILE_KEEP_COMMENTS, &failure) &&
	    !g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT, "read '%s': %s", path,
			    failure->message);
		return false;
	}
	g_clear_pointer(&profile->settings, g_key_file_unref);
	profile->settings = g_steal_pointer(&settings);
	profile_login_clear(&profile->login);
	profile->has_login = false;
	g_ptr_array_set_size(profile->bindings, 0);
	return read_login(profile, error) && read_bindings(profile, error);
}

Profile *profile_open(const char *folder, GError **error)
{
	if (!make_private(folder, error)) {
		return NULL;
	}
	g_autoptr(Profile) profile = g_new0(Profile, 1);
	profile->lock = -1;
	profile->folder = g_canonicalize_filename(folder, NULL);
	profile->bindings = g_ptr_array_new_with_free_func(binding_free);
	return profile_reload(profile, error) ? g_steal_pointer(&profile) : NULL;
}

void profile_free(Profile *profile)
{
	if (!profile) {
		return;
	}
	if (profile->lock >= 0) {
		close(profile->lock);
	}
	g_clear_pointer(&profile->settings, g_key_file_unref);
	profile_login_clear(&profile->login);
	g_ptr_array_unref(profile->bindings);
	g_free(profile->folder);
	g_free(profile);
}

bool profile_lock(Profile *profile, GError **error)
{
	g_autofree char *path = profile_path(profile, "lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		return error_set_errno(error, errno, "open '%s'", path);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int errnum = errno;
		close(fd);
		if (errnum != EWOULDBLOCK) {
			return error_set_errno(error, errnum, "lock '%s'", path);
		}
		g_set_error(
			error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			"another imdrive is running with the profile '%s': end it, or use another "
			"with --profile",
			profile->folder);
		return false;
	}
	profile->lock = fd;
	return true;
}

/* ---- writing ---------------------------------------------------------------------------- */

static bool write_file(const Profile *profile, const char *name, const char *text, GError **error)
{
	g_autofree char *path = profile_path(profile, name);
	return token_file_replace(path, text, error);
}

static bool write_settings(Profile *profile, GError **error)
{
	g_autofree char *text = g_key_file_to_data(profile->settings, NULL, NULL);
	return write_file(profile, "profile.conf", text, error);
}

const ProfileLogin *profile_login(const Profile *profile)
{
	return profile->has_login ? &profile->login : NULL;
}

json_t *profile_credential(const Profile *profile)
{
	g_autofree char *why = NULL;
	bool kept = token_file_in_keyring(profile->folder, &why);
	return json_pack("{s:s, s:s*}", "kept_in", kept ? "keyring" : "file", "why", why);
}

bool profile_is_signed_in(const Profile *profile)
{
	const char *access = profile->login.tokens.access;
	return profile->has_login && (profile->sealed || (access && *access));
}

bool profile_set_login(Profile *profile, const ProfileLogin *login, GError **error)
{
	char drive[NODE_ID_HEX_SIZE];
	node_id_to_hex(&login->drive, drive);
	g_key_file_set_string(profile->settings, LOGIN_GROUP, "server", login->server);
	g_key_file_set_string(profile->settings, LOGIN_GROUP, "account", login->account);
	g_key_file_set_string(profile->settings, LOGIN_GROUP, "device_name", login->device_name);
	g_key_file_set_int64(profile->settings, LOGIN_GROUP, "device", login->device);
	g_key_file_set_string(profile->settings, LOGIN_GROUP, "drive", drive);
	int lock = token_file_lock(profile->folder, NULL, error);
	if (lock < 0) {
		return false;
	}
	bool written = token_file_write(profile->folder, &login->tokens, error) &&
		       write_settings(profile, error);
	close(lock);
	if (!written) {
		return false;
	}
	profile_login_clear(&profile->login);
	profile->has_login = false;
	return read_login(profile, error);
}

bool profile_sign_out(Profile *profile, GError **error)
{
	int lock = token_file_lock(profile->folder, NULL, error);
	if (lock < 0) {
		return false;
	}
	g_autofree char *path = profile_path(profile, "token");
	bool removed = token_file_write(profile->folder, NULL, error);
	if (removed && unlink(path) != 0 && errno != ENOENT) {
		removed = error_set_errno(error, errno, "remove the credential '%s'", path);
	}
	close(lock);
	if (removed) {
		profile->sealed = false;
		tokens_clear(&profile->login.tokens);
		profile->login.tokens.access = g_strdup("");
	}
	return removed;
}

static uint64_t read_limit(const Profile *profile, const char *key)
{
	return g_key_file_get_uint64(profile->settings, LIMITS_GROUP, key, NULL);
}

ProfileLimits profile_limits(const Profile *profile)
{
	return (ProfileLimits){
		.up = read_limit(profile, "up"),
		.down = read_limit(profile, "down"),
	};
}

bool profile_set_limits(Profile *profile, const ProfileLimits *limits, GError **error)
{
	g_key_file_set_uint64(profile->settings, LIMITS_GROUP, "up", limits->up);
	g_key_file_set_uint64(profile->settings, LIMITS_GROUP, "down", limits->down);
	return write_settings(profile, error);
}

GPtrArray *profile_bindings(const Profile *profile)
{
	return profile->bindings;
}

static bool lies_in(const char *path, const char *folder)
{
	size_t size = strlen(folder);
	return strncmp(path, folder, size) == 0 && (path[size] == '/' || folder[size - 1] == '/');
}

static bool may_bind(const Profile *profile, const char *folder, GError **error)
{
	for (unsigned i = 0; i < profile->bindings->len; i++) {
		const ProfileBinding *other = profile->bindings->pdata[i];
		if (lies_in(folder, other->folder) || lies_in(other->folder, folder)) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
				    "bind '%s': '%s' is bound already, and one lies in the other: "
				    "choose a folder beside it",
				    folder, other->folder);
			return false;
		}
	}
	if (lies_in(profile->folder, folder) || strcmp(profile->folder, folder) == 0) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT,
			    "bind '%s': this device's own profile '%s' lies in it: choose another "
			    "folder",
			    folder, profile->folder);
		return false;
	}
	return true;
}

/* The folder as it is named for good; NULL with error. */
static char *real_folder(const char *folder, GError **error)
{
	g_autofree char *real = realpath(folder, NULL);
	if (!real) {
		error_set_errno(error, errno, "bind '%s'", folder);
		if (error && (*error)->code == DRIVE_ERROR_NOT_FOUND) {
			g_clear_error(error);
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "bind '%s': there is no such folder: make it first", folder);
		}
		return NULL;
	}
	if (!g_file_test(real, G_FILE_TEST_IS_DIR)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
			    "bind '%s': that is no folder: name one", folder);
		return NULL;
	}
	return g_steal_pointer(&real);
}

static const ProfileBinding *add_binding(Profile *profile, const char *folder, bool mount,
					 GError **error)
{
	char hex[NODE_ID_HEX_SIZE];
	NodeId id = node_id_random();
	node_id_to_hex(&id, hex);
	g_autofree char *group = g_strconcat(BINDING_PREFIX, hex, NULL);
	g_key_file_set_string(profile->settings, group, "folder", folder);
	if (mount) {
		g_key_file_set_boolean(profile->settings, group, "mount", TRUE);
	}
	if (!write_settings(profile, error)) {
		g_key_file_remove_group(profile->settings, group, NULL);
		return NULL;
	}
	ProfileBinding *binding = g_new0(ProfileBinding, 1);
	binding->id = g_strdup(hex);
	binding->folder = g_strdup(folder);
	binding->mount = mount;
	binding->is_new = true;
	g_ptr_array_add(profile->bindings, binding);
	return binding;
}

bool profile_unbind(Profile *profile, const char *id, GError **error)
{
	g_autofree char *group = g_strconcat(BINDING_PREFIX, id, NULL);
	g_key_file_remove_group(profile->settings, group, NULL);
	for (unsigned i = 0; i < profile->bindings->len; i++) {
		const ProfileBinding *binding = profile->bindings->pdata[i];
		if (strcmp(binding->id, id) == 0) {
			g_ptr_array_remove_index(profile->bindings, i);
			break;
		}
	}
	return write_settings(profile, error);
}

const ProfileBinding *profile_bind(Profile *profile, const char *folder, bool mount, GError **error)
{
	g_autofree char *real = real_folder(folder, error);
	if (!real) {
		return NULL;
	}
	for (unsigned i = 0; i < profile->bindings->len; i++) {
		const ProfileBinding *known = profile->bindings->pdata[i];
		if (strcmp(known->folder, real) != 0) {
			continue;
		}
		if (known->mount != mount) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CONFLICT, "bind '%s': %s", real,
				    mount ? "it is kept in sync as a folder: mount elsewhere"
					  : "the drive is mounted there as a disk: choose another "
					    "folder");
			return NULL;
		}
		return known;
	}
	return may_bind(profile, real, error) ? add_binding(profile, real, mount, error) : NULL;
}

char *profile_disk_path(const Profile *profile, const ProfileBinding *binding)
{
	return g_build_filename(profile->folder, "disks", binding->id, NULL);
}

void profile_disk_clear(ProfileDisk *disk)
{
	g_clear_pointer(&disk->indexers, g_strfreev);
}

void profile_disk(const Profile *profile, ProfileDisk *ret_disk)
{
	GKeyFile *settings = profile->settings;
	*ret_disk = (ProfileDisk){ .cache_size_max = DISK_CACHE_SIZE_DEFAULT };
	if (g_key_file_has_key(settings, DISK_GROUP, "cache", NULL)) {
		ret_disk->cache_size_max =
			g_key_file_get_uint64(settings, DISK_GROUP, "cache", NULL);
	}
	if (g_key_file_has_key(settings, DISK_GROUP, "indexers", NULL)) {
		ret_disk->indexers =
			g_key_file_get_string_list(settings, DISK_GROUP, "indexers", NULL, NULL);
	}
}

bool profile_set_cache_size(Profile *profile, uint64_t cache_size_max, GError **error)
{
	g_key_file_set_uint64(profile->settings, DISK_GROUP, "cache", cache_size_max);
	return write_settings(profile, error);
}

bool profile_marked(Profile *profile, const ProfileBinding *binding, GError **error)
{
	g_autofree char *group = g_strconcat(BINDING_PREFIX, binding->id, NULL);
	g_key_file_set_boolean(profile->settings, group, "marked", TRUE);
	if (!write_settings(profile, error)) {
		return false;
	}
	((ProfileBinding *)binding)->is_new = false;
	return true;
}

char *profile_state_path(const Profile *profile, const ProfileBinding *binding, const NodeId *drive,
			 GError **error)
{
	char hex[NODE_ID_HEX_SIZE];
	node_id_to_hex(drive, hex);
	g_autofree char *folder =
		g_build_filename(profile->folder, "bindings", binding->id, hex, NULL);
	if (g_mkdir_with_parents(folder, 0700) != 0) {
		error_set_errno(error, errno, "create '%s'", folder);
		return NULL;
	}
	return g_build_filename(folder, "state.db", NULL);
}
