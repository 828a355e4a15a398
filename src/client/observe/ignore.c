/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rule decides? Of the entry, and of each folder above it, the last rule that matches; and a
 * folder that is ignored takes along all that is in it. So rules are tried from the last to the
 * first, and folders from the top down.
 *
 * A rule without a slash (but for one at its end) is about names wherever they are, others are
 * about paths from the bound folder on.
 *
 * The reserved folder is not up to any rule.
 */
#include "client/observe/ignore.h"

#include "base/error.h"
#include "base/limits.h"
#include "client/disk/disk.h"
#include "client/observe/ignore_glob.h"

#include <string.h>

typedef struct Rule {
	IgnoreGlob *glob;
	bool negated;
	bool folders_only;
	bool names; /* about names, not paths */
	/* Looked at first, since most rules match little: what a name must begin and end with. */
	char first, last; /* '\0': anything */
} Rule;

struct Ignore {
	GArray *rules; /* Rule */
};

/*
 * Only what programs leave behind beside a person's files, never what a person may look for on
 * another device: no *.tmp, *.bak or *.part, no Desktop.ini, no ._* (they may hold a font).
 */
static const char defaults[] =
	"# Copies and locks that editors put beside a file while it is open. They mean something\n"
	"# only on the device where the editor runs, and some change with every key.\n"
	"# Emacs, gedit, joe, nano: the file before the last save\n"
	"*~\n"
	"# Emacs: who is editing (a link to nowhere), and what is not yet saved\n"
	".#*\n"
	"\\#*#\n"
	"# vim: what is not yet saved\n"
	".*.sw[k-p]\n"
	".*.swx\n"
	"# Kate\n"
	".*.kate-swp\n"
	"# LibreOffice: who is editing\n"
	".~lock.*#\n"
	"# Microsoft Office: who is editing, and the file while it is being written\n"
	"~$*\n"
	"~WR[A-Z][0-9][0-9][0-9][0-9].tmp\n"
	"\n"
	"# Files that get another name as soon as they are complete; until then they change\n"
	"# without end.\n"
	"# GLib (GNOME's programs)\n"
	".goutputstream-??????\n"
	"# Chromium, Chrome, Edge: downloads\n"
	"*.crdownload\n"
	"\n"
	"# What file systems show of files that are removed while a program still has them open.\n"
	".fuse_hidden????????????????\n"
	".nfs????????????????????????\n"
	"\n"
	"# What belongs to a device or its disk rather than to its files.\n"
	"# Windows for folders: views, pictures\n"
	".DS_Store\n"
	"Thumbs.db\n"
	"ehthumbs.db\n"
	"# Bins: to remove a file here must not bring it into the bins of all others\n"
	".Trash-[0-9]*/\n"
	"/.Trash/\n"
	".Trashes/\n"
	"$RECYCLE.BIN/\n"
	"# Indexes and logs that macOS and Windows keep on each disk, and what fsck found on one\n"
	".Spotlight-V100/\n"
	".fseventsd/\n"
	".DocumentRevisions-V100/\n"
	".TemporaryItems/\n"
	"System Volume Information/\n"
	"/lost+found/\n"
	"\n"
	"# Other programs that keep folders in sync: what they keep for themselves\n"
	".syncthing.*.tmp\n"
	".dropbox.cache/\n"
	"# ourselves, for a folder in this one that is bound too\n" DISK_RESERVED "/\n";

const char *ignore_defaults(void)
{
	return defaults;
}

/* ---- rules ------------------------------------------------------------------------------ */

static void rule_clear(void *item)
{
	ignore_glob_free(((Rule *)item)->glob);
}

/* Blanks at the end do not count unless they are escaped. */
static size_t trim(const char *line, size_t size)
{
	size_t kept = 0;
	for (size_t i = 0; i < size; i++) {
		if (line[i] == '\\' && i + 1 < size) {
			i++;
			kept = i + 1;
		} else if (line[i] != ' ') {
			kept = i + 1;
		}
	}
	return kept;
}

static bool is_literal(char byte)
{
	return byte != '*' && byte != '?' && byte != '[' && byte != ']' && byte != '\\';
}

static void set_ends(Rule *rule, const char *text, size_t size)
{
	if (rule->names && is_literal(text[0])) {
		rule->first = text[0];
	}
	/* An escape or a set can end in any byte; a star cannot be escaped away by one. */
	if (rule->names && is_literal(text[size - 1]) && (size < 2 || text[size - 2] != '\\')) {
		rule->last = text[size - 1];
	}
}

