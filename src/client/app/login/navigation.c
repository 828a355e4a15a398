/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/navigation.h"

#include "base/text.h"
#include "client/app/choices.h"
#include "client/app/login/chat_module.h"
#include "client/app/login/dispatch.h"
#include "client/app/login/feedback.h"
#include "client/app/login/main_login.h"
#include "client/app/reason.h"
#include "client/app/services.h"
#include "client/app/spoken.h"

#include <glib/gi18n.h>
#include <stdbool.h>
#include <string.h>

typedef enum Way {
	WAY_WINDOW,
	WAY_BROWSER,
	WAY_PASSWORD,
} Way;

struct _Navigation {
	AdwBin parent;
	GtkStack *stack;
	MainLogin *main_login;
	ChatLogin *chat_login; /* NULL: no page was shown yet */
	Feedback *feedback;
	AdwStatusPage *waiting;
	GtkButton *copy;
	Door *door;
	json_t *drive;
	Way way;
	char *invitation;   /* secret; NULL: none */
	char *chat_address; /* that was typed; NULL: none */
	Service *service;   /* NULL: the drive's own page, or the dedicated account */
	bool fresh;         /* that page, for an account with a password */
	json_int_t id;      /* of the sign-in; 0: none is under way */
	bool beginning;     /* it was asked for, and has no id yet */
	char *url;
	char *redirect;
};

G_DEFINE_FINAL_TYPE(Navigation, navigation, ADW_TYPE_BIN)

static unsigned entered_signal, left_signal;

static const char *server_of(const Navigation *pages)
{
	return json_string_value(json_object_get(pages->drive, "server"));
}

static const char *name_of_drive(const Navigation *pages)
{
	const char *name = json_string_value(json_object_get(pages->drive, "name"));
	return name && *name ? name : server_of(pages);
}

static void close_chat(Navigation *pages)
{
	if (pages->chat_login) {
		chat_module_get()->close(pages->chat_login);
	}
}

static void show_main(Navigation *pages)
{
	close_chat(pages);
	main_login_set_busy(pages->main_login, FALSE);
	gtk_stack_set_visible_child_name(pages->stack, "main");
}

static void show_failure(Navigation *pages, const char *title, const char *text)
{
	pages->id = 0;
	close_chat(pages);
	feedback_failure(pages->feedback, title, text);
	gtk_stack_set_visible_child_name(pages->stack, "feedback");
}

static void present(Navigation *pages)
{
	GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(pages));
	if (GTK_IS_WINDOW(root)) {
		gtk_window_present(GTK_WINDOW(root));
	}
}

/* ---- on the way -------------------------------------------------------------------------- */

static void open_browser(Navigation *pages)
{
	GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(pages));
	g_autofree char *text = NULL;
	if (pages->service) {
		text = g_strdup_printf(_("Sign in with %s in your browser. This window goes on "
					 "by itself."),
				       pages->service->name);
	} else {
		text = g_strdup_printf(
			_("Sign in to %s in your browser. This window goes on by itself."),
			name_of_drive(pages));
	}
	g_autofree char *escaped = g_markup_escape_text(text, -1);
	adw_status_page_set_description(pages->waiting, escaped);
	gtk_stack_set_visible_child_name(pages->stack, "waiting");
	choices_open_page(GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL, pages->url);
}

static void open_window(Navigation *pages)
{
	const DispatchRules rules = {
		.server = server_of(pages),
		.redirect = pages->redirect,
		.hosts = pages->service ? (const char *const *)pages->service->hosts : NULL,
	};
	g_autofree char *title =
		pages->service ? g_strdup_printf(_("Sign in with %s"), pages->service->name)
			       : g_strdup_printf(_("Sign in to %s"), name_of_drive(pages));
	gtk_stack_set_visible_child_name(pages->stack, "chat");
	chat_module_get()->open(pages->chat_login, pages->url, &rules, title);
}

static void begun(void *object, const json_t *result, const GError *error)
{
	Navigation *pages = object;
	const char *url = json_string_value(json_object_get(result, "url"));
	const char *redirect = json_string_value(json_object_get(result, "redirect"));
	if (!pages->beginning) {
		return; /* given up meanwhile */
	}
	pages->beginning = false;
	g_autofree char *reason = error ? reason_of(error) : NULL;
	if (error && pages->way == WAY_PASSWORD) {
		main_login_set_busy(pages->main_login, FALSE);
		dedicated_set_problem(main_login_dedicated(pages->main_login), reason);
		return;
	}
	if (error) {
		show_failure(pages, _("Signing in could not begin"), reason);
		return;
	}
	pages->id = json_integer_value(json_object_get(result, "id"));
	if (pages->way != WAY_PASSWORD && url && redirect) {
		g_free(pages->url);
		g_free(pages->redirect);
		pages->url = g_strdup(url);
		pages->redirect = g_strdup(redirect);
		(pages->way == WAY_WINDOW ? open_window : open_browser)(pages);
	}
}

