/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yes-server DATA: a drive whose pages say yes at once, as the account alice, which it makes. For
 * tests of clients, where the person and the pages are not what is tested. With provider=no it says
 * no. Ends when its standard input does.
 */
#include "admin/data_folder.h"
#include "api/api.h"
#include "front/front.h"
#include "server/feed/feed.h"
#include "server/oauth/oauth.h"
#include "server/share/share.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Yes {
	DataFolder *data;
	Feed *feed;
	Oauth *oauth;
	int64_t alice;
} Yes;

static bool serves(void *data, const char *path)
{
	return strcmp(path, "/oauth/authorize") == 0 || strcmp(path, "/device") == 0;
}

static size_t body_max(void *data, const char *method, const char *path)
{
	return 0;
}

static bool answer(Yes *yes, const char *pending, char **ret_redirect, GError **error)
{
	g_auto(OauthAsk) ask = { 0 };
	Account alice = { 0 };
	int64_t now_us = g_get_real_time();
	if (!oauth_ask(yes->oauth, pending, now_us, &ask, error) ||
	    !accounts_get(data_folder_accounts(yes->data), yes->alice, &alice, error)) {
		return false;
	}
	if (g_strcmp0(ask.provider, "no") == 0) {
		accounts_account_clear(&alice);
		return oauth_deny(yes->oauth, pending, now_us, ret_redirect, error);
	}
	const OauthApproval approval = {
		.account = alice.id,
		.epoch = -1,
		.registered = g_strcmp0(ask.provider, "new") == 0,
		.method = "test",
		.now_us = now_us,
	};
	accounts_account_clear(&alice);
	return oauth_approve(yes->oauth, pending, &approval, ret_redirect, error);
}

static bool find(Yes *yes, const Request *request, char **ret_pending, char **ret_redirect,
		 GError **error)
{
	int64_t now_us = g_get_real_time();
	const char *typed = request_query(request, "user_code");
	if (strcmp(request->path, "/device") == 0) {
		const OauthEntry entry = { .user_code = typed ? typed : "", .now_us = now_us };
		return oauth_find_device(yes->oauth, &entry, ret_pending, error);
	}
	return oauth_begin(yes->oauth, request->query, now_us, ret_pending, ret_redirect, error) !=
	       OAUTH_REFUSED;
}

static void handle(void *data, const Request *request, Response *ret_response)
{
	Yes *yes = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *pending = NULL;
	g_autofree char *redirect = NULL;
	if (!find(yes, request, &pending, &redirect, &error) ||
	    (pending && !answer(yes, pending, &redirect, &error))) {
		response_fail(ret_response, 400, "refused", error->message);
	} else if (redirect) {
		response_redirect(ret_response, redirect);
	} else {
		ret_response->status = 204;
	}
}

static bool home(int64_t account, NodeId *ret_drive, void *data, GError **error)
{
	return drive_home(data_folder_drive(((Yes *)data)->data), account, ret_drive, error);
}

static void wake(const NodeId *drive, void *data)
{
	feed_wake(((Yes *)data)->feed, drive);
}

static void serve(Yes *yes)
{
	g_autoptr(GError) error = NULL;
	Accounts *accounts = data_folder_accounts(yes->data);
	Drive *drive = data_folder_drive(yes->data);
	const ShareOptions sharing = {
		.sql = data_folder_sql(yes->data),
		.accounts = accounts,
		.drive = drive,
	};
	g_autoptr(Share) share = share_open(&sharing, &error);
	g_assert_no_error(error);
	const ApiOptions answering = { accounts, drive, yes->feed, share };
	g_autoptr(Api) api = api_new(&answering);
	const OauthOptions signing_in = {
		.accounts = accounts,
		.sql = data_folder_sql(yes->data),
		.home = home,
		.home_data = yes,
	};
	g_autoptr(Oauth) oauth = oauth_open(&signing_in, &error);
	g_assert_no_error(error);
	yes->oauth = oauth;
	const Service pages = {
		.serves = serves,
		.body_max = body_max,
		.handle = handle,
		.data = yes,
	};
	const Service services[] = { pages, oauth_service(oauth), api_service(api) };
	const FrontOptions options = { .listen = "127.0.0.1:0" };
	g_autoptr(Front) front = front_start(&options, services, G_N_ELEMENTS(services), &error);
	g_assert_no_error(error);
	oauth_set_issuer(oauth, front_url(front));
	printf("yes-server: ready on %s\n", front_url(front));
	fflush(stdout);
	char byte;
	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
}

int main(int argc, char **argv)
{
	g_assert_cmpint(argc, ==, 2);
	g_autoptr(GError) error = NULL;
	g_autoptr(Feed) feed = feed_new();
	Yes yes = { .feed = feed };
	const DataFolderOptions options = {
		.folder = argv[1],
		.create = true,
		.retention = { .versions_s = 3600, .trash_s = 3600 },
		.changed = wake,
		.data = &yes,
	};
	g_autoptr(DataFolder) data = data_folder_open(&options, &error);
	g_assert_no_error(error);
	yes.data = data;
	accounts_add(data_folder_accounts(data), "alice", "correct horse", &yes.alice, &error);
	g_assert_no_error(error);
	serve(&yes);
	return 0;
}
