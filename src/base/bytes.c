/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <glib.h>
#include <string.h>

void bytes_put32(uint8_t *to, uint32_t value)
{
	value = GUINT32_TO_LE(value);
	memcpy(to, &value, sizeof value);
}

void bytes_put64(uint8_t *to, uint64_t value)
{
	value = GUINT64_TO_LE(value);
	memcpy(to, &value, sizeof value);
}

uint32_t bytes_get32(const uint8_t *from)
{
	uint32_t value;
	memcpy(&value, from, sizeof value);
	return GUINT32_FROM_LE(value);
}

uint64_t bytes_get64(const uint8_t *from)
{
	uint64_t value;
	memcpy(&value, from, sizeof value);
	return GUINT64_FROM_LE(value);
}
