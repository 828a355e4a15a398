/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real world around an engine: a folder or a disk, its watch, the server, threads, the clock.
 */
#include "client/daemon/binding.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "client/login/server_url.h"
#include "client/mount/mount.h"
#include "client/mount/mountpoint.h"
#include "client/remote/transport.h"
#include "client/virtual/volume.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#define THREADS_MAX 12
#define CACHE_SIZE (24 * MIB)
#define JOB_NICE 5
#define RESCAN_US (3600ll * 1000000)

struct Binding {
	char *folder;
	Volume *volume; /* of a virtual disk */
	Mount *mount;
	Disk *disk; /* the volume's, or our own */
	Watch *watch;
	State *state;
	Sent *sent;
	Remote *remote;
	Cache *cache;
	Upload *upload;
	Apply *apply;
	Ignore *ignore;
	Engine *engine;
	GThreadPool *threads;
	GSource *source;
	bool rules_changed;
	void (*stepped)(void *data);
	void *stepped_data;
	void (*unmounted)(Binding *binding, void *data);
	void *unmounted_data;
	GMainContext *context; /* of the opener */
	GSource *unmounting;   /* not yet told; under lock */
	GMutex lock;
};

typedef struct EngineSource {
	GSource source;
	Binding *binding;
} EngineSource;

/* ---- world ------------------------------------------------------------------------------ */

/* Programs that work in a virtual disk wait for its other threads, and not for these. */
static void give_way(void)
{
	static _Thread_local bool gives_way;
	if (!gives_way) {
		gives_way = setpriority(PRIO_PROCESS, 0, JOB_NICE) == 0;
	}
}

static void run_job(void *data, void *pool_data)
{
	Binding *binding = pool_data;
	if (binding->volume) {
		give_way();
	}
	Job *job = data;
	job->run(job);
	engine_post(binding->engine, job);
}

static void submit(void *data, Job *job)
{
	Binding *binding = data;
	g_thread_pool_push(binding->threads, job, NULL);
}

static int64_t now_us(void *data)
{
	(void)data;
	return g_get_real_time();
}

static void wake(void *data)
{
	Binding *binding = data;
	GSource *source = g_atomic_pointer_get(&binding->source);
	if (source) {
		g_source_set_ready_time(source, 0);
	}
}

static void rules_changed(void *data)
{
	Binding *binding = data;
	binding->rules_changed = true;
}

static void notify(const WatchEvent *events, size_t count, void *data)
{
	Binding *binding = data;
	Engine *engine = g_atomic_pointer_get(&binding->engine);
	if (engine) {
		engine_notice(engine, events, count);
	}
}

/* ---- rules ------------------------------------------------------------------------------ */

/* Through the disk, which may have to fetch it. */
static bool read_rules(Disk *disk, GByteArray *text, GError **error)
{
	g_autoptr(DiskFile) file = disk_open(disk, IGNORE_FILE, error);
	if (!file) {
		return false;
	}
	g_byte_array_set_size(text, IGNORE_FILE_SIZE_MAX + 1);
	size_t size = 0;
	if (!disk_file_read(file, 0, text->data, text->len, &size, error)) {
		return false;
	}
	g_byte_array_set_size(text, (unsigned)size);
	return true;
}

