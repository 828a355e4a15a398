/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two files beside the state, STATE.sent and STATE.sent-older:
 *
 *	file  = "imdrive-sent 1 BOOT\n" note*
 *	note  = u32 size of what follows
 *	        u8 flags, u8 kind, u8 size of the name, u8 0
 *	        16 bytes node, 16 bytes parent
 *	        u64 base of the place, base of the value, size, mtime, inode, birth, change
 *	        name, content
 *
 * All little-endian. A note whose end is missing was being written when the process ended; nothing
 * follows it, since a start begins a new file.
 */
#include "client/state/sent.h"

#include "base/bytes.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define BOOT_PATH "/proc/sys/kernel/random/boot_id"
#define HEADER "imdrive-sent 1 "
/* More than that is not noted: nobody is to wait for it at a start. */
#define FILE_SENT_MAX (64 * MIB)

enum {
	FLAG_PLACED = 1,
	FLAG_VALUED = 2,
	FLAG_EXECUTABLE = 4,
	FLAG_CONTENT = 8,
	FLAG_DELETED = 16,
};

#define SIZE_SIZE 4
#define NUMBERS 7
#define NUMBER_SIZE 8
#define NODE_OFFSET 4
#define PARENT_OFFSET (NODE_OFFSET + NODE_ID_SIZE)
#define NUMBERS_OFFSET (PARENT_OFFSET + NODE_ID_SIZE)
#define FIXED_SIZE (NUMBERS_OFFSET + NUMBERS * NUMBER_SIZE)

struct Sent {
	char *path;
	char *older_path;
	char *header;
	GHashTable *before; /* what sent_take() gives */
	GMutex mutex;       /* guards all below */
	int file;           /* -1: not begun */
	size_t size;
	bool has_older;
};

SentNote *sent_note_copy(const SentNote *note)
{
	SentNote *copy = g_memdup2(note, sizeof *note);
	copy->name = g_strdup(note->name);
	copy->content = note->content ? g_bytes_ref(note->content) : NULL;
	return copy;
}

void sent_note_free(void *data)
{
	SentNote *note = data;
	g_free(note->name);
	g_clear_pointer(&note->content, g_bytes_unref);
	g_free(note);
}

bool sent_note_equal(const SentNote *a, const SentNote *b)
{
	return node_id_equal(&a->node, &b->node) && a->placed == b->placed &&
	       a->valued == b->valued && a->deleted == b->deleted && a->kind == b->kind &&
	       a->place_base == b->place_base && a->value_base == b->value_base &&
	       node_id_equal(&a->parent, &b->parent) && g_strcmp0(a->name, b->name) == 0 &&
	       a->size == b->size && a->mtime_ns == b->mtime_ns && a->executable == b->executable &&
	       memcmp(&a->stamp, &b->stamp, sizeof a->stamp) == 0 &&
	       (a->content == b->content ||
		(a->content && b->content && g_bytes_equal(a->content, b->content)));
}

/* ---- notes <-> bytes ---------------------------------------------------------------------- */

static void put_numbers(const SentNote *note, uint8_t *to)
{
	const uint64_t numbers[NUMBERS] = {
		note->place_base,
		note->value_base,
		note->size,
		(uint64_t)note->mtime_ns,
		note->stamp.inode,
		(uint64_t)note->stamp.birth_ns,
		(uint64_t)note->stamp.change_ns,
	};
	for (size_t i = 0; i < NUMBERS; i++) {
		bytes_put64(to + i * NUMBER_SIZE, numbers[i]);
	}
}

static void get_numbers(SentNote *note, const uint8_t *from)
{
	uint64_t numbers[NUMBERS];
	for (size_t i = 0; i < NUMBERS; i++) {
		numbers[i] = bytes_get64(from + i * NUMBER_SIZE);
	}
	note->place_base = numbers[0];
	note->value_base = numbers[1];
	note->size = numbers[2];
	note->mtime_ns = (int64_t)numbers[3];
	note->stamp = (EntryStamp){
		.inode = numbers[4],
		.birth_ns = (int64_t)numbers[5],
		.change_ns = (int64_t)numbers[6],
	};
}

