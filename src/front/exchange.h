/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "front/front_internal.h"

/*
 * One request and its answer. MHD's threads read and write, workers handle:
 *
 *	header ──> ADMITTING ──> READING ──> WORKING ──> ANSWERED
 *	   │      (large body,      │         │   ▲
 *	   │       bearer not       ▼         ▼   │ woken, or time is up
 *	   │       remembered)   DROPPING    (asleep)
 *	   └──> answered at once
 *
 * In ADMITTING and WORKING the connection is suspended and the exchange is a worker's, or asleep;
 * resuming it gives it back to MHD's thread.
 */
typedef struct Exchange Exchange;

/* MHD_AccessHandlerCallback and MHD_RequestCompletedCallback; cls is the Front. */
enum MHD_Result exchange_handle(void *cls, struct MHD_Connection *mhd, const char *url,
				const char *method, const char *version, const char *upload_data,
				size_t *upload_data_size, void **request_context);
void exchange_completed(void *cls, struct MHD_Connection *mhd, void **request_context,
			enum MHD_RequestTerminationCode how);

/* What a worker does with one; GFunc of the workers' pool. */
void exchange_work(void *exchange, void *front);
