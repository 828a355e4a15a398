/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

/*
 * What the app itself knows of chat services: their names, their marks, whether the page of one may
 * be shown in the window, and then on which hosts, and on which page a link is sent to people
 * there. None of it comes from a drive, which could call a page of its own "QQ".
 */
typedef struct Service {
	char *id;
	char *name;      /* in the person's language */
	char *icon;      /* of its mark */
	bool known;      /* else name is all that the drive said */
	bool embedded;   /* its page may be shown in the window … */
	char **hosts;    /* … on these hosts only */
	char *share_url; /* its page for sending a link (base/share_url.h); NULL: none */
} Service;

/* id and label: as the drive says. Free with services_free(). */
Service *services_find(const char *id, const char *label);
void services_free(Service *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Service, services_free)

/* Those that have a page for sending a link (Service), by name; free with g_ptr_array_unref(). */
GPtrArray *services_with_share_page(void);

/* For tests: a folder with more records, which go before the app's own. */
void services_add_folder(const char *folder);

/* The service's mark, as a picture of so many pixels. */
GtkWidget *services_mark(const Service *service, int size);
