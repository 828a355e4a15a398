/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs. Each begins with the wall between accounts (owns()), and hands on to the journal or to
 * the files of this folder.
 */
#include "server/drive/drive.h"

#include "base/error.h"
#include "base/limits.h"
#include "chunk/content.h"
#include "server/drive/check_internal.h"
#include "server/drive/drive_internal.h"
#include "server/drive/lists_internal.h"
#include "server/drive/reader_internal.h"
#include "server/drive/recovery_internal.h"
#include "server/drive/store_internal.h"

#include <stdarg.h>
#include <string.h>

#define INLINE_SLICE 256 /* chunks that are located at a time */

static bool begin_pack(uint64_t pack, void *data, GError **error)
{
	return journal_pack_begin(((Drive *)data)->options.journal, pack, error);
}

Drive *drive_open(const DriveOptions *options, GError **error)
{
	g_autoptr(Drive) drive = g_new0(Drive, 1);

	drive->options = *options;
	drive->traffic = traffic_new();
	drive->upkeep = upkeep_new();
	drive->room = room_new(options->reserve, options->free_bytes, options->free_data);
	if (!recovery_run(drive, error)) {
		g_prefix_error(error, "recover the packs: ");
		return NULL;
	}
	blobs_on_begin(options->blobs, begin_pack, drive);
	return g_steal_pointer(&drive);
}

void drive_close(Drive *drive)
{
	if (drive == NULL) {
		return;
	}
	upkeep_free(drive->upkeep);
	room_free(drive->room);
	traffic_free(drive->traffic);
	g_free(drive);
}

void drive_report(Drive *drive, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (drive->options.report != NULL) {
		g_autofree char *text = g_strdup_vprintf(format, args);

		drive->options.report(text, drive->options.report_data);
	}
	va_end(args);
}

static bool fail_not_found(GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND, "no such drive");
	return false;
}

/* The same answer for a drive of somebody else and for one that does not exist. */
static bool owns(Drive *drive, const DriveCaller *caller, GError **error)
{
	NodeId own;
	g_autoptr(GError) cause = NULL;

	if (!journal_drive_of(drive->options.journal, caller->account, &own, &cause)) {
		if (g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
			return fail_not_found(error);
		}
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	return node_id_equal(&own, &caller->drive) || fail_not_found(error);
}

static bool count_is_allowed(size_t count, size_t count_max, const char *what, GError **error)
{
	if (count > count_max) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "%zu %s in one request, at most %zu are taken", count, what, count_max);
		return false;
	}
	return true;
}

