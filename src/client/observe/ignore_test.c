/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases are those of gitignore(5), and such as its authors test in git's t0008 and t3070; each
 * was compared with what `git check-ignore` says.
 */
#include "client/observe/ignore.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

typedef struct Case {
	const char *rules;
	const char *path; /* with a slash at its end: a folder */
	bool ignored;
} Case;

static bool is_ignored(const Ignore *ignore, const char *path)
{
	g_autofree char *plain = g_strdup(path);
	bool folder = g_str_has_suffix(plain, "/");
	if (folder) {
		plain[strlen(plain) - 1] = '\0';
	}
	return ignore_match(ignore, plain, folder);
}

static Ignore *make(const char *rules)
{
	g_autoptr(GError) error = NULL;
	Ignore *ignore = ignore_new(rules, strlen(rules), &error);
	g_assert_no_error(error);
	return ignore;
}

static void check(const Case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		g_autoptr(Ignore) ignore = make(cases[i].rules);
		bool ignored = is_ignored(ignore, cases[i].path);
		g_autofree char *rules = g_strescape(cases[i].rules, NULL);
		g_autofree char *path = g_strescape(cases[i].path, NULL);
		g_test_message("'%s' on '%s'", rules, path);
		g_assert_cmpint(ignored, ==, cases[i].ignored);
	}
}

#define CHECK(cases) check(cases, G_N_ELEMENTS(cases))

static void test_names(void)
{
	static const Case cases[] = {
		{ "foo", "foo", true },     { "foo", "a/b/foo", true },
		{ "foo", "foo/", true },    { "foo", "food", false },
		{ "foo", "afoo", false },   { "foo", "Foo", false },
		{ "*.o", "a.o", true },     { "*.o", "d/a.o", true },
		{ "*.o", ".o", true },      { "*.o", "a.oo", false },
		{ "a*b*c", "axbxc", true }, { "a*b*c", "abbc", true },
		{ "a*b*c", "axc", false },  { "?", "a", true },
		{ "?", "ab", false },       { "**", "anything/at/all", true },
		{ "a**b", "axxb", true },   { "*", ".hidden", true },
	};
	CHECK(cases);
}

static void test_anchors(void)
{
	static const Case cases[] = {
		{ "/foo", "foo", true },
		{ "/foo", "a/foo", false },
		{ "/*.c", "cat-file.c", true },
		{ "/*.c", "mozilla-sha1/sha1.c", false },
		{ "doc/frotz", "doc/frotz", true },
		{ "doc/frotz", "a/doc/frotz", false },
		{ "/doc/frotz", "doc/frotz", true },
		{ "doc/*.html", "doc/git.html", true },
		{ "doc/*.html", "doc/ppc/ppc.html", false },
		{ "//foo", "foo", false },
		{ "a//b", "a/b", false },
		{ "/", "foo", false },
	};
	CHECK(cases);
}

static void test_folders(void)
{
	static const Case cases[] = {
		{ "foo/", "foo/", true },
		{ "foo/", "foo", false },
		{ "foo/", "a/foo/", true },
		{ "foo/", "a/foo/b", true },
		{ "foo/", "a/foo/b/c", true },
		{ "doc/frotz/", "doc/frotz/", true },
		{ "doc/frotz/", "doc/frotz", false },
		{ "doc/frotz/", "a/doc/frotz/", false },
		{ "frotz/", "a/frotz/", true },
		{ "doc", "doc/inside", true },
	};
	CHECK(cases);
}