static Ignore *load_rules(Binding *binding, GError **error)
{
	g_autoptr(GByteArray) text = g_byte_array_new();
	g_autoptr(GError) missing = NULL;
	if (!read_rules(binding->disk, text, &missing)) {
		if (!g_error_matches(missing, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
			log_event(LOG_WARNING, "rules-unreadable", "error=\"%s\"",
				  missing->message);
		}
		g_byte_array_set_size(text, 0);
	}
	return ignore_new(text->len > 0 ? (const char *)text->data : "", text->len, error);
}

static void reload_rules(Binding *binding)
{
	g_autoptr(GError) error = NULL;
	Ignore *rules = load_rules(binding, &error);
	binding->rules_changed = false;
	if (!rules) {
		log_event(LOG_WARNING, "rules-refused", "error=\"%s\"", error->message);
		return;
	}
	engine_set_ignore(binding->engine, rules);
	ignore_free(binding->ignore);
	binding->ignore = rules;
}

/* ---- loop ------------------------------------------------------------------------------- */

static gboolean dispatch(GSource *source, GSourceFunc callback, void *data)
{
	(void)callback;
	(void)data;
	Binding *binding = ((EngineSource *)source)->binding;
	/* First, so that a wake from now on is not lost. */
	g_source_set_ready_time(source, -1);
	int64_t next_us = engine_step(binding->engine);
	if (binding->volume) {
		volume_set_online(binding->volume, !engine_status_offline(binding->engine));
	}
	if (binding->rules_changed) {
		reload_rules(binding);
	}
	if (binding->stepped) {
		binding->stepped(binding->stepped_data);
	}
	if (next_us >= 0) {
		int64_t wait_us = MAX(next_us - g_get_real_time(), 0);
		int64_t ready_us = g_get_monotonic_time() + wait_us;
		int64_t woken_us = g_source_get_ready_time(source);
		if (woken_us < 0) {
			g_source_set_ready_time(source, ready_us);
		}
	}
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = dispatch };

static void start_loop(Binding *binding)
{
	GSource *source = g_source_new(&source_funcs, sizeof(EngineSource));
	((EngineSource *)source)->binding = binding;
	g_source_set_ready_time(source, 0);
	g_source_attach(source, g_main_context_get_thread_default());
	/* The watch has begun: its thread may look at this. */
	g_atomic_pointer_set(&binding->source, source);
}

/* ---- opening ---------------------------------------------------------------------------- */

static bool open_state(Binding *binding, const BindingOptions *options, GError **error)
{
	g_autoptr(GError) failure = NULL;
	binding->state = state_open(options->state_path, &options->drive, &failure);
	if (binding->state) {
		return true;
	}
	if (!g_error_matches(failure, DRIVE_ERROR, DRIVE_ERROR_CORRUPT)) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	/* Without its memory a device unites; nothing is deleted or overwritten. */
	g_autofree char *aside = g_strdup_printf("%s.corrupt-%" G_GINT64_FORMAT,
						 options->state_path, g_get_real_time());
	log_event(LOG_WARNING, "state-corrupt", "error=\"%s\" kept=\"%s\"", failure->message,
		  aside);
	if (g_rename(options->state_path, aside) != 0) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	binding->state = state_open(options->state_path, &options->drive, error);
	return binding->state;
}

static char *get_token(void *data, const char *refused, GCancellable *cancellable, GError **error)
{
	return credential_get(data, refused, cancellable, error);
}

static bool open_disk(Binding *binding, const BindingOptions *options, GError **error)
{
	if (!options->mountpoint) {
		binding->disk =
			disk_posix_open(options->folder, options->marker, options->is_new, error);
		return binding->disk;
	}
	const VolumeOptions volume = {
		.folder = options->folder,
		.marker = options->marker,
		.is_new = options->is_new,
		.remote = binding->remote,
		.pace = options->down,
		.cache_size_max = options->disk.cache_size_max,
	};
	binding->volume = volume_open(&volume, error);
	if (!binding->volume) {
		return false;
	}
	binding->disk = volume_disk(binding->volume);
	return true;
}

/* Quotas of the file system are found when they are met. */
static uint64_t room_of_disk(void *data)
{
	const Binding *binding = data;
	struct statvfs info;
	bool known = statvfs(binding->folder, &info) == 0;
	return known ? (uint64_t)info.f_bavail * info.f_frsize : UINT64_MAX;
}

static void open_watch(Binding *binding)
{
	if (binding->volume) {
		binding->watch = volume_watch_new(binding->volume, notify, binding);
		return;
	}
	g_autoptr(GError) unwatched = NULL;
	binding->watch = watch_inotify_new(binding->folder, WATCH_BUDGET_DEFAULT, notify, binding,
					   &unwatched);
	if (!binding->watch) {
		log_event(LOG_WARNING, "not-watching", "error=\"%s\"", unwatched->message);
	}
}

static bool open_world(Binding *binding, const BindingOptions *options, GError **error)
{
	if (!open_state(binding, options, error)) {
		return false;
	}
	const TransportToken token = { .get = get_token, .data = options->credential };
	Transport *transport = transport_http_new(options->server, &token, error);
	if (!transport) {
		return false;
	}
	binding->remote = remote_new(transport, &options->drive);
	if (!open_disk(binding, options, error)) {
		return false;
	}
	binding->cache = cache_new(CACHE_SIZE);
	binding->sent = sent_open(options->state_path, NULL);
	const UploadOptions upload = {
		.pace = options->up,
		.sent = binding->sent,
		.server_is_here = server_url_is_loopback(options->server),
	};
	const ApplyOptions apply = {
		.pace = options->down,
		.room = room_of_disk,
		.room_data = binding,
	};
	binding->upload = upload_new(binding->disk, binding->remote, &upload);
	binding->apply = apply_new(binding->disk, binding->remote, binding->cache, &apply);
	binding->ignore = load_rules(binding, error);
	if (!binding->ignore) {
		return false;
	}
	open_watch(binding);
	return true;
}

/* ---- mount ------------------------------------------------------------------------------ */

static gboolean tell_unmounted(void *data)
{
	Binding *binding = data;
	g_mutex_lock(&binding->lock);
	g_clear_pointer(&binding->unmounting, g_source_unref);
	g_mutex_unlock(&binding->lock);
	binding->unmounted(binding, binding->unmounted_data);
	return G_SOURCE_REMOVE;
}

/* By the mount's thread. */
static void mount_ended(void *data)
{
	Binding *binding = data;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&binding->lock);
	if (!binding->unmounting) {
		binding->unmounting = g_idle_source_new();
		g_source_set_callback(binding->unmounting, tell_unmounted, binding, NULL);
		g_source_attach(binding->unmounting, binding->context);
	}
}

