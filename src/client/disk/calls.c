/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks what a kernel would check, makes the change in the live image, logs it, and tells those
 * who watch. Every change goes through commit().
 */
#include "client/disk/calls.h"

#include "base/limits.h"
#include "base/text.h"
#include "client/disk/disk_impl.h"
#include "client/disk/events.h"
#include "client/disk/spelling.h"

#include <string.h>

#define CONTENT_SIZE_LIMIT (256 * MIB)
#define VFAT_TICK_NS 2000000000
#define FOLDER_COST IMAGE_PAGE_SIZE

bool calls_fail(GError **error, DriveError code, const char *path, const char *reason)
{
	g_autofree char *shown = text_printable(path, strlen(path));
	g_set_error(error, DRIVE_ERROR, code, "'%s': %s", shown, reason);
	return false;
}

static bool may(const Inode *inode, unsigned permission, const char *path, GError **error)
{
	return (inode->mode & permission) ||
	       calls_fail(error, DRIVE_ERROR_FORBIDDEN, path, "permission denied");
}

/* ---- names as on vfat ------------------------------------------------------------------- */

static bool is_refused_by_vfat(const char *name)
{
	for (const char *at = name; *at; at++) {
		if ((unsigned char)*at < ' ' || strchr("\"*:<>?\\|\x7f", *at)) {
			return true;
		}
	}
	return !g_utf8_validate(name, -1, NULL) || g_str_has_suffix(name, " ");
}

/* Without its last dots. Free with g_free(). */
static char *trim_for_vfat(const char *name)
{
	size_t size = strlen(name);
	while (size > 0 && name[size - 1] == '.') {
		size--;
	}
	return g_strndup(name, size);
}

/* The name in folder that a name leads to, as it is spelled there; NULL: none. */
static const char *find_name(DiskMemory *memory, const Inode *folder, const char *name)
{
	void *spelled = NULL;
	if (!folder->names) {
		return NULL;
	}
	if (!memory->options.vfat || *name == '\0') {
		return g_tree_lookup_extended(folder->names, name, &spelled, NULL) ? spelled : NULL;
	}
	g_autofree char *trimmed = trim_for_vfat(name);
	for (GTreeNode *at = g_tree_node_first(folder->names); at; at = g_tree_node_next(at)) {
		if (spelling_same_caseless(g_tree_node_key(at), trimmed)) {
			return g_tree_node_key(at);
		}
	}
	return NULL;
}

static Inode *find_child(DiskMemory *memory, const Inode *folder, const char *name)
{
	const char *spelled = find_name(memory, folder, name);
	return spelled ? image_child(memory->live, folder, spelled) : NULL;
}

/* How a new name is kept; NULL: it is refused. Free with g_free(). */
static char *dup_new_name(DiskMemory *memory, const char *name, const char *path, GError **error)
{
	if (!memory->options.vfat) {
		return g_strdup(name);
	}
	g_autofree char *trimmed = trim_for_vfat(name);
	if (*trimmed == '\0' || is_refused_by_vfat(trimmed)) {
		calls_fail(error, DRIVE_ERROR_UNSUPPORTED, path, "invalid argument");
		return NULL;
	}
	return g_steal_pointer(&trimmed);
}

/* One step down. */
static Inode *step(DiskMemory *memory, Inode *folder, const char *name, const char *path,
		   GError **error)
{
	if (folder->kind == DISK_FILE_SYSTEM) {
		calls_fail(error, DRIVE_ERROR_UNSUPPORTED, path, "is on another file system");
		return NULL;
	}
	if (folder->kind != DISK_FOLDER) {
		calls_fail(error, DRIVE_ERROR_NOT_FOUND, path, "no such file or folder");
		return NULL;
	}
	if (!may(folder, 0100, path, error)) {
		return NULL;
	}
	Inode *inode = find_child(memory, folder, name);
	if (!inode) {
		calls_fail(error, DRIVE_ERROR_NOT_FOUND, path, "no such file or folder");
	}
	return inode;
}

Inode *calls_find(DiskMemory *memory, const char *path, GError **error)
{
	Inode *at = image_get(memory->live, IMAGE_ROOT);
	if (!memory->mounted) {
		calls_fail(error, DRIVE_ERROR_NOT_FOUND, path, "no such file or folder");
		return NULL;
	}
	/* No name at all if path is "". */
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	for (unsigned i = 0; at && names[i]; i++) {
		at = step(memory, at, names[i], path, error);
	}
	return at;
}