bool drive_home(Drive *drive, int64_t account, NodeId *ret_drive, GError **error)
{
	Journal *journal = drive->options.journal;
	g_autoptr(GError) cause = NULL;
	NodeId id = node_id_random();

	if (journal_drive_of(journal, account, ret_drive, &cause)) {
		return true;
	}
	if (!g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	g_clear_error(&cause);
	if (journal_drive_create(journal, &id, account, &drive->options.fresh, &cause)) {
		*ret_drive = id;
		return true;
	}
	if (!g_error_matches(cause, DRIVE_ERROR, DRIVE_ERROR_CONFLICT)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	/* Two devices came for the first time at once. */
	return journal_drive_of(journal, account, ret_drive, error);
}

/* ---- writing --------------------------------------------------------------------------- */

static bool any_applied(const JournalResult *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (results[i].outcome == JOURNAL_APPLIED) {
			return true;
		}
	}
	return false;
}

static void wake(Drive *drive, const NodeId *drive_id)
{
	if (drive->options.changed != NULL) {
		drive->options.changed(drive_id, drive->options.changed_data);
	}
}

/* Content to disk, then the journal; no pack may go away under it. */
static bool store_and_commit(Drive *drive, const DriveCommit *commit, JournalCommit *change,
			     JournalResult *ret_results, uint64_t *ret_seq, GError **error)
{
	g_auto(TrafficPass) pass = traffic_enter(drive->traffic);
	g_autoptr(GArray) stored = g_array_new(false, false, sizeof(JournalStored));
	DriveCaller caller = { change->account, change->device, change->drive };
	StoreRequest request = { commit->chunks, commit->chunk_count, 0 };

	if ((request.count > 0 && !store_append(drive, &caller, &request, stored, error)) ||
	    !lists_load(drive, &caller, change->lists, error)) {
		return false;
	}
	change->stored = (const JournalStored *)stored->data;
	change->stored_count = stored->len;
	return journal_commit(drive->options.journal, change, ret_results, ret_seq, error);
}

bool drive_commit(Drive *drive, const DriveCaller *caller, const DriveCommit *commit,
		  JournalResult *ret_results, uint64_t *ret_seq, GError **error)
{
	g_autoptr(GHashTable) lists = NULL;
	JournalCommit change = {
		.drive = caller->drive,
		.account = caller->account,
		.device = caller->device,
		.operations = commit->operations,
		.operation_count = commit->operation_count,
	};

	if (!count_is_allowed(commit->operation_count, COMMIT_OPERATIONS_MAX, "operations",
			      error) ||
	    !owns(drive, caller, error)) {
		return false;
	}
	lists = lists_wanted(drive, &caller->drive, commit, error);
	if (lists == NULL || !store_verify(commit->chunks, commit->chunk_count, lists, error)) {
		return false;
	}
	change.lists = lists;
	if (!store_and_commit(drive, commit, &change, ret_results, ret_seq, error)) {
		return false;
	}
	if (any_applied(ret_results, commit->operation_count)) {
		wake(drive, &caller->drive);
	}
	return true;
}

bool drive_missing(Drive *drive, const DriveCaller *caller, const DriveMissing *request,
		   GArray *ret_missing, GError **error)
{
	return count_is_allowed(request->count, CHUNK_IDS_MAX, "chunk ids", error) &&
	       owns(drive, caller, error) &&
	       journal_missing(drive->options.journal, &caller->drive, caller->account,
			       request->ids, request->count, request->bytes, ret_missing, error);
}

bool drive_upload(Drive *drive, const DriveCaller *caller, const EncodedChunk *chunks, size_t count,
		  GError **error)
{
	g_autoptr(GArray) stored = g_array_new(false, false, sizeof(JournalStored));
	StoreRequest request = { chunks, count, 0 };

	if (!owns(drive, caller, error) || !store_verify(chunks, count, NULL, error)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		request.quota_bytes += chunks[i].raw_size;
	}
	g_auto(TrafficPass) pass = traffic_enter(drive->traffic);

	return count == 0 ||
	       (store_append(drive, caller, &request, stored, error) &&
		(stored->len == 0 ||
		 journal_upload(drive->options.journal, caller->account,
				(const JournalStored *)stored->data, stored->len, error)));
}

bool drive_restore(Drive *drive, const DriveCaller *caller, const NodeId *node, int64_t version,
		   uint64_t *ret_seq, GError **error)
{
	if (!owns(drive, caller, error) ||
	    !journal_restore(drive->options.journal, &caller->drive, caller->device, node, version,
			     ret_seq, error)) {
		return false;
	}
	wake(drive, &caller->drive);
	return true;
}

/* ---- reading --------------------------------------------------------------------------- */

/* Visits as many of these chunks as fit; *budget is what is left, or SIZE_MAX before the first. */
typedef struct Visitor {
	DriveChunkVisit visit;
	void *data;
	size_t left;   /* encoded bytes that still fit */
	bool oversize; /* one chunk that does not fit may come, as long as nothing has */
	bool full;
	GByteArray *scratch;
} Visitor;

static bool visit_stored(Drive *drive, Visitor *visitor, const JournalStored *stored,
			 GError **error)
{
	size_t size = stored->location.size;
	EncodedChunk chunk;

	if (size > visitor->left && !visitor->oversize) {
		visitor->full = true;
		return true;
	}
	if (!reader_encoded(drive, stored, visitor->scratch, &chunk, error) ||
	    !visitor->visit(&chunk, visitor->data, error)) {
		return false;
	}
	visitor->oversize = false;
	visitor->left -= MIN(size, visitor->left);
	return true;
}

bool drive_fetch(Drive *drive, const DriveCaller *caller, const DriveFetch *request,
		 GArray *ret_missing, GError **error)
{
	g_autoptr(GByteArray) scratch = g_byte_array_new();
	g_autofree BlobsLocation *locations = NULL;
	g_autofree bool *found = NULL;
	Visitor visitor = { request->visit, request->visit_data, request->bytes_max, true, false,
			    scratch };

	if (!count_is_allowed(request->count, CHUNK_IDS_MAX, "chunk ids", error) ||
	    !owns(drive, caller, error)) {
		return false;
	}
	locations = g_new(BlobsLocation, request->count);
	found = g_new0(bool, request->count);
	g_auto(TrafficPass) pass = traffic_enter(drive->traffic);

	if (!journal_locate(drive->options.journal, &caller->drive, request->ids, request->count,
			    locations, found, error)) {
		return false;
	}
	for (size_t i = 0; i < request->count; i++) {
		JournalStored stored = { request->ids[i], locations[i] };

		if (!found[i]) {
			g_array_append_val(ret_missing, stored.id);
		} else if (!visitor.full && !visit_stored(drive, &visitor, &stored, error)) {
			return false;
		}
	}
	return true;
}

bool drive_changes(Drive *drive, const DriveCaller *caller, GBytes *cursor, unsigned nodes_max,
		   JournalPage *ret_page, GError **error)
{
	return owns(drive, caller, error) && journal_changes(drive->options.journal, &caller->drive,
							     cursor, nodes_max, ret_page, error);
}

/* Appends the chunks of a small file that the asking device does not have from itself. */
static void add_inline(const DriveCaller *caller, const JournalNode *node, GHashTable *seen,
		       GArray *ret_ids)
{
	g_auto(Content) content = { 0 };
	size_t size;
	const void *bytes;

	if (node->deleted || node->kind != JOURNAL_FILE || node->content == NULL ||
	    node->size > INLINE_SIZE_MAX ||
	    (caller->device != 0 && node->device == caller->device)) {
		return;
	}
	bytes = g_bytes_get_data(node->content, &size);
	if (size == 0 || !content_decode(bytes, size, &content, NULL) || content.depth != 0) {
		return;
	}
	for (size_t i = 0; i < content.count; i++) {
		const ChunkId *id = &content.refs[i].id;

		if (!g_hash_table_contains(seen, id)) {
			g_hash_table_add(seen, g_memdup2(id, sizeof(*id)));
			g_array_append_vals(ret_ids, id, 1);
		}
	}
}

static bool visit_slice(Drive *drive, const DriveCaller *caller, const ChunkId *ids, size_t count,
			Visitor *visitor, GError **error)
{
	g_auto(TrafficPass) pass = traffic_enter(drive->traffic);
	BlobsLocation locations[INLINE_SLICE];
	bool found[INLINE_SLICE];

	if (!journal_locate(drive->options.journal, &caller->drive, ids, count, locations, found,
			    error)) {
		return false;
	}
	for (size_t i = 0; i < count && !visitor->full; i++) {
		JournalStored stored = { ids[i], locations[i] };

		if (found[i] && !visit_stored(drive, visitor, &stored, error)) {
			return false;
		}
	}
	return true;
}

bool drive_changes_inline(Drive *drive, const DriveCaller *caller, DriveInline *request,
			  GError **error)
{
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(chunk_id_hash, chunk_id_equal, g_free, NULL);
	g_autoptr(GArray) ids = g_array_new(false, false, sizeof(ChunkId));
	g_autoptr(GByteArray) scratch = g_byte_array_new();
	GArray *nodes = request->page->nodes;
	Visitor visitor = { request->visit, request->visit_data, request->bytes_max, false, false,
			    scratch };

	request->visited = 0;
	if (!owns(drive, caller, error)) {
		return false;
	}
	for (unsigned i = 0; i < nodes->len && !visitor.full; i++) {
		bool last = i + 1 == nodes->len;

		add_inline(caller, &g_array_index(nodes, JournalNode, i), seen, ids);
		while (!visitor.full && ids->len > 0 && (last || ids->len >= INLINE_SLICE)) {
			size_t count = MIN(ids->len, INLINE_SLICE);

			if (!visit_slice(drive, caller, (const ChunkId *)ids->data, count, &visitor,
					 error)) {
				return false;
			}
			g_array_remove_range(ids, 0, count);
		}
	}
	request->visited = request->bytes_max - visitor.left;
	return true;
}

DriveReading *drive_read(Drive *drive, const DriveCaller *caller, const DriveRange *range,
			 GError **error)
{
	return owns(drive, caller, error) ? reader_range(drive, &caller->drive, range, error)
					  : NULL;
}

bool drive_reading_next(DriveReading *reading, GBytes **ret_bytes, GError **error)
{
	return reader_next(reading, ret_bytes, error);
}

void drive_reading_free(DriveReading *reading)
{
	reader_free(reading);
}

bool drive_node(Drive *drive, const DriveCaller *caller, const NodeId *node, JournalNode *ret_node,
		GError **error)
{
	return owns(drive, caller, error) &&
	       journal_node(drive->options.journal, &caller->drive, node, ret_node, error);
}

bool drive_resolve(Drive *drive, const DriveCaller *caller, const char *path, JournalNode *ret_node,
		   GError **error)
{
	return owns(drive, caller, error) &&
	       journal_resolve(drive->options.journal, &caller->drive, path, ret_node, error);
}

/* Puts a name and a '/' before a path that is built from its end. */
static void prepend_name(GByteArray *path, GBytes *name)
{
	size_t size;
	const void *bytes = g_bytes_get_data(name, &size);

	if (path->len > 0) {
		g_byte_array_prepend(path, (const uint8_t *)"/", 1);
	}
	g_byte_array_prepend(path, bytes, size);
}

static bool set_no_such(GError **error)
{
	g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_NOT_FOUND,
		    "no such file or folder on the drive");
	return false;
}