/* By the mount's threads. */
static bool room(void *data, uint64_t *ret_total, uint64_t *ret_free)
{
	return quota_room(data, g_get_monotonic_time(), ret_total, ret_free);
}

static bool open_mount(Binding *binding, const BindingOptions *options, GError **error)
{
	if (!options->mountpoint) {
		return true;
	}
	const MountOptions mount = {
		.mountpoint = options->mountpoint,
		.volume = binding->volume,
		.indexers = (const char *const *)options->disk.indexers,
		.room = room,
		.room_data = options->quota,
		.ended = mount_ended,
		.ended_data = binding,
	};
	binding->mount = mount_new(&mount, error);
	return binding->mount;
}

static void close_mount(Binding *binding)
{
	g_clear_pointer(&binding->mount, mount_free);
	if (binding->unmounting) {
		g_source_destroy(binding->unmounting);
		g_clear_pointer(&binding->unmounting, g_source_unref);
	}
}

Binding *binding_open(const BindingOptions *options, GError **error)
{
	g_autoptr(Binding) binding = g_new0(Binding, 1);
	g_mutex_init(&binding->lock);
	binding->context = g_main_context_ref_thread_default();
	binding->unmounted = options->unmounted;
	binding->unmounted_data = options->unmounted_data;
	binding->folder = g_strdup(options->folder);
	binding->stepped = options->stepped;
	binding->stepped_data = options->stepped_data;
	if (!open_world(binding, options, error)) {
		g_prefix_error(error, "%s '%s': ", options->mountpoint ? "mount" : "sync",
			       options->mountpoint ? options->mountpoint : options->folder);
		return NULL;
	}
	binding->threads = g_thread_pool_new(run_job, binding, THREADS_MAX, FALSE, error);
	if (!binding->threads) {
		return NULL;
	}
	const World world = {
		.disk = binding->disk,
		.watch = binding->watch,
		.remote = binding->remote,
		.upload = binding->upload,
		.apply = binding->apply,
		.cache = binding->cache,
		.sent = binding->sent,
		.submit = submit,
		.now_us = now_us,
		.wake = wake,
		.rules_changed = rules_changed,
		.data = binding,
	};
	const EngineOptions engine = {
		.device_name = options->device_name,
		.rescan_us = RESCAN_US,
	};
	g_atomic_pointer_set(&binding->engine,
			     engine_new(binding->state, &world, binding->ignore, &engine));
	if (!open_mount(binding, options, error)) {
		return NULL;
	}
	start_loop(binding);
	return g_steal_pointer(&binding);
}

static void end_jobs(Binding *binding)
{
	GMainContext *context = g_main_context_get_thread_default();
	engine_cancel(binding->engine);
	binding->stepped = NULL;
	while (engine_running(binding->engine) > 0) {
		g_main_context_iteration(context, TRUE);
	}
	g_autoptr(GError) error = NULL;
	if (!engine_record(binding->engine, &error)) {
		log_event(LOG_WARNING, "not-recorded", "error=\"%s\"", error->message);
	}
}

void binding_close(Binding *binding)
{
	if (!binding) {
		return;
	}
	close_mount(binding);
	if (binding->engine && binding->source) {
		end_jobs(binding);
	}
	watch_free(binding->watch);
	if (binding->threads) {
		g_thread_pool_free(binding->threads, FALSE, TRUE);
	}
	/* Only now: a job that was handed back may be about to wake it. */
	if (binding->source) {
		g_source_destroy(binding->source);
		g_source_unref(binding->source);
	}
	engine_free(binding->engine);
	upload_free(binding->upload);
	apply_free(binding->apply);
	cache_free(binding->cache);
	if (binding->volume) {
		volume_close(binding->volume);
	} else {
		disk_close(binding->disk);
	}
	remote_free(binding->remote);
	ignore_free(binding->ignore);
	sent_close(binding->sent);
	state_close(binding->state);
	g_main_context_unref(binding->context);
	g_mutex_clear(&binding->lock);
	g_free(binding->folder);
	g_free(binding);
}

Engine *binding_engine(Binding *binding)
{
	if (binding->mount) {
		mount_notice(binding->mount);
	}
	return binding->engine;
}

Disk *binding_disk(Binding *binding)
{
	return binding->disk;
}

void binding_set_cache_size(Binding *binding, uint64_t cache_size_max)
{
	if (binding->volume) {
		volume_set_cache_size(binding->volume, cache_size_max);
	}
}

uint64_t binding_moved(Binding *binding)
{
	return upload_progress(binding->upload) + apply_progress(binding->apply);
}

void binding_count(Binding *binding, QuotaNews *news)
{
	uint64_t stored = 0, waiting = 0;
	engine_status_amounts(binding->engine, &stored, &waiting);
	news->stored += stored;
	news->waiting += waiting;
	news->sent += upload_progress(binding->upload);
}
