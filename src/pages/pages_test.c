/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/asset.h"
#include "pages/sample.h"

#include <string.h>

#define HOSTILE "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{1}%s\\\n"

/* What a reader of a page has seen so far. */
typedef struct Reader {
	GString *elements; /* names, one a line */
	unsigned headings;
	unsigned hostile; /* times the hostile text came out as text */
	unsigned forms;   /* that POST */
	unsigned tokens;
	GHashTable *ids;
	GPtrArray *labels;
} Reader;

static void read_element(GMarkupParseContext *context, const char *name, const char **names,
			 const char **values, void *data, GError **error)
{
	Reader *reader = data;
	g_string_append_printf(reader->elements, "%s\n", name);
	reader->headings += strcmp(name, "h1") == 0;
	for (unsigned i = 0; names[i]; i++) {
		g_assert_false(g_str_has_prefix(names[i], "on"));
		g_assert_cmpstr(names[i], !=, "style");
		reader->forms += strcmp(names[i], "method") == 0 && strcmp(values[i], "post") == 0;
		if (strcmp(names[i], "id") == 0) {
			g_assert_true(g_hash_table_add(reader->ids, g_strdup(values[i])));
		} else if (strcmp(names[i], "for") == 0) {
			g_ptr_array_add(reader->labels, g_strdup(values[i]));
		} else if (strcmp(names[i], "name") == 0 && strcmp(values[i], "csrf") == 0) {
			reader->tokens++;
		}
		g_string_append_printf(reader->elements, " %s\n", names[i]);
	}
}

static void read_text(GMarkupParseContext *context, const char *text, gsize size, void *data,
		      GError **error)
{
	Reader *reader = data;
	reader->hostile += strstr(text, "<script>alert(1)</script>") != NULL;
}

/* A page is well-formed XML, so that this parser sees what a browser sees. */
static void read_page(GBytes *page, Reader *reader)
{
	*reader = (Reader){
		.elements = g_string_new(NULL),
		.ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.labels = g_ptr_array_new_with_free_func(g_free),
	};
	const GMarkupParser parser = { .start_element = read_element, .text = read_text };
	g_autoptr(GMarkupParseContext) context =
		g_markup_parse_context_new(&parser, 0, reader, NULL);
	g_autoptr(GError) error = NULL;
	g_markup_parse_context_parse(context, g_bytes_get_data(page, NULL),
				     (gssize)g_bytes_get_size(page), &error);
	g_assert_no_error(error);
	g_markup_parse_context_end_parse(context, &error);
	g_assert_no_error(error);
}

static void reader_clear(Reader *reader)
{
	g_string_free(reader->elements, TRUE);
	g_hash_table_unref(reader->ids);
	g_ptr_array_unref(reader->labels);
}

static void test_no_injection(void)
{
	for (const Sample *sample = sample_table; sample->name; sample++) {
		g_test_message("%s", sample->name);
		for (unsigned language = 0; language < LANGUAGE_LAST; language++) {
			/* The same page with harmless strings is what it must be made of. */
			Frame harmless = sample_frame(language, "x");
			Frame hostile = sample_frame(language, HOSTILE);
			g_autoptr(GBytes) expected = sample->make(&harmless, "x");
			g_autoptr(GBytes) page = sample->make(&hostile, HOSTILE);
			Reader want;
			Reader got;
			read_page(expected, &want);
			read_page(page, &got);
			g_assert_cmpstr(got.elements->str, ==, want.elements->str);
			g_assert_cmpuint(got.hostile, >, 0);
			reader_clear(&want);
			reader_clear(&got);
		}
	}
}

static void test_accessible(void)
{
	for (const Sample *sample = sample_table; sample->name; sample++) {
		g_test_message("%s", sample->name);
		Frame frame = sample_frame(LANGUAGE_ENGLISH, NULL);
		g_autoptr(GBytes) page = sample->make(&frame, NULL);
		Reader reader;
		read_page(page, &reader);
		g_assert_cmpuint(reader.headings, ==, 1);
		for (unsigned i = 0; i < reader.labels->len; i++) {
			g_assert_true(g_hash_table_contains(reader.ids, reader.labels->pdata[i]));
		}
		reader_clear(&reader);
	}
}

static void test_tokens(void)
{
	for (const Sample *sample = sample_table; sample->name; sample++) {
		Frame frame = sample_frame(LANGUAGE_ENGLISH, NULL);
		g_autoptr(GBytes) page = sample->make(&frame, NULL);
		Reader reader;
		read_page(page, &reader);
		g_assert_cmpuint(reader.tokens, ==, reader.forms);
		reader_clear(&reader);
	}
}

static void test_assets(void)
{
	for (unsigned i = 0; i < ASSET_LAST; i++) {
		const Asset *asset = asset_get(i);
		g_assert_true(asset_find(asset->name) == asset);
		g_assert_cmpuint(g_bytes_get_size(asset->bytes), >, 0);
		g_assert_cmpint(asset->etag[0], ==, '"');
		/* The name says which bytes it is. */
		g_autofree char *inside = g_strndup(asset->etag + 1, strlen(asset->etag) - 2);
		g_assert_nonnull(strstr(asset->name, inside));
	}
	g_assert_null(asset_find("page.css"));
	g_assert_null(asset_find("../page.css"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pages/pages/a14-hostile-names-change-no-markup", test_no_injection);
	g_test_add_func("/pages/pages/one-heading-and-every-label-has-its-field", test_accessible);
	g_test_add_func("/pages/pages/every-form-carries-a-token", test_tokens);
	g_test_add_func("/pages/pages/assets-are-named-by-their-bytes", test_assets);
	return g_test_run();
}