/* A rule that makes no sense is dropped: it would never match. */
static void add_rule(GArray *rules, const char *text, size_t size)
{
	Rule rule = { 0 };
	if (size > 0 && text[0] == '!') {
		rule.negated = true;
		text++;
		size--;
	}
	if (size > 0 && text[size - 1] == '/') {
		rule.folders_only = true;
		size--;
	}
	rule.names = !memchr(text, '/', size);
	if (size > 0 && text[0] == '/') {
		text++;
		size--;
	}
	rule.glob = size > 0 ? ignore_glob_new(text, size) : NULL;
	if (rule.glob) {
		set_ends(&rule, text, size);
		g_array_append_val(rules, rule);
	}
}

static bool add_rules(GArray *rules, const char *text, size_t size, GError **error)
{
	unsigned rules_max = rules->len + IGNORE_RULES_MAX;
	for (const char *end = text + size; text < end;) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;
		size_t line_size = (size_t)(line_end - text);
		if (line_size > 0 && text[line_size - 1] == '\r') {
			line_size--;
		}
		line_size = text[0] == '#' ? 0 : trim(text, line_size);
		if (line_size > 0 && rules->len == rules_max) {
			g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
				    "more than %d rules in " IGNORE_FILE, IGNORE_RULES_MAX);
			return false;
		}
		add_rule(rules, text, line_size);
		text = newline ? newline + 1 : end;
	}
	return true;
}

Ignore *ignore_new(const char *text, size_t size, GError **error)
{
	static const char byte_order_mark[] = { '\xef', '\xbb', '\xbf' };
	if (size > IGNORE_FILE_SIZE_MAX) {
		g_set_error(error, DRIVE_ERROR, DRIVE_ERROR_TOO_LARGE,
			    IGNORE_FILE " has more than %llu bytes", IGNORE_FILE_SIZE_MAX);
		return NULL;
	}
	g_autoptr(Ignore) ignore = g_new0(Ignore, 1);
	ignore->rules = g_array_new(FALSE, FALSE, sizeof(Rule));
	g_array_set_clear_func(ignore->rules, rule_clear);
	bool added = add_rules(ignore->rules, defaults, strlen(defaults), NULL);
	g_assert(added);
	if (size >= sizeof byte_order_mark &&
	    memcmp(text, byte_order_mark, sizeof byte_order_mark) == 0) {
		text += sizeof byte_order_mark;
		size -= sizeof byte_order_mark;
	}
	if (size > 0 && !add_rules(ignore->rules, text, size, error)) {
		return NULL;
	}
	return g_steal_pointer(&ignore);
}

void ignore_free(Ignore *ignore)
{
	if (ignore) {
		g_array_unref(ignore->rules);
		g_free(ignore);
	}
}

/* ---- matching --------------------------------------------------------------------------- */

static bool may_match(const Rule *rule, const IgnorePart *name)
{
	return (!rule->first || rule->first == name->name[0]) &&
	       (!rule->last || rule->last == name->name[name->size - 1]);
}

/* The entry itself, whatever becomes of the folders above it. */
static bool is_ignored(const Ignore *ignore, const IgnorePart *parts, size_t count, bool is_folder)
{
	const IgnorePart *name = &parts[count - 1];
	for (size_t i = ignore->rules->len; i-- > 0;) {
		const Rule *rule = &g_array_index(ignore->rules, Rule, i);
		if ((rule->folders_only && !is_folder) || !may_match(rule, name)) {
			continue;
		}
		if (rule->names ? ignore_glob_match(rule->glob, name, 1)
				: ignore_glob_match(rule->glob, parts, count)) {
			return !rule->negated;
		}
	}
	return false;
}

static bool is_reserved(const IgnorePart *part)
{
	return part->size == strlen(DISK_RESERVED) &&
	       memcmp(part->name, DISK_RESERVED, part->size) == 0;
}

bool ignore_match(const Ignore *ignore, const char *path, bool is_folder)
{
	g_autoptr(GArray) parts = g_array_sized_new(FALSE, FALSE, sizeof(IgnorePart), 16);
	for (const char *at = path;;) {
		IgnorePart part = { .name = at, .size = strcspn(at, "/") };
		g_assert(part.size > 0);
		g_array_append_val(parts, part);
		if (parts->len == 1 && is_reserved(&part)) {
			return true;
		}
		bool is_last = at[part.size] == '\0';
		if (is_ignored(ignore, (const IgnorePart *)(void *)parts->data, parts->len,
			       !is_last || is_folder)) {
			return true;
		}
		if (is_last) {
			return false;
		}
		at += part.size + 1;
	}
}
