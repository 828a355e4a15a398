/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/node_id.h"
#include "client/daemon/quota.h"
#include "client/engine/engine.h"
#include "client/login/credential.h"
#include "client/login/profile.h"

#include <glib.h>
#include <stdbool.h>

/*
 * A folder or a virtual disk of this machine bound to a drive: the engine with the real world
 * around it. Runs on the thread-default main context of its opener; all functions are called on
 * that thread.
 */
typedef struct Binding Binding;

typedef struct BindingOptions {
	const char *folder;
	const char *mountpoint; /* where it is mounted as a virtual disk, with its files in folder;
				   NULL: a folder like any other */
	ProfileDisk disk;       /* of a virtual disk; borrowed */
	const char *marker;     /* what the folder's marker must hold */
	bool is_new;            /* first time: create the marker */
	const char *state_path; /* of the state's database */
	const char *server;     /* base URL */
	Credential *credential; /* borrowed */
	NodeId drive;
	const char *device_name;
	Quota *quota; /* borrowed: of a virtual disk, how much room it has */
	Pace *up;     /* borrowed: limits that all bindings share; NULL: none */
	Pace *down;
	/* Called after each step of the engine; may be NULL. Must not close the binding. */
	void (*stepped)(void *data);
	void *stepped_data;
	/* The disk was unmounted from outside. Called on the opener's thread; must not close it. */
	void (*unmounted)(Binding *binding, void *data);
	void *unmounted_data;
} BindingOptions;

Binding *binding_open(const BindingOptions *options, GError **error);
/* Ends all transfers and waits for them. */
void binding_close(Binding *binding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Binding, binding_close)

/* Borrowed. It has been told all that programs did in the mount until now. */
Engine *binding_engine(Binding *binding);
/* Borrowed: the folder, or the files of the virtual disk. */
Disk *binding_disk(Binding *binding);
/* Of a virtual disk; nothing for a folder. */
void binding_set_cache_size(Binding *binding, uint64_t cache_size_max);
/* Bytes of files that went either way so far. */
uint64_t binding_moved(Binding *binding);
/* Adds this binding's part. */
void binding_count(Binding *binding, QuotaNews *news);