/*
 * From a node to its folder, and on, until it is top; DRIVE_ERROR_NOT_FOUND if the root is met
 * before. path, which may be NULL, gets the names below top.
 */
static bool walk_up(Drive *drive, const DriveCaller *caller, const NodeId *top, NodeId id,
		    GByteArray *path, GError **error)
{
	for (unsigned depth = 0; !node_id_equal(&id, top); depth++) {
		JournalNode found = { 0 };

		if (node_id_equal(&id, &caller->drive)) {
			return set_no_such(error);
		}
		if (depth > DEPTH_MAX) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_CORRUPT,
				    "find the path of a node: it is deeper than %d folders",
				    DEPTH_MAX);
			return false;
		}
		if (!journal_node(drive->options.journal, &caller->drive, &id, &found, error)) {
			return false;
		}
		if (path) {
			prepend_name(path, found.name);
		}
		id = found.parent;
		journal_node_clear(&found);
	}
	return true;
}

static bool check_within(Drive *drive, const DriveCaller *caller, const NodeId *top,
			 const JournalNode *node, GError **error)
{
	if (node->deleted) {
		return set_no_such(error);
	}
	/* The root has no parent; there the walk ends as it begins. */
	bool stays = node_id_equal(&node->id, top) || node_id_equal(&node->id, &caller->drive);
	return walk_up(drive, caller, top, stays ? node->id : node->parent, NULL, error);
}