static void test_stars(void)
{
	static const Case cases[] = {
		{ "**/foo", "foo", true },
		{ "**/foo", "a/b/foo", true },
		{ "**/foo", "a/bfoo", false },
		{ "**/foo/bar", "foo/bar", true },
		{ "**/foo/bar", "x/foo/bar", true },
		{ "**/foo/bar", "x/foo/y/bar", false },
		{ "abc/**", "abc/", false },
		{ "abc/**", "abc/x", true },
		{ "abc/**", "abc/x/y", true },
		{ "abc/**", "a/abc/x", false },
		{ "a/**/b", "a/b", true },
		{ "a/**/b", "a/x/b", true },
		{ "a/**/b", "a/x/y/b", true },
		{ "a/**/b", "ab", false },
		{ "a/**/b", "a/xb", false },
		{ "a/***/b", "a/x/y/b", true },
		{ "a/**b/c", "a/xb/c", true },
		{ "a/**b/c", "a/x/b/c", false },
		{ "a/**/**/c", "a/c", true },
		{ "**/", "a/", true },
		{ "**/", "a", false },
		{ "/**", "a", true },
		{ "foo/**/", "foo/a/", true },
		{ "foo/**/", "foo/a", false },
		{ "**/a*/**/b*/c", "x/a1/y/b2/a3/z/b4/c", true },
		{ "**/a*/**/b*/c", "x/a1/y/b2/a3/z/b4/d", false },
		{ "foo/*", "foo/bar/hello.c", true },
		{ "foo/*", "foo/test.json", true },
		{ "foo/*.c", "foo/bar/hello.c", false },
	};
	CHECK(cases);
}

static void test_negation(void)
{
	static const Case cases[] = {
		{ "*.o\n!keep.o", "keep.o", false },
		{ "*.o\n!keep.o", "lose.o", true },
		{ "!keep.o\n*.o", "keep.o", true },
		{ "*.html\n!foo.html", "a/foo.html", false },
		/* Not what lies in a folder that is ignored. */
		{ "d/\n!d/keep", "d/keep", true },
		{ "d/*\n!d/keep", "d/keep", false },
		{ "/*\n!/foo\n/foo/*\n!/foo/bar", "foo/bar/x", false },
		{ "/*\n!/foo\n/foo/*\n!/foo/bar", "foo/baz", true },
		{ "/*\n!/foo\n/foo/*\n!/foo/bar", "other", true },
		{ "!", "!", false },
		{ "\\!important!.txt", "!important!.txt", true },
		{ "\\!important!.txt", "important!.txt", false },
	};
	CHECK(cases);
}

static void test_lines(void)
{
	static const Case cases[] = {
		{ "# foo\nbar", "# foo", false },
		{ "# foo\nbar", "bar", true },
		{ "\\#foo", "#foo", true },
		{ " #foo", " #foo", true },
		{ "\n\nfoo\n\n", "foo", true },
		{ "foo  ", "foo", true },
		{ "foo  ", "foo  ", false },
		{ "foo\\ ", "foo ", true },
		{ "foo\\  ", "foo ", true },
		{ "foo\\ \\ ", "foo  ", true },
		{ "foo\t", "foo", false },
		{ "foo\t", "foo\t", true },
		{ " foo", "foo", false },
		{ "a b", "a b", true },
		{ "foo\r\nbar\r\n", "foo", true },
		{ "foo\r\nbar\r\n", "bar", true },
		{ "foo\r", "foo", true },
		{ "\xef\xbb\xbf"
		  "foo",
		  "foo", true },
		{ "foo\n\xef\xbb\xbf"
		  "bar",
		  "bar", false },
		{ "\xff\xfe", "\xff\xfe", true },
		{ "", "foo", false },
	};
	CHECK(cases);
}

static void test_escapes(void)
{
	static const Case cases[] = {
		{ "\\f\\o\\o", "foo", true }, { "a\\*b", "a*b", true },
		{ "a\\*b", "axb", false },    { "a\\?", "a?", true },
		{ "a\\?", "ab", false },      { "a\\[b]", "a[b]", true },
		{ "a\\\\b", "a\\b", true },   { "foo\\", "foo", false },
		{ "foo\\", "foo\\", false },  { "*\\", "a\\", false },
		{ "a\\/b", "a/b", true },     { "\\a", "a", true },
		{ "*\\*", "x*", true },       { "*\\*", "x", false },
		{ "*\\\\c", "x\\c", true },
	};
	CHECK(cases);
}

