/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device in the simulator: person, disk, engine, jobs, network.
 *
 * Jobs that the engine starts are kept in a list; the simulator runs any of them at any time. While
 * one runs, people may act between any two of its calls to the disk, and a call to disk or server
 * may fail. A kill fails all further calls, lets the jobs come back, and drops the engine with its
 * memory; what the state database recorded stays.
 */
#include "sim_device.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "client/engine/engine.h"
#include "client/observe/watch_memory.h"
#include "sim_person.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct SimTransport {
	Transport base;
	SimDevice *device;
} SimTransport;

struct SimDevice {
	SimWorld *world;
	char *name;
	char *state_path;
	char *older_path; /* a copy of the state from before */
	char *token;
	NodeId drive;
	Remote *truth; /* the server, which always answers */
	DiskMemory *memory;
	bool bound;
	bool online;
	bool dead;   /* the process is being killed */
	bool acting; /* a person is at it: no second one */
	bool worked; /* did more than to wait for news */
	DiskHook hook;
	void *hook_data;
	/* the process */
	Disk *disk;
	Watch *watch;
	State *state;
	Sent *sent;
	unsigned boots; /* of the machine */
	Remote *remote;
	Cache *cache;
	Upload *upload;
	Apply *apply;
	Engine *engine;
	GPtrArray *jobs;
	GPtrArray *done; /* jobs that ran, and whose end the engine has not heard of */
	bool lags;
	unsigned deaf;
	bool holds_first;
	int64_t wants_us;
};

/* ---- network ---------------------------------------------------------------------------- */

static bool no_network(GError **error)
{
	g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_OFFLINE, "the network is down");
	return false;
}

static bool exchange(Transport *transport, const char *endpoint, const Pieces *pieces,
		     unsigned wait_ms, GCancellable *cancellable, GBytes **ret_body, GError **error)
{
	(void)wait_ms;
	(void)cancellable;
	SimDevice *device = ((SimTransport *)transport)->device;
	SimWorld *world = device->world;
	if (!device->online || device->dead || sim_world_accident(world, 100)) {
		return no_network(error);
	}
	if (sim_world_accident(world, 200)) {
		sim_server_fail_write(world->server, 1 + sim_world_draw(world, 5));
	}
	g_autoptr(Bulk) body = pieces_join(pieces);
	g_autoptr(GBytes) answer = NULL;
	unsigned status = sim_server_request(world->server, device->token, endpoint, body, &answer);
	if (sim_world_accident(world, 100) ||
	    (device->deaf > 0 && sim_world_draw(world, 100) < device->deaf)) {
		/* The server did it, and nobody hears of it. */
		return no_network(error);
	}
	device->worked |= status != 0 && status != 204;
	if (status == 0 || status == 204) {
		*ret_body = NULL;
		return true;
	}
	if (status != 200) {
		size_t size = 0;
		const char *text = answer ? g_bytes_get_data(answer, &size) : "";
		bool full = g_strstr_len(text, (gssize)size, "\"no-space\"");
		g_set_error(error, DRIVE_ERROR,
			    (int)error_code_from_http(status, full ? "no-space" : NULL), "%.*s",
			    (int)size, text);
		return false;
	}
	*ret_body = g_steal_pointer(&answer);
	return true;
}

static void traffic(Transport *transport, uint64_t *ret_sent, uint64_t *ret_received)
{
	(void)transport;
	*ret_sent = *ret_received = 0;
}

static void transport_end(Transport *transport)
{
	g_free(transport);
}

static const TransportVtable transport_vtable = {
	.exchange = exchange,
	.traffic = traffic,
	.free = transport_end,
};

/*
 * As it is there, whatever becomes of devices and networks: what people would be shown. A server
 * that is about to fail, or has failed, is mended first.
 */
static bool exchange_surely(Transport *transport, const char *endpoint, const Pieces *pieces,
			    unsigned wait_ms, GCancellable *cancellable, GBytes **ret_body,
			    GError **error)
{
	(void)wait_ms;
	(void)cancellable;
	(void)error;
	SimDevice *device = ((SimTransport *)transport)->device;
	SimServer *server = device->world->server;
	g_autoptr(Bulk) body = pieces_join(pieces);
	unsigned status = sim_server_request(server, device->token, endpoint, body, ret_body);
	if (status != 200) {
		g_clear_pointer(ret_body, g_bytes_unref);
		sim_server_fail_write(server, 0);
		sim_server_crash(server, 1);
		status = sim_server_request(server, device->token, endpoint, body, ret_body);
	}
	g_assert_cmpuint(status, ==, 200);
	return true;
}

