/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/notices.h"

#include <glib/gi18n.h>
#include <gtk/gtk.h>
#include <stdbool.h>
#include <string.h>

struct Notices {
	GApplication *application;
	Door *door;
	unsigned long heard;
	bool knows;   /* a first status was seen: what it says is no news */
	bool unbound; /* no folder was bound when last heard */
	bool first;   /* a folder was bound since, and its first sync has not ended */
	bool signed_in;
	json_int_t held, conflicts;
};

/* label, action: of its button; NULL for none. */
typedef struct Notice {
	const char *id, *title, *text, *label, *action;
	bool urgent;
} Notice;

static bool is_looked_at(const Notices *notices)
{
	GtkApplication *application = GTK_APPLICATION(notices->application);
	GtkWindow *window = gtk_application_get_active_window(application);
	return window && gtk_window_is_active(window);
}

static void send(const Notices *notices, const Notice *notice)
{
	if (is_looked_at(notices)) {
		return;
	}
	g_autoptr(GNotification) notification = g_notification_new(notice->title);
	g_autoptr(GIcon) icon = g_themed_icon_new("org.imdrive.App");
	g_notification_set_icon(notification, icon);
	g_notification_set_body(notification, notice->text);
	g_notification_set_default_action(notification, "app.show");
	if (notice->action) {
		g_notification_add_button(notification, notice->label, notice->action);
	}
	if (notice->urgent) {
		g_notification_set_priority(notification, G_NOTIFICATION_PRIORITY_HIGH);
	}
	g_application_send_notification(notices->application, notice->id, notification);
}

static void take_back(const Notices *notices, const char *id)
{
	g_application_withdraw_notification(notices->application, id);
}

/* ---- what is news ------------------------------------------------------------------------ */

static void tell_held(Notices *notices, json_int_t held)
{
	if (held > 0 && notices->held == 0) {
		g_autofree char *title =
			g_strdup_printf(ngettext("%d file was deleted here",
						 "%d files were deleted here", (unsigned long)held),
					(int)held);
		send(notices,
		     &(Notice){
			     .id = "held",
			     .title = title,
			     .text = _("Nothing is deleted on the drive until you say so."),
			     .label = _("Put them back"),
			     .action = "app.undo-deletions",
			     .urgent = true,
		     });
	} else if (held == 0 && notices->held > 0) {
		take_back(notices, "held");
	}
	notices->held = held;
}

static void tell_conflicts(Notices *notices, json_int_t count)
{
	if (count > notices->conflicts) {
		g_autofree char *text = g_strdup_printf(
			ngettext("%d file was changed on two devices. Both versions are kept.",
				 "%d files were changed on two devices. Both versions are kept.",
				 (unsigned long)count),
			(int)count);
		send(notices, &(Notice){
				      .id = "conflicts",
				      .title = _("Which one is right?"),
				      .text = text,
				      .label = _("Choose"),
				      .action = "app.show",
			      });
	} else if (count == 0 && notices->conflicts > 0) {
		take_back(notices, "conflicts");
	}
	notices->conflicts = count;
}

static void tell_signed_out(Notices *notices, bool signed_in, bool known)
{
	if (notices->signed_in && !signed_in && known) {
		send(notices, &(Notice){
				      .id = "signed-out",
				      .title = _("Signed out"),
				      .text = _("Your files are safe. Sign in to go on."),
				      .label = _("Sign in"),
				      .action = "app.sign-in",
				      .urgent = true,
			      });
	} else if (signed_in) {
		take_back(notices, "signed-out");
	}
	notices->signed_in = signed_in;
}

static void tell_first(Notices *notices, const json_t *status, bool bound)
{
	const char *state = json_string_value(json_object_get(status, "state"));
	notices->first |= bound && notices->unbound;
	notices->unbound = !bound;
	if (!notices->first || g_strcmp0(state, "idle") != 0) {
		return;
	}
	notices->first = false;
	send(notices, &(Notice){
			      .id = "first",
			      .title = _("Your files are here"),
			      .text = _("From now on they are kept up to date by themselves."),
			      .label = _("Open folder"),
			      .action = "app.open-folder",
		      });
}

static void heard(Notices *notices)
{
	const json_t *status = door_status(notices->door);
	if (!status) {
		return;
	}
	bool bound = json_array_size(json_object_get(status, "bindings")) > 0;
	bool signed_in = json_is_true(json_object_get(status, "signed_in"));
	json_int_t conflicts = json_integer_value(json_object_get(status, "conflicts"));
	if (!notices->knows) {
		notices->knows = true;
		notices->unbound = !bound;
		notices->signed_in = signed_in;
		notices->conflicts = conflicts;
	}
	tell_held(notices, door_held_deletions(notices->door));
	tell_conflicts(notices, conflicts);
	tell_signed_out(notices, signed_in, json_is_string(json_object_get(status, "account")));
	tell_first(notices, status, bound);
}

/* ---- life -------------------------------------------------------------------------------- */

Notices *notices_new(GApplication *application, Door *door)
{
	Notices *notices = g_new0(Notices, 1);
	notices->application = application;
	notices->door = g_object_ref(door);
	notices->heard = g_signal_connect_swapped(door, "status", G_CALLBACK(heard), notices);
	return notices;
}

void notices_free(Notices *notices)
{
	if (notices) {
		g_signal_handler_disconnect(notices->door, notices->heard);
		g_object_unref(notices->door);
		g_free(notices);
	}
}
