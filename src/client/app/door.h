/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <jansson.h>

/*
 * The app's side of the control socket: the daemon's status as it changes, and calls that never
 * hold up the window. Starts the daemon if none runs, and again if it ends.
 *
 * Signal "status": the status is another, see door_status().
 */
#define DOOR_TYPE (door_get_type())
G_DECLARE_FINAL_TYPE(Door, door, DOOR, DOOR, GObject)

/* profile: folder. */
Door *door_new(const char *profile);
void door_open(Door *door);

/* As in docs/formats/control.md; NULL while no daemon answers. Borrowed until the next signal. */
const json_t *door_status(Door *door);
/* Deletions in all folders that wait for the person's word, as the status says. */
json_int_t door_held_deletions(Door *door);
/* Why no daemon answers; NULL while nothing is wrong. */
const char *door_trouble(Door *door);

/* Exactly one of result and error is there; both borrowed. */
typedef void (*DoorAnswer)(void *object, const json_t *result, const GError *error);

/*
 * Calls a method; params is taken, and may be NULL. object (a GObject) is held until answer was
 * called on the main thread, and let go there.
 */
void door_ask(Door *door, const char *method, json_t *params, void *object, DoorAnswer answer);