static const TransportVtable sure_vtable = {
	.exchange = exchange_surely,
	.traffic = traffic,
	.free = transport_end,
};

static Transport *transport_new(SimDevice *device)
{
	SimTransport *transport = g_new0(SimTransport, 1);
	transport->base.vtable = &transport_vtable;
	transport->device = device;
	return &transport->base;
}

/* ---- disk ------------------------------------------------------------------------------- */

static bool before_call(DiskCall call, const char *path, void *data, GError **error)
{
	SimDevice *device = data;
	device->worked = true;
	if (device->dead) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "%s: killed", path);
		return false;
	}
	if (!device->acting && sim_world_accident(device->world, 60)) {
		sim_device_act(device);
	}
	if (sim_world_accident(device->world, 300)) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "%s: the disk failed", path);
		return false;
	}
	return !device->hook || device->hook(call, path, device->hook_data, error);
}

static void noticed(const WatchEvent *events, size_t count, void *data)
{
	SimDevice *device = data;
	if (device->engine) {
		engine_notice(device->engine, events, count);
	}
}

/* Contents are of one chunk. */
static GBytes *content_of(void *data, GBytes *encoded)
{
	SimDevice *device = data;
	g_auto(Content) content = { 0 };
	g_autoptr(GError) error = NULL;
	size_t size = 0;
	const void *bytes = g_bytes_get_data(encoded, &size);
	content_decode(bytes, size, &content, &error);
	g_assert_no_error(error);
	if (content.count == 0) {
		return g_bytes_new(NULL, 0);
	}
	g_assert_cmpuint(content.count, ==, 1);
	g_autoptr(GArray) chunks = NULL;
	g_autoptr(GBytes) body = NULL;
	remote_fetch(device->truth, &content.refs[0].id, 1, NULL, &chunks, &body, &error);
	g_assert_no_error(error);
	const EncodedChunk *chunk = &g_array_index(chunks, EncodedChunk, 0);
	uint8_t *opened = g_malloc(chunk->raw_size);
	g_autoptr(Codec) codec = codec_new();
	codec_open(codec, chunk, opened, &error);
	g_assert_no_error(error);
	return g_bytes_new_take(opened, chunk->raw_size);
}

/* ---- the engine's world ----------------------------------------------------------------- */

static void submit(void *data, Job *job)
{
	SimDevice *device = data;
	g_ptr_array_add(device->jobs, job);
}

static int64_t now_us(void *data)
{
	SimDevice *device = data;
	return device->world->now_us;
}

static void wake(void *data)
{
	SimDevice *device = data;
	device->wants_us = device->world->now_us;
}

static void rules_changed(void *data)
{
	(void)data;
}

static void open_disk(SimDevice *device)
{
	g_autoptr(GError) error = NULL;
	Disk *disk = disk_memory_open(device->memory, device->name, !device->bound, &error);
	if (!disk) {
		/* The power took the marker before it was synced: the person binds the folder anew.
		 */
		g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND);
		g_clear_error(&error);
		disk = disk_memory_open(device->memory, device->name, true, &error);
	}
	g_assert_no_error(error);
	device->disk = disk_faulty_new(disk, before_call, device);
	device->bound = true;
}

static void start(SimDevice *device)
{
	g_autoptr(GError) error = NULL;
	open_disk(device);
	device->state = state_open(device->state_path, &device->drive, &error);
	g_assert_no_error(error);
	g_autofree char *boot = g_strdup_printf("boot-%u", device->boots);
	device->sent = sent_open(device->state_path, boot);
	device->remote = remote_new(transport_new(device), &device->drive);
	device->cache = cache_new(1 * MIB);
	const UploadOptions upload = {
		.sent = device->sent,
		.now_us = now_us,
		.now_data = device,
	};
	const ApplyOptions apply = { 0 };
	device->upload = upload_new(device->disk, device->remote, &upload);
	device->apply = apply_new(device->disk, device->remote, device->cache, &apply);
	device->watch = watch_memory_new(device->memory, noticed, device);
	const World world = {
		.disk = device->disk,
		.watch = device->watch,
		.remote = device->remote,
		.upload = device->upload,
		.apply = device->apply,
		.cache = device->cache,
		.sent = device->sent,
		.submit = submit,
		.now_us = now_us,
		.wake = wake,
		.rules_changed = rules_changed,
		.data = device,
	};
	const EngineOptions options = { .device_name = device->name };
	device->engine = engine_new(device->state, &world, NULL, &options);
	device->wants_us = device->world->now_us;
}

