/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder as a ZIP file, a piece at a time: entries in the order of a walk, each as the drive has
 * it when the walk comes there. Nothing is compressed: the work would be ours, for whoever has the
 * link. Symbolic links are left out, since they may lead anywhere where it is unpacked.
 *
 * The list at the archive's end grows with every entry and lies in memory until then. So what the
 * folder holds is counted before it begins, one archive has so many entries at most, and all that
 * are under way together so many, of which one who reads, and one whose links are read, has a part:
 * an entry takes its share before it is written, or the archive is cut.
 */
#include "server/share/shared_archive.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/network.h"
#include "base/text.h"
#include "server/share/shared_content.h"
#include "server/share/shared_page.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define PIECE_SIZE (256 * KIB) /* at least, but at the end */
#define RETRY_S 60

/* A folder that is walked. */
typedef struct Level {
	NodeId folder;
	char *path;    /* in the archive, with '/' behind it; "" for the first */
	GArray *nodes; /* JournalNode: some of what lies in it */
	unsigned next; /* of them */
	GBytes *after; /* the last one's name */
} Level;

typedef struct Packing {
	Share *share;
	uint64_t peer;  /* key of who reads */
	unsigned taken; /* entries that it has its share of */
	unsigned used;  /* of these, by entries that were begun */
	unsigned count; /* of entries */
	char *token;    /* of the link */
	NodeId top;     /* where the link leads */
	DriveCaller caller;
	GArray *levels; /* Level: from the shared folder down */
	DriveReading *reading;
	struct archive *archive;
	struct archive_entry *entry;
	locale_t locale;
	GByteArray *out; /* of the archive, and not sent yet */
	bool ended;
} Packing;

/* ---- room ------------------------------------------------------------------------------ */

enum { ROOMS = 3 };

typedef struct Room {
	Crowd *crowd;
	uint64_t key;
} Room;

/* Whose share an entry is of. */
static void list_rooms(const Packing *packing, Room *ret_rooms)
{
	const Share *share = packing->share;
	ret_rooms[0] = (Room){ share->archive_peers, packing->peer };
	ret_rooms[1] = (Room){ share->archive_owners, (uint64_t)packing->caller.account };
	ret_rooms[2] = (Room){ share->archives, 0 };
}

static bool take_room(Packing *packing, unsigned entries)
{
	Room rooms[ROOMS];
	list_rooms(packing, rooms);
	unsigned taken = 0;
	while (taken < ROOMS && crowd_take(rooms[taken].crowd, rooms[taken].key, entries)) {
		taken++;
	}
	if (taken == ROOMS) {
		packing->taken += entries;
		return true;
	}
	while (taken > 0) {
		taken--;
		crowd_give_back(rooms[taken].crowd, rooms[taken].key, entries);
	}
	return false;
}

static void give_room_back(Packing *packing)
{
	Room rooms[ROOMS];
	list_rooms(packing, rooms);
	for (unsigned i = 0; i < ROOMS; i++) {
		crowd_give_back(rooms[i].crowd, rooms[i].key, packing->taken);
	}
}

/* For one entry more; a long path counts as several. The folder may have grown since it was
 * counted.
 */
static bool use_room(Packing *packing, const char *path, GError **error)
{
	unsigned entries = 1 + (unsigned)(strlen(path) / SHARE_ARCHIVE_PATH_SIZE);
	packing->used += entries;
	packing->count++;
	if (packing->count > SHARE_ARCHIVE_ENTRIES_MAX) {
		g_set_error_literal(
			error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			"make a ZIP file: the folder has grown over the limit, so that it "
			"is cut; download the folders in it one by one");
		return false;
	}
	if (packing->used > packing->taken && !take_room(packing, packing->used - packing->taken)) {
		g_set_error_literal(
			error, DRIVE_ERROR, DRIVE_ERROR_BUSY,
			"make a ZIP file: the folder has grown, and too many are under way "
			"to hold it, so that it is cut; download it again later");
		return false;
	}
	return true;
}

/* ---- life ------------------------------------------------------------------------------ */

static void clear_node(void *node)
{
	journal_node_clear(node);
}

static void clear_level(void *data)
{
	Level *level = data;
	g_free(level->path);
	g_array_unref(level->nodes);
	g_clear_pointer(&level->after, g_bytes_unref);
}

static void push_level(Packing *packing, const NodeId *folder, char *path)
{
	Level level = {
		.folder = *folder,
		.path = path,
		.nodes = g_array_new(FALSE, FALSE, sizeof(JournalNode)),
	};
	g_array_set_clear_func(level.nodes, clear_node);
	g_array_append_val(packing->levels, level);
}

