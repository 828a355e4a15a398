/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_server.h"

#include "api/api.h"
#include "base/error.h"
#include "chunk/chunk_id.h"
#include "server/accounts/accounts.h"
#include "server/blobs/blobs.h"
#include "server/drive/drive.h"
#include "server/feed/feed.h"
#include "server/journal/journal.h"
#include "server/share/share.h"
#include "sql/sql.h"

#include <string.h>

#define YEAR_S (365ll * 24 * 3600)
#define PASSWORD "not guessed by the simulator"

struct SimServer {
	Sql *sql;
	Place *place;  /* what survives */
	Place *faulty; /* borrowed from blobs */
	Blobs *blobs;
	Journal *journal;
	Accounts *accounts;
	Feed *feed;
	Share *share;
	Drive *drive;
	Api *api;
	int64_t account;
	NodeId home;
	bool full;
	unsigned refusals;
	uint64_t fetched;
};

static void changed(const NodeId *drive, void *data)
{
	SimServer *server = data;
	feed_wake(server->feed, drive);
}

/* All or nothing. */
static bool free_bytes(uint64_t *ret_bytes, void *data)
{
	const SimServer *server = data;
	*ret_bytes = server->full ? 0 : UINT64_MAX;
	return true;
}

static void start(SimServer *server)
{
	g_autoptr(GError) error = NULL;
	server->journal = journal_open(server->sql, &error);
	g_assert_no_error(error);
	server->accounts = accounts_open(server->sql, YEAR_S, &error);
	g_assert_no_error(error);
	server->faulty = place_faulty_new(place_memory_share(server->place));
	server->blobs = blobs_open(server->faulty, &error);
	g_assert_no_error(error);
	server->feed = feed_new();
	const DriveOptions options = {
		.journal = server->journal,
		.blobs = server->blobs,
		.sql = server->sql,
		.free_bytes = free_bytes,
		.free_data = server,
		.retention = { .versions_s = YEAR_S, .trash_s = YEAR_S },
		.changed = changed,
		.changed_data = server,
	};
	server->drive = drive_open(&options, &error);
	g_assert_no_error(error);
	const ShareOptions sharing = { server->sql, server->accounts, server->drive, NULL };
	server->share = share_open(&sharing, &error);
	g_assert_no_error(error);
	const ApiOptions answering = { server->accounts, server->drive, server->feed,
				       server->share };
	server->api = api_new(&answering);
}

static void stop(SimServer *server)
{
	g_clear_pointer(&server->api, api_free);
	g_clear_pointer(&server->share, share_close);
	g_clear_pointer(&server->drive, drive_close);
	g_clear_pointer(&server->feed, feed_free);
	g_clear_pointer(&server->blobs, blobs_close);
	g_clear_pointer(&server->accounts, accounts_close);
	g_clear_pointer(&server->journal, journal_close);
	server->faulty = NULL;
}

SimServer *sim_server_new(void)
{
	g_autoptr(GError) error = NULL;
	const SqlOptions options = { .durability = SQL_DURABLE };
	SimServer *server = g_new0(SimServer, 1);
	server->sql = sql_open(":memory:", &options, &error);
	g_assert_no_error(error);
	server->place = place_memory_new();
	start(server);
	return server;
}

void sim_server_free(SimServer *server)
{
	stop(server);
	sql_close(server->sql);
	place_free(server->place);
	g_free(server);
}

void sim_server_sign_in(SimServer *server, const char *device, char **ret_token, NodeId *ret_drive)
{
	g_autoptr(GError) error = NULL;
	int64_t id;
	if (server->account == 0) {
		/* Without a password: hashing one is what takes time. */
		accounts_add(server->accounts, "alice", NULL, &server->account, &error);
		g_assert_no_error(error);
		drive_home(server->drive, server->account, &server->home, &error);
		g_assert_no_error(error);
	}
	devices_add(accounts_devices(server->accounts), server->account, device, g_get_real_time(),
		    ret_token, &id, &error);
	g_assert_no_error(error);
	*ret_drive = server->home;
}

static void never(void *data)
{
	(void)data;
}

unsigned sim_server_request(SimServer *server, const char *token, const char *endpoint, Bulk *body,
			    GBytes **ret_body)
{
	g_autofree char *path = g_strconcat("/sync/v1/", endpoint, NULL);
	g_autofree char *authorization = g_strconcat("Bearer ", token, NULL);
	g_autoptr(GBytes) bytes = g_bytes_new(body->data, body->len);
	const Request request = {
		.method = "POST",
		.path = path,
		.headers = { [REQUEST_AUTHORIZATION] = authorization },
		.body = bytes,
		.wake = never,
	};
	Response response = { 0 };
	api_handle(server->api, &request, &response);
	if (response.status == 0) {
		api_forget(server->api, response.waiting);
	}
	*ret_body = response.body ? g_bytes_ref(response.body) : NULL;
	unsigned status = response.status;
	server->refusals += status == 507;
	if (strcmp(endpoint, "fetch") == 0 && response.body) {
		server->fetched += g_bytes_get_size(response.body);
	}
	response_clear(&response);
	return status;
}

void sim_server_crash(SimServer *server, uint64_t seed)
{
	stop(server);
	place_memory_crash(server->place, seed);
	start(server);
}

void sim_server_set_caseless(SimServer *server)
{
	g_autoptr(GError) error = NULL;
	journal_drive_set_caseless(server->journal, &server->home, true, &error);
	g_assert_no_error(error);
}

void sim_server_set_full(SimServer *server, bool full)
{
	server->full = full;
}

void sim_server_set_quota(SimServer *server, uint64_t bytes)
{
	g_autoptr(GError) error = NULL;
	journal_drive_set_quota(server->journal, &server->home, bytes, &error);
	g_assert_no_error(error);
}

uint64_t sim_server_usage(SimServer *server)
{
	g_autoptr(GError) error = NULL;
	JournalUsage usage = { 0 };
	journal_usage(server->journal, &server->home, &usage, &error);
	g_assert_no_error(error);
	return usage.bytes;
}

unsigned sim_server_refusals(SimServer *server)
{
	return server->refusals;
}

uint64_t sim_server_fetched(SimServer *server)
{
	return server->fetched;
}

void sim_server_fail_write(SimServer *server, unsigned nth)
{
	/* Every second time the disk is full. */
	place_faulty_set(server->faulty, nth, false, DRIVE_ERROR,
			 nth % 2 ? DRIVE_ERROR_IO : DRIVE_ERROR_NO_SPACE);
}

bool sim_server_has(SimServer *server, const void *bytes, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SqlSession) session = sql_read(server->sql, &error);
	g_assert_no_error(error);
	SqlStatement *statement =
		sql_statement(session,
			      "SELECT 1 FROM chunk JOIN holding ON holding.chunk = chunk.key "
			      "WHERE substr(chunk.id, 1, 8) = substr($1, 1, 8) AND chunk.id = $1 "
			      "AND holding.names > 0",
			      &error);
	g_assert_no_error(error);
	ChunkId id = chunk_id_of(bytes, size);
	bool row = false;
	sql_bind_bytes(statement, 1, id.bytes, sizeof id.bytes);
	sql_step(statement, &row, &error);
	g_assert_no_error(error);
	return row;
}

void sim_server_check(SimServer *server)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	drive_check(server->drive, DRIVE_CHECK_FULL, problems, &error);
	g_assert_no_error(error);
	for (unsigned i = 0; i < problems->len; i++) {
		g_printerr("server: %s\n", (char *)problems->pdata[i]);
	}
	g_assert_cmpuint(problems->len, ==, 0);
}
