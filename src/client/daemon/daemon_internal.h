/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/control/control_server.h"
#include "client/daemon/binding.h"
#include "client/daemon/drive_calls.h"
#include "client/daemon/meter.h"
#include "client/daemon/open_disks.h"
#include "client/daemon/quota.h"
#include "client/daemon/reception.h"

#include <jansson.h>

/*
 * What daemon.c and methods.c share.
 */
typedef struct Bound {
	struct Daemon *daemon;
	char *id;
	char *folder;
	bool mount;
	Binding *binding; /* NULL: not open; failure says why */
	GError *failure;
	Meter meter;
	unsigned dropping; /* source that removes it */
} Bound;

typedef struct Daemon {
	Profile *profile;
	Credential *credential;
	GMainLoop *loop;
	ControlServer *control;
	Reception *reception;
	char *folder;  /* the profile's */
	char *mounter; /* path of the program that mounts; NULL: not found yet */
	DriveCalls calls;
	OpenDisks *disks;
	Quota *quota;
	GPtrArray *bounds; /* Bound */
	Pace *up, *down;   /* limits of all of them together */
	bool paused;
	unsigned resume;   /* source that ends a pause */
	int64_t resume_us; /* when (UTC); 0: whoever paused will */
	bool once;
	bool stays;      /* also when nothing is bound */
	int reloads;     /* atomic: whether one is under way */
	unsigned tick;   /* source that tells the watchers */
	unsigned rest;   /* source that gives memory back once nothing ticks */
	GError *failure; /* why `once` could not be reached */
} Daemon;

/* daemon.c: the status is another; watchers are told soon. */
void daemon_changed(Daemon *daemon);
/* What is behind folder in an absolute path; NULL unless it is the folder, or lies in it. */
const char *daemon_rest_of(const char *path, const char *folder);
bool daemon_attach(Daemon *daemon, const char *folder, bool mount, GError **error);
/* The folder stays as it is, but for the marker: it can be bound again. */
bool daemon_detach(Daemon *daemon, const char *folder, GError **error);
/* The profile's login is another (data: Daemon). From any thread. */
void daemon_reload_soon(void *data);

/* methods.c: a ControlHandler; data: Daemon. */
json_t *methods_handle(const char *name, json_t *params, void *data, GError **error);
