/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of a file system in memory, and what happens to it as a whole.
 *
 * Lists come in the order of a hash of the names, as on ext4, so that nobody relies on another one.
 */
#include "client/disk/disk_memory.h"

#include "client/disk/calls.h"
#include "client/disk/disk_impl.h"
#include "client/disk/events.h"

#include <string.h>

#define TIME_DEFAULT_NS (1700000000 * G_GINT64_CONSTANT(1000000000))
#define TICK_DEFAULT_NS 4000000
#define UNMOUNTED_NUMBER 131073
#define UNMOUNTED_MODE 0555

typedef struct MemoryDisk {
	Disk base;
	DiskMemory *memory;
	unsigned life;
} MemoryDisk;

typedef struct MemoryFile {
	DiskFile base;
	DiskMemory *memory;
	uint64_t opening;
} MemoryFile;

/* ---- files ------------------------------------------------------------------------------ */

/* Locks. */
static Inode *enter_file(DiskFile *base, GError **error)
{
	MemoryFile *file = (MemoryFile *)base;
	g_mutex_lock(&file->memory->lock);
	return calls_opened(file->memory, file->opening, error);
}

static void leave_file(DiskFile *base)
{
	g_mutex_unlock(&((MemoryFile *)base)->memory->lock);
}

static void memory_file_close(DiskFile *base)
{
	MemoryFile *file = (MemoryFile *)base;
	g_mutex_lock(&file->memory->lock);
	calls_close(file->memory, file->opening);
	g_mutex_unlock(&file->memory->lock);
	g_free(file);
}

static ssize_t read_inode(DiskMemory *memory, const Inode *inode, uint64_t offset, void *ret_bytes,
			  size_t size)
{
	/* No copy of a file that is here: reading a long one piece by piece would never end. */
	g_autoptr(GBytes) promised = inode->promised ? calls_bytes(memory, inode) : NULL;
	const uint8_t *bytes = promised ? g_bytes_get_data(promised, NULL) : inode->bytes->data;
	uint64_t length = promised ? g_bytes_get_size(promised) : inode->bytes->len;
	size_t count = offset < length ? MIN(size, length - offset) : 0;
	if (count > 0) {
		memcpy(ret_bytes, bytes + offset, count);
	}
	return (ssize_t)count;
}

static ssize_t memory_file_read(DiskFile *base, uint64_t offset, void *ret_bytes, size_t size,
				GError **error)
{
	const Inode *inode = enter_file(base, error);
	DiskMemory *memory = ((MemoryFile *)base)->memory;
	ssize_t count = inode ? read_inode(memory, inode, offset, ret_bytes, size) : -1;
	leave_file(base);
	return count;
}

static ssize_t write_inode(MemoryFile *file, Inode *inode, uint64_t offset, GBytes *bytes,
			   GError **error)
{
	if (!calls_write(file->memory, inode, offset, bytes, error)) {
		return -1;
	}
	calls_mark_written(file->memory, file->opening);
	return (ssize_t)g_bytes_get_size(bytes);
}

static ssize_t memory_file_write(DiskFile *base, uint64_t offset, const void *bytes, size_t size,
				 GError **error)
{
	MemoryFile *file = (MemoryFile *)base;
	g_autoptr(GBytes) copy = g_bytes_new(bytes, size);
	Inode *inode = enter_file(base, error);
	ssize_t count = inode ? write_inode(file, inode, offset, copy, error) : -1;
	leave_file(base);
	return count;
}

static GBytes *slice(const Inode *inode, uint64_t offset, uint64_t size)
{
	uint64_t length = inode->bytes->len;
	uint64_t count = offset < length ? MIN(size, length - offset) : 0;
	return g_bytes_new(inode->bytes->data + (count ? offset : 0), count);
}

static ssize_t memory_file_copy(DiskFile *base, DiskFile *base_from, const DiskCopy *copy,
				GError **error)
{
	MemoryFile *file = (MemoryFile *)base, *from = (MemoryFile *)base_from;
	ssize_t count = -1;
	Inode *inode = enter_file(base, error);
	const Inode *source = inode ? calls_opened(file->memory, from->opening, error) : NULL;
	if (source) {
		g_autoptr(GBytes) bytes = slice(source, copy->from_offset, copy->size);
		count = write_inode(file, inode, copy->offset, bytes, error);
	}
	leave_file(base);
	return count;
}

