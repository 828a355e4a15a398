/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/sample.h"

#include "pages/page_account.h"
#include "pages/page_chat.h"
#include "pages/page_consent.h"
#include "pages/page_device.h"
#include "pages/page_login.h"
#include "pages/page_message.h"
#include "pages/page_shared.h"

#include <stdint.h>

#define NOW_US (INT64_C(1700000000) * G_USEC_PER_SEC)

static const char *or_text(const char *text, const char *fallback)
{
	return text ? text : fallback;
}

Frame sample_frame(Language language, const char *text)
{
	return (Frame){
		.language = language,
		.drive = or_text(text, "drive.example.org"),
		.path = or_text(text, "/login?a=1&b=2"),
		.csrf = or_text(text, "token"),
		.meta_name = or_text(text, "qc:admins"),
		.meta_content = or_text(text, "proof"),
	};
}

static GBytes *login_with(const Frame *frame, const char *text, PageLogin login, size_t services)
{
	const PageLoginService all[] = {
		{ or_text(text, "wechat"),
		  or_text(text, frame->language == LANGUAGE_CHINESE ? "微信" : "WeChat"),
		  or_text(text, "/"), true },
		{ "qq", or_text(text, "QQ"), or_text(text, "/"), false },
		{ "telegram", or_text(text, "Telegram"), or_text(text, "/"), false },
		{ "discord", or_text(text, "Discord"), or_text(text, "/"), false },
		{ "slack", or_text(text, "Slack"), or_text(text, "/"), false },
		{ "mattermost", "Mattermost", "/", false },
		{ "rocketchat", "Rocket.Chat", "/", false },
		{ "matrix", "Matrix", "/", false },
		{ "line", "LINE", "/", false },
		{ "kakao", "KakaoTalk", "/", false },
		{ "microsoft", "Microsoft", "/", false },
		{ "wecom", "WeCom", "/", false },
		{ "dingtalk", "DingTalk", "/", false },
		{ "feishu", "Feishu", "/", false },
		{ "lark", "Lark", "/", false },
		{ "zalo", "Zalo", "/", false },
		{ "vk", "VK", "/", false },
		{ "xmpp", "XMPP", "/", false },
		{ "none", "Other", "/", false },
	};
	login.services = all;
	login.service_count = MIN(services, G_N_ELEMENTS(all));
	return page_login(frame, &login);
}

static GBytes *make_login(const Frame *frame, const char *text)
{
	const PageLogin login = {
		.chat_action = or_text(text, "/login/chat?a=1"),
		.password_action = or_text(text, "/login/password?a=1"),
	};
	return login_with(frame, text, login, 3);
}

static GBytes *make_login_all(const Frame *frame, const char *text)
{
	const PageLogin login = {
		.client = or_text(text, "imdrive"),
		.device = or_text(text, "alice's laptop"),
		.chat_action = or_text(text, "/login/chat?a=1"),
		.password_action = or_text(text, "/login/password?a=1"),
		.address = text,
	};
	return login_with(frame, text, login, 99);
}

static GBytes *make_login_password(const Frame *frame, const char *text)
{
	const PageLogin login = {
		.password_action = or_text(text, "/login/password?a=1"),
		.name = or_text(text, "alice"),
		.failed = true,
		.problem = PHRASE_WRONG_PASSWORD,
	};
	return login_with(frame, text, login, 0);
}

static GBytes *make_invited(const Frame *frame, const char *text)
{
	const PageLogin login = {
		.reason = PAGE_LOGIN_INVITED,
		.chat_action = or_text(text, "/login/chat?a=1"),
		.register_action = or_text(text, "/login/register?a=1"),
		.local_href = or_text(text, "/login?a=1&way=password"),
	};
	return login_with(frame, text, login, 3);
}

static GBytes *make_invited_local(const Frame *frame, const char *text)
{
	const PageLogin login = {
		.reason = PAGE_LOGIN_INVITED,
		.client = or_text(text, "imdrive"),
		.device = or_text(text, "alice's laptop"),
		.chat_action = or_text(text, "/login/chat?a=1"),
		.register_action = or_text(text, "/login/register?a=1"),
		.local_first = true,
	};
	return login_with(frame, text, login, 3);
}

static GBytes *make_first(const Frame *frame, const char *text)
{
	const PageLogin login = {
		.reason = PAGE_LOGIN_FIRST_ADMIN,
		.register_action = or_text(text, "/login/register?a=1"),
	};
	return login_with(frame, text, login, 0);
}

static GBytes *make_reauth(const Frame *frame, const char *text)
{
	Frame known = *frame;
	known.who = or_text(text, "alice");
	const PageLogin login = {
		.reason = PAGE_LOGIN_REAUTH,
		.password_action = or_text(text, "/login/password?a=1"),
	};
	return login_with(&known, text, login, 1);
}

