/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/provider/memory.h"
#include "server/provider/provider.h"

/* For the files of this folder: what all logins share. */
struct Providers {
	Http *http;
	GPtrArray *records; /* Record, by label; ends with NULL */
	Memory *memory;
	ProviderTrace trace; /* may be NULL */
	void *trace_data;
};
