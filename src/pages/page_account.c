/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/page_account.h"

#include "pages/mark.h"

static void put_heading(Html *html, const Frame *frame, Phrase heading)
{
	html_put(html, "<h2>");
	html_say(html, frame->language, heading, NULL);
	html_put(html, "</h2>");
}

static void put_paragraph(Html *html, const Frame *frame, Phrase text)
{
	html_put(html, "<p>");
	html_say(html, frame->language, text, NULL);
	html_put(html, "</p>");
}

static void put_hint(Html *html, const Frame *frame, Phrase text)
{
	html_put(html, "<p class=\"hint\">");
	html_say(html, frame->language, text, NULL);
	html_put(html, "</p>");
}

static char *id_text(int64_t id)
{
	return g_strdup_printf("%" G_GINT64_FORMAT, id);
}

/* A button that does something with one row; what is said to those who cannot see the row. */
typedef struct Action {
	const char *path;
	int64_t id;
	Phrase text;
	Phrase label;
	const char *name;
} Action;

static void put_action(Html *html, const Frame *frame, const Action *action)
{
	g_autofree char *id = id_text(action->id);
	frame_open_form(html, frame, action->path, "inline");
	html_put(html, "<input type=\"hidden\" name=\"id\" value=\"%s\"/><button aria-label=\"",
		 id);
	html_say_plain(html, frame->language, action->label, action->name, NULL);
	html_put(html, "\">");
	html_say(html, frame->language, action->text, NULL);
	html_put(html, "</button></form>");
}

static void put_place(Html *html, const Frame *frame, const PageAccountPlace *place, int64_t now_us)
{
	html_put(html, "<div class=\"about\"><strong><bdi>%s</bdi></strong>", place->name);
	if (place->here) {
		html_put(html, " <em>");
		html_say(html, frame->language, PHRASE_THIS_BROWSER, NULL);
		html_put(html, "</em>");
	}
	html_put(html, "<small>");
	html_ago(html, frame->language, place->seen_us, now_us);
	if (place->peer) {
		html_put(html, " · %s", place->peer);
	}
	html_put(html, " · ");
	html_say(html, frame->language, PHRASE_SIGNED_BY,
		 place->method ? place->method : phrase_text(frame->language, PHRASE_BY_PASSWORD),
		 NULL);
	html_put(html, "</small></div>");
}

static void put_devices(Html *html, const Frame *frame, const PageAccount *account, int64_t now_us)
{
	html_put(html, "<section>");
	put_heading(html, frame, PHRASE_DEVICES);
	if (account->device_count == 0) {
		put_paragraph(html, frame, PHRASE_NO_DEVICES);
	}
	html_put(html, "<ul class=\"rows\">");
	for (size_t i = 0; i < account->device_count; i++) {
		const PageAccountPlace *device = &account->devices[i];
		html_put(html, "<li>");
		put_place(html, frame, device, now_us);
		put_action(html, frame,
			   &(Action){ "/account/device/end", device->id, PHRASE_REVOKE,
				      PHRASE_REVOKE_LABEL, device->name });
		html_put(html, "</li>");
	}
	html_put(html, "</ul></section>");
}

static void put_sessions(Html *html, const Frame *frame, const PageAccount *account, int64_t now_us)
{
	html_put(html, "<section>");
	put_heading(html, frame, PHRASE_SESSIONS);
	html_put(html, "<ul class=\"rows\">");
	for (size_t i = 0; i < account->session_count; i++) {
		const PageAccountPlace *session = &account->sessions[i];
		html_put(html, "<li>");
		put_place(html, frame, session, now_us);
		put_action(html, frame,
			   &(Action){ "/account/session/end", session->id, PHRASE_SIGN_OUT,
				      PHRASE_END_SESSION_LABEL, session->name });
		html_put(html, "</li>");
	}
	html_put(html, "</ul>");
	frame_open_form(html, frame, "/account/end-all", "aside");
	put_hint(html, frame, PHRASE_END_ALL_TEXT);
	html_put(html, "<button class=\"grave\">");
	html_say(html, frame->language, PHRASE_END_ALL, NULL);
	html_put(html, "</button></form></section>");
}

static void put_link(Html *html, const Frame *frame, const PageAccountService *service)
{
	frame_open_form(html, frame, "/account/identity/link", "inline");
	html_put(html, "<button name=\"provider\" value=\"%s\" class=\"marked\">",
		 service ? service->id : "chat");
	if (service) {
		mark_put(html, service->icon, service->label);
		html_put(html, "<span>");
		html_say(html, frame->language, PHRASE_LINK, service->label, NULL);
	} else {
		html_put(html, "<span>");
		html_say(html, frame->language, PHRASE_LINK_CHAT, NULL);
	}
	html_put(html, "</span></button></form>");
}

