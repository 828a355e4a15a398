/* SPDX-License-Identifier: Apache-2.0 */
#include "server/provider/provider.h"

#include "base/error.h"

struct Providers {
	GPtrArray *records; /* ends with NULL */
};

Providers *providers_load(const ProvidersOptions *options, GError **error)
{
	Providers *providers = g_new0(Providers, 1);
	providers->records = g_ptr_array_new();
	g_ptr_array_add(providers->records, NULL);
	return providers;
}

void providers_free(Providers *providers)
{
	if (!providers) {
		return;
	}
	g_ptr_array_unref(providers->records);
	g_free(providers);
}

const ProviderRecord *providers_find(Providers *providers, const char *id)
{
	return NULL;
}

const ProviderRecord *const *providers_list(Providers *providers)
{
	return (const ProviderRecord *const *)providers->records->pdata;
}