/* The folder in which path's last name is to be changed. */
static Inode *find_folder(DiskMemory *memory, const char *path, const char **ret_name,
			  GError **error)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *folder_path = g_strndup(path, slash ? (size_t)(slash - path) : 0);
	*ret_name = slash ? slash + 1 : path;
	if (!memory->mounted) {
		calls_fail(error, DRIVE_ERROR_FORBIDDEN, path, "permission denied");
		return NULL;
	}
	Inode *folder = calls_find(memory, folder_path, error);
	if (!folder) {
		return NULL;
	}
	if (folder->kind == DISK_FILE_SYSTEM) {
		calls_fail(error, DRIVE_ERROR_UNSUPPORTED, path, "is on another file system");
		return NULL;
	}
	if (folder->kind != DISK_FOLDER) {
		calls_fail(error, DRIVE_ERROR_NOT_FOUND, path, "no such file or folder");
		return NULL;
	}
	if (!text_is_name(*ret_name, strlen(*ret_name))) {
		calls_fail(error, DRIVE_ERROR_UNSUPPORTED, path, "no name");
		return NULL;
	}
	return may(folder, 0100, path, error) && may(folder, 0200, path, error) ? folder : NULL;
}

void calls_look(DiskMemory *memory, const Inode *inode, DiskInfo *ret_info)
{
	*ret_info = (DiskInfo){
		.kind = inode->kind,
		.size = inode->bytes->len,
		.mtime_ns = inode->mtime_ns,
		.executable = inode->kind == DISK_FILE && (inode->mode & 0100),
		.mode = inode->mode & 0777,
		.stamp = {
			.inode = inode->number,
			.birth_ns = memory->options.no_birth ? 0 : inode->birth_ns,
			.change_ns = memory->options.vfat ? inode->mtime_ns
				     : inode->promised    ? inode->promise_ns
							  : inode->change_ns,
		},
	};
}

/* ---- changes ---------------------------------------------------------------------------- */

static Change *new_change(DiskMemory *memory, ChangeKind kind, const Inode *inode)
{
	int64_t time_ns = memory->now_ns - memory->now_ns % memory->options.tick_ns;
	Change *change = image_change_new(kind, time_ns);
	change->inode = inode ? inode->id : 0;
	return change;
}

static bool has_room(DiskMemory *memory, uint64_t more, const char *path, GError **error)
{
	uint64_t capacity = memory->options.capacity;
	return capacity == 0 || image_used(memory->live) + more <= capacity ||
	       calls_fail(error, DRIVE_ERROR_NO_SPACE, path, "no space left on device");
}

static void collect_number(DiskMemory *memory, uint64_t id, uint64_t number)
{
	if (id && !image_get(memory->live, id)) {
		uint64_t *freed = g_memdup2(&number, sizeof number);
		g_tree_insert(memory->free_numbers, freed, freed);
		events_tell_gone(memory->events, id);
	}
}

/* The lowest free one: programs soon meet an old number under a new file, as on ext4. */
static uint64_t take_number(DiskMemory *memory)
{
	GTreeNode *first = g_tree_node_first(memory->free_numbers);
	if (!first) {
		return memory->next_number++;
	}
	uint64_t number = *(uint64_t *)g_tree_node_key(first);
	g_tree_remove(memory->free_numbers, &number);
	return number;
}

/* Takes the change. */
static void commit(DiskMemory *memory, Change *change)
{
	const Inode *inode = image_get(memory->live, change->inode);
	const Inode *other = change->other ? image_get(memory->live, change->other) : NULL;
	uint64_t number = inode ? inode->number : 0, other_number = other ? other->number : 0;
	bool folder = inode ? inode->kind == DISK_FOLDER : change->node_kind == DISK_FOLDER;
	bool other_folder = other && other->kind == DISK_FOLDER;
	change->number = inode ? number : change->number;
	change->other_number = other_number;
	image_apply(memory->live, change);
	g_ptr_array_add(memory->log, change);
	events_tell(memory->events, change, folder, other_folder);
	collect_number(memory, change->inode, number);
	collect_number(memory, change->other, other_number);
}

