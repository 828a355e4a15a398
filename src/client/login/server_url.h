/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * The address of a drive as it was typed, made whole: "drive.example.org/" is
 * "https://drive.example.org", and an address of this machine is taken as http. Plain http to
 * another machine is refused (DRIVE_ERROR_FORBIDDEN), since whoever is on the way reads along;
 * DRIVE_ERROR_INVALID for what is no address. Without a slash at the end, host in lower case,
 * without a port that goes without saying. Free with g_free().
 */
char *server_url_read(const char *typed, GError **error);

/* Puts into words what it means that nothing answers (DRIVE_ERROR_OFFLINE), and what to do. */
void server_url_explain(const char *server, GError **error);

/* Whether the host of this URL is this machine: localhost, 127.x.x.x, [::1]. */
bool server_url_is_loopback(const char *url);

/* Whether url is the drive's own, below this base, and of visible characters only. */
bool server_url_is_below(const char *url, const char *base);
