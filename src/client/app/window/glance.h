/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdint.h>

/*
 * The state as a person sees it in one glance: a picture, a few words, what is left to do.
 */
typedef struct Glance {
	const char *icon;  /* static: name of a symbolic icon */
	const char *style; /* static: "success", "accent", "warning", "error" */
	char *title;
	char *text;      /* may be "" */
	double fraction; /* of what is to be done; -1: nobody can say, or nothing is */
} Glance;

/* status: of the daemon; now_us: UTC. */
void glance_take(Glance *ret_glance, const json_t *status, int64_t now_us);
void glance_clear(Glance *glance);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Glance, glance_clear)

/* "42 seconds", "3 minutes", "2 hours". Free with g_free(). */
char *glance_duration(int64_t seconds);
