/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <glib.h>

static void test_little_endian_at_any_address(void)
{
	uint8_t bytes[13] = { 0 };
	bytes_put32(bytes + 1, 0x04030201);
	bytes_put64(bytes + 5, 0x0807060504030201);
	for (unsigned i = 0; i < 4; i++) {
		g_assert_cmpuint(bytes[1 + i], ==, i + 1);
	}
	for (unsigned i = 0; i < 8; i++) {
		g_assert_cmpuint(bytes[5 + i], ==, i + 1);
	}
	g_assert_cmpuint(bytes_get32(bytes + 1), ==, 0x04030201);
	g_assert_cmpuint(bytes_get64(bytes + 5), ==, 0x0807060504030201);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/bytes/little-endian-at-any-address",
			test_little_endian_at_any_address);
	return g_test_run();
}