static void run_one(SimDevice *device, unsigned index)
{
	Job *job = g_ptr_array_steal_index(device->jobs, index);
	job->run(job);
	g_ptr_array_add(device->done, job);
}

static void post(SimDevice *device, unsigned index)
{
	engine_post(device->engine, g_ptr_array_steal_index(device->done, index));
}

/* The process ends: its calls fail, its jobs come back to nobody. */
static void end(SimDevice *device)
{
	device->dead = true;
	engine_cancel(device->engine);
	while (engine_running(device->engine) > 0) {
		while (device->jobs->len > 0) {
			run_one(device, 0);
		}
		while (device->done->len > 0) {
			post(device, 0);
		}
		engine_step(device->engine);
	}
	g_clear_pointer(&device->engine, engine_free);
	g_clear_pointer(&device->watch, watch_free);
	g_clear_pointer(&device->upload, upload_free);
	g_clear_pointer(&device->apply, apply_free);
	g_clear_pointer(&device->cache, cache_free);
	g_clear_pointer(&device->remote, remote_free);
	g_clear_pointer(&device->sent, sent_close);
	g_clear_pointer(&device->state, state_close);
	g_clear_pointer(&device->disk, disk_close);
	device->dead = false;
}

/* ---- life ------------------------------------------------------------------------------- */

SimDevice *sim_device_new(SimWorld *world, const char *name, const char *folder, bool lazy)
{
	SimDevice *device = g_new0(SimDevice, 1);
	device->world = world;
	device->name = g_strdup(name);
	device->state_path = g_build_filename(folder, name, NULL);
	device->older_path = g_strconcat(device->state_path, ".older", NULL);
	device->jobs = g_ptr_array_new();
	device->done = g_ptr_array_new();
	device->online = true;
	DiskMemoryOptions options = { .now_ns = world->now_us * 1000 };
	if (lazy) {
		options.content = content_of;
		options.content_data = device;
	}
	device->memory = disk_memory_new(&options);
	sim_server_sign_in(world->server, name, &device->token, &device->drive);
	SimTransport *sure = g_new0(SimTransport, 1);
	sure->base.vtable = &sure_vtable;
	sure->device = device;
	device->truth = remote_new(&sure->base, &device->drive);
	start(device);
	return device;
}

static void remove_state(SimDevice *device)
{
	static const char *const suffixes[] = {
		"", ".sent", ".sent-older", "-wal", "-shm", ".older"
	};
	for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strconcat(device->state_path, suffixes[i], NULL);
		g_remove(path);
	}
}

void sim_device_free(SimDevice *device)
{
	end(device);
	remove_state(device);
	disk_memory_free(device->memory);
	remote_free(device->truth);
	g_ptr_array_unref(device->jobs);
	g_ptr_array_unref(device->done);
	g_free(device->state_path);
	g_free(device->older_path);
	g_free(device->token);
	g_free(device->name);
	g_free(device);
}

DiskMemory *sim_device_disk(SimDevice *device)
{
	return device->memory;
}

Engine *sim_device_engine(SimDevice *device)
{
	return device->engine;
}

void sim_device_set_hook(SimDevice *device, DiskHook hook, void *data)
{
	device->hook = hook;
	device->hook_data = data;
}

void sim_device_hold_first(SimDevice *device, bool on)
{
	device->holds_first = on;
}

void sim_device_set_deaf(SimDevice *device, unsigned percent)
{
	device->deaf = percent;
}

void sim_device_set_lag(SimDevice *device)
{
	device->lags = true;
}

void sim_device_set_online(SimDevice *device, bool online)
{
	if (device->online != online) {
		sim_world_say(device->world, device->name, online ? "online" : "offline");
	}
	device->online = online;
}

void sim_device_kill(SimDevice *device)
{
	sim_world_say(device->world, device->name, "killed");
	end(device);
	disk_memory_kill(device->memory);
	start(device);
}

static void copy_file(const char *from, const char *to)
{
	g_autofree char *bytes = NULL;
	size_t size;
	if (g_file_get_contents(from, &bytes, &size, NULL)) {
		g_file_set_contents_full(to, bytes, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600,
					 NULL);
	}
}

/* What the power may take, since nobody else has it, is nobody's fault. */
static void excuse(SimDevice *device)
{
	g_autofree char *author = g_strconcat(" of ", device->name, NULL);
	GHashTableIter iter;
	void *text, *value;
	g_hash_table_iter_init(&iter, device->world->values);
	while (g_hash_table_iter_next(&iter, &text, &value)) {
		if (strstr(text, author) &&
		    !sim_server_has(device->world->server, text, strlen(text))) {
			((SimValue *)value)->excused = true;
		}
	}
}

