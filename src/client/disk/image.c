/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariants (image_check()): every inode but the root has as many names as `links` says, or is
 * open; a folder has one name; there are no cycles; no two inodes with a name have one number.
 */
#include "client/disk/image.h"

#include <string.h>

#define INODE_COST 256

struct Image {
	GHashTable *inodes; /* &Inode.id -> Inode, owned */
	uint64_t used;
};

Change *image_change_new(ChangeKind kind, int64_t time_ns)
{
	Change *change = g_new0(Change, 1);
	change->kind = kind;
	change->time_ns = time_ns;
	return change;
}

void image_change_free(Change *change)
{
	if (!change) {
		return;
	}
	g_free(change->name);
	g_free(change->to_name);
	g_clear_pointer(&change->bytes, g_bytes_unref);
	g_free(change);
}

bool image_change_is_data(const Change *change)
{
	return change->kind == CHANGE_WRITE || change->kind == CHANGE_TRUNCATE;
}

static uint64_t cost(uint64_t size)
{
	return (size + IMAGE_PAGE_SIZE - 1) / IMAGE_PAGE_SIZE * IMAGE_PAGE_SIZE;
}

static int compare_names(const void *a, const void *b, void *data)
{
	return strcmp(a, b);
}

static void inode_free(void *data)
{
	Inode *inode = data;
	g_byte_array_unref(inode->bytes);
	g_clear_pointer(&inode->promised, g_bytes_unref);
	g_clear_pointer(&inode->names, g_tree_unref);
	g_free(inode->name);
	g_free(inode);
}

static Inode *add_inode(Image *image, const Inode *fields)
{
	Inode *inode = g_memdup2(fields, sizeof *fields);
	inode->name = g_strdup(fields->name);
	inode->bytes = g_byte_array_new();
	if (fields->bytes) {
		g_byte_array_append(inode->bytes, fields->bytes->data, fields->bytes->len);
	}
	inode->promised = fields->promised ? g_bytes_ref(fields->promised) : NULL;
	inode->names = NULL;
	if (inode->kind == DISK_FOLDER) {
		inode->names = g_tree_new_full(compare_names, NULL, g_free, NULL);
	}
	image->used += INODE_COST + cost(inode->bytes->len);
	g_hash_table_insert(image->inodes, &inode->id, inode);
	return inode;
}

static void remove_if_unused(Image *image, Inode *inode)
{
	if (inode->links == 0 && inode->opens == 0) {
		image->used -= INODE_COST + cost(inode->bytes->len);
		g_hash_table_remove(image->inodes, &inode->id);
	}
}

static void resize(Image *image, Inode *inode, uint64_t size)
{
	g_assert(size <= G_MAXUINT);
	unsigned old = inode->bytes->len;
	image->used += cost(size) - cost(old);
	g_byte_array_set_size(inode->bytes, (unsigned)size);
	if (size > old) {
		memset(inode->bytes->data + old, 0, size - old);
	}
}

Image *image_new(int64_t time_ns)
{
	Image *image = g_new0(Image, 1);
	image->inodes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, inode_free);
	Inode root = {
		.id = IMAGE_ROOT,
		.number = IMAGE_ROOT_NUMBER,
		.kind = DISK_FOLDER,
		.mode = 0755,
		.birth_ns = time_ns,
		.change_ns = time_ns,
		.mtime_ns = time_ns,
		.links = 1,
	};
	add_inode(image, &root);
	return image;
}

Inode *image_get(const Image *image, uint64_t id)
{
	return g_hash_table_lookup(image->inodes, &id);
}

Inode *image_child(const Image *image, const Inode *folder, const char *name)
{
	return folder->names ? g_tree_lookup(folder->names, name) : NULL;
}

uint64_t image_used(const Image *image)
{
	return image->used;
}

static void copy_names(const Inode *folder, Image *copy)
{
	GTree *names = image_get(copy, folder->id)->names;
	for (GTreeNode *at = g_tree_node_first(folder->names); at; at = g_tree_node_next(at)) {
		const Inode *inode = g_tree_node_value(at);
		g_tree_insert(names, g_strdup(g_tree_node_key(at)), image_get(copy, inode->id));
	}
}