static void packing_free(void *data)
{
	Packing *packing = data;
	if (!packing) {
		return;
	}
	drive_reading_free(packing->reading);
	archive_entry_free(packing->entry);
	archive_write_free(packing->archive);
	if (packing->locale) {
		freelocale(packing->locale);
	}
	g_array_unref(packing->levels);
	g_byte_array_unref(packing->out);
	text_wipe(&packing->token);
	give_room_back(packing);
	g_free(packing);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Packing, packing_free)

static la_ssize_t write_out(struct archive *archive, void *data, const void *bytes, size_t size)
{
	Packing *packing = data;
	g_byte_array_append(packing->out, bytes, (unsigned)size);
	return (la_ssize_t)size;
}

static bool check(Packing *packing, int result, GError **error)
{
	if (result < ARCHIVE_WARN) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_IO, "make a ZIP file: %s",
			    archive_error_string(packing->archive));
		return false;
	}
	return true;
}

static bool open_archive(Packing *packing, GError **error)
{
	struct archive *archive = archive_write_new();
	packing->archive = archive;
	packing->entry = archive_entry_new();
	/* Tells the archive that names are UTF-8. */
	packing->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return check(packing, archive_write_set_format_zip(archive), error) &&
	       check(packing, archive_write_zip_set_compression_store(archive), error) &&
	       check(packing, archive_write_set_bytes_per_block(archive, 0), error) &&
	       check(packing, archive_write_open(archive, packing, NULL, write_out, NULL), error);
}

/* ---- the walk -------------------------------------------------------------------------- */

/* Where some unpack it, a '\' parts folders, and "C:" is a drive. */
static char *name_of(const JournalNode *node)
{
	size_t size;
	const char *bytes = g_bytes_get_data(node->name, &size);
	g_autofree char *text = g_strdelimit(text_printable(bytes, size), "\\", '_');
	GString *name = g_string_new(NULL);
	if (g_ascii_isalpha(text[0]) && text[1] == ':') {
		text[1] = '_';
	}
	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		g_string_append_unichar(name, text_turns_letters(c) ? '_' : c);
	}
	return g_string_free(name, FALSE);
}

static char *path_of(const Level *level, const JournalNode *node, const char *behind)
{
	g_autofree char *name = name_of(node);
	return g_strconcat(level->path, name, behind, NULL);
}

