/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/login/chat_login.h"

#include <glib/gi18n.h>
#include <gmodule.h>
#include <stdbool.h>
#include <webkit/webkit.h>

struct _ChatLogin {
	AdwBin parent;
	GtkLabel *title;
	GtkImage *padlock;
	GtkLabel *address;
	GtkProgressBar *progress;
	AdwBin *place;
	WebKitWebView *view; /* NULL: none */
	char *server;
	char *redirect;
	char **hosts;
	bool over; /* nothing that it does counts any more */
};

G_DEFINE_FINAL_TYPE(ChatLogin, chat_login, ADW_TYPE_BIN)

static unsigned browser_signal, failed_signal, arrived_signal, left_signal;

/* Of tests: what WebDriver asked for before there was a page to show. */
static bool automated;
static WebKitWebView *driven;

/* ---- ends -------------------------------------------------------------------------------- */

static void leave(ChatLogin *page)
{
	g_signal_emit(page, left_signal, 0);
}

static void to_browser(ChatLogin *page)
{
	if (!page->over) {
		page->over = true;
		g_signal_emit(page, browser_signal, 0);
	}
}

static void fail(ChatLogin *page, const char *text)
{
	if (!page->over) {
		page->over = true;
		g_signal_emit(page, failed_signal, 0, text);
	}
}

/* ---- what may be shown ------------------------------------------------------------------- */

static void show_address(ChatLogin *page, const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url ? url : "", G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;
	/* As it is, not as it wants to look. */
	g_autofree char *ascii = host && *host ? g_hostname_to_ascii(host) : NULL;
	int port = uri ? g_uri_get_port(uri) : -1;
	g_autofree char *shown = port > 0 && ascii ? g_strdup_printf("%s:%d", ascii, port)
						   : g_strdup(ascii ? ascii : "…");
	bool safe = uri && g_strcmp0(g_uri_get_scheme(uri), "https") == 0;
	gtk_label_set_text(page->address, shown);
	gtk_widget_set_tooltip_text(GTK_WIDGET(page->address), shown);
	gtk_image_set_from_icon_name(page->padlock,
				     safe ? "channel-secure-symbolic" : "computer-symbolic");
	const char *text = safe ? _("The connection is encrypted") : _("A page of this computer");
	gtk_widget_set_tooltip_text(GTK_WIDGET(page->padlock), text);
	gtk_accessible_update_property(GTK_ACCESSIBLE(page->padlock), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       text, -1);
}

/* Whether the page at this address may be in the window. */
static bool is_allowed(ChatLogin *page, const char *url)
{
	const DispatchRules rules = {
		.server = page->server,
		.redirect = page->redirect,
		.hosts = (const char *const *)page->hosts,
	};
	switch (dispatch_judge(&rules, url)) {
	case DISPATCH_SHOW:
		return true;
	case DISPATCH_ARRIVED:
		if (!page->over) {
			page->over = true;
			g_signal_emit(page, arrived_signal, 0);
		}
		return true;
	case DISPATCH_BROWSER:
		to_browser(page);
		return false;
	case DISPATCH_REFUSE:
		break;
	}
	fail(page, _("The page tried to open something that is no web page. If this happens "
		     "again, tell whoever runs this drive."));
	return false;
}

static void moved(ChatLogin *page, WebKitLoadEvent event, WebKitWebView *view)
{
	const char *url = webkit_web_view_get_uri(view);
	if (event != WEBKIT_LOAD_FINISHED && url && *url && !is_allowed(page, url)) {
		webkit_web_view_stop_loading(view);
	}
	show_address(page, url);
}

static bool use_response(ChatLogin *page, WebKitResponsePolicyDecision *decision)
{
	const char *url =
		webkit_uri_request_get_uri(webkit_response_policy_decision_get_request(decision));
	if (!webkit_response_policy_decision_is_main_frame_main_resource(decision)) {
		return true;
	}
	if (!webkit_response_policy_decision_is_mime_type_supported(decision)) {
		fail(page, _("The page wanted to store a file. Signing in needs none, so this was "
			     "stopped."));
		return false;
	}
	return is_allowed(page, url);
}