Image *image_copy(const Image *image)
{
	Image *copy = g_new0(Image, 1);
	copy->inodes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, inode_free);
	GHashTableIter iter;
	Inode *inode;
	g_hash_table_iter_init(&iter, image->inodes);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&inode)) {
		if (inode->links > 0) {
			Inode *added = add_inode(copy, inode);
			added->opens = 0;
			added->writers = 0;
			added->holders = 0;
		}
	}
	g_hash_table_iter_init(&iter, image->inodes);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&inode)) {
		if (inode->names && inode->links > 0) {
			copy_names(inode, copy);
		}
	}
	return copy;
}

void image_free(Image *image)
{
	if (!image) {
		return;
	}
	g_hash_table_unref(image->inodes);
	g_free(image);
}

bool image_is_below(const Image *image, const Inode *inode, const Inode *folder)
{
	while (inode != folder && inode->id != IMAGE_ROOT) {
		inode = image_get(image, inode->folder);
	}
	return inode == folder;
}

/* ---- changes ---------------------------------------------------------------------------- */

static bool leads_to(const Image *image, uint64_t folder_id, const char *name, uint64_t id)
{
	const Inode *folder = image_get(image, folder_id);
	const Inode *inode = folder ? image_child(image, folder, name) : NULL;
	return id ? inode && inode->id == id : folder && folder->names && !inode;
}

static bool is_empty(const Inode *inode)
{
	return !inode->names || g_tree_nnodes(inode->names) == 0;
}

static bool accepts_rename(const Image *image, const Change *change)
{
	if (!leads_to(image, change->folder, change->name, change->inode) ||
	    !leads_to(image, change->to_folder, change->to_name, change->other)) {
		return false;
	}
	const Inode *inode = image_get(image, change->inode);
	const Inode *other = change->other ? image_get(image, change->other) : NULL;
	const Inode *folder = image_get(image, change->folder);
	const Inode *to_folder = image_get(image, change->to_folder);
	if (image_is_below(image, to_folder, inode)) {
		return false;
	}
	if (change->kind == CHANGE_EXCHANGE) {
		return !image_is_below(image, folder, other);
	}
	return !other || (is_empty(other) && !other->names == !inode->names);
}

bool image_accepts(const Image *image, const Change *change)
{
	const Inode *inode = image_get(image, change->inode);
	switch (change->kind) {
	case CHANGE_MAKE:
		return !inode && leads_to(image, change->folder, change->name, 0);
	case CHANGE_LINK:
		return inode && !inode->names && leads_to(image, change->folder, change->name, 0);
	case CHANGE_UNLINK:
		return inode && leads_to(image, change->folder, change->name, change->inode) &&
		       is_empty(inode);
	case CHANGE_RENAME:
	case CHANGE_EXCHANGE:
		return accepts_rename(image, change);
	case CHANGE_WRITE:
	case CHANGE_TRUNCATE:
	case CHANGE_SET:
	case CHANGE_PROMISE:
		return true;
	}
	g_assert_not_reached();
}

static void touch(Inode *folder, int64_t time_ns)
{
	folder->mtime_ns = time_ns;
	folder->change_ns = time_ns;
}

static void put_name(Inode *folder, const char *name, Inode *inode)
{
	g_tree_insert(folder->names, g_strdup(name), inode);
	inode->folder = folder->id;
	g_free(inode->name);
	inode->name = g_strdup(name);
}

static void unlink_name(Image *image, Inode *folder, const char *name, Inode *inode)
{
	g_tree_remove(folder->names, name);
	inode->links--;
	remove_if_unused(image, inode);
}