static void put_identity(Html *html, const Frame *frame, const PageAccountIdentity *identity)
{
	html_put(html, "<li>");
	mark_put(html, identity->icon, identity->label);
	html_put(html, "<div class=\"about\"><strong><bdi>%s</bdi></strong><small>%s</small></div>",
		 identity->name, identity->label);
	if (identity->removable) {
		put_action(html, frame,
			   &(Action){ "/account/identity/unlink", identity->id, PHRASE_UNLINK,
				      PHRASE_UNLINK_LABEL, identity->name });
	} else {
		html_put(html, "<small>");
		html_say(html, frame->language, PHRASE_LAST_WAY, NULL);
		html_put(html, "</small>");
	}
	html_put(html, "</li>");
}

static void put_identities(Html *html, const Frame *frame, const PageAccount *account)
{
	html_put(html, "<section>");
	put_heading(html, frame, PHRASE_IDENTITIES);
	if (account->identity_count == 0) {
		put_paragraph(html, frame, PHRASE_NO_IDENTITIES);
	}
	html_put(html, "<ul class=\"rows\">");
	bool removable = false;
	for (size_t i = 0; i < account->identity_count; i++) {
		put_identity(html, frame, &account->identities[i]);
		removable |= account->identities[i].removable;
	}
	html_put(html, "</ul>");
	if (removable) {
		put_hint(html, frame, PHRASE_UNLINK_TEXT);
	}
	html_put(html, "<div class=\"links\">");
	for (size_t i = 0; i < account->service_count; i++) {
		put_link(html, frame, &account->services[i]);
	}
	if (account->can_link_chat) {
		put_link(html, frame, NULL);
	}
	html_put(html, "</div></section>");
}

static void put_password(Html *html, const Frame *frame, const PageAccount *account)
{
	html_put(html, "<section>");
	put_heading(html, frame, PHRASE_SET_PASSWORD);
	put_paragraph(html, frame,
		      account->has_password ? PHRASE_HAS_PASSWORD : PHRASE_HAS_NO_PASSWORD);
	frame_open_form(html, frame, "/account/password", "field-row");
	html_put(html,
		 "<input type=\"hidden\" name=\"name\" autocomplete=\"username\" value=\"%s\"/>"
		 "<label for=\"new-password\">",
		 frame->who);
	html_say(html, frame->language, PHRASE_NEW_PASSWORD, NULL);
	html_put(html, "</label><div class=\"joined\"><input id=\"new-password\" name=\"password\" "
		       "type=\"password\" autocomplete=\"new-password\" minlength=\"8\" "
		       "maxlength=\"1024\" required=\"required\"/><button>");
	html_say(html, frame->language, PHRASE_SAVE, NULL);
	html_put(html, "</button></div>");
	put_hint(html, frame, PHRASE_SET_PASSWORD_TEXT);
	html_put(html, "</form></section>");
}

static void put_start(Html *html, const Frame *frame, const PageAccount *account)
{
	html_put(html, "<section class=\"start\">");
	put_heading(html, frame, PHRASE_GET_STARTED);
	put_paragraph(html, frame, PHRASE_GET_STARTED_TEXT);
	html_put(html, "<pre><code>imdrive login %s\nimdrive sync ~/Drive</code></pre></section>",
		 account->url);
}

GBytes *page_account(const Frame *frame, const PageAccount *account, int64_t now_us)
{
	Html *html = html_new();
	frame_open(html, frame, phrase_text(frame->language, PHRASE_ACCOUNT));
	if (account->has_picture) {
		/* The name stands beside it. */
		html_put(html, "<img class=\"picture\" src=\"" PAGE_ACCOUNT_PICTURE
			       "\" alt=\"\" width=\"64\" height=\"64\"/>");
	}
	html_put(html, "<h1>");
	html_say(html, frame->language, PHRASE_ACCOUNT_OF, frame->who, frame->drive, NULL);
	html_put(html, "</h1>");
	if (account->admin) {
		html_put(html, "<p class=\"lead\">");
		html_say(html, frame->language, PHRASE_ADMINISTRATOR, NULL);
		html_put(html, "</p>");
	}
	if (account->noted) {
		html_put(html, "<p class=\"notice\" role=\"status\">");
		html_say(html, frame->language, account->notice, frame->who, NULL);
		html_put(html, "</p>");
	}
	if (account->device_count == 0) {
		put_start(html, frame, account);
	}
	put_devices(html, frame, account, now_us);
	put_identities(html, frame, account);
	put_sessions(html, frame, account, now_us);
	put_password(html, frame, account);
	frame_close(html, frame);
	return html_end(html);
}
