/* SPDX-License-Identifier: Apache-2.0 */
#include "server/journal/name_internal.h"

#include "base/limits.h"

#include <string.h>

static void expect_fold(const char *name, const char *folded)
{
	g_autoptr(GBytes) key = name_fold(name, strlen(name));
	if (!folded) {
		g_assert_null(key);
		return;
	}
	g_assert_nonnull(key);
	g_assert_cmpmem(g_bytes_get_data(key, NULL), g_bytes_get_size(key), folded, strlen(folded));
}

static void test_folds(void)
{
	expect_fold("plain name.txt", NULL);
	expect_fold("README", "readme");
	expect_fold("Ärger", "ärger");
	expect_fold("A\xcc\x88rger", "ärger");
	expect_fold("ärger", NULL);
	expect_fold("a\xcc\x88rger", "ärger");
	expect_fold("straße", "strasse");
	expect_fold("日本", NULL);
	expect_fold("not utf-8 \xff A", NULL);
}

static void expect_restored(const char *name, unsigned attempt, const char *expected)
{
	g_autoptr(GBytes) restored = name_restored(name, strlen(name), attempt);
	g_assert_cmpmem(g_bytes_get_data(restored, NULL), g_bytes_get_size(restored), expected,
			strlen(expected));
}

static void test_restored(void)
{
	expect_restored("report.odt", 1, "report (restored).odt");
	expect_restored("report.odt", 12, "report (restored 12).odt");
	expect_restored("folder", 1, "folder (restored)");
	expect_restored(".hidden", 2, ".hidden (restored 2)");
	expect_restored("a.tar.gz", 1, "a.tar (restored).gz");
	expect_restored("what. A sentence that ends", 1, "what. A sentence that ends (restored)");
}

static void test_restored_fits(void)
{
	char name[NAME_SIZE_MAX];
	for (size_t i = 0; i + 1 < sizeof name; i += 2) {
		memcpy(name + i, "ä", 2);
	}
	memcpy(name + sizeof name - 4, ".txt", 4);
	name[sizeof name - 5] = 'x';
	g_autoptr(GBytes) restored = name_restored(name, sizeof name, 1);
	gsize size;
	const char *bytes = g_bytes_get_data(restored, &size);
	g_assert_cmpuint(size, <=, NAME_SIZE_MAX);
	g_assert_cmpuint(size, >, NAME_SIZE_MAX - 2);
	g_assert_true(g_utf8_validate_len(bytes, size, NULL));
	g_assert_cmpmem(bytes + size - 15, 15, " (restored).txt", 15);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/server/journal/name/folds-case-and-composition", test_folds);
	g_test_add_func("/server/journal/name/restored", test_restored);
	g_test_add_func("/server/journal/name/restored-fits", test_restored_fits);
	return g_test_run();
}