static void apply_make(Image *image, const Change *change)
{
	Inode *folder = image_get(image, change->folder);
	Inode fields = {
		.id = change->inode,
		.number = change->number,
		.kind = change->node_kind,
		.mode = change->mode,
		.birth_ns = change->time_ns,
		.change_ns = change->time_ns,
		.mtime_ns = change->time_ns,
		.links = 1,
	};
	Inode *inode = add_inode(image, &fields);
	if (change->bytes) {
		size_t size;
		const void *bytes = g_bytes_get_data(change->bytes, &size);
		resize(image, inode, size);
		memcpy(inode->bytes->data, bytes, size);
	}
	put_name(folder, change->name, inode);
	touch(folder, change->time_ns);
}

static void apply_rename(Image *image, const Change *change)
{
	Inode *folder = image_get(image, change->folder);
	Inode *to_folder = image_get(image, change->to_folder);
	Inode *inode = image_get(image, change->inode);
	Inode *other = change->other ? image_get(image, change->other) : NULL;
	if (other && change->kind == CHANGE_RENAME) {
		other->change_ns = change->time_ns;
		unlink_name(image, to_folder, change->to_name, other);
	}
	g_tree_remove(folder->names, change->name);
	put_name(to_folder, change->to_name, inode);
	if (change->kind == CHANGE_EXCHANGE) {
		put_name(folder, change->name, other);
		other->change_ns = change->time_ns;
	}
	inode->change_ns = change->time_ns;
	touch(folder, change->time_ns);
	touch(to_folder, change->time_ns);
}

static unsigned count_pages(const Change *change)
{
	uint64_t end = change->offset + g_bytes_get_size(change->bytes);
	return (unsigned)((end + IMAGE_PAGE_SIZE - 1) / IMAGE_PAGE_SIZE -
			  change->offset / IMAGE_PAGE_SIZE);
}

void image_apply_pages(Image *image, const Change *change, const bool *keeps)
{
	Inode *inode = image_get(image, change->inode);
	size_t size;
	const uint8_t *bytes = g_bytes_get_data(change->bytes, &size);
	uint64_t end = change->offset + size;
	if (!inode || size == 0) {
		return;
	}
	if (end > inode->bytes->len) {
		resize(image, inode, end);
	}
	touch(inode, change->time_ns);
	uint64_t first = change->offset / IMAGE_PAGE_SIZE;
	for (unsigned i = 0; i < count_pages(change); i++) {
		uint64_t from = MAX(change->offset, (first + i) * IMAGE_PAGE_SIZE);
		uint64_t to = MIN(end, (first + i + 1) * IMAGE_PAGE_SIZE);
		if (!keeps || keeps[i]) {
			memcpy(inode->bytes->data + from, bytes + (from - change->offset),
			       to - from);
		}
	}
}

/* Of a promised file only what other devices see too is an edit. */
static void apply_set(Inode *inode, const Change *change)
{
	bool edited = inode->mtime_ns != change->mtime_ns || (inode->mode ^ change->mode) & 0100;
	if (inode->promised && edited) {
		inode->promise_ns = MAX(change->time_ns, inode->promise_ns) + 1;
	}
	inode->mtime_ns = change->mtime_ns;
	inode->mode = change->mode;
	inode->change_ns = change->time_ns;
}

static void apply_promise(Image *image, Inode *inode, const Change *change)
{
	g_clear_pointer(&inode->promised, g_bytes_unref);
	if (change->bytes) {
		inode->promised = g_bytes_ref(change->bytes);
		inode->promise_ns = change->mtime_ns;
		resize(image, inode, 0);
		resize(image, inode, change->offset);
	}
	inode->change_ns = change->time_ns;
}

static void apply_to_inode(Image *image, const Change *change)
{
	Inode *inode = image_get(image, change->inode);
	if (!inode) {
		return;
	}
	switch (change->kind) {
	case CHANGE_WRITE:
		image_apply_pages(image, change, NULL);
		break;
	case CHANGE_TRUNCATE:
		resize(image, inode, change->offset);
		touch(inode, change->time_ns);
		break;
	case CHANGE_SET:
		apply_set(inode, change);
		break;
	case CHANGE_PROMISE:
		apply_promise(image, inode, change);
		break;
	default:
		g_assert_not_reached();
	}
}