bool drive_within(Drive *drive, const DriveCaller *caller, const NodeId *top, const NodeId *node,
		  JournalNode *ret_node, GError **error)
{
	JournalNode found = { 0 };

	if (!drive_node(drive, caller, node, &found, error)) {
		return false;
	}
	if (!check_within(drive, caller, top, &found, error)) {
		journal_node_clear(&found);
		return false;
	}
	*ret_node = found;
	return true;
}

bool drive_children(Drive *drive, const DriveCaller *caller, const NodeId *folder, GBytes *after,
		    unsigned count_max, GArray *ret_nodes, GError **error)
{
	return owns(drive, caller, error) &&
	       journal_children(drive->options.journal, &caller->drive, folder, after, count_max,
				ret_nodes, error);
}

bool drive_count(Drive *drive, const DriveCaller *caller, const NodeId *folder, unsigned count_max,
		 unsigned *ret_count, GError **error)
{
	return owns(drive, caller, error) && journal_count(drive->options.journal, &caller->drive,
							   folder, count_max, ret_count, error);
}

bool drive_path(Drive *drive, const DriveCaller *caller, const NodeId *node, GBytes **ret_path,
		GError **error)
{
	g_autoptr(GByteArray) path = g_byte_array_new();

	if (!owns(drive, caller, error) ||
	    !walk_up(drive, caller, &caller->drive, *node, path, error)) {
		return false;
	}
	*ret_path = g_byte_array_free_to_bytes(g_steal_pointer(&path));
	return true;
}

bool drive_versions(Drive *drive, const DriveCaller *caller, const NodeId *node,
		    GArray *ret_versions, GError **error)
{
	return owns(drive, caller, error) &&
	       journal_versions(drive->options.journal, &caller->drive, node, ret_versions, error);
}

bool drive_trash(Drive *drive, const DriveCaller *caller, unsigned count_max, GArray *ret_nodes,
		 GError **error)
{
	return owns(drive, caller, error) &&
	       journal_trash(drive->options.journal, &caller->drive, count_max, ret_nodes, error);
}

bool drive_usage(Drive *drive, const DriveCaller *caller, JournalUsage *ret_usage, GError **error)
{
	return owns(drive, caller, error) &&
	       journal_usage(drive->options.journal, &caller->drive, ret_usage, error);
}

/* ---- upkeep ---------------------------------------------------------------------------- */

bool drive_upkeep_step(Drive *drive, int64_t now_us, bool *ret_more, GError **error)
{
	return upkeep_step(drive->upkeep, drive, now_us, ret_more, error);
}

bool drive_check(Drive *drive, DriveCheck mode, GPtrArray *ret_problems, GError **error)
{
	return check_run(drive, mode, ret_problems, error);
}