/* params is taken. */
static void begin(Navigation *pages, Way way, json_t *params)
{
	pages->way = way;
	pages->id = 0;
	pages->beginning = true;
	main_login_set_busy(pages->main_login, TRUE);
	json_object_set_new(params, "server", json_string(server_of(pages)));
	json_object_set_new(params, "how", json_string(way == WAY_PASSWORD ? "password" : "page"));
	door_ask(pages->door, "sign-in", params, pages, begun);
}

static void begin_page(Navigation *pages, Way way)
{
	const char *provider = pages->service ? pages->service->id : NULL;
	begin(pages, way,
	      json_pack("{s:s*, s:s*, s:s*}", "provider",
			pages->fresh ? MAIN_LOGIN_PASSWORD : provider, "login_hint",
			pages->chat_address, "invitation", pages->invitation));
}

/* Anew: what the window has seen of the former attempt is worth nothing. */
static void use_browser(Navigation *pages)
{
	close_chat(pages);
	begin_page(pages, WAY_BROWSER);
}

static void page_failed(Navigation *pages, const char *text)
{
	door_ask(pages->door, "sign-in-cancel", NULL, pages, NULL);
	show_failure(pages, _("The page was closed"), text);
}

static void show_arrived(Navigation *pages)
{
	gtk_stack_set_visible_child_name(pages->stack, "arrived");
}

void navigation_stop(Navigation *pages)
{
	if (pages->id || pages->beginning) {
		door_ask(pages->door, "sign-in-cancel", NULL, pages, NULL);
	}
	pages->id = 0;
	pages->beginning = false;
	show_main(pages);
}

/* False: this installation cannot show a page. */
static bool make_chat(Navigation *pages)
{
	const ChatLoginModule *module = chat_module_get();
	if (module && !pages->chat_login) {
		pages->chat_login = module->create();
		g_object_connect(pages->chat_login, "swapped-signal::browser", use_browser, pages,
				 "swapped-signal::failed", page_failed, pages,
				 "swapped-signal::arrived", show_arrived, pages,
				 "swapped-signal::left", navigation_stop, pages, NULL);
		gtk_stack_add_named(pages->stack, GTK_WIDGET(pages->chat_login), "chat");
	}
	return module != NULL;
}

/* ---- what the person does ---------------------------------------------------------------- */

static bool fits_window(Navigation *pages)
{
	bool own = !pages->service || pages->service->embedded;
	return own && !choices_prefers_browser() && !choices_has_screen_reader() &&
	       make_chat(pages);
}

static const char *label_of(const Navigation *pages, const char *id)
{
	size_t index;
	json_t *item;
	json_array_foreach(json_object_get(pages->drive, "services"), index, item)
	{
		if (g_strcmp0(json_string_value(json_object_get(item, "id")), id) == 0) {
			return json_string_value(json_object_get(item, "label"));
		}
	}
	return NULL;
}

static void choose(Navigation *pages, const char *id)
{
	g_clear_pointer(&pages->service, services_free);
	g_clear_pointer(&pages->chat_address, g_free);
	pages->fresh = strcmp(id, MAIN_LOGIN_PASSWORD) == 0;
	if (!pages->fresh) {
		pages->service = services_find(id, label_of(pages, id));
	}
	begin_page(pages, fits_window(pages) ? WAY_WINDOW : WAY_BROWSER);
}

/* The page where it is asked for: nobody is written to before he presses there (C3). */
static void confirm(Navigation *pages, const char *address)
{
	g_clear_pointer(&pages->service, services_free);
	g_free(pages->chat_address);
	pages->chat_address = *address ? g_strdup(address) : NULL;
	pages->fresh = false;
	begin_page(pages, fits_window(pages) ? WAY_WINDOW : WAY_BROWSER);
}

static void enter(Navigation *pages)
{
	Dedicated *form = main_login_dedicated(pages->main_login);
	g_clear_pointer(&pages->service, services_free);
	begin(pages, WAY_PASSWORD,
	      json_pack("{s:s, s:s}", "name", dedicated_name(form), "password",
			dedicated_password(form)));
}

static void leave(Navigation *pages)
{
	navigation_stop(pages);
	g_signal_emit(pages, left_signal, 0);
}

static void open_again(Navigation *pages)
{
	open_browser(pages);
}

static void copy_link(Navigation *pages)
{
	gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(pages)), pages->url);
	gtk_button_set_label(pages->copy, _("Copied"));
}

static void go_on(Navigation *pages)
{
	g_signal_emit(pages, entered_signal, 0);
}

/* ---- what becomes of it ------------------------------------------------------------------ */