Inode *calls_make(DiskMemory *memory, const char *path, DiskKind kind, GBytes *bytes,
		  GError **error)
{
	const char *name;
	Inode *folder = find_folder(memory, path, &name, error);
	if (!folder) {
		return NULL;
	}
	if (find_child(memory, folder, name)) {
		calls_fail(error, DRIVE_ERROR_CONFLICT, path, "file exists");
		return NULL;
	}
	g_autofree char *new_name = dup_new_name(memory, name, path, error);
	if (!new_name) {
		return NULL;
	}
	if (!has_room(memory, kind == DISK_FOLDER ? FOLDER_COST : IMAGE_PAGE_SIZE, path, error)) {
		return NULL;
	}
	bool reserved = strcmp(path, DISK_RESERVED) == 0;
	Change *change = new_change(memory, CHANGE_MAKE, NULL);
	change->inode = memory->next_id++;
	change->number = take_number(memory);
	change->folder = folder->id;
	change->name = g_steal_pointer(&new_name);
	change->node_kind = kind;
	bool all = kind == DISK_FOLDER || memory->options.vfat;
	change->mode = reserved ? 0700 : all ? 0755 : 0644;
	change->bytes = bytes ? g_bytes_ref(bytes) : NULL;
	commit(memory, change);
	return image_get(memory->live, change->inode);
}

bool calls_link(DiskMemory *memory, const char *path, const char *to, GError **error)
{
	const char *name;
	Inode *inode = calls_find(memory, path, error);
	Inode *folder = inode ? find_folder(memory, to, &name, error) : NULL;
	if (!folder) {
		return false;
	}
	if (inode->kind == DISK_FOLDER || inode->kind == DISK_FILE_SYSTEM) {
		return calls_fail(error, DRIVE_ERROR_FORBIDDEN, path, "is a folder");
	}
	if (find_child(memory, folder, name)) {
		return calls_fail(error, DRIVE_ERROR_CONFLICT, to, "file exists");
	}
	if (memory->options.vfat) {
		return calls_fail(error, DRIVE_ERROR_FORBIDDEN, to, "operation not permitted");
	}
	Change *change = new_change(memory, CHANGE_LINK, inode);
	change->folder = folder->id;
	change->name = g_strdup(name);
	commit(memory, change);
	return true;
}

/* What stands in the way of a rename onto other, which may be NULL. */
static bool check_target(const Inode *inode, const Inode *other, CallsRename how, const char *to,
			 GError **error)
{
	if (how == CALLS_RENAME_EXCHANGE) {
		return other || calls_fail(error, DRIVE_ERROR_NOT_FOUND, to, "nothing is there");
	}
	if (!other) {
		return true;
	}
	bool same_sort = !other->names == !inode->names;
	bool full = other->names && g_tree_nnodes(other->names) > 0;
	if (how == CALLS_RENAME_NEW || !same_sort || full) {
		return calls_fail(error, DRIVE_ERROR_CONFLICT, to, "file exists");
	}
	return true;
}

bool calls_rename(DiskMemory *memory, const char *from, const char *to, CallsRename how,
		  GError **error)
{
	const char *name, *to_name;
	Inode *folder = find_folder(memory, from, &name, error);
	Inode *to_folder = folder ? find_folder(memory, to, &to_name, error) : NULL;
	if (!to_folder) {
		return false;
	}
	Inode *inode = find_child(memory, folder, name);
	Inode *other = find_child(memory, to_folder, to_name);
	if (!inode) {
		return calls_fail(error, DRIVE_ERROR_NOT_FOUND, from, "no such file or folder");
	}
	if (!check_target(inode, other, how, to, error)) {
		return false;
	}
	g_autofree char *old_name = g_strdup(find_name(memory, folder, name));
	g_autofree char *new_name = other ? g_strdup(find_name(memory, to_folder, to_name))
					  : dup_new_name(memory, to_name, to, error);
	if (!new_name) {
		return false;
	}
	if (other == inode) {
		/* Two names of one file stay as they are. */
		return true;
	}
	if (image_is_below(memory->live, to_folder, inode) ||
	    (how == CALLS_RENAME_EXCHANGE && image_is_below(memory->live, folder, other))) {
		return calls_fail(error, DRIVE_ERROR_INVALID, from, "into itself");
	}
	Change *change = new_change(
		memory, how == CALLS_RENAME_EXCHANGE ? CHANGE_EXCHANGE : CHANGE_RENAME, inode);
	change->other = other ? other->id : 0;
	change->folder = folder->id;
	change->name = g_steal_pointer(&old_name);
	change->to_folder = to_folder->id;
	change->to_name = g_steal_pointer(&new_name);
	commit(memory, change);
	return true;
}

