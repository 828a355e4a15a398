/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/api.h"
#include "base/node_id.h"
#include "chunk/codec.h"
#include "server/chat/chat.h"
#include "wire/message.h"

#include <glib.h>

/*
 * For tests of api and of those below it: a whole server without sockets, in a folder of its own,
 * with an account and a device of alice; bob comes when he is asked for.
 */
typedef struct TestDevice {
	int64_t account;
	int64_t id;
	char *token;
	char *authorization; /* "Bearer …" */
	NodeId drive;
} TestDevice;

typedef struct TestWorld {
	Api *api;
	Accounts *accounts;
	Drive *drive;
	Feed *feed;
	Share *share;
	Chat *chat;
	ChatDriver *chat_driver; /* a chat service in memory: chat_memory.h */
	TestDevice alice;
	TestDevice bob; /* test_world_bob() */
	struct TestWorldInside *inside;
} TestWorld;

#define TEST_WORLD_PASSWORD "correct horse"
#define TEST_WORLD_BASE "http://127.0.0.1:8090" /* of links */

TestWorld *test_world_new(void);
void test_world_free(TestWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestWorld, test_world_free)

/* Hashing a password takes its time, so that few tests have two accounts. Borrowed. */
const TestDevice *test_world_bob(TestWorld *world);

/* Bodies of requests. The caller frees them. */
Bulk *test_world_message(const ProtobufCMessage *message);
Bulk *test_world_changes(const TestDevice *device, const ProtobufCBinaryData *cursor,
			 unsigned wait_ms);
/* A commit that creates a small file with this name and content under the root. */
Bulk *test_world_create(const TestDevice *device, uint64_t number, const char *name,
			const char *content);

/* A chunk of these bytes, raw; borrows them. */
EncodedChunk test_world_chunk(const char *bytes);

/* What api_handle() answers to POST of this body, or to GET without; never waits. */
void test_world_ask(TestWorld *world, const TestDevice *device, const char *path, Bulk *body,
		    Response *ret_response);

/* The message of an answer; asserts that it is one. */
void *test_world_answer(GBytes *body, const ProtobufCMessageDescriptor *descriptor);

/* The nth call of the database from now on fails, once; 0: none. */
void test_world_fail(TestWorld *world, unsigned nth);

/* The seq of alice's drive, by which a test knows whether anything was written. */
uint64_t test_world_seq(TestWorld *world);