static void welcome(Navigation *pages, const json_t *sign_in)
{
	const char *account = json_string_value(json_object_get(sign_in, "account"));
	pages->id = 0;
	text_wipe(&pages->invitation);
	close_chat(pages);
	dedicated_set_problem(main_login_dedicated(pages->main_login), NULL);
	if (pages->service) {
		choices_set_last_service(pages->service->id);
	}
	feedback_welcome(pages->feedback,
			 &(FeedbackWelcome){
				 .account = account ? account : "",
				 .drive = name_of_drive(pages),
				 .registered = json_is_true(json_object_get(sign_in, "registered")),
				 .door = pages->door,
			 });
	gtk_stack_set_visible_child_name(pages->stack, "feedback");
	present(pages);
}

static void refuse(Navigation *pages, const json_t *sign_in)
{
	const json_t *error = json_object_get(sign_in, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *message = json_string_value(json_object_get(error, "message"));
	g_autofree char *reason = reason_text(code, message ? message : "");
	const char *title = g_strcmp0(code, "forbidden") == 0 ? _("You said no")
			    : g_strcmp0(code, "offline") == 0 ? _("No answer came")
							      : _("You are not signed in");
	if (pages->way == WAY_PASSWORD) {
		pages->id = 0;
		main_login_set_busy(pages->main_login, FALSE);
		bool wrong = g_strcmp0(code, "unauthenticated") == 0;
		dedicated_set_problem(main_login_dedicated(pages->main_login),
				      wrong ? _("The name or the password is wrong.") : reason);
		return;
	}
	show_failure(pages, title, reason);
	present(pages);
}

static void heard(Navigation *pages)
{
	const json_t *status = door_status(pages->door);
	const json_t *sign_in = json_object_get(status, "sign_in");
	if (!pages->id) {
		return;
	}
	switch (dispatch_stage(status, pages->id)) {
	case DISPATCH_DONE:
		welcome(pages, sign_in);
		break;
	case DISPATCH_FAILED:
		refuse(pages, sign_in);
		break;
	case DISPATCH_CANCELLED:
		pages->id = 0;
		show_main(pages);
		break;
	default:
		break;
	}
}

/* ---- life -------------------------------------------------------------------------------- */

void navigation_set_door(Navigation *pages, Door *door)
{
	pages->door = door;
	g_signal_connect_object(door, "status", G_CALLBACK(heard), pages, G_CONNECT_SWAPPED);
}

void navigation_start(Navigation *pages, const json_t *drive, const char *invitation)
{
	g_autofree char *last = choices_last_service();
	json_decref(pages->drive);
	pages->drive = json_deep_copy(drive);
	text_wipe(&pages->invitation);
	pages->invitation = g_strdup(invitation);
	main_login_show(pages->main_login, drive, last, invitation != NULL);
	show_main(pages);
}

static void dispose(GObject *object)
{
	Navigation *pages = NAVIGATION_PAGES(object);
	g_clear_pointer(&pages->drive, json_decref);
	text_wipe(&pages->invitation);
	g_clear_pointer(&pages->chat_address, g_free);
	g_clear_pointer(&pages->service, services_free);
	g_clear_pointer(&pages->url, g_free);
	g_clear_pointer(&pages->redirect, g_free);
	pages->chat_login = NULL;
	gtk_widget_dispose_template(GTK_WIDGET(object), NAVIGATION_TYPE);
	G_OBJECT_CLASS(navigation_parent_class)->dispose(object);
}

static void bind_children(GtkWidgetClass *widget)
{
	gtk_widget_class_bind_template_child(widget, Navigation, stack);
	gtk_widget_class_bind_template_child(widget, Navigation, main_login);
	gtk_widget_class_bind_template_child(widget, Navigation, feedback);
	gtk_widget_class_bind_template_child(widget, Navigation, waiting);
	gtk_widget_class_bind_template_child(widget, Navigation, copy);
}

static void navigation_class_init(NavigationClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	g_type_ensure(MAIN_LOGIN_TYPE);
	g_type_ensure(FEEDBACK_TYPE);
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/navigation.ui");
	bind_children(widget);
	gtk_widget_class_bind_template_callback(widget, choose);
	gtk_widget_class_bind_template_callback(widget, confirm);
	gtk_widget_class_bind_template_callback(widget, leave);
	gtk_widget_class_bind_template_callback(widget, navigation_stop);
	gtk_widget_class_bind_template_callback(widget, open_again);
	gtk_widget_class_bind_template_callback(widget, copy_link);
	gtk_widget_class_bind_template_callback(widget, go_on);
	entered_signal = g_signal_new("entered", NAVIGATION_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
				      NULL, G_TYPE_NONE, 0);
	left_signal = g_signal_new("left", NAVIGATION_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				   G_TYPE_NONE, 0);
}

static void navigation_init(Navigation *pages)
{
	gtk_widget_init_template(GTK_WIDGET(pages));
	spoken_follow(GTK_WIDGET(pages->stack));
	g_signal_connect_swapped(main_login_dedicated(pages->main_login), "enter",
				 G_CALLBACK(enter), pages);
}