static bool memory_file_look(DiskFile *base, DiskInfo *ret_info, GError **error)
{
	const Inode *inode = enter_file(base, error);
	if (inode) {
		calls_look(((MemoryFile *)base)->memory, inode, ret_info);
	}
	leave_file(base);
	return inode;
}

static bool memory_file_set(DiskFile *base, int64_t mtime_ns, unsigned mode, GError **error)
{
	Inode *inode = enter_file(base, error);
	if (inode && mode != DISK_MODE_KEEP && ((MemoryFile *)base)->memory->options.vfat) {
		calls_fail(error, DRIVE_ERROR_FORBIDDEN, inode->name, "operation not permitted");
		inode = NULL;
	}
	if (inode) {
		calls_set(((MemoryFile *)base)->memory, inode,
			  mtime_ns == DISK_MTIME_KEEP ? inode->mtime_ns : mtime_ns,
			  mode == DISK_MODE_KEEP ? inode->mode : mode);
	}
	leave_file(base);
	return inode;
}

static bool memory_file_sync(DiskFile *base, GError **error)
{
	const Inode *inode = enter_file(base, error);
	if (inode) {
		calls_sync_inode(((MemoryFile *)base)->memory, inode);
	}
	leave_file(base);
	return inode;
}

static bool memory_file_hold(DiskFile *base, GError **error)
{
	MemoryFile *file = (MemoryFile *)base;
	const Inode *inode = enter_file(base, error);
	bool held = inode;
	if (held) {
		held = file->memory->options.no_hold
			       ? calls_fail(error, DRIVE_ERROR_UNSUPPORTED, inode->name,
					    "no leases")
			       : calls_hold(file->memory, file->opening, error);
	}
	leave_file(base);
	return held;
}

static const DiskFileClass memory_file_class = {
	.close = memory_file_close,
	.read = memory_file_read,
	.write = memory_file_write,
	.copy = memory_file_copy,
	.look = memory_file_look,
	.set = memory_file_set,
	.sync = memory_file_sync,
	.hold = memory_file_hold,
};

/* ---- disk ------------------------------------------------------------------------------- */

/* Locks. */
static DiskMemory *enter(Disk *base, GError **error)
{
	MemoryDisk *disk = (MemoryDisk *)base;
	g_mutex_lock(&disk->memory->lock);
	bool alive = disk->life == disk->memory->life ||
		     calls_fail(error, DRIVE_ERROR_IO, "", "the process is gone");
	return alive ? disk->memory : NULL;
}

static bool leave(Disk *base, bool result)
{
	g_mutex_unlock(&((MemoryDisk *)base)->memory->lock);
	return result;
}

static void memory_close(Disk *base)
{
	g_free(base);
}

typedef struct Listed {
	char *name;
	DiskInfo info;
} Listed;

static void listed_clear(void *data)
{
	g_free(((Listed *)data)->name);
}

static int compare_listed(const void *a_data, const void *b_data)
{
	const Listed *a = a_data, *b = b_data;
	unsigned hash_a = g_str_hash(a->name), hash_b = g_str_hash(b->name);
	return hash_a == hash_b ? strcmp(a->name, b->name) : hash_a < hash_b ? -1 : 1;
}

static bool list_names(DiskMemory *memory, const char *path, GArray *ret_listed, GError **error)
{
	if (!memory->mounted && *path == '\0') {
		return true;
	}
	const Inode *folder = calls_find(memory, path, error);
	if (!folder) {
		return false;
	}
	if (folder->kind == DISK_FILE_SYSTEM) {
		return calls_fail(error, DRIVE_ERROR_UNSUPPORTED, path, "is another file system");
	}
	if (folder->kind != DISK_FOLDER) {
		return calls_fail(error, DRIVE_ERROR_NOT_FOUND, path, "is no folder");
	}
	if ((folder->mode & 0500) != 0500) {
		return calls_fail(error, DRIVE_ERROR_FORBIDDEN, path, "permission denied");
	}
	for (GTreeNode *at = g_tree_node_first(folder->names); at; at = g_tree_node_next(at)) {
		Listed listed = { .name = g_strdup(g_tree_node_key(at)) };
		calls_look(memory, g_tree_node_value(at), &listed.info);
		g_array_append_val(ret_listed, listed);
	}
	return true;
}

