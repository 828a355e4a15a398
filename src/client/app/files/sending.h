/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

/*
 * A row with what brings a link to people from this device, in the person's own name: the page that
 * a chat service has for it, in the browser, of each service whose page the app itself knows; the
 * chat program of this machine, if one is registered for xmpp:; and a QR code, if the drive is not
 * on this machine. NULL: the link cannot be sent
 * so. url, name: the link, and of what.
 */
GtkWidget *sending_row(const char *url, const char *name);
