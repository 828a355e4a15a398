/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz harness over the files of its corpus, where there is no libFuzzer: every input that
 * was ever worth keeping stays a regression test with any compiler.
 *
 * Usage: <harness> DIRECTORY. Files named *.hex hold hexadecimal digits, blanks and comments from #
 * to the end of the line; all others are taken as they are. The empty input always runs.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GBytes *parse_hex(const char *path, const char *text)
{
	GByteArray *bytes = g_byte_array_new();
	int high = -1;
	for (const char *at = text; *at; at++) {
		if (*at == '#') {
			at += strcspn(at, "\n");
		}
		if (g_ascii_isspace(*at)) {
			continue;
		}
		int digit = g_ascii_xdigit_value(*at);
		if (digit < 0) {
			g_error("%s: '%c' is no hexadecimal digit", path, *at);
		}
		if (high < 0) {
			high = digit;
			continue;
		}
		uint8_t byte = (uint8_t)(high << 4 | digit);
		g_byte_array_append(bytes, &byte, 1);
		high = -1;
	}
	if (high >= 0) {
		g_error("%s: an odd number of digits", path);
	}
	return g_byte_array_free_to_bytes(bytes);
}

static GBytes *read_input(const char *path)
{
	g_autoptr(GError) error = NULL;
	char *text;
	size_t size;
	if (!g_file_get_contents(path, &text, &size, &error)) {
		g_error("%s", error->message);
	}
	g_autoptr(GBytes) file = g_bytes_new_take(text, size);
	return g_str_has_suffix(path, ".hex") ? parse_hex(path, text) : g_steal_pointer(&file);
}

/* In memory of exactly its size, so that a sanitizer sees the first byte beyond. */
static void run(const void *bytes, size_t size)
{
	g_autofree uint8_t *exact = g_memdup2(bytes, size);
	LLVMFuzzerTestOneInput(exact, size);
}

int main(int argc, char **argv)
{
	g_assert(argc == 2);
	run(NULL, 0);
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) directory = g_dir_open(argv[1], 0, &error);
	if (!directory) {
		g_error("%s", error->message);
	}
	unsigned count = 0;
	for (const char *name; (name = g_dir_read_name(directory)); count++) {
		g_autofree char *path = g_build_filename(argv[1], name, NULL);
		g_autoptr(GBytes) input = read_input(path);
		size_t size;
		const void *bytes = g_bytes_get_data(input, &size);
		printf("%s: %zu bytes\n", name, size);
		fflush(stdout);
		run(bytes, size);
	}
	return count > 0 ? 0 : 1;
}