static bool memory_list(Disk *base, const char *folder, DiskVisitor visit, void *data,
			GError **error)
{
	g_autoptr(GArray) listed = g_array_new(FALSE, FALSE, sizeof(Listed));
	g_array_set_clear_func(listed, listed_clear);
	DiskMemory *memory = enter(base, error);
	if (!leave(base, memory && list_names(memory, folder, listed, error))) {
		return false;
	}
	g_array_sort(listed, compare_listed);
	for (unsigned i = 0; i < listed->len; i++) {
		const Listed *entry = &g_array_index(listed, Listed, i);
		visit(entry->name, &entry->info, data);
	}
	return true;
}

static char *dup_target(const Inode *inode)
{
	return inode->kind == DISK_LINK
		       ? g_strndup((const char *)inode->bytes->data, inode->bytes->len)
		       : NULL;
}

static bool memory_look(Disk *base, const char *path, DiskInfo *ret_info, char **ret_target,
			GError **error)
{
	DiskMemory *memory = enter(base, error);
	if (memory && !memory->mounted && *path == '\0') {
		*ret_info = (DiskInfo){
			.kind = DISK_FOLDER,
			.mode = UNMOUNTED_MODE,
			.stamp.inode = UNMOUNTED_NUMBER,
		};
		return leave(base, true);
	}
	const Inode *inode = memory ? calls_find(memory, path, error) : NULL;
	if (inode) {
		calls_look(memory, inode, ret_info);
		if (ret_target) {
			*ret_target = dup_target(inode);
		}
	}
	return leave(base, inode);
}

static DiskFile *memory_open(Disk *base, const char *path, bool create, GError **error)
{
	uint64_t opening = 0;
	DiskMemory *memory = enter(base, error);
	Inode *inode = NULL;
	if (memory) {
		inode = create ? calls_make(memory, path, DISK_FILE, NULL, error)
			       : calls_find(memory, path, error);
	}
	bool readable = inode && (create || (inode->mode & 0400));
	if (readable) {
		opening = calls_open(memory, inode, true, create, error);
	} else if (inode) {
		calls_fail(error, DRIVE_ERROR_FORBIDDEN, path, "permission denied");
	}
	leave(base, true);
	if (!opening) {
		return NULL;
	}
	MemoryFile *file = g_new0(MemoryFile, 1);
	file->base.class = &memory_file_class;
	file->memory = memory;
	file->opening = opening;
	return &file->base;
}

static bool memory_make(Disk *base, const char *path, const char *target, int64_t mtime_ns,
			GError **error)
{
	g_autoptr(GBytes) bytes = target ? g_bytes_new(target, strlen(target)) : NULL;
	DiskMemory *memory = enter(base, error);
	DiskKind kind = target ? DISK_LINK : DISK_FOLDER;
	if (memory && target && memory->options.vfat) {
		calls_fail(error, DRIVE_ERROR_UNSUPPORTED, path, "no links here");
		memory = NULL;
	}
	Inode *inode = memory ? calls_make(memory, path, kind, bytes, error) : NULL;
	if (inode && target) {
		calls_set(memory, inode, mtime_ns, inode->mode);
	}
	return leave(base, inode);
}

static bool memory_rename(Disk *base, const char *from, const char *to, bool exchange,
			  GError **error)
{
	DiskMemory *memory = enter(base, error);
	if (memory && exchange && memory->options.no_exchange) {
		calls_fail(error, DRIVE_ERROR_UNSUPPORTED, to, "cannot be exchanged");
		return leave(base, false);
	}
	CallsRename how = exchange ? CALLS_RENAME_EXCHANGE : CALLS_RENAME_NEW;
	return leave(base, memory && calls_rename(memory, from, to, how, error));
}

static bool memory_remove(Disk *base, const char *path, bool folder, GError **error)
{
	DiskMemory *memory = enter(base, error);
	return leave(base, memory && calls_remove(memory, path, folder, error));
}

static bool memory_sync(Disk *base, GError **error)
{
	DiskMemory *memory = enter(base, error);
	if (memory) {
		calls_sync(memory);
	}
	return leave(base, memory);
}

static const DiskClass memory_class = {
	.close = memory_close,
	.list = memory_list,
	.look = memory_look,
	.open = memory_open,
	.make = memory_make,
	.rename = memory_rename,
	.remove = memory_remove,
	.sync = memory_sync,
};

