/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a provider's record. Either it is refused with a reason, or it is whole. */
#include "server/provider/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	const char *text = size > 0 ? (const char *)data : "";
	g_autoptr(GHashTable) values = record_parse(text, size, &error);
	g_autoptr(Record) record = values ? record_new(values, "secret", &error) : NULL;
	g_assert_true((record != NULL) == (error == NULL));
	if (record) {
		g_assert_true(record->subject && record->info.label && record->info.icon);
		g_assert_true(record->kind == RECORD_MATRIX || record->client_id);
		g_assert_true(!record->token_url ||
			      record_is_url(record->token_url, record->allow_http_loopback));
	}
	return 0;
}