static void append(GByteArray *bytes, const SentNote *note)
{
	size_t name_size = note->placed ? strlen(note->name) : 0;
	size_t content_size = 0;
	const void *content = note->content ? g_bytes_get_data(note->content, &content_size) : NULL;
	g_assert(name_size <= NAME_SIZE_MAX);
	uint8_t fixed[SIZE_SIZE + FIXED_SIZE] = { 0 };
	bytes_put32(fixed, (uint32_t)(FIXED_SIZE + name_size + content_size));
	uint8_t *to = fixed + SIZE_SIZE;
	to[0] = (uint8_t)((note->placed ? FLAG_PLACED : 0) | (note->valued ? FLAG_VALUED : 0) |
			  (note->executable ? FLAG_EXECUTABLE : 0) |
			  (note->content ? FLAG_CONTENT : 0) | (note->deleted ? FLAG_DELETED : 0));
	to[1] = (uint8_t)note->kind;
	to[2] = (uint8_t)name_size;
	memcpy(to + NODE_OFFSET, note->node.bytes, NODE_ID_SIZE);
	memcpy(to + PARENT_OFFSET, note->parent.bytes, NODE_ID_SIZE);
	put_numbers(note, to + NUMBERS_OFFSET);
	g_byte_array_append(bytes, fixed, sizeof fixed);
	g_byte_array_append(bytes, (const uint8_t *)note->name, (unsigned)name_size);
	g_byte_array_append(bytes, content, (unsigned)content_size);
}

/* NULL if these are no whole note. */
static SentNote *parse(const uint8_t *from, size_t size)
{
	if (size < FIXED_SIZE || size > FIXED_SIZE + NAME_SIZE_MAX + CONTENT_SIZE_MAX) {
		return NULL;
	}
	uint8_t flags = from[0], kind = from[1], name_size = from[2];
	bool is_kind = kind == ENTRY_FILE || kind == ENTRY_FOLDER || kind == ENTRY_LINK;
	if (!is_kind || name_size > size - FIXED_SIZE) {
		return NULL;
	}
	SentNote *note = g_new0(SentNote, 1);
	note->kind = (EntryKind)kind;
	note->placed = flags & FLAG_PLACED;
	note->valued = flags & FLAG_VALUED;
	note->executable = flags & FLAG_EXECUTABLE;
	note->deleted = flags & FLAG_DELETED;
	memcpy(note->node.bytes, from + NODE_OFFSET, NODE_ID_SIZE);
	memcpy(note->parent.bytes, from + PARENT_OFFSET, NODE_ID_SIZE);
	get_numbers(note, from + NUMBERS_OFFSET);
	if (note->placed) {
		note->name = g_strndup((const char *)from + FIXED_SIZE, name_size);
	}
	if (flags & FLAG_CONTENT) {
		size_t before = FIXED_SIZE + (size_t)name_size;
		note->content = g_bytes_new(from + before, size - before);
	}
	return note;
}

/* What was noted last counts. Takes the note. */
static void unite(GHashTable *notes, SentNote *note)
{
	if (!note->placed && !note->valued && !note->deleted) {
		g_hash_table_remove(notes, &note->node);
		sent_note_free(note);
		return;
	}
	SentNote *known = g_hash_table_lookup(notes, &note->node);
	if (!known) {
		g_hash_table_insert(notes, &note->node, note);
		return;
	}
	known->deleted = note->deleted;
	if (note->placed) {
		known->placed = true;
		known->parent = note->parent;
		known->place_base = note->place_base;
		g_free(known->name);
		known->name = g_steal_pointer(&note->name);
	}
	if (note->valued) {
		known->valued = true;
		known->value_base = note->value_base;
		g_clear_pointer(&known->content, g_bytes_unref);
		known->content = g_steal_pointer(&note->content);
		known->size = note->size;
		known->mtime_ns = note->mtime_ns;
		known->executable = note->executable;
		known->stamp = note->stamp;
	}
	sent_note_free(note);
}

/* ---- at a start --------------------------------------------------------------------------- */