/* ---- lazy ------------------------------------------------------------------------------- */

static bool memory_file_promise(DiskFile *base, GBytes *content, uint64_t size, GError **error)
{
	DiskMemory *memory = ((MemoryFile *)base)->memory;
	Inode *inode = enter_file(base, error);
	if (inode) {
		/* No tick: what a person does in this very moment has another stamp. */
		calls_promise(memory, inode, content, size, inode->change_ns + 1);
	}
	leave_file(base);
	return inode;
}

static bool is_expected(DiskMemory *memory, const Inode *inode, const DiskInfo *expected)
{
	DiskInfo info;
	calls_look(memory, inode, &info);
	return disk_info_equal(&info, expected);
}

static GBytes *memory_file_promised(DiskFile *base, const DiskInfo *expected)
{
	DiskMemory *memory = ((MemoryFile *)base)->memory;
	const Inode *inode = enter_file(base, NULL);
	bool same = inode && inode->promised && is_expected(memory, inode, expected);
	GBytes *content = same ? g_bytes_ref(inode->promised) : NULL;
	leave_file(base);
	return content;
}

static bool memory_promise(Disk *base, const char *path, const DiskInfo *expected, GBytes *content,
			   GError **error)
{
	DiskMemory *memory = enter(base, error);
	Inode *inode = memory ? calls_find(memory, path, error) : NULL;
	if (inode && !is_expected(memory, inode, expected)) {
		calls_fail(error, DRIVE_ERROR_CHANGED, path, "changed meanwhile");
		inode = NULL;
	} else if (inode && inode->writers > 0) {
		calls_fail(error, DRIVE_ERROR_BUSY, path, "is open for writing");
		inode = NULL;
	} else if (inode && !inode->promised) {
		calls_promise(memory, inode, content, expected->size, expected->stamp.change_ns);
	}
	return leave(base, inode);
}

static const DiskLazy memory_lazy = {
	.file_promise = memory_file_promise,
	.file_promised = memory_file_promised,
	.promise = memory_promise,
};

Disk *disk_memory_attach(DiskMemory *memory)
{
	MemoryDisk *disk = g_new0(MemoryDisk, 1);
	disk->base.class = &memory_class;
	disk->base.lazy = memory->options.content ? &memory_lazy : NULL;
	disk->memory = memory;
	g_mutex_lock(&memory->lock);
	disk->life = memory->life;
	g_mutex_unlock(&memory->lock);
	return &disk->base;
}

Disk *disk_memory_open(DiskMemory *memory, const char *marker, bool create_marker, GError **error)
{
	g_autoptr(Disk) disk = disk_memory_attach(memory);
	return disk_start(disk, marker, create_marker, error) ? g_steal_pointer(&disk) : NULL;
}

/* ---- the file system -------------------------------------------------------------------- */

static int compare_numbers(const void *a_data, const void *b_data, void *data)
{
	uint64_t a = *(const uint64_t *)a_data, b = *(const uint64_t *)b_data;
	return a < b ? -1 : a > b;
}

static void free_change(void *change)
{
	image_change_free(change);
}

DiskMemory *disk_memory_new(const DiskMemoryOptions *options)
{
	DiskMemory *memory = g_new0(DiskMemory, 1);
	g_mutex_init(&memory->lock);
	memory->options = options ? *options : (DiskMemoryOptions){ 0 };
	if (memory->options.tick_ns == 0) {
		memory->options.tick_ns = TICK_DEFAULT_NS;
	}
	memory->now_ns = memory->options.now_ns ? memory->options.now_ns : TIME_DEFAULT_NS;
	memory->live = image_new(memory->now_ns);
	memory->durable = image_copy(memory->live);
	memory->log = g_ptr_array_new_with_free_func(free_change);
	memory->free_numbers = g_tree_new_full(compare_numbers, NULL, g_free, NULL);
	memory->next_number = IMAGE_ROOT_NUMBER + 1;
	memory->next_id = IMAGE_ROOT + 1;
	memory->mounted = true;
	memory->openings = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	memory->next_opening = 1;
	memory->events = events_new(memory->options.watches_max, memory->options.events_max);
	return memory;
}