static GBytes *make_server(const Frame *frame, const char *text)
{
	const PageLoginServer server = {
		.icon = or_text(text, "matrix"),
		.label = or_text(text, "Matrix"),
		.action = or_text(text, "/login/matrix"),
		.journey = or_text(text, "1"),
	};
	return page_login_server(frame, &server);
}

static GBytes *make_link_chat(const Frame *frame, const char *text)
{
	Frame known = *frame;
	known.who = or_text(text, "alice");
	const PageLogin login = {
		.reason = PAGE_LOGIN_LINK,
		.chat_action = or_text(text, "/login/chat?a=1"),
	};
	return login_with(&known, text, login, 0);
}

static GBytes *make_chat(const Frame *frame, const char *text, bool number)
{
	Frame waiting = *frame;
	waiting.reload_s = 5;
	const PageChat chat = {
		.address = or_text(text, "alice@example.org"),
		.number = number ? or_text(text, "47") : NULL,
		.code = or_text(text, "KXRT-8MVW-2Q"),
		.drive_address = or_text(text, "drive.example.org"),
		.link = or_text(text, "xmpp:drive.example.org?message;body=KXRT-8MVW-2Q"),
		.poll = or_text(text, "/login/chat/poll?a=1"),
		.next = or_text(text, "/login/chat?a=1"),
		.cancel = or_text(text, "/login/chat/cancel?a=1"),
	};
	return page_chat(&waiting, &chat);
}

static GBytes *make_chat_ask(const Frame *frame, const char *text)
{
	return make_chat(frame, text, true);
}

static GBytes *make_chat_send(const Frame *frame, const char *text)
{
	return make_chat(frame, text, false);
}

static GBytes *make_consent(const Frame *frame, const char *text)
{
	Frame known = *frame;
	known.who = or_text(text, "alice");
	const PageConsent consent = {
		.client = or_text(text, "imdrive"),
		.device = or_text(text, "alice's laptop"),
		.may_write = true,
		.target = text,
		.action = or_text(text, "/oauth/consent?a=1"),
	};
	return page_consent(&known, &consent);
}

static GBytes *make_proved(const Frame *frame, const char *text)
{
	return page_consent_proved(frame, or_text(text, "alice@example.org"),
				   or_text(text, "/login/proved?a=1"));
}

static GBytes *make_link(const Frame *frame, const char *text)
{
	Frame known = *frame;
	known.who = or_text(text, "alice");
	return page_consent_link(&known, or_text(text, "爱丽丝 (微信)"),
				 or_text(text, "/account/link?a=1"));
}

static GBytes *make_device_entry(const Frame *frame, const char *text)
{
	Frame known = *frame;
	known.who = or_text(text, "alice");
	return page_device_entry(&known, text, true, or_text(text, "/device"));
}

static GBytes *make_device(const Frame *frame, const char *text)
{
	Frame known = *frame;
	known.who = or_text(text, "alice");
	const PageDevice device = {
		.code = or_text(text, "BCDF-GHJK"),
		.client = or_text(text, "imdrive"),
		.device = or_text(text, "living-room server"),
		.peer = or_text(text, "192.0.2.7"),
		.asked_us = NOW_US - 30 * G_USEC_PER_SEC,
		.may_write = true,
		.action = or_text(text, "/device"),
	};
	return page_device(&known, &device, NOW_US);
}

static GBytes *make_account_with(const Frame *frame, const char *text, bool filled)
{
	const int64_t minute_us = 60 * G_USEC_PER_SEC;
	const PageAccountPlace devices[] = {
		{ 1, or_text(text, "alice's laptop"), or_text(text, "WeChat"),
		  or_text(text, "192.0.2.7"), NOW_US, false },
		{ 2, or_text(text, "phone"), NULL, NULL, NOW_US - 90 * minute_us, false },
	};
	const PageAccountPlace sessions[] = {
		{ 3, or_text(text, "Firefox on Linux"), or_text(text, "QQ"),
		  or_text(text, "2001:db8::17"), NOW_US - 5 * minute_us, true },
		{ 4, or_text(text, "Chrome on Android"), NULL, or_text(text, "198.51.100.20"),
		  NOW_US - 5000 * minute_us, false },
	};
	const PageAccountIdentity identities[] = {
		{ 5, or_text(text, "wechat"), or_text(text, "WeChat"), or_text(text, "爱丽丝"),
		  true },
		{ 6, "xmpp", or_text(text, "XMPP"), or_text(text, "alice@example.org"), false },
	};
	const PageAccountService services[] = {
		{ or_text(text, "qq"), "qq", or_text(text, "QQ") },
		{ or_text(text, "telegram"), "telegram", or_text(text, "Telegram") },
	};
	Frame known = *frame;
	known.who = or_text(text, "alice");
	const PageAccount account = {
		.url = or_text(text, "https://drive.example.org"),
		.admin = filled,
		.has_password = !filled,
		.has_picture = filled,
		.noted = true,
		.notice = filled ? PHRASE_DONE_LINKED : PHRASE_WELCOME_NEW,
		.devices = devices,
		.device_count = filled ? G_N_ELEMENTS(devices) : 0,
		.sessions = sessions,
		.session_count = filled ? G_N_ELEMENTS(sessions) : 1,
		.identities = identities,
		.identity_count = filled ? G_N_ELEMENTS(identities) : 0,
		.services = services,
		.service_count = G_N_ELEMENTS(services),
		.can_link_chat = true,
	};
	return page_account(&known, &account, NOW_US);
}

