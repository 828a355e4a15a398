/* SPDX-License-Identifier: Apache-2.0 */
#include "server/chat/answer.h"

#include <string.h>

#define GROUP_SIZE 4

static const struct {
	AnswerKind kind;
	const char *word;
} words[] = {
	{ ANSWER_STOP, "stop" },  { ANSWER_STOP, "停止" }, { ANSWER_START, "start" },
	{ ANSWER_START, "开始" }, { ANSWER_NO, "no" },     { ANSWER_NO, "不是" },
	{ ANSWER_NO, "否" },
};

/* Without the lines that quote what is answered. */
static char *without_quotes(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GString) rest = g_string_new(NULL);
	for (char **line = lines; *line; line++) {
		if (**line != '>') {
			g_string_append(rest, *line);
			g_string_append_c(rest, '\n');
		}
	}
	return g_string_free(g_steal_pointer(&rest), FALSE);
}

static bool is_code(const char *text, char *ret_code)
{
	size_t size = 0;
	for (const char *c = text; *c; c++) {
		char letter = g_ascii_toupper(*c);
		if (*c == '-' || g_ascii_isspace(*c)) {
			continue;
		}
		if (size == ANSWER_CODE_SIZE || !strchr(ANSWER_CODE_LETTERS, letter)) {
			return false;
		}
		ret_code[size++] = letter;
	}
	ret_code[size] = '\0';
	return size == ANSWER_CODE_SIZE;
}

static bool is_number(const char *text, char *ret_number)
{
	unsigned groups = 0;
	size_t size = 0;
	for (const char *c = text; *c; c++) {
		if (!g_ascii_isdigit(*c)) {
			continue;
		}
		if (c == text || !g_ascii_isdigit(c[-1])) {
			groups++;
			size = 0;
		}
		if (size < 2) {
			ret_number[size] = *c;
		}
		size++;
	}
	ret_number[2] = '\0';
	return groups == 1 && size == 2;
}

/* The first word, folded; "" if there is none. */
static char *first_word(const char *text)
{
	const char *start = text;
	while (*start && !g_unichar_isalnum(g_utf8_get_char(start))) {
		start = g_utf8_next_char(start);
	}
	const char *end = start;
	while (*end && g_unichar_isalnum(g_utf8_get_char(end))) {
		end = g_utf8_next_char(end);
	}
	return g_utf8_casefold(start, end - start);
}

static AnswerKind kind_of_word(const char *text)
{
	g_autofree char *word = first_word(text);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(word, words[i].word) == 0) {
			return words[i].kind;
		}
	}
	return ANSWER_OTHER;
}

void answer_parse(const char *text, Answer *ret_answer)
{
	*ret_answer = (Answer){ .kind = ANSWER_OTHER };
	if (!g_utf8_validate(text, -1, NULL)) {
		return;
	}
	g_autofree char *plain = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
	g_autofree char *own = without_quotes(plain);
	AnswerKind kind = kind_of_word(own);
	if (kind == ANSWER_STOP || kind == ANSWER_NO) {
		ret_answer->kind = kind; /* whatever else it says: the safe way to read it */
	} else if (is_code(own, ret_answer->code)) {
		ret_answer->kind = ANSWER_CODE;
	} else if (is_number(own, ret_answer->number)) {
		ret_answer->kind = ANSWER_NUMBER;
	} else {
		ret_answer->kind = kind;
	}
}

char *answer_code_for_people(const char *code)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (size_t i = 0; code[i]; i++) {
		if (i > 0 && i % GROUP_SIZE == 0) {
			g_string_append_c(text, '-');
		}
		g_string_append_c(text, code[i]);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}