bool calls_remove(DiskMemory *memory, const char *path, bool folder, GError **error)
{
	const char *name;
	Inode *parent = find_folder(memory, path, &name, error);
	if (!parent) {
		return false;
	}
	Inode *inode = find_child(memory, parent, name);
	if (!inode || folder != (inode->kind == DISK_FOLDER)) {
		return calls_fail(error, inode && !folder ? DRIVE_ERROR_IO : DRIVE_ERROR_NOT_FOUND,
				  path, "no such file or folder");
	}
	if (inode->names && g_tree_nnodes(inode->names) > 0) {
		return calls_fail(error, DRIVE_ERROR_CONFLICT, path, "is not empty");
	}
	if (inode->kind == DISK_FILE_SYSTEM) {
		return calls_fail(error, DRIVE_ERROR_BUSY, path, "is mounted");
	}
	Change *change = new_change(memory, CHANGE_UNLINK, inode);
	change->folder = parent->id;
	change->name = g_strdup(find_name(memory, parent, name));
	commit(memory, change);
	return true;
}

bool calls_write(DiskMemory *memory, Inode *inode, uint64_t offset, GBytes *bytes, GError **error)
{
	size_t size = g_bytes_get_size(bytes);
	if (offset > CONTENT_SIZE_LIMIT || size > CONTENT_SIZE_LIMIT - offset) {
		return calls_fail(error, DRIVE_ERROR_TOO_LARGE, inode->name, "file too large");
	}
	uint64_t pages = (inode->bytes->len + IMAGE_PAGE_SIZE - 1ull) / IMAGE_PAGE_SIZE;
	uint64_t end = offset + size, room = pages * IMAGE_PAGE_SIZE;
	if (!has_room(memory, end > room ? end - room : 0, inode->name, error)) {
		return false;
	}
	Change *change = new_change(memory, CHANGE_WRITE, inode);
	change->offset = offset;
	change->bytes = g_bytes_ref(bytes);
	commit(memory, change);
	return true;
}

void calls_truncate(DiskMemory *memory, Inode *inode, uint64_t size)
{
	Change *change = new_change(memory, CHANGE_TRUNCATE, inode);
	change->offset = size;
	commit(memory, change);
}

void calls_set(DiskMemory *memory, Inode *inode, int64_t mtime_ns, unsigned mode)
{
	Change *change = new_change(memory, CHANGE_SET, inode);
	change->mtime_ns = memory->options.vfat ? mtime_ns - mtime_ns % VFAT_TICK_NS : mtime_ns;
	change->mode = mode;
	commit(memory, change);
	events_tell_changed(memory->events, inode);
}

/* ---- promises --------------------------------------------------------------------------- */

void calls_promise(DiskMemory *memory, Inode *inode, GBytes *content, uint64_t size,
		   int64_t change_ns)
{
	Change *change = new_change(memory, CHANGE_PROMISE, inode);
	change->bytes = g_bytes_ref(content);
	change->offset = size;
	change->mtime_ns = change_ns;
	commit(memory, change);
}

GBytes *calls_bytes(DiskMemory *memory, const Inode *inode)
{
	if (inode->promised) {
		return memory->options.content(memory->options.content_data, inode->promised);
	}
	bool has_bytes = inode->kind == DISK_FILE || inode->kind == DISK_LINK;
	return has_bytes ? g_bytes_new(inode->bytes->data, inode->bytes->len) : NULL;
}

/* As a volume does: bytes on disk, then no record, on disk, then the change. */
bool calls_keep_no_promise(DiskMemory *memory, Inode *inode, bool bytes_kept, GError **error)
{
	if (!inode->promised) {
		return true;
	}
	g_autoptr(GBytes) bytes = calls_bytes(memory, inode);
	if (bytes_kept && !calls_write(memory, inode, 0, bytes, error)) {
		return false;
	}
	commit(memory, new_change(memory, CHANGE_PROMISE, inode));
	calls_sync_inode(memory, inode);
	return true;
}

/* ---- open files ------------------------------------------------------------------------- */