static void test_classes(void)
{
	static const Case cases[] = {
		{ "[abc]", "b", true },
		{ "[abc]", "d", false },
		{ "[a-c]x", "bx", true },
		{ "[a-c]x", "dx", false },
		{ "[!a-c]", "d", true },
		{ "[!a-c]", "b", false },
		{ "[^a-c]", "d", true },
		{ "[^a-c]", "b", false },
		{ "[]]", "]", true },
		{ "[]-]", "-", true },
		{ "[!]a-]", "b", true },
		{ "[!]a-]", "]", false },
		{ "[a-]", "-", true },
		{ "[-a]", "-", true },
		{ "[--a]", "A", true },
		{ "[a-c-e]", "d", false },
		{ "[a-c-e]", "-", true },
		{ "[z-a]", "z", true },
		{ "[z-a]", "a", false },
		{ "[z-a]", "m", false },
		{ "[\\]]", "]", true },
		{ "[a\\-c]", "b", false },
		{ "[a\\-c]", "-", true },
		{ "[\\a-\\c]", "b", true },
		{ "[[:alpha:]][[:digit:]]", "x7", true },
		{ "[[:alpha:]][[:digit:]]", "77", false },
		{ "[[:space:][:upper:]_]", "_", true },
		{ "[[:space:]]", "\v", true },
		{ "[[:blank:]]", "\t", true },
		{ "[[:blank:]]", "\n", false },
		{ "[![:punct:]]", "a", true },
		{ "[![:punct:]]", "!", false },
		{ "[[:nosuch:]]", "a", false },
		{ "[[:alpha:]-z]", "-", true },
		{ "[[:digit]", ":", true },
		{ "[[:]a]", ":a]", true },
		{ "[abc", "a", false },
		{ "[abc", "[abc", false },
		{ "[", "[", false },
		{ "[]", "[]", false },
		{ "[!", "[!", false },
		{ "a[/]b", "a/b", false },
		{ "a[!x]b", "a/b", false },
		{ "d/[a/]x", "d/ax", true },
		{ "[\x80-\xff]", "\xc3", true },
		{ "[!a]", "\xc3", true },
	};
	CHECK(cases);
}

static void test_reserved_is_always_ignored(void)
{
	static const Case cases[] = {
		{ "!.imdrive\n!.imdrive/\n!*", ".imdrive/", true },
		{ "!.imdrive\n!.imdrive/\n!*", ".imdrive/stage/x", true },
		{ "", ".imdriveignore", false },
		{ "", ".imdrives", false },
		{ "", "a/.imdrive/", true },
		{ "!.imdrive/", "a/.imdrive/", false },
	};
	CHECK(cases);
}

static void test_defaults(void)
{
	static const char *const ignored[] = {
		"thesis.tex~",
		"a/.#thesis.tex",
		"#thesis.tex#",
		".thesis.tex.swp",
		".a.swo",
		".a.kate-swp",
		".~lock.letter.odt#",
		"~$letter.docx",
		"~WRL0001.tmp",
		".goutputstream-4XW2Q1",
		"film.mkv.crdownload",
		".fuse_hidden0000001200000003",
		".nfs000000000001a2b300000001",
		".DS_Store",
		"photos/Thumbs.db",
		".Trash-1000/",
		".Trash-1000/files/x",
		"lost+found/",
		"System Volume Information/",
	};
	static const char *const kept[] = {
		"a.tmp",          "a.bak",
		"a.part",         "a.swp",
		".film.swf",      "~notes",
		"notes.~1~.txt",  "#1 hits",
		".nfsrc",         ".fuse_hidden",
		".Trash-can/",    "a/lost+found/",
		"Desktop.ini",    "._font",
		"core",           "4913",
		".git/",          "node_modules/",
		".hidden",        "Thumbs.db.txt",
		"~WRITING.tmp",   "a.crdownload.txt",
		".imdriveignore", ".swp",
	};
	g_autoptr(Ignore) ignore = make("");
	for (unsigned i = 0; i < G_N_ELEMENTS(ignored); i++) {
		g_test_message("%s", ignored[i]);
		g_assert_true(is_ignored(ignore, ignored[i]));
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++) {
		g_test_message("%s", kept[i]);
		g_assert_false(is_ignored(ignore, kept[i]));
	}
}

