/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transfer/pays.h"

#include "base/limits.h"
#include "chunk/codec.h"

#include <glib.h>

/* Lets the estimate settle on a link of so many bytes per second. */
static void settle_link(Pays *pays, double bytes_per_second)
{
	for (int i = 0; i < 50; i++) {
		pays_note_sent(pays, 4 * MIB, (int64_t)(4 * MIB * 1e9 / bytes_per_second));
	}
}

static void settle_encoder(Pays *pays, double bytes_per_second, double ratio)
{
	for (int i = 0; i < 50; i++) {
		int level = pays_level(pays);
		if (level == PAYS_RAW) {
			level = 1;
		}
		pays_note_encoded(pays, level, MIB, (size_t)(ratio * MIB),
				  (int64_t)(MIB * 1e9 / bytes_per_second));
	}
}

static void test_start(void)
{
	Pays pays;
	pays_init(&pays, false);
	g_assert_cmpint(pays_level(&pays), !=, PAYS_RAW);
	g_assert_cmpint(pays_level(&pays), <=, 1);
}

static void test_slow_link(void)
{
	Pays pays;
	pays_init(&pays, false);
	settle_link(&pays, 10e6);
	g_assert_cmpint(pays_level(&pays), ==, 3);
}

static void test_fast_link(void)
{
	Pays pays;
	pays_init(&pays, false);
	settle_link(&pays, 5e9);
	pays.costs.disk_ns = 0.5;
	g_assert_cmpint(pays_level(&pays), ==, PAYS_RAW);
}

/* Server and device share the processor: the least work wins, whatever a request takes. */
static void test_server_is_here(void)
{
	Pays pays;
	pays_init(&pays, true);
	g_assert_cmpint(pays_level(&pays), ==, CODEC_LEVEL_LZ4);
	settle_link(&pays, 1e6);
	settle_encoder(&pays, 20e6, 0.5);
	g_assert_cmpint(pays_level(&pays), ==, CODEC_LEVEL_LZ4);
	g_assert_cmpuint(pays_request_size(&pays, 4 * MIB), ==, 4 * MIB);
}

static void test_slow_processor(void)
{
	Pays pays;
	pays_init(&pays, false);
	settle_link(&pays, 200e6);
	settle_encoder(&pays, 20e6, 0.5);
	g_assert_cmpint(pays_level(&pays), ==, PAYS_RAW);
	settle_link(&pays, 1e6);
	g_assert_cmpint(pays_level(&pays), !=, PAYS_RAW);
}

static void test_barely_compressible(void)
{
	Pays pays;
	pays_init(&pays, false);
	settle_link(&pays, 400e6);
	settle_encoder(&pays, 400e6, 0.93);
	g_assert_cmpint(pays_level(&pays), ==, PAYS_RAW);
}

static void test_tries_again(void)
{
	Pays pays;
	pays_init(&pays, false);
	settle_encoder(&pays, 20e6, 0.95);
	g_assert_cmpint(pays_level(&pays), ==, PAYS_RAW);
	for (int i = 0; i < 20; i++) {
		pays_note_raw(&pays);
	}
	g_assert_cmpint(pays_level(&pays), ==, PAYS_RAW);
	for (int i = 0; i < 500; i++) {
		pays_note_raw(&pays);
	}
	g_assert_cmpint(pays_level(&pays), !=, PAYS_RAW);
}

static void test_slower_link_compresses_harder(void)
{
	int before = PAYS_RAW;
	for (double speed = 8e9; speed > 1e5; speed /= 1.5) {
		Pays pays;
		pays_init(&pays, false);
		pays.costs.disk_ns = 0.2;
		settle_link(&pays, speed);
		int level = pays_level(&pays);
		/* Raw, LZ4, then zstd's. */
		int rank = level == PAYS_RAW ? CODEC_LEVEL_LZ4 - 1 : level;
		int rank_before = before == PAYS_RAW ? CODEC_LEVEL_LZ4 - 1 : before;
		g_assert_cmpint(rank, >=, rank_before);
		before = level;
	}
	g_assert_cmpint(before, ==, 3);
}

static void test_small_requests_say_nothing(void)
{
	Pays pays;
	pays_init(&pays, false);
	double before = pays.costs.link_ns;
	pays_note_sent(&pays, 100, 1000000);
	pays_note_sent(&pays, 512 * KIB, 10000000);
	pays_note_sent(&pays, 4 * MIB, 0);
	g_assert_cmpfloat(pays.costs.link_ns, ==, before);
	pays_note_sent(&pays, 512 * KIB, 1000000000);
	g_assert_cmpfloat(pays.costs.link_ns, >, before);
}

static void test_request_size(void)
{
	Pays pays;
	pays_init(&pays, false);
	g_assert_cmpuint(pays_request_size(&pays, 4 * MIB), ==, 4 * MIB);
	settle_link(&pays, 250e3);
	size_t size = pays_request_size(&pays, 4 * MIB);
	g_assert_cmpuint(size, <, 1100000);
	g_assert_cmpuint(size, >, 900000);
	settle_link(&pays, 1e3);
	g_assert_cmpuint(pays_request_size(&pays, 4 * MIB), ==, 256 * KIB);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/transfer/pays/start", test_start);
	g_test_add_func("/client/transfer/pays/slow-link", test_slow_link);
	g_test_add_func("/client/transfer/pays/fast-link", test_fast_link);
	g_test_add_func("/client/transfer/pays/server-is-here", test_server_is_here);
	g_test_add_func("/client/transfer/pays/slow-processor", test_slow_processor);
	g_test_add_func("/client/transfer/pays/barely-compressible", test_barely_compressible);
	g_test_add_func("/client/transfer/pays/tries-again", test_tries_again);
	g_test_add_func("/client/transfer/pays/slower-link-compresses-harder",
			test_slower_link_compresses_harder);
	g_test_add_func("/client/transfer/pays/small-requests-say-nothing",
			test_small_requests_say_nothing);
	g_test_add_func("/client/transfer/pays/request-size", test_request_size);
	return g_test_run();
}