uint64_t calls_open(DiskMemory *memory, Inode *inode, bool client, bool writing, GError **error)
{
	if (inode->kind != DISK_FILE) {
		calls_fail(error, DRIVE_ERROR_CHANGED, inode->name, "is no file");
		return 0;
	}
	Opening *opening = g_new0(Opening, 1);
	opening->number = memory->next_opening++;
	opening->inode = inode->id;
	opening->client = client;
	opening->writing = writing;
	inode->opens++;
	inode->writers += writing;
	g_hash_table_insert(memory->openings, &opening->number, opening);
	return opening->number;
}

Inode *calls_opened(DiskMemory *memory, uint64_t number, GError **error)
{
	const Opening *opening = g_hash_table_lookup(memory->openings, &number);
	if (!opening) {
		calls_fail(error, DRIVE_ERROR_IO, "", "the process is gone");
	}
	return opening ? image_get(memory->live, opening->inode) : NULL;
}

bool calls_hold(DiskMemory *memory, uint64_t number, GError **error)
{
	Opening *opening = g_hash_table_lookup(memory->openings, &number);
	Inode *inode = image_get(memory->live, opening->inode);
	if (inode->writers > 0) {
		return calls_fail(error, DRIVE_ERROR_BUSY, inode->name, "is open for writing");
	}
	inode->holders += !opening->holding;
	opening->holding = true;
	return true;
}

bool calls_check_writable(const Inode *inode, const char *path, GError **error)
{
	if (inode->kind != DISK_FILE) {
		return calls_fail(error, DRIVE_ERROR_CHANGED, path, "is no file");
	}
	return may(inode, 0200, path, error) &&
	       (inode->holders == 0 ||
		calls_fail(error, DRIVE_ERROR_BUSY, path, "would have to wait"));
}

void calls_mark_written(DiskMemory *memory, uint64_t number)
{
	Opening *opening = g_hash_table_lookup(memory->openings, &number);
	opening->written = true;
}

static void release(DiskMemory *memory, const Opening *opening)
{
	Inode *inode = image_get(memory->live, opening->inode);
	uint64_t number = inode->number;
	if (opening->written) {
		events_tell_changed(memory->events, inode);
	}
	inode->holders -= opening->holding;
	image_release(memory->live, inode, opening->writing);
	collect_number(memory, opening->inode, number);
}

void calls_close(DiskMemory *memory, uint64_t number)
{
	const Opening *opening = g_hash_table_lookup(memory->openings, &number);
	if (opening) {
		release(memory, opening);
		g_hash_table_remove(memory->openings, &number);
	}
}

static int compare_openings(const void *a_data, const void *b_data)
{
	const Opening *a = a_data, *b = b_data;
	return a->number < b->number ? -1 : a->number > b->number;
}

void calls_close_all(DiskMemory *memory, bool everybody)
{
	/* In an order that does not depend on a hash. */
	g_autoptr(GList) all = g_hash_table_get_values(memory->openings);
	all = g_list_sort(all, compare_openings);
	for (GList *at = all; at; at = at->next) {
		const Opening *opening = at->data;
		if (opening->client || everybody) {
			calls_close(memory, opening->number);
		}
	}
}

/* ---- durability ------------------------------------------------------------------------- */

void calls_sync(DiskMemory *memory)
{
	for (unsigned i = 0; i < memory->log->len; i++) {
		image_apply(memory->durable, memory->log->pdata[i]);
	}
	g_ptr_array_set_size(memory->log, 0);
}

void calls_sync_inode(DiskMemory *memory, const Inode *inode)
{
	for (unsigned i = 0; i < memory->log->len; i++) {
		Change *change = memory->log->pdata[i];
		if (change->inode == inode->id &&
		    (image_change_is_data(change) || change->kind == CHANGE_SET ||
		     change->kind == CHANGE_PROMISE)) {
			change->safe = true;
		}
	}
}

static void add_number(const char *path, const Inode *inode, void *data)
{
	g_hash_table_add(data, (void *)&inode->number);
}

void calls_renumber(DiskMemory *memory)
{
	g_autoptr(GHashTable) used = g_hash_table_new(g_int64_hash, g_int64_equal);
	image_each(memory->live, add_number, used);
	g_tree_remove_all(memory->free_numbers);
	for (uint64_t number = IMAGE_ROOT_NUMBER + 1; number < memory->next_number; number++) {
		if (!g_hash_table_contains(used, &number)) {
			uint64_t *freed = g_memdup2(&number, sizeof number);
			g_tree_insert(memory->free_numbers, freed, freed);
		}
	}
}
