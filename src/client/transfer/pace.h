/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A limit of bytes per second, kept by all threads, and all who share it, together. */
typedef struct Pace Pace;

/* rate_max: bytes per second, 0: no limit. */
Pace *pace_new(uint64_t rate_max);
void pace_free(Pace *pace);

/* From now on; whoever waits for the old limit goes on soon. Any thread. */
void pace_set(Pace *pace, uint64_t rate_max);
uint64_t pace_rate(Pace *pace);

/* Waits until these bytes may flow; CANCELLED if that comes first. NULL: no limit. */
bool pace_wait(Pace *pace, uint64_t bytes, GCancellable *cancellable, GError **error);

/*
 * Bytes that one request should carry under this limit: a second's worth, so that it flows evenly,
 * but no tiny ones; size_max without limit.
 */
size_t pace_request_size(Pace *pace, size_t size_max);
