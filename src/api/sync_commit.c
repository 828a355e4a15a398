/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sync_commit.h"

#include "api/sync_request.h"
#include "base/error.h"
#include "base/limits.h"

typedef Imdrive__Sync__Operation Operation;

/*
 * What makes the whole request senseless is refused here. What may be wrong with one operation and
 * right with its neighbours (a name, a content) has an outcome of its own, which the journal gives.
 */
static bool check_operation(const Operation *from, GError **error)
{
	const char *fault = NULL;
	if (from->verb < IMDRIVE__SYNC__VERB__VERB_CREATE ||
	    from->verb > IMDRIVE__SYNC__VERB__VERB_DELETE) {
		fault = "its verb is unknown";
	} else if (from->verb == IMDRIVE__SYNC__VERB__VERB_CREATE &&
		   (from->kind < IMDRIVE__SYNC__KIND__KIND_FILE ||
		    from->kind > IMDRIVE__SYNC__KIND__KIND_LINK)) {
		fault = "its kind cannot be created";
	} else if (from->content.len > CONTENT_SIZE_MAX) {
		fault = "its content is too long";
	} else if (from->number == 0 || from->number > INT64_MAX) {
		fault = "its number is out of range";
	} else if (from->base_seq > INT64_MAX || from->decided_at > INT64_MAX) {
		fault = "its base is out of range";
	} else if (from->size > INT64_MAX) {
		fault = "its size is out of range";
	}
	if (fault) {
		g_set_error_literal(error, DRIVE_ERROR, DRIVE_ERROR_INVALID, fault);
	}
	return !fault;
}

static bool has_parent(const Operation *from)
{
	return from->verb == IMDRIVE__SYNC__VERB__VERB_CREATE ||
	       from->verb == IMDRIVE__SYNC__VERB__VERB_MOVE;
}

static bool read_operation(const Operation *from, JournalOperation *ret_operation, GError **error)
{
	*ret_operation = (JournalOperation){
		.number = from->number,
		.group = from->group,
		.verb = (JournalVerb)from->verb,
		.base = from->base_seq,
		.name = from->name.data,
		.name_size = from->name.len,
		.kind = (JournalKind)from->kind,
		.size = from->size,
		.mtime_ns = from->mtime_ns,
		.executable = from->executable,
		.content = from->content.data,
		.content_size = from->content.len,
		.decided_at = from->decided_at,
	};
	return check_operation(from, error) &&
	       sync_request_id(&from->node, "node", &ret_operation->node, error) &&
	       (!has_parent(from) ||
		sync_request_id(&from->parent, "parent", &ret_operation->parent, error));
}

/* What a commit changes must fit into one message of changes, which splits no commit. */
static bool check_size(const ApiCall *call, const FrameReader *rest, GError **error)
{
	size_t size = g_bytes_get_size(call->request->body) - rest->left;
	if (size > COMMIT_MESSAGE_SIZE_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    "the operations of a commit take %zu bytes, where %llu may be", size,
			    COMMIT_MESSAGE_SIZE_MAX);
	}
	return size <= COMMIT_MESSAGE_SIZE_MAX;
}

static JournalOperation *read_operations(const Imdrive__Sync__CommitRequest *message,
					 GError **error)
{
	size_t count = message->n_operations;
	if (count == 0 || count > COMMIT_OPERATIONS_MAX) {
		g_set_error(error, DRIVE_ERROR, count ? DRIVE_ERROR_TOO_LARGE : DRIVE_ERROR_INVALID,
			    "a commit has 1 to %d operations, and this one %zu",
			    COMMIT_OPERATIONS_MAX, count);
		return NULL;
	}
	g_autofree JournalOperation *operations = g_new(JournalOperation, count);
	for (size_t i = 0; i < count; i++) {
		if (!read_operation(message->operations[i], &operations[i], error)) {
			g_prefix_error(error, "operation %zu of the commit: ", i);
			return NULL;
		}
	}
	return g_steal_pointer(&operations);
}

static bool reply(ApiCall *call, const DriveCommit *commit, const JournalResult *results,
		  uint64_t seq, GError **error)
{
	size_t count = commit->operation_count;
	g_autofree Imdrive__Sync__Result *list = g_new(Imdrive__Sync__Result, count);
	g_autofree Imdrive__Sync__Result **pointers = g_new(Imdrive__Sync__Result *, count);
	for (size_t i = 0; i < count; i++) {
		imdrive__sync__result__init(&list[i]);
		list[i].number = commit->operations[i].number;
		list[i].outcome = (Imdrive__Sync__Outcome)results[i].outcome;
		list[i].seq = results[i].seq;
		pointers[i] = &list[i];
	}
	Imdrive__Sync__CommitResponse answer = IMDRIVE__SYNC__COMMIT_RESPONSE__INIT;
	answer.results = pointers;
	answer.n_results = count;
	answer.seq = seq;
	g_autoptr(Bulk) body = bulk_new(0);
	if (!message_append(body, &answer.base, error)) {
		return false;
	}
	api_reply_frames(call, g_steal_pointer(&body));
	return true;
}

bool sync_commit(ApiCall *call, GError **error)
{
	FrameReader rest;
	g_autoptr(Imdrive__Sync__CommitRequest) message = sync_request_message(
		call, &imdrive__sync__commit_request__descriptor, &rest, error);
	if (!message || !check_size(call, &rest, error) ||
	    !sync_request_id(&message->drive, "drive", &call->caller.drive, error)) {
		return false;
	}
	g_autofree JournalOperation *operations = read_operations(message, error);
	g_autoptr(GArray) chunks = operations ? sync_request_chunks(&rest, error) : NULL;
	if (!chunks) {
		return false;
	}
	DriveCommit commit = {
		.operations = operations,
		.operation_count = message->n_operations,
		.chunks = (const EncodedChunk *)chunks->data,
		.chunk_count = chunks->len,
	};
	g_autofree JournalResult *results = g_new0(JournalResult, commit.operation_count);
	uint64_t seq = 0;
	if (!drive_commit(call->api->drive, &call->caller, &commit, results, &seq, error)) {
		return false;
	}
	call->api->commits++;
	call->api->operations += commit.operation_count;
	return reply(call, &commit, results, seq, error);
}