static GBytes *make_account(const Frame *frame, const char *text)
{
	return make_account_with(frame, text, true);
}

static GBytes *make_account_new(const Frame *frame, const char *text)
{
	return make_account_with(frame, text, false);
}

static GBytes *make_shared_file(const Frame *frame, const char *text)
{
	const PageShared shared = {
		.name = or_text(text, "Garden plan, spring.odt"),
		.owner = or_text(text, "alice"),
		.content_href = or_text(text, "/s/x/content"),
		.size = 2345678,
		.time_us = NOW_US - 3 * G_TIME_SPAN_HOUR,
		.expires_us = NOW_US + 7 * G_TIME_SPAN_DAY,
	};
	return page_shared(frame, &shared, NOW_US);
}

static GBytes *make_shared_folder(const Frame *frame, const char *text)
{
	const PageSharedEntry entries[] = {
		{ or_text(text, "Photos"), or_text(text, "/s/x/1"), NULL, 0, 0 },
		{ or_text(text, "Garden plan, spring.odt"), or_text(text, "/s/x/2"),
		  or_text(text, "/s/x/2/content"), 2345678, NOW_US - 3 * G_TIME_SPAN_HOUR },
		{ or_text(text, "latest"), NULL, NULL, 0, 0 },
	};
	const PageShared shared = {
		.name = or_text(text, "Garden"),
		.owner = or_text(text, "alice"),
		.folder = true,
		.content_href = or_text(text, "/s/x/archive"),
		.up_href = or_text(text, "/s/x"),
		.entries = entries,
		.entry_count = G_N_ELEMENTS(entries),
		.next_href = or_text(text, "/s/x?after=2"),
	};
	return page_shared(frame, &shared, NOW_US);
}

static GBytes *make_shared_empty(const Frame *frame, const char *text)
{
	const PageShared shared = {
		.name = or_text(text, "Garden"),
		.owner = or_text(text, "alice"),
		.folder = true,
	};
	return page_shared(frame, &shared, NOW_US);
}

static GBytes *make_shared_large(const Frame *frame, const char *text)
{
	const PageSharedEntry entries[] = {
		{ or_text(text, "Photos"), or_text(text, "/s/x/1"), NULL, 0, 0 },
	};
	const PageShared shared = {
		.name = or_text(text, "Garden"),
		.owner = or_text(text, "alice"),
		.too_many = or_text(text, "100000"),
		.folder = true,
		.entries = entries,
		.entry_count = G_N_ELEMENTS(entries),
	};
	return page_shared(frame, &shared, NOW_US);
}

static GBytes *make_error(const Frame *frame, const char *text)
{
	const PageMessage message = {
		.title = PHRASE_M_DOWN,
		.text = PHRASE_M_DOWN_TEXT,
		.about = or_text(text, "WeChat"),
		.href = or_text(text, "/login"),
		.way = PHRASE_TRY_AGAIN,
		.other_href = or_text(text, "/login"),
		.other_way = PHRASE_TO_SIGN_IN,
	};
	return page_message(frame, &message);
}

static GBytes *make_good(const Frame *frame, const char *text)
{
	Frame known = *frame;
	known.who = or_text(text, "alice");
	known.next = text;
	const PageMessage message = {
		.title = PHRASE_M_ALLOWED,
		.text = PHRASE_M_ALLOWED_TEXT,
		.about = or_text(text, "living-room server"),
		.good = true,
		.href = or_text(text, "/account"),
		.way = PHRASE_TO_DEVICES,
	};
	return page_message(&known, &message);
}

const Sample sample_table[] = {
	{ "login", make_login },
	{ "login-all", make_login_all },
	{ "login-password", make_login_password },
	{ "invited", make_invited },
	{ "invited-local", make_invited_local },
	{ "first-admin", make_first },
	{ "reauth", make_reauth },
	{ "link-chat", make_link_chat },
	{ "server", make_server },
	{ "chat-ask", make_chat_ask },
	{ "chat-send", make_chat_send },
	{ "consent", make_consent },
	{ "proved", make_proved },
	{ "link", make_link },
	{ "device-entry", make_device_entry },
	{ "device", make_device },
	{ "account", make_account },
	{ "account-new", make_account_new },
	{ "shared-file", make_shared_file },
	{ "shared-folder", make_shared_folder },
	{ "shared-empty", make_shared_empty },
	{ "shared-large", make_shared_large },
	{ "error", make_error },
	{ "good", make_good },
	{ NULL, NULL },
};