static bool begin_entry(Packing *packing, const JournalNode *node, const char *path, GError **error)
{
	bool folder = node->kind == JOURNAL_FOLDER;
	if (!use_room(packing, path, error)) {
		return false;
	}
	struct archive_entry *entry = archive_entry_clear(packing->entry);
	archive_entry_copy_pathname(entry, path);
	archive_entry_set_filetype(entry, folder ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(entry, folder || node->executable ? 0755 : 0644);
	archive_entry_set_mtime(
		entry, folder ? node->time_us / G_USEC_PER_SEC : node->mtime_ns / NS_PER_S, 0);
	if (!folder) {
		archive_entry_set_size(entry, (la_int64_t)node->size);
	}
	return check(packing, archive_write_header(packing->archive, entry), error);
}

static bool add_node(Packing *packing, const Level *level, const JournalNode *node, GError **error)
{
	if (node->kind == JOURNAL_FOLDER) {
		char *path = path_of(level, node, "/");
		bool begun = begin_entry(packing, node, path, error);
		push_level(packing, &node->id, path);
		return begun;
	}
	if (node->kind == JOURNAL_LINK) {
		return true;
	}
	g_autofree char *path = path_of(level, node, "");
	const DriveRange whole = { node->content, 0, UINT64_MAX };
	packing->reading = drive_read(packing->share->drive, &packing->caller, &whole, error);
	return packing->reading && begin_entry(packing, node, path, error);
}

/* DRIVE_ERROR_NOT_FOUND also if the folder lies beside what is shared by now. */
static bool list_level(Packing *packing, Level *level, GError **error)
{
	Drive *drive = packing->share->drive;
	JournalNode node = { 0 };
	if (!drive_within(drive, &packing->caller, &packing->top, &level->folder, &node, error)) {
		return false;
	}
	journal_node_clear(&node);
	return drive_children(drive, &packing->caller, &level->folder, level->after,
			      SHARE_ENTRIES_MAX, level->nodes, error);
}

/* The next nodes of a folder; none: it is done, or gone meanwhile. */
static bool fill_level(Packing *packing, Level *level, GError **error)
{
	g_autoptr(GError) local = NULL;
	bool was_last = level->after && level->nodes->len < SHARE_ENTRIES_MAX;
	g_array_set_size(level->nodes, 0);
	level->next = 0;
	if (was_last) {
		return true;
	}
	if (!list_level(packing, level, &local) &&
	    !g_error_matches(local, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	if (level->nodes->len > 0) {
		const JournalNode *last =
			&g_array_index(level->nodes, JournalNode, level->nodes->len - 1);
		g_clear_pointer(&level->after, g_bytes_unref);
		level->after = g_bytes_ref(last->name);
	}
	return true;
}

static bool walk_on(Packing *packing, GError **error)
{
	if (packing->levels->len == 0) {
		packing->ended = true;
		return check(packing, archive_write_close(packing->archive), error);
	}
	Level *level = &g_array_index(packing->levels, Level, packing->levels->len - 1);
	if (level->next == level->nodes->len && !fill_level(packing, level, error)) {
		return false;
	}
	if (level->nodes->len == 0) {
		g_array_set_size(packing->levels, packing->levels->len - 1);
		return true;
	}
	const JournalNode *node = &g_array_index(level->nodes, JournalNode, level->next++);
	return add_node(packing, level, node, error);
}

static bool read_on(Packing *packing, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;
	if (!drive_reading_next(packing->reading, &bytes, error)) {
		return false;
	}
	if (!bytes) {
		g_clear_pointer(&packing->reading, drive_reading_free);
		return check(packing, archive_write_finish_entry(packing->archive), error);
	}
	size_t size;
	const void *data = g_bytes_get_data(bytes, &size);
	return check(packing, (int)MIN(archive_write_data(packing->archive, data, size), 0), error);
}

static bool fill_out(Packing *packing, GError **error)
{
	while (!packing->ended && packing->out->len < PIECE_SIZE) {
		if (!(packing->reading ? read_on : walk_on)(packing, error)) {
			return false;
		}
	}
	return true;
}

static bool next_piece(void *data, GBytes **ret_piece, GError **error)
{
	Packing *packing = data;
	if (!share_is_good(packing->share, packing->token, error)) {
		return false;
	}
	locale_t before = uselocale(packing->locale);
	bool filled = fill_out(packing, error);
	uselocale(before);
	if (!filled) {
		return false;
	}
	*ret_piece = NULL;
	if (packing->out->len > 0) {
		*ret_piece = g_byte_array_free_to_bytes(packing->out);
		packing->out = g_byte_array_new();
	}
	return true;
}

/* ---- the answer ------------------------------------------------------------------------ */

bool shared_archive_fits(const ShareCall *call, bool *ret_fits, GError **error)
{
	JournalUsage usage;
	unsigned count = 0;
	if (!drive_usage(call->share->drive, &call->caller, &usage, error)) {
		return false;
	}
	/* In most drives there is less to begin with, and nothing to count. */
	if (usage.nodes > SHARE_ARCHIVE_ENTRIES_MAX &&
	    !drive_count(call->share->drive, &call->caller, &call->node.id,
			 SHARE_ARCHIVE_ENTRIES_MAX + 1, &count, error)) {
		return false;
	}
	*ret_fits = count <= SHARE_ARCHIVE_ENTRIES_MAX;
	return true;
}

static Packing *packing_new(ShareCall *call)
{
	Packing *packing = g_new0(Packing, 1);
	packing->share = call->share;
	packing->token = g_strdup(call->link.token);
	packing->top = call->link.node;
	packing->caller = call->caller;
	packing->peer = network_of_host(call->request->peer);
	packing->out = g_byte_array_new();
	packing->levels = g_array_new(FALSE, FALSE, sizeof(Level));
	g_array_set_clear_func(packing->levels, clear_level);
	push_level(packing, &call->node.id, g_strdup(""));
	return packing;
}

static void send(ShareCall *call, Packing *packing)
{
	g_autofree char *name = share_name(call->node.name);
	g_autofree char *file = g_strconcat(name, ".zip", NULL);
	shared_content_add_headers(call->response, file);
	call->response->status = 200;
	call->response->source = (ResponseSource){
		.size = RESPONSE_SIZE_UNKNOWN,
		.next = next_piece,
		.free = packing_free,
		.data = packing,
	};
}

bool shared_archive_send(ShareCall *call, GError **error)
{
	unsigned count;
	if (call->node.kind != JOURNAL_FOLDER) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
				    "what the link leads to is no folder");
		return false;
	}
	if (!drive_count(call->share->drive, &call->caller, &call->node.id,
			 SHARE_ARCHIVE_ENTRIES_MAX + 1, &count, error)) {
		return false;
	}
	if (count > SHARE_ARCHIVE_ENTRIES_MAX) {
		shared_page_refuse_archive(call, 413);
		return true;
	}
	g_autoptr(Packing) packing = packing_new(call);
	if (!take_room(packing, count)) {
		call->response->retry_after_s = RETRY_S;
		shared_page_refuse_archive(call, 503);
		return true;
	}
	if (!open_archive(packing, error)) {
		return false;
	}
	send(call, g_steal_pointer(&packing));
	return true;
}
