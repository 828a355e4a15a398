/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsecret, on a thread of its own for each call: its functions would show a prompt for a locked
 * keyring, which is avoided by looking first, and wait for a service that hangs, which is then left
 * to itself.
 */
#include "client/login/secret_store.h"

#include "base/error.h"
#include "base/text.h"

#include <gio/gio.h>
#include <libsecret/secret.h>

typedef enum What {
	WRITE,
	READ,
	REMOVE,
} What;

typedef struct Call {
	int references; /* atomic: the asker's and the thread's */
	What what;
	char *profile;
	char *text;
	GCancellable *cancellable;
	GMutex lock; /* guards the following */
	GCond ended;
	bool done;
	GError *failure;
} Call;

static const SecretSchema schema = {
	"org.imdrive.Credential",
	SECRET_SCHEMA_NONE,
	{ { "profile", SECRET_SCHEMA_ATTRIBUTE_STRING }, { NULL, 0 } },
};

static void call_unref(Call *call)
{
	if (!g_atomic_int_dec_and_test(&call->references)) {
		return;
	}
	text_wipe(&call->text);
	g_free(call->profile);
	g_object_unref(call->cancellable);
	g_mutex_clear(&call->lock);
	g_cond_clear(&call->ended);
	g_clear_error(&call->failure);
	g_free(call);
}

static bool set_locked(GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY, "the keyring is locked");
	return false;
}

/* The keyring that is open for new secrets; NULL with why not. */
static SecretCollection *open_keyring(SecretService *service, GCancellable *cancellable,
				      GError **error)
{
	g_autoptr(SecretCollection) keyring = secret_collection_for_alias_sync(
		service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, cancellable, error);
	if (!keyring) {
		if (error && !*error) {
			g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
					    "there is no keyring yet");
		}
		return NULL;
	}
	if (secret_collection_get_locked(keyring)) {
		set_locked(error);
		return NULL;
	}
	return g_steal_pointer(&keyring);
}

static bool run_write(const Call *call, SecretService *service, GHashTable *attributes,
		      GError **error)
{
	g_autoptr(SecretCollection) keyring = open_keyring(service, call->cancellable, error);
	if (!keyring) {
		return false;
	}
	g_autofree char *label = g_strdup_printf("imdrive (%s)", call->profile);
	SecretValue *value = secret_value_new(call->text, -1, "text/plain");
	g_autoptr(SecretItem) item =
		secret_item_create_sync(keyring, &schema, attributes, label, value,
					SECRET_ITEM_CREATE_REPLACE, call->cancellable, error);
	secret_value_unref(value);
	return item;
}

/* What is locked is found, and not unlocked. */
static GList *find(const Call *call, SecretService *service, GHashTable *attributes, GError **error)
{
	return secret_service_search_sync(service, &schema, attributes,
					  SECRET_SEARCH_ALL | SECRET_SEARCH_LOAD_SECRETS,
					  call->cancellable, error);
}

static bool run_read(Call *call, SecretService *service, GHashTable *attributes, GError **error)
{
	g_autolist(SecretItem) items = find(call, service, attributes, error);
	if (error && *error) {
		return false;
	}
	if (!items) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "the keyring does not have it");
		return false;
	}
	if (secret_item_get_locked(items->data)) {
		return set_locked(error);
	}
	SecretValue *value = secret_item_get_secret(items->data);
	const char *text = value ? secret_value_get_text(value) : NULL;
	call->text = g_strdup(text);
	if (value) {
		secret_value_unref(value);
	}
	return text || set_locked(error);
}

static bool run_remove(const Call *call, SecretService *service, GHashTable *attributes,
		       GError **error)
{
	g_autolist(SecretItem) items = find(call, service, attributes, error);
	for (GList *item = items; item; item = item->next) {
		if (secret_item_get_locked(item->data)) {
			return set_locked(error);
		}
		if (!secret_item_delete_sync(item->data, call->cancellable, error)) {
			return false;
		}
	}
	return !error || !*error;
}

static bool run(Call *call, GError **error)
{
	g_autoptr(SecretService) service =
		secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, call->cancellable, error);
	if (!service) {
		return false;
	}
	g_autoptr(GHashTable) attributes =
		secret_attributes_build(&schema, "profile", call->profile, NULL);
	switch (call->what) {
	case WRITE:
		return run_write(call, service, attributes, error);
	case READ:
		return run_read(call, service, attributes, error);
	default:
		return run_remove(call, service, attributes, error);
	}
}

static void *work(void *data)
{
	Call *call = data;
	GError *failure = NULL;
	run(call, &failure);
	g_mutex_lock(&call->lock);
	call->failure = failure;
	call->done = true;
	g_cond_signal(&call->ended);
	g_mutex_unlock(&call->lock);
	call_unref(call);
	return NULL;
}

static bool is_ours(const GError *error)
{
	return error->domain == DRIVE_ERROR;
}

/* Why it failed, as this module says it; false. */
static bool explain(const Call *call, GError **error)
{
	if (!call->done) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
				    "the keyring does not answer");
	} else if (is_ours(call->failure)) {
		g_propagate_error(error, g_error_copy(call->failure));
	} else {
		g_dbus_error_strip_remote_error(call->failure);
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_BUSY, "there is no keyring: %s",
			    call->failure->message);
	}
	return false;
}

bool secret_store_may_be_there(void)
{
	const char *bus = g_getenv("DBUS_SESSION_BUS_ADDRESS");
	return bus && *bus;
}

/* text: what to write, or NULL; ret_text may be NULL. */
static bool ask(What what, const char *profile, const char *text, char **ret_text, GError **error)
{
	if (!secret_store_may_be_there()) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED,
				    "there is no keyring without a desktop session");
		return false;
	}
	Call *call = g_new0(Call, 1);
	call->references = 2;
	call->what = what;
	call->profile = g_canonicalize_filename(profile, NULL);
	call->text = g_strdup(text);
	call->cancellable = g_cancellable_new();
	g_mutex_init(&call->lock);
	g_cond_init(&call->ended);
	g_thread_unref(g_thread_new("secret", work, call));
	int64_t end_us = g_get_monotonic_time() + SECRET_STORE_WAIT_US;
	g_mutex_lock(&call->lock);
	while (!call->done && g_cond_wait_until(&call->ended, &call->lock, end_us)) {
	}
	bool good = call->done && !call->failure;
	if (good && ret_text) {
		*ret_text = g_steal_pointer(&call->text);
	} else if (!good) {
		g_cancellable_cancel(call->cancellable);
		explain(call, error);
	}
	g_mutex_unlock(&call->lock);
	call_unref(call);
	return good;
}

bool secret_store_write(const char *profile, const char *text, GError **error)
{
	return ask(WRITE, profile, text, NULL, error);
}

char *secret_store_read(const char *profile, GError **error)
{
	char *text = NULL;
	return ask(READ, profile, NULL, &text, error) ? text : NULL;
}

bool secret_store_remove(const char *profile, GError **error)
{
	return ask(REMOVE, profile, NULL, NULL, error);
}