/* Adds the notes of a file of this boot, and their bytes to `all`. */
static void load(const char *path, const char *header, GHashTable *notes, GByteArray *all)
{
	g_autofree char *text = NULL;
	size_t size = 0, at = strlen(header);
	if (!g_file_get_contents(path, &text, &size, NULL) || size < at ||
	    memcmp(text, header, at) != 0) {
		return;
	}
	const uint8_t *bytes = (const uint8_t *)text;
	while (size - at >= SIZE_SIZE) {
		size_t length = bytes_get32(bytes + at);
		if (length > size - at - SIZE_SIZE) {
			return;
		}
		SentNote *note = parse(bytes + at + SIZE_SIZE, length);
		if (!note) {
			return;
		}
		unite(notes, note);
		g_byte_array_append(all, bytes + at, (unsigned)(SIZE_SIZE + length));
		at += SIZE_SIZE + length;
	}
}

/* All that there are become the older ones. */
static void load_all(Sent *sent)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	g_byte_array_append(all, (const uint8_t *)sent->header, (unsigned)strlen(sent->header));
	sent->before = g_hash_table_new_full(node_id_hash, node_id_equal, NULL, sent_note_free);
	load(sent->older_path, sent->header, sent->before, all);
	load(sent->path, sent->header, sent->before, all);
	sent->has_older = g_hash_table_size(sent->before) > 0;
	if (sent->has_older) {
		/* Whole or not at all: it is needed again if this process is killed, too. */
		g_file_set_contents_full(sent->older_path, (const char *)all->data,
					 (gssize)all->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
					 NULL);
	} else {
		g_clear_pointer(&sent->before, g_hash_table_unref);
		g_unlink(sent->older_path);
	}
	g_unlink(sent->path);
}

static char *boot_of_machine(void)
{
	char *boot = NULL;
	return g_file_get_contents(BOOT_PATH, &boot, NULL, NULL) ? g_strstrip(boot) : NULL;
}

Sent *sent_open(const char *state_path, const char *boot)
{
	Sent *sent = g_new0(Sent, 1);
	sent->path = g_strconcat(state_path, ".sent", NULL);
	sent->older_path = g_strconcat(state_path, ".sent-older", NULL);
	sent->file = -1;
	g_mutex_init(&sent->mutex);
	g_autofree char *known = boot ? g_strdup(boot) : boot_of_machine();
	if (known) {
		sent->header = g_strconcat(HEADER, known, "\n", NULL);
		load_all(sent);
	}
	return sent;
}

void sent_close(Sent *sent)
{
	if (!sent) {
		return;
	}
	if (sent->file >= 0) {
		close(sent->file);
	}
	g_clear_pointer(&sent->before, g_hash_table_unref);
	g_mutex_clear(&sent->mutex);
	g_free(sent->path);
	g_free(sent->older_path);
	g_free(sent->header);
	g_free(sent);
}

GHashTable *sent_take(Sent *sent)
{
	return g_steal_pointer(&sent->before);
}

/* ---- writing ------------------------------------------------------------------------------ */

static bool write_all(Sent *sent, const void *bytes, size_t size)
{
	ssize_t written;
	do {
		written = write(sent->file, bytes, size);
	} while (written < 0 && errno == EINTR);
	sent->size += size;
	return written == (ssize_t)size;
}

static bool begin(Sent *sent)
{
	if (sent->file < 0) {
		sent->file =
			open(sent->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
		sent->size = 0;
		return sent->file >= 0 && write_all(sent, sent->header, strlen(sent->header));
	}
	return true;
}

void sent_write(Sent *sent, const SentNote *notes, size_t count)
{
	if (!sent->header || count == 0) {
		return;
	}
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	for (size_t i = 0; i < count; i++) {
		append(bytes, &notes[i]);
	}
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sent->mutex);
	if (!begin(sent) || sent->size + bytes->len > FILE_SENT_MAX) {
		return;
	}
	if (!write_all(sent, bytes->data, bytes->len)) {
		/* Nothing may follow what is not whole. */
		sent->size = FILE_SENT_MAX;
	}
}

bool sent_turn(Sent *sent)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sent->mutex);
	if (sent->has_older || sent->file < 0) {
		return false;
	}
	close(sent->file);
	sent->file = -1;
	sent->has_older = true;
	/* If it cannot be, what is noted next begins anew. */
	g_rename(sent->path, sent->older_path);
	return true;
}

bool sent_has_older(Sent *sent)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sent->mutex);
	return sent->has_older;
}

void sent_drop(Sent *sent)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sent->mutex);
	if (sent->has_older) {
		g_unlink(sent->older_path);
		sent->has_older = false;
	}
}
