/* SPDX-License-Identifier: Apache-2.0 */
#include "server/picture/pictures.h"

#include "base/error.h"
#include "base/limits.h"
#include "server/accounts/identities.h"
#include "server/picture/picture.h"

#include <gio/gio.h>

#define THREADS 2

struct Pictures {
	Accounts *accounts;
	Providers *providers;
	Http *http;
	PicturesReport report;
	void *report_data;
	GCancellable *cancellable;
	GThreadPool *threads;
};

static void proof_free(Proof *proof)
{
	proof_clear(proof);
	g_free(proof);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Proof, proof_free)

static void tell(const Pictures *pictures, const char *provider, const GError *error)
{
	g_autofree char *text = g_strdup_printf(
		"no picture of somebody who signed in with '%s': %s", provider, error->message);
	pictures->report(text, pictures->report_data);
}

static void run(void *data, void *user_data)
{
	g_autoptr(Proof) proof = data;
	const Pictures *pictures = user_data;
	const ProviderRecord *record = providers_find(pictures->providers, proof->provider);
	int64_t identity = 0;
	g_autofree char *url = NULL;
	if (!record || g_cancellable_is_cancelled(pictures->cancellable) ||
	    !identities_lack_picture(pictures->accounts, proof, &identity, &url, NULL) || !url) {
		return;
	}
	const PictureFetch fetch = { .url = url, .loopback = record->allow_http_loopback };
	g_auto(IdentitiesPicture) picture = { 0 };
	g_autoptr(GError) error = NULL;
	bool fetched =
		picture_fetch(pictures->http, &fetch, pictures->cancellable, &picture, &error);
	if (fetched || !g_error_matches(error, DRIVE_ERROR, DRIVE_ERROR_CANCELLED)) {
		if (!fetched) {
			tell(pictures, proof->provider, error);
		}
		/* Also that there is none, so that nobody waits for it. */
		identities_keep_picture(pictures->accounts, identity, url, &picture, NULL);
	}
}

Pictures *pictures_new(Accounts *accounts, Providers *providers, Http *http, PicturesReport report,
		       void *report_data)
{
	Pictures *pictures = g_new0(Pictures, 1);
	pictures->accounts = accounts;
	pictures->providers = providers;
	pictures->http = http;
	pictures->report = report;
	pictures->report_data = report_data;
	pictures->cancellable = g_cancellable_new();
	pictures->threads = g_thread_pool_new(run, pictures, THREADS, FALSE, NULL);
	return pictures;
}

void pictures_free(Pictures *pictures)
{
	if (!pictures) {
		return;
	}
	g_cancellable_cancel(pictures->cancellable);
	g_thread_pool_free(pictures->threads, FALSE, TRUE);
	g_object_unref(pictures->cancellable);
	g_free(pictures);
}

void pictures_want(Pictures *pictures, const Proof *proof)
{
	if (!pictures || !proof->avatar_url ||
	    g_thread_pool_unprocessed(pictures->threads) >= PICTURES_WAITING_MAX) {
		return;
	}
	Proof *key = g_new0(Proof, 1);
	key->provider = g_strdup(proof->provider);
	key->tenant = g_strdup(proof->tenant);
	key->subject = g_strdup(proof->subject);
	g_thread_pool_push(pictures->threads, key, NULL);
}
