/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/portal.h"

#include "http/http.h"
#include "server/accounts/identities.h"
#include "server/accounts/invitations.h"
#include "server/login/login.h"
#include "server/oauth/oauth.h"
#include "server/picture/pictures.h"
#include "server/provider/provider.h"

#include <sodium.h>
#include <string.h>

#define PROVIDERS_NAME "providers"
#define VERIFY_NAME "verify"

struct Portal {
	DataFolder *data;
	Accounts *accounts;
	Http *http;
	Providers *providers;
	Pictures *pictures;
	Oauth *oauth;
	Login *login;
	char *base;
	void (*report)(const char *text, void *data);
	void *report_data;
};

static bool home_of(int64_t account, NodeId *ret_drive, void *data, GError **error)
{
	Portal *portal = data;
	return drive_home(data_folder_drive(portal->data), account, ret_drive, error);
}

static bool open_providers(Portal *portal, const PortalOptions *options, GError **error)
{
	g_autofree char *folder = g_build_filename(options->folder, PROVIDERS_NAME, NULL);
	portal->http = http_new("imdrive");
	const ProvidersOptions providers = {
		.folder = folder,
		.credentials = g_getenv("CREDENTIALS_DIRECTORY"),
		.http = portal->http,
	};
	portal->providers = providers_load(&providers, error);
	if (!portal->providers) {
		return false;
	}
	portal->pictures = pictures_new(portal->accounts, portal->providers, portal->http,
					portal->report, portal->report_data);
	return true;
}

static bool open_oauth(Portal *portal, GError **error)
{
	const OauthOptions oauth = {
		.accounts = portal->accounts,
		.sql = data_folder_sql(portal->data),
		.home = home_of,
		.home_data = portal,
	};
	portal->oauth = oauth_open(&oauth, error);
	return portal->oauth != NULL;
}

static void open_login(Portal *portal, const PortalOptions *options)
{
	g_autofree char *verify = g_build_filename(options->folder, VERIFY_NAME, NULL);
	const char *text = options->config->meta;
	g_auto(GStrv) meta = text ? g_strsplit(text, "=", 2) : NULL;
	const LoginOptions login = {
		.accounts = portal->accounts,
		.providers = portal->providers,
		.pictures = portal->pictures,
		.chat = options->chat,
		.oauth = portal->oauth,
		.limit = options->limit,
		.drive_name = options->config->drive_name,
		.verify_folder = verify,
		.meta_name = meta ? meta[0] : NULL,
		.meta_content = meta ? meta[1] : NULL,
	};
	portal->login = login_new(&login);
}

Portal *portal_open(const PortalOptions *options, GError **error)
{
	g_autoptr(Portal) portal = g_new0(Portal, 1);
	portal->data = options->data;
	portal->accounts = data_folder_accounts(options->data);
	portal->report = options->report;
	portal->report_data = options->report_data;
	if (!open_providers(portal, options, error) || !open_oauth(portal, error)) {
		return NULL;
	}
	open_login(portal, options);
	return g_steal_pointer(&portal);
}

void portal_close(Portal *portal)
{
	if (!portal) {
		return;
	}
	login_free(portal->login);
	oauth_close(portal->oauth);
	pictures_free(portal->pictures);
	providers_free(portal->providers);
	http_free(portal->http);
	g_free(portal->base);
	g_free(portal);
}

void portal_services(Portal *portal, Service ret_services[PORTAL_SERVICES])
{
	ret_services[0] = oauth_service(portal->oauth);
	ret_services[1] = login_service(portal->login);
}

void portal_set_base(Portal *portal, const char *base)
{
	portal->base = g_strdup(base);
	oauth_set_issuer(portal->oauth, base);
	login_set_base(portal->login, base);
	if (!login_base_is_safe(base)) {
		g_autofree char *text = g_strdup_printf(
			"nobody can sign in over %s, where others could read along: give the drive "
			"a certificate, or a proxy with TLS, and set public_url",
			base);
		portal->report(text, portal->report_data);
	}
}

bool portal_first_link(Portal *portal, char **ret_link, GError **error)
{
	g_autofree char *token = NULL;
	if (!invitations_add_first(portal->accounts, g_get_real_time(), &token, error)) {
		return false;
	}
	*ret_link = token ? g_strconcat(portal->base, "/invite/", token, NULL) : NULL;
	if (token) {
		sodium_memzero(token, strlen(token));
	}
	return true;
}
