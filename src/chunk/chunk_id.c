/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 through OpenSSL, which uses the processor's own instructions where it has them. The
 * algorithm is looked up once: a look-up per chunk would cost more than hashing a small file.
 */
#include "chunk/chunk_id.h"

#include <openssl/evp.h>
#include <string.h>

static const EVP_MD *sha256(void)
{
	static EVP_MD *md;
	if (g_once_init_enter(&md)) {
		EVP_MD *fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
		g_assert(fetched != NULL);
		g_assert(EVP_MD_get_size(fetched) == CHUNK_ID_SIZE);
		g_once_init_leave(&md, fetched);
	}
	return md;
}

ChunkId chunk_id_of(const void *bytes, size_t size)
{
	ChunkId id;
	int done = EVP_Digest(bytes, size, id.bytes, NULL, sha256(), NULL);
	g_assert(done == 1);
	return id;
}

unsigned chunk_id_hash(const void *id)
{
	unsigned hash;
	memcpy(&hash, ((const ChunkId *)id)->bytes, sizeof hash);
	return hash;
}

gboolean chunk_id_equal(const void *a, const void *b)
{
	return memcmp(a, b, CHUNK_ID_SIZE) == 0;
}

int chunk_id_compare(const ChunkId *a, const ChunkId *b)
{
	return memcmp(a->bytes, b->bytes, CHUNK_ID_SIZE);
}