void image_apply(Image *image, const Change *change)
{
	g_assert(image_accepts(image, change));
	Inode *inode = image_get(image, change->inode);
	Inode *folder = image_get(image, change->folder);
	switch (change->kind) {
	case CHANGE_MAKE:
		apply_make(image, change);
		break;
	case CHANGE_LINK:
		inode->links++;
		inode->change_ns = change->time_ns;
		put_name(folder, change->name, inode);
		touch(folder, change->time_ns);
		break;
	case CHANGE_UNLINK:
		inode->change_ns = change->time_ns;
		touch(folder, change->time_ns);
		unlink_name(image, folder, change->name, inode);
		break;
	case CHANGE_RENAME:
	case CHANGE_EXCHANGE:
		apply_rename(image, change);
		break;
	case CHANGE_WRITE:
	case CHANGE_TRUNCATE:
	case CHANGE_SET:
	case CHANGE_PROMISE:
		apply_to_inode(image, change);
		break;
	}
}

void image_release(Image *image, Inode *inode, bool writing)
{
	g_assert(inode->opens > 0);
	inode->opens--;
	if (writing) {
		g_assert(inode->writers > 0);
		inode->writers--;
	}
	remove_if_unused(image, inode);
}

/* ---- the whole -------------------------------------------------------------------------- */

static void each_below(const Inode *folder, const char *prefix, ImageVisitor visit, void *data)
{
	for (GTreeNode *at = g_tree_node_first(folder->names); at; at = g_tree_node_next(at)) {
		const Inode *inode = g_tree_node_value(at);
		g_autofree char *path = g_strconcat(prefix, g_tree_node_key(at), NULL);
		visit(path, inode, data);
		if (inode->names) {
			g_autofree char *below = g_strconcat(path, "/", NULL);
			each_below(inode, below, visit, data);
		}
	}
}

void image_each(const Image *image, ImageVisitor visit, void *data)
{
	each_below(image_get(image, IMAGE_ROOT), "", visit, data);
}

static void describe(const char *path, const Inode *inode, void *data)
{
	g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, inode->bytes->data,
							   inode->bytes->len);
	g_string_append_printf(data,
			       "%s id=%" G_GUINT64_FORMAT " kind=%d mode=%o links=%u size=%u "
			       "sum=%.16s mtime=%" G_GINT64_FORMAT " change=%" G_GINT64_FORMAT "\n",
			       path, inode->id, inode->kind, inode->mode, inode->links,
			       inode->bytes->len, sum, inode->mtime_ns, inode->change_ns);
}

void image_check_equal(const Image *a, const Image *b)
{
	g_autoptr(GString) text_a = g_string_new(NULL);
	g_autoptr(GString) text_b = g_string_new(NULL);
	image_each(a, describe, text_a);
	image_each(b, describe, text_b);
	g_assert_cmpstr(text_a->str, ==, text_b->str);
}

static void count_name(const char *path, const Inode *inode, void *data)
{
	GHashTable *counts = data;
	unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, inode));
	g_assert(inode->kind != DISK_FOLDER || count == 0);
	g_hash_table_insert(counts, (void *)inode, GUINT_TO_POINTER(count + 1));
}

void image_check(const Image *image)
{
	g_autoptr(GHashTable) counts = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) numbers = g_hash_table_new(g_int64_hash, g_int64_equal);
	uint64_t used = 0;
	image_each(image, count_name, counts);
	GHashTableIter iter;
	Inode *inode;
	g_hash_table_iter_init(&iter, image->inodes);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&inode)) {
		bool root = inode->id == IMAGE_ROOT;
		unsigned names = GPOINTER_TO_UINT(g_hash_table_lookup(counts, inode));
		g_assert_cmpuint(names + root, ==, inode->links);
		g_assert(inode->links > 0 || inode->opens > 0);
		g_assert(!inode->names == (inode->kind != DISK_FOLDER));
		g_assert(inode->links > 0 || is_empty(inode));
		g_assert(g_hash_table_add(numbers, &inode->number));
		used += INODE_COST + cost(inode->bytes->len);
	}
	g_assert_cmpuint(used, ==, image->used);
}