static void test_own_rules_take_back(void)
{
	g_autoptr(Ignore) ignore = make("!*~\n!.DS_Store");
	g_assert_false(is_ignored(ignore, "thesis.tex~"));
	g_assert_false(is_ignored(ignore, ".DS_Store"));
	g_assert_true(is_ignored(ignore, "Thumbs.db"));
}

static void test_defaults_are_rules(void)
{
	g_autoptr(GError) error = NULL;
	const char *text = ignore_defaults();
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(Ignore) twice = ignore_new(text, strlen(text), &error);
	g_assert_no_error(error);
	g_assert_nonnull(twice);
	g_assert_cmpuint(g_strv_length(lines), >, 20);
}

static void test_no_rules(void)
{
	g_autoptr(Ignore) ignore = ignore_new(NULL, 0, NULL);
	g_assert_nonnull(ignore);
	g_assert_false(is_ignored(ignore, "a"));
}

static void test_limits(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *large = g_strnfill(IGNORE_FILE_SIZE_MAX + 1, 'x');
	g_assert_null(ignore_new(large, IGNORE_FILE_SIZE_MAX + 1, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
	g_autoptr(Ignore) fits = ignore_new(large, IGNORE_FILE_SIZE_MAX, NULL);
	g_assert_nonnull(fits);
	g_clear_error(&error);
	g_autoptr(GString) many = g_string_new(NULL);
	for (int i = 0; i < IGNORE_RULES_MAX; i++) {
		g_string_append(many, "x\n# y\n");
	}
	g_autoptr(Ignore) all = ignore_new(many->str, many->len, NULL);
	g_assert_nonnull(all);
	g_string_append(many, "x\n");
	g_assert_null(ignore_new(many->str, many->len, &error));
	g_assert_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE);
}

/* What takes ages to match with backtracking at every star. */
static void test_hostile_patterns_are_fast(void)
{
	g_autoptr(GString) rules = g_string_new("x/");
	for (int i = 0; i < 60; i++) {
		g_string_append(rules, "**/*a*a*a/");
	}
	g_string_append(rules, "b\n");
	g_autofree char *name = g_strnfill(200, 'a');
	g_autoptr(GString) path = g_string_new("x");
	for (int i = 0; i < 100; i++) {
		g_string_append_printf(path, "/%s", name);
	}
	g_string_append(rules, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\n");
	g_autoptr(Ignore) ignore = make(rules->str);
	int64_t begin_us = g_get_monotonic_time();
	g_assert_false(is_ignored(ignore, path->str));
	g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 2 * G_USEC_PER_SEC);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/client/observe/ignore/" name, function)
	ADD("names-anywhere", test_names);
	ADD("anchored-paths", test_anchors);
	ADD("folders-only", test_folders);
	ADD("any-number-of-folders", test_stars);
	ADD("negation", test_negation);
	ADD("comments-blanks-line-ends", test_lines);
	ADD("escapes", test_escapes);
	ADD("classes", test_classes);
	ADD("reserved-folder-is-always-ignored", test_reserved_is_always_ignored);
	ADD("defaults-are-conservative", test_defaults);
	ADD("own-rules-take-back-defaults", test_own_rules_take_back);
	ADD("defaults-are-rules", test_defaults_are_rules);
	ADD("no-rules", test_no_rules);
	ADD("limits", test_limits);
	ADD("hostile-patterns-are-fast", test_hostile_patterns_are_fast);
	return g_test_run();
}
