/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pattern is compiled into parts, and a part into tokens, one for each byte it can match.
 *
 * Both levels are matched in the same way, without recursion: on a mismatch go back to the last
 * star (of bytes in a part, of folders in the path) and let it take one more. Only the last one
 * ever needs to be tried again, for all before it already match the shortest possible beginning.
 *
 * The rules in detail are those of git (gitignore(5), git's t3070): a run of two or more stars that
 * fills a part is `**`, any other run is one star; a trailing `**` matches what is in the folder
 * but not the folder; a class never matches a slash. Where git does not do what it says (it takes
 * stars for `**` when there is but a plain name before them in a part), we do what it says.
 */
#include "client/observe/ignore_glob.h"

#include <string.h>

typedef enum TokenKind {
	TOKEN_BYTE,
	TOKEN_ANY, /* ? */
	TOKEN_SET, /* [...] */
	TOKEN_STAR,
} TokenKind;

typedef struct Token {
	uint8_t kind;
	uint8_t byte;
	uint32_t set; /* TOKEN_SET: index in sets */
} Token;

typedef struct Set {
	uint32_t bits[8];
} Set;

typedef struct Part {
	bool folders;   /* ** */
	uint32_t first; /* in tokens */
	uint32_t count;
} Part;

struct IgnoreGlob {
	GArray *parts;  /* Part */
	GArray *tokens; /* Token */
	GArray *sets;   /* Set */
};

/* ---- compiling -------------------------------------------------------------------------- */

/* What is left of the pattern. */
typedef struct Reader {
	const char *at;
	const char *end;
} Reader;

static int peek(const Reader *reader, size_t ahead)
{
	return (size_t)(reader->end - reader->at) > ahead ? (uint8_t)reader->at[ahead] : -1;
}

static void set_add(Set *set, unsigned byte)
{
	set->bits[byte / 32] |= 1u << (byte % 32);
}

static bool set_has(const Set *set, uint8_t byte)
{
	return set->bits[byte / 32] >> (byte % 32) & 1;
}

typedef struct Class {
	const char *name;
	GAsciiType type;
	const char *bytes; /* besides those of type */
} Class;

static const Class classes[] = {
	{ "alnum", G_ASCII_ALNUM, "" }, { "alpha", G_ASCII_ALPHA, "" },
	{ "blank", 0, " \t" },          { "cntrl", G_ASCII_CNTRL, "" },
	{ "digit", G_ASCII_DIGIT, "" }, { "graph", G_ASCII_GRAPH, "" },
	{ "lower", G_ASCII_LOWER, "" }, { "print", G_ASCII_PRINT, "" },
	{ "punct", G_ASCII_PUNCT, "" }, { "space", G_ASCII_SPACE, "\v" },
	{ "upper", G_ASCII_UPPER, "" }, { "xdigit", G_ASCII_XDIGIT, "" },
};

static const Class *find_class(const char *name, size_t size)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(classes); i++) {
		if (strlen(classes[i].name) == size && memcmp(classes[i].name, name, size) == 0) {
			return &classes[i];
		}
	}
	return NULL;
}

/*
 * reader stands at "[:". True with the name, and behind its ":]"; false if there is none, and
 * nothing is read.
 */
static bool read_class_name(Reader *reader, const char **ret_name, size_t *ret_size)
{
	const char *name = reader->at + 2;
	const char *end = memchr(name, ']', (size_t)(reader->end - name));
	if (!end || end == name || end[-1] != ':') {
		return false;
	}
	*ret_name = name;
	*ret_size = (size_t)(end - 1 - name);
	reader->at = end + 1;
	return true;
}

/* One byte of a set, perhaps escaped. */
static bool read_set_byte(Reader *reader, uint8_t *ret_byte)
{
	int byte = peek(reader, 0);
	if (byte == '\\') {
		reader->at++;
		byte = peek(reader, 0);
	}
	if (byte < 0) {
		return false;
	}
	reader->at++;
	*ret_byte = (uint8_t)byte;
	return true;
}

static bool add_class(Set *set, const char *name, size_t size)
{
	const Class *class = find_class(name, size);
	for (unsigned byte = 1; class && byte < 256; byte++) {
		if ((g_ascii_table[byte] & class->type) || strchr(class->bytes, (int)byte)) {
			set_add(set, byte);
		}
	}
	return class;
}

/* One byte, range or class. False: the pattern makes no sense. */
static bool read_set_item(Reader *reader, Set *set)
{
	const char *name;
	size_t size;
	if (peek(reader, 0) == '[' && peek(reader, 1) == ':' &&
	    read_class_name(reader, &name, &size)) {
		return add_class(set, name, size);
	}
	uint8_t first, last;
	if (!read_set_byte(reader, &first)) {
		return false;
	}
	last = first;
	if (peek(reader, 0) == '-' && peek(reader, 1) >= 0 && peek(reader, 1) != ']') {
		reader->at++;
		if (!read_set_byte(reader, &last)) {
			return false;
		}
	}
	set_add(set, first);
	for (unsigned byte = first; byte <= last; byte++) {
		set_add(set, byte);
	}
	return true;
}