static gboolean decide(ChatLogin *page, WebKitPolicyDecision *decision,
		       WebKitPolicyDecisionType type, WebKitWebView *view)
{
	bool use = true;
	if (type == WEBKIT_POLICY_DECISION_TYPE_NEW_WINDOW_ACTION) {
		use = false;
		to_browser(page);
	} else if (type == WEBKIT_POLICY_DECISION_TYPE_RESPONSE) {
		use = use_response(page, WEBKIT_RESPONSE_POLICY_DECISION(decision));
	}
	if (use) {
		webkit_policy_decision_use(decision);
	} else {
		webkit_policy_decision_ignore(decision);
	}
	return TRUE;
}

static GtkWidget *create(ChatLogin *page, WebKitNavigationAction *action, WebKitWebView *view)
{
	to_browser(page);
	return NULL;
}

static gboolean refuse_certificate(ChatLogin *page, const char *url, GTlsCertificate *certificate,
				   GTlsCertificateFlags errors, WebKitWebView *view)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
	g_autofree char *text = g_strdup_printf(
		_("%s could not prove that it is who it says. Somebody may be in between, so "
		  "nothing was sent there. Try another network; if it happens there too, tell "
		  "whoever runs that server."),
		uri ? g_uri_get_host(uri) : url);
	fail(page, text);
	return TRUE;
}

static gboolean load_failed(ChatLogin *page, WebKitLoadEvent event, const char *url, GError *error,
			    WebKitWebView *view)
{
	if (g_error_matches(error, WEBKIT_NETWORK_ERROR, WEBKIT_NETWORK_ERROR_CANCELLED) ||
	    g_error_matches(error, WEBKIT_POLICY_ERROR,
			    WEBKIT_POLICY_ERROR_FRAME_LOAD_INTERRUPTED_BY_POLICY_CHANGE)) {
		return TRUE;
	}
	g_autofree char *text = g_strdup_printf(_("The page could not be opened: %s. Look whether "
						  "you are online, and try again."),
						error->message);
	fail(page, text);
	return TRUE;
}

static void ended(ChatLogin *page, WebKitWebProcessTerminationReason reason, WebKitWebView *view)
{
	fail(page, _("The page has crashed. Try again, or use your browser."));
}

static gboolean deny(ChatLogin *page, WebKitPermissionRequest *request, WebKitWebView *view)
{
	webkit_permission_request_deny(request);
	return TRUE;
}

static gboolean no_menu(void)
{
	return TRUE;
}

static void no_download(ChatLogin *page, WebKitDownload *download, WebKitNetworkSession *session)
{
	webkit_download_cancel(download);
	fail(page, _("The page wanted to store a file. Signing in needs none, so this was "
		     "stopped."));
}

static void progressed(ChatLogin *page, GParamSpec *property, WebKitWebView *view)
{
	double done = webkit_web_view_get_estimated_load_progress(view);
	gtk_progress_bar_set_fraction(page->progress, done);
	gtk_widget_set_opacity(GTK_WIDGET(page->progress), done < 1 ? 1 : 0);
}

/* ---- the view ---------------------------------------------------------------------------- */

static WebKitWebView *new_view(void)
{
	/* Pages speak the language of the window, whatever the locale is called. */
	webkit_web_context_set_preferred_languages(webkit_web_context_get_default(),
						   g_get_language_names());
	g_autoptr(WebKitNetworkSession) session = webkit_network_session_new_ephemeral();
	g_autoptr(WebKitSettings) settings = webkit_settings_new_with_settings(
		"enable-developer-extras", FALSE, "enable-webgl", FALSE, "enable-webrtc", FALSE,
		"enable-media", FALSE, "enable-html5-database", FALSE,
		"javascript-can-open-windows-automatically", FALSE,
		"javascript-can-access-clipboard", FALSE, "allow-file-access-from-file-urls", FALSE,
		"enable-page-cache", FALSE, "hardware-acceleration-policy",
		WEBKIT_HARDWARE_ACCELERATION_POLICY_NEVER, NULL);
	webkit_network_session_set_tls_errors_policy(session, WEBKIT_TLS_ERRORS_POLICY_FAIL);
	return g_object_ref_sink(g_object_new(WEBKIT_TYPE_WEB_VIEW, "network-session", session,
					      "settings", settings, "is-controlled-by-automation",
					      (gboolean)automated, NULL));
}

