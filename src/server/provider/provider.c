/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/provider.h"

#include "base/error.h"

bool provider_begin(Providers *providers, const ProviderRecord *record, const ProviderStart *start,
		    char **ret_url, char **ret_flight, GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED, "sign in with %s: not built yet",
		    record->id);
	return false;
}

bool provider_finish(Providers *providers, const ProviderRecord *record, const char *flight,
		     GHashTable *query, const char *redirect_uri, Proof *ret_proof, GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_UNSUPPORTED, "sign in with %s: not built yet",
		    record->id);
	return false;
}
