/* SPDX-License-Identifier: Apache-2.0 */
#include "front/metrics.h"

#include "front/peer.h"

void metrics_handle(Front *front, struct MHD_Connection *mhd, const Connection *connection,
		    Response *ret_response)
{
	*ret_response = (Response){ 0 };
	if (!front->metrics_public && !peer_is_local(mhd, connection)) {
		response_fail(ret_response, MHD_HTTP_NOT_FOUND, "not-found",
			      "there is nothing at '/metrics'");
		return;
	}
	GString *text = g_string_new(NULL);
	for (unsigned i = 0; i < front->service_count; i++) {
		const Service *service = &front->services[i];
		if (service->metrics) {
			service->metrics(service->data, text);
		}
	}
	g_string_append_printf(
		text,
		"# TYPE imdrive_connections gauge\nimdrive_connections %u\n"
		"# TYPE imdrive_bulk_connections gauge\nimdrive_bulk_connections %u\n"
		"# TYPE imdrive_buffered_bytes gauge\nimdrive_buffered_bytes %zu\n"
		"# TYPE imdrive_refused_total counter\nimdrive_refused_total %" G_GUINT64_FORMAT
		"\n",
		front->connections, front->bulk_connections, front->buffered, front->refused);
	ret_response->status = MHD_HTTP_OK;
	ret_response->content_type = "text/plain; version=0.0.4";
	ret_response->body = g_string_free_to_bytes(text);
}