static char *read_choices(State *state)
{
	g_autofree char *left_out = state_get_setting(state, "left-out");
	g_autofree char *taken_away = state_get_setting(state, "taken-away");
	return g_strdup_printf("%s/%s", left_out ? left_out : "", taken_away ? taken_away : "");
}

/* What the older state says of choices is what the newest says: those no power cut takes. */
static bool may_fall_back(SimDevice *device, const char *choices)
{
	if (!g_file_test(device->older_path, G_FILE_TEST_EXISTS)) {
		return false;
	}
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_strconcat(device->older_path, ".look", NULL);
	copy_file(device->older_path, path);
	g_autoptr(State) older = state_open(path, &device->drive, &error);
	g_assert_no_error(error);
	g_autofree char *before = read_choices(older);
	g_clear_pointer(&older, state_close);
	g_remove(path);
	return strcmp(before, choices) == 0;
}

void sim_device_cut_power(SimDevice *device)
{
	SimWorld *world = device->world;
	sim_world_say(world, device->name, "loses power");
	excuse(device);
	g_autofree char *choices = read_choices(device->state);
	end(device);
	device->boots++;
	disk_memory_crash(device->memory, sim_world_draw(world, 1u << 30));
	if (sim_world_draw(world, 3) == 0 && may_fall_back(device, choices)) {
		/* SQL_ORDERED: the last records may go with it. */
		copy_file(device->older_path, device->state_path);
	} else {
		copy_file(device->state_path, device->older_path);
	}
	start(device);
}

/* ---- steps ------------------------------------------------------------------------------ */

void sim_device_act(SimDevice *device)
{
	device->acting = true;
	disk_memory_set_time(device->memory, device->world->now_us * 1000);
	sim_person_act(device->world, device->name, device->memory);
	device->acting = false;
}

/* A folder of the drive, at any depth; NULL if there is none. */
static char *some_folder(SimDevice *device)
{
	g_autofree char *path = g_strdup("");
	for (;;) {
		g_autoptr(GPtrArray) folders =
			g_ptr_array_new_with_free_func((GDestroyNotify)engine_choice_folder_free);
		engine_choice_folders(device->engine, path, folders, NULL);
		bool ends = *path && sim_world_draw(device->world, 2) == 0;
		if (ends || folders->len == 0) {
			return *path ? g_steal_pointer(&path) : NULL;
		}
		const EngineFolder *folder =
			folders->pdata[sim_world_draw(device->world, folders->len)];
		char *below = g_strconcat(path, *path ? "/" : "", folder->name, NULL);
		g_free(path);
		path = below;
	}
}

void sim_device_choose(SimDevice *device)
{
	g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	engine_choice_list(device->engine, left_out);
	if (left_out->len > 0 && sim_world_draw(device->world, 2) == 0) {
		const char *path = left_out->pdata[sim_world_draw(device->world, left_out->len)];
		bool done = engine_choice_take_in(device->engine, path, &error);
		sim_world_say(device->world, device->name, "%s '%s' in again",
			      done ? "takes" : "cannot take", path);
		return;
	}
	g_autofree char *path = some_folder(device);
	if (path) {
		bool done = engine_choice_leave_out(device->engine, path, &error);
		sim_world_say(device->world, device->name, "%s '%s' out",
			      done ? "leaves" : "cannot leave", path);
	}
}

void sim_device_take_in_all(SimDevice *device)
{
	g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
	engine_choice_list(device->engine, left_out);
	for (unsigned i = 0; i < left_out->len; i++) {
		g_autoptr(GError) error = NULL;
		engine_choice_take_in(device->engine, left_out->pdata[i], &error);
		g_assert_no_error(error);
	}
}

bool sim_device_leaves_out(SimDevice *device, const char *path)
{
	g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
	engine_choice_list(device->engine, left_out);
	for (unsigned i = 0; i < left_out->len; i++) {
		size_t size = strlen(left_out->pdata[i]);
		if (strncmp(path, left_out->pdata[i], size) == 0 &&
		    (path[size] == '/' || !path[size])) {
			return true;
		}
	}
	return false;
}