/* reader stands behind "[". */
static bool read_set(Reader *reader, Set *ret_set)
{
	Set set = { { 0 } };
	bool negated = peek(reader, 0) == '!' || peek(reader, 0) == '^';
	reader->at += negated;
	bool first = true;
	while (first || peek(reader, 0) != ']') {
		if (!read_set_item(reader, &set)) {
			return false;
		}
		first = false;
	}
	reader->at++;
	for (unsigned i = 0; i < G_N_ELEMENTS(set.bits); i++) {
		ret_set->bits[i] = negated ? ~set.bits[i] : set.bits[i];
	}
	return true;
}

static void add_star(IgnoreGlob *glob, const Part *part)
{
	const Token star = { .kind = TOKEN_STAR };
	bool follows_one =
		glob->tokens->len > part->first &&
		g_array_index(glob->tokens, Token, glob->tokens->len - 1).kind == TOKEN_STAR;
	if (!follows_one) {
		g_array_append_val(glob->tokens, star);
	}
}

/* Up to the next slash or the end. */
static bool read_part(IgnoreGlob *glob, Reader *reader)
{
	Part part = { .first = glob->tokens->len };
	const char *begin = reader->at;
	bool stars_only = true;
	while (peek(reader, 0) >= 0 && peek(reader, 0) != '/') {
		Token token = { .kind = TOKEN_BYTE, .byte = (uint8_t)*reader->at++ };
		if (token.byte == '*') {
			add_star(glob, &part);
			continue;
		}
		if (token.byte == '\\' && peek(reader, 0) == '/') {
			break;
		}
		stars_only = false;
		if (token.byte == '?') {
			token.kind = TOKEN_ANY;
		} else if (token.byte == '[') {
			Set set;
			if (!read_set(reader, &set)) {
				return false;
			}
			token.kind = TOKEN_SET;
			token.set = glob->sets->len;
			g_array_append_val(glob->sets, set);
		} else if (token.byte == '\\') {
			if (peek(reader, 0) < 0) {
				return false;
			}
			token.byte = (uint8_t)*reader->at++;
		}
		g_array_append_val(glob->tokens, token);
	}
	size_t size = (size_t)(reader->at - begin);
	part.folders = stars_only && size >= 2;
	part.count = glob->tokens->len - part.first;
	g_array_append_val(glob->parts, part);
	return part.count > 0;
}

static bool compile(IgnoreGlob *glob, Reader *reader)
{
	for (;;) {
		if (!read_part(glob, reader)) {
			return false;
		}
		if (peek(reader, 0) < 0) {
			break;
		}
		reader->at++;
	}
	Part *last = &g_array_index(glob->parts, Part, glob->parts->len - 1);
	if (last->folders && glob->parts->len > 1) {
		/* What is in the folder, not the folder itself. */
		Part something = *last;
		something.folders = false;
		g_array_append_val(glob->parts, something);
	}
	return true;
}

IgnoreGlob *ignore_glob_new(const char *text, size_t size)
{
	g_autoptr(IgnoreGlob) glob = g_new0(IgnoreGlob, 1);
	glob->parts = g_array_new(FALSE, FALSE, sizeof(Part));
	glob->tokens = g_array_new(FALSE, FALSE, sizeof(Token));
	glob->sets = g_array_new(FALSE, FALSE, sizeof(Set));
	Reader reader = { .at = text, .end = text + size };
	return compile(glob, &reader) ? g_steal_pointer(&glob) : NULL;
}

void ignore_glob_free(IgnoreGlob *glob)
{
	if (glob) {
		g_array_unref(glob->parts);
		g_array_unref(glob->tokens);
		g_array_unref(glob->sets);
		g_free(glob);
	}
}

/* ---- matching --------------------------------------------------------------------------- */

static bool is_match(const IgnoreGlob *glob, const Token *token, char byte)
{
	switch ((TokenKind)token->kind) {
	case TOKEN_BYTE:
		return token->byte == (uint8_t)byte;
	case TOKEN_ANY:
		return true;
	case TOKEN_SET:
		return set_has(&g_array_index(glob->sets, Set, token->set), (uint8_t)byte);
	case TOKEN_STAR:
		break;
	}
	return false;
}

static bool match_part(const IgnoreGlob *glob, const Part *part, const IgnorePart *name)
{
	const Token *token = &g_array_index(glob->tokens, Token, part->first);
	const Token *tokens_end = token + part->count, *after_star = NULL;
	const char *at = name->name, *end = at + name->size, *retry = NULL;
	while (at < end) {
		if (token < tokens_end && token->kind == TOKEN_STAR) {
			after_star = ++token;
			retry = at;
			if (token == tokens_end) {
				return true;
			}
		} else if (token < tokens_end && is_match(glob, token, *at)) {
			token++;
			at++;
		} else if (after_star) {
			token = after_star;
			at = ++retry;
		} else {
			return false;
		}
	}
	while (token < tokens_end && token->kind == TOKEN_STAR) {
		token++;
	}
	return token == tokens_end;
}

bool ignore_glob_match(const IgnoreGlob *glob, const IgnorePart *parts, size_t count)
{
	const Part *part = &g_array_index(glob->parts, Part, 0);
	const Part *parts_end = part + glob->parts->len, *after_star = NULL;
	size_t i = 0, retry = 0;
	while (i < count) {
		if (part < parts_end && part->folders) {
			after_star = ++part;
			retry = i;
		} else if (part < parts_end && match_part(glob, part, &parts[i])) {
			part++;
			i++;
		} else if (after_star) {
			part = after_star;
			i = ++retry;
		} else {
			return false;
		}
	}
	while (part < parts_end && part->folders) {
		part++;
	}
	return part == parts_end;
}