static void connect_view(ChatLogin *page, WebKitWebView *view)
{
	g_object_connect(
		view, "swapped-signal::load-changed", moved, page, "swapped-signal::decide-policy",
		decide, page, "swapped-signal::create", create, page, "swapped-signal::load-failed",
		load_failed, page, "swapped-signal::load-failed-with-tls-errors",
		refuse_certificate, page, "swapped-signal::web-process-terminated", ended, page,
		"swapped-signal::permission-request", deny, page, "signal::context-menu", no_menu,
		NULL, "swapped-signal::notify::estimated-load-progress", progressed, page, NULL);
	g_signal_connect_object(webkit_web_view_get_network_session(view), "download-started",
				G_CALLBACK(no_download), page, G_CONNECT_SWAPPED);
}

static void close_page(ChatLogin *page)
{
	page->over = true;
	if (page->view) {
		g_signal_handlers_disconnect_by_data(page->view, page);
		webkit_web_view_try_close(page->view);
		adw_bin_set_child(page->place, NULL);
		g_clear_object(&page->view);
	}
	g_clear_pointer(&page->server, g_free);
	g_clear_pointer(&page->redirect, g_free);
	g_clear_pointer(&page->hosts, g_strfreev);
}

static void open_page(ChatLogin *page, const char *url, const DispatchRules *rules,
		      const char *title)
{
	close_page(page);
	page->over = false;
	page->server = g_strdup(rules->server);
	page->redirect = g_strdup(rules->redirect);
	page->hosts = g_strdupv((char **)rules->hosts);
	page->view = driven ? g_steal_pointer(&driven) : new_view();
	connect_view(page, page->view);
	gtk_label_set_text(page->title, title);
	show_address(page, url);
	gtk_widget_set_hexpand(GTK_WIDGET(page->view), TRUE);
	gtk_widget_set_vexpand(GTK_WIDGET(page->view), TRUE);
	adw_bin_set_child(page->place, GTK_WIDGET(page->view));
	webkit_web_view_load_uri(page->view, url);
	gtk_widget_grab_focus(GTK_WIDGET(page->view));
}

/* ---- for tests --------------------------------------------------------------------------- */

static WebKitWebView *prepare(WebKitAutomationSession *session, void *data)
{
	g_set_object(&driven, NULL);
	driven = new_view();
	return driven;
}

static void automation_started(WebKitWebContext *context, WebKitAutomationSession *session,
			       void *data)
{
	g_autoptr(WebKitApplicationInfo) info = webkit_application_info_new();
	webkit_application_info_set_name(info, "imdrive-app");
	webkit_automation_session_set_application_info(session, info);
	g_signal_connect(session, "create-web-view", G_CALLBACK(prepare), NULL);
}

static void allow_automation(void)
{
	WebKitWebContext *context = webkit_web_context_get_default();
	automated = true;
	webkit_web_context_set_automation_allowed(context, TRUE);
	g_signal_connect(context, "automation-started", G_CALLBACK(automation_started), NULL);
}

/* ---- life -------------------------------------------------------------------------------- */

static void dispose(GObject *object)
{
	ChatLogin *page = CHAT_LOGIN_PAGE(object);
	if (page->place) {
		close_page(page);
	}
	gtk_widget_dispose_template(GTK_WIDGET(object), CHAT_LOGIN_TYPE);
	G_OBJECT_CLASS(chat_login_parent_class)->dispose(object);
}

static unsigned add_signal(const char *name)
{
	return g_signal_new(name, CHAT_LOGIN_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
			    G_TYPE_NONE, 0);
}

static void chat_login_class_init(ChatLoginClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/chat_login.ui");
	gtk_widget_class_bind_template_child(widget, ChatLogin, title);
	gtk_widget_class_bind_template_child(widget, ChatLogin, padlock);
	gtk_widget_class_bind_template_child(widget, ChatLogin, address);
	gtk_widget_class_bind_template_child(widget, ChatLogin, progress);
	gtk_widget_class_bind_template_child(widget, ChatLogin, place);
	gtk_widget_class_bind_template_callback(widget, leave);
	gtk_widget_class_bind_template_callback(widget, to_browser);
	browser_signal = add_signal("browser");
	arrived_signal = add_signal("arrived");
	left_signal = add_signal("left");
	failed_signal = g_signal_new("failed", CHAT_LOGIN_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
				     NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void chat_login_init(ChatLogin *page)
{
	page->over = true;
	gtk_widget_init_template(GTK_WIDGET(page));
}

static ChatLogin *create_page(void)
{
	return g_object_new(CHAT_LOGIN_TYPE, NULL);
}

G_MODULE_EXPORT const ChatLoginModule chat_login_module = {
	.create = create_page,
	.open = open_page,
	.close = close_page,
	.allow_automation = allow_automation,
};