void sim_device_part_twins(SimDevice *device)
{
	SimWorld *world = device->world;
	g_auto(EngineStatus) status = { 0 };
	engine_status_get(device->engine, &status);
	device->acting = true;
	disk_memory_set_time(device->memory, world->now_us * 1000);
	for (unsigned i = 0; i < status.problems->len; i++) {
		const EngineProblem *problem = status.problems->pdata[i];
		g_autofree char *to = g_strdup_printf("%s.%u", problem->path, world->parted);
		if (strstr(problem->message, "differs from it only in upper and lower case") &&
		    disk_memory_user_rename(device->memory, problem->path, to, NULL)) {
			world->parted++;
			sim_world_say(world, device->name, "renames '%s', as told", problem->path);
		}
	}
	device->acting = false;
}

bool sim_device_step(SimDevice *device)
{
	disk_memory_set_time(device->memory, device->world->now_us * 1000);
	bool events = watch_memory_deliver(device->watch);
	bool due = device->wants_us >= 0 && device->wants_us <= device->world->now_us;
	if (!events && !due) {
		return false;
	}
	device->wants_us = -1;
	int64_t next_us = engine_step(device->engine);
	if (device->wants_us < 0) {
		device->wants_us = next_us;
	}
	return true;
}

bool sim_device_run_job(SimDevice *device)
{
	bool waits = device->done->len > 0 && !device->holds_first;
	if (device->jobs->len == 0 || (waits && sim_world_draw(device->world, 2) == 0)) {
		if (waits) {
			post(device, sim_world_draw(device->world, device->done->len));
		}
		return waits;
	}
	disk_memory_set_time(device->memory, device->world->now_us * 1000);
	device->worked = false;
	run_one(device, sim_world_draw(device->world, device->jobs->len));
	if (device->holds_first ? device->done->len > 1 : !device->lags) {
		post(device, device->done->len - 1);
	}
	return device->worked;
}

/* ---- what is there ---------------------------------------------------------------------- */

bool sim_device_is_settled(SimDevice *device)
{
	return engine_is_settled(device->engine);
}

static void describe_node(SimDevice *device, int64_t key, GString *text)
{
	g_string_append_printf(text, "\n  node %" G_GINT64_FORMAT ":", key);
	for (int side = 0; side < SIDE_COUNT; side++) {
		static const char *const names[] = { "here", "agreed", "there" };
		const Entry *entry = state_get(device->state, (Side)side, key);
		if (entry) {
			g_string_append_printf(
				text, " %s %" G_GINT64_FORMAT "/%s inode %" G_GUINT64_FORMAT " %s",
				names[side], entry->parent, entry->name, entry->stamp.inode,
				entry->kind == ENTRY_FOLDER ? "folder"
				: entry->content            ? "known"
							    : "unknown");
		}
	}
}

static void describe_file(const char *path, const DiskInfo *info, GBytes *bytes, void *data)
{
	(void)bytes;
	g_string_append_printf(data, "\n  %s '%s' inode %" G_GUINT64_FORMAT,
			       info->kind == DISK_FOLDER ? "folder" : "file", path,
			       info->stamp.inode);
}

char *sim_device_describe(SimDevice *device)
{
	g_auto(EngineStatus) status = { 0 };
	engine_status_get(device->engine, &status);
	GString *text = g_string_new(NULL);
	g_string_printf(text, "%s: %s, %u pending, %u jobs%s%s", device->name,
			engine_status_name(status.state), (unsigned)status.pending,
			device->jobs->len, status.reason ? ", " : "",
			status.reason ? status.reason : "");
	for (unsigned i = 0; i < status.problems->len; i++) {
		const EngineProblem *problem = status.problems->pdata[i];
		g_string_append_printf(text, "\n  '%s': %s", problem->path, problem->message);
	}
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
	state_divergent(device->state, keys);
	for (unsigned i = 0; i < keys->len; i++) {
		describe_node(device, g_array_index(keys, int64_t, i), text);
	}
	disk_memory_each(device->memory, describe_file, text);
	return g_string_free(text, FALSE);
}

typedef struct Each {
	SimDeviceVisitor visit;
	void *data;
} Each;

static void each(const char *path, const DiskInfo *info, GBytes *bytes, void *data)
{
	static const char *const kinds[] = {
		[DISK_FILE] = "file",
		[DISK_FOLDER] = "folder",
		[DISK_LINK] = "link",
		[DISK_OTHER] = "other",
	};
	const Each *with = data;
	size_t size = 0;
	const void *content = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	const char *kind =
		info->kind == DISK_FILE && info->executable ? "program" : kinds[info->kind];
	with->visit(path, kind, content, size, with->data);
}

void sim_device_each(SimDevice *device, SimDeviceVisitor visit, void *data)
{
	Each with = { .visit = visit, .data = data };
	disk_memory_each(device->memory, each, &with);
}
