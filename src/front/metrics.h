/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api.h"
#include "front/front_internal.h"

/* GET /metrics: the counters of front and api, for Prometheus; 404 for those who may not. */
void metrics_handle(Front *front, struct MHD_Connection *mhd, const Connection *connection,
		    Response *ret_response);