void disk_memory_free(DiskMemory *memory)
{
	if (!memory) {
		return;
	}
	events_free(memory->events);
	g_hash_table_unref(memory->openings);
	g_tree_unref(memory->free_numbers);
	g_ptr_array_unref(memory->log);
	image_free(memory->durable);
	image_free(memory->live);
	g_mutex_clear(&memory->lock);
	g_free(memory);
}

int64_t disk_memory_time(DiskMemory *memory)
{
	g_mutex_lock(&memory->lock);
	int64_t now_ns = memory->now_ns;
	g_mutex_unlock(&memory->lock);
	return now_ns;
}

void disk_memory_set_time(DiskMemory *memory, int64_t now_ns)
{
	g_mutex_lock(&memory->lock);
	memory->now_ns = now_ns;
	g_mutex_unlock(&memory->lock);
}

void disk_memory_kill(DiskMemory *memory)
{
	g_mutex_lock(&memory->lock);
	memory->life++;
	calls_close_all(memory, false);
	events_forget(memory->events);
	g_mutex_unlock(&memory->lock);
}

void disk_memory_mount(DiskMemory *memory, bool mounted)
{
	g_mutex_lock(&memory->lock);
	memory->mounted = mounted;
	g_mutex_unlock(&memory->lock);
}

typedef struct Visit {
	DiskMemory *memory;
	DiskMemoryVisitor visit;
	void *data;
} Visit;

static void visit_inode(const char *path, const Inode *inode, void *data)
{
	Visit *visit = data;
	DiskInfo info;
	if (strcmp(path, DISK_RESERVED) == 0 || g_str_has_prefix(path, DISK_RESERVED "/")) {
		return;
	}
	calls_look(visit->memory, inode, &info);
	g_autoptr(GBytes) bytes = calls_bytes(visit->memory, inode);
	visit->visit(path, &info, bytes, visit->data);
}

void disk_memory_each(DiskMemory *memory, DiskMemoryVisitor visit, void *data)
{
	Visit inner = { memory, visit, data };
	g_mutex_lock(&memory->lock);
	image_each(memory->live, visit_inode, &inner);
	g_mutex_unlock(&memory->lock);
}

GBytes *disk_memory_read(DiskMemory *memory, const char *path)
{
	g_mutex_lock(&memory->lock);
	const Inode *inode = calls_find(memory, path, NULL);
	GBytes *bytes = inode ? calls_bytes(memory, inode) : NULL;
	g_mutex_unlock(&memory->lock);
	return bytes;
}

uint64_t disk_memory_used(DiskMemory *memory)
{
	g_mutex_lock(&memory->lock);
	uint64_t used = image_used(memory->live);
	g_mutex_unlock(&memory->lock);
	return used;
}

void disk_memory_check(DiskMemory *memory)
{
	g_mutex_lock(&memory->lock);
	image_check(memory->live);
	image_check(memory->durable);
	if (memory->log->len == 0) {
		image_check_equal(memory->live, memory->durable);
	}
	g_mutex_unlock(&memory->lock);
}

/* ---- watching --------------------------------------------------------------------------- */

void disk_memory_event_clear(DiskMemoryEvent *event)
{
	g_clear_pointer(&event->name, g_free);
}

int disk_memory_watch(DiskMemory *memory, const char *path, GError **error)
{
	int watch = -1;
	g_mutex_lock(&memory->lock);
	const Inode *inode = calls_find(memory, path, error);
	if (inode && inode->kind != DISK_FOLDER) {
		calls_fail(error, DRIVE_ERROR_NOT_FOUND, path, "is no folder");
	} else if (inode && !(inode->mode & 0400)) {
		calls_fail(error, DRIVE_ERROR_FORBIDDEN, path, "permission denied");
	} else if (inode) {
		watch = events_watch(memory->events, inode);
		if (watch < 0) {
			calls_fail(error, DRIVE_ERROR_NO_SPACE, path, "no more watches");
		}
	}
	g_mutex_unlock(&memory->lock);
	return watch;
}

void disk_memory_unwatch(DiskMemory *memory, int watch)
{
	g_mutex_lock(&memory->lock);
	events_unwatch(memory->events, watch);
	g_mutex_unlock(&memory->lock);
}

bool disk_memory_next_event(DiskMemory *memory, DiskMemoryEvent *ret_event)
{
	g_mutex_lock(&memory->lock);
	bool found = events_next(memory->events, ret_event);
	g_mutex_unlock(&memory->lock);
	return found;
}
