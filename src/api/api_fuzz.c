/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: a byte that chooses the endpoint, then the body of a request of somebody who is signed in,
 * in which DRIVE_MARK stands for the id of the drive. Whatever it is, it gets an answer, and none
 * says that something broke.
 */
#include "api/test_world.h"

#include <string.h>

#define DRIVE_MARK "this is my drive"

G_STATIC_ASSERT(sizeof DRIVE_MARK - 1 == NODE_ID_SIZE);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insert_drive(Bulk *body, const NodeId *drive)
{
	uint8_t *at;
	while (body->len > 0 && (at = memmem(body->data, body->len, DRIVE_MARK, NODE_ID_SIZE))) {
		memcpy(at, drive->bytes, NODE_ID_SIZE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
		"/sync/v1/changes", "/sync/v1/commit", "/sync/v1/missing", "/sync/v1/upload",
		"/sync/v1/fetch",   "/api/v1/restore", "/api/v1/links",
	};
	static TestWorld *world;
	if (size < 1) {
		return 0;
	}
	if (!world) {
		world = test_world_new();
	}
	g_autoptr(Bulk) body = bulk_new(0);
	bulk_append(body, data + 1, size - 1);
	insert_drive(body, &world->alice.drive);
	Response response;
	test_world_ask(world, &world->alice, paths[data[0] % G_N_ELEMENTS(paths)], body, &response);
	g_assert(response.status != 0 && response.status != 500);
	response_clear(&response);
	return 0;
}
