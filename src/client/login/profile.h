/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "client/login/tokens.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a device knows of itself: a folder (0700) with
 *
 *	profile.conf    server, account, device, drive; limits; the bound folders
 *	token           the device's credential (0600, see tokens.h), or that the keyring has it
 *	token.lock      held while it is renewed
 *	lock            held by the one process that syncs
 *	control.sock    its door for user interfaces
 *	quota           what the drive said last of the account's room
 *	bindings/ID/    the state of each bound folder
 *	disks/ID/       the files of each mounted disk
 *
 * Files are replaced atomically. Several profiles on one machine are several devices.
 */
typedef struct Profile Profile;

/* $XDG_STATE_HOME/imdrive. Free with g_free(). */
char *profile_default_folder(void);

/* Opens, and creates if need be, the folder. */
Profile *profile_open(const char *folder, GError **error);
void profile_free(Profile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Profile, profile_free)

/* Reads again what another process may have changed. */
bool profile_reload(Profile *profile, GError **error);

/* Until profile_free(). DRIVE_ERROR_BUSY if another process has it. */
bool profile_lock(Profile *profile, GError **error);

/* Path of a file in the profile. Free with g_free(). */
char *profile_path(const Profile *profile, const char *name);

/* Who this device is, as the server said at sign-in. */
typedef struct ProfileLogin {
	char *server; /* base URL, without a trailing slash */
	char *account;
	char *device_name;
	int64_t device;
	NodeId drive;
	Tokens tokens;   /* as they were when read: to use them, see credential.h */
	bool registered; /* the account was made by this sign-in; not kept */
} ProfileLogin;

void profile_login_clear(ProfileLogin *login);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ProfileLogin, profile_login_clear)

/* NULL if never signed in; borrowed until the login changes. */
const ProfileLogin *profile_login(const Profile *profile);
/* {"kept_in": "keyring" or "file", "why": of a file, if known}. Asks nobody. */
json_t *profile_credential(const Profile *profile);
/* False when signed out, by the server or by hand. */
bool profile_is_signed_in(const Profile *profile);
bool profile_set_login(Profile *profile, const ProfileLogin *login, GError **error);
/* Forgets the credential; the bound folders stay as they are. */
bool profile_sign_out(Profile *profile, GError **error);

/* Bytes per second, 0: no limit. */
typedef struct ProfileLimits {
	uint64_t up;
	uint64_t down;
} ProfileLimits;

ProfileLimits profile_limits(const Profile *profile);
bool profile_set_limits(Profile *profile, const ProfileLimits *limits, GError **error);

/* How a mounted disk is to behave. */
typedef struct ProfileDisk {
	uint64_t cache_size_max; /* bytes of what is also on the server; 0: no limit */
	char **indexers;         /* programs that may not make it fetch; NULL: the usual ones */
} ProfileDisk;

void profile_disk_clear(ProfileDisk *disk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ProfileDisk, profile_disk_clear)

/* As [disk] of profile.conf says. */
void profile_disk(const Profile *profile, ProfileDisk *ret_disk);
bool profile_set_cache_size(Profile *profile, uint64_t cache_size_max, GError **error);

typedef struct ProfileBinding {
	char *id;     /* what the marker in the folder holds */
	char *folder; /* absolute, without symbolic links */
	bool mount;   /* a virtual disk is mounted there; its files lie in profile_disk_path() */
	bool is_new;  /* its marker was not made yet */
} ProfileBinding;

/* ProfileBinding, borrowed. */
GPtrArray *profile_bindings(const Profile *profile);
/*
 * The binding of this folder, made if there is none. DRIVE_ERROR_CONFLICT if a bound folder lies
 * in it or it in one, or if it is bound in the other way. Borrowed.
 */
const ProfileBinding *profile_bind(Profile *profile, const char *folder, bool mount,
				   GError **error);
/* Forgets the binding of this id; what lies in the folder is not touched. */
bool profile_unbind(Profile *profile, const char *id, GError **error);
/* Where the files of a mounted disk lie. Free with g_free(). */
char *profile_disk_path(const Profile *profile, const ProfileBinding *binding);
/* The marker is in the folder: without it, the folder is not the one that was bound. */
bool profile_marked(Profile *profile, const ProfileBinding *binding, GError **error);
/* Where the state of a binding lies, for this drive; its folder is made. Free with g_free(). */
char *profile_state_path(const Profile *profile, const ProfileBinding *binding, const NodeId *drive,
			 GError **error);
