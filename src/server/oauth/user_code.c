/* SPDX-License-Identifier: Apache-2.0 */
#include "server/oauth/user_code.h"

#include <glib.h>
#include <sodium.h>
#include <string.h>

static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ";

void user_code_make(char ret_code[USER_CODE_SIZE])
{
	for (unsigned i = 0; i < USER_CODE_LETTERS; i++) {
		ret_code[i] = letters[randombytes_uniform(sizeof letters - 1)];
	}
	ret_code[USER_CODE_LETTERS] = '\0';
}

void user_code_show(const char *code, char ret_shown[USER_CODE_SHOWN_SIZE])
{
	g_snprintf(ret_shown, USER_CODE_SHOWN_SIZE, "%.4s-%.4s", code, code + 4);
}

bool user_code_read(const char *typed, char ret_code[USER_CODE_SIZE])
{
	char code[USER_CODE_SIZE] = { 0 };
	unsigned count = 0;
	for (const char *at = typed; *at; at++) {
		char letter = g_ascii_toupper(*at);
		if (letter == ' ' || letter == '-') {
			continue;
		}
		if (count == USER_CODE_LETTERS || !strchr(letters, letter)) {
			return false;
		}
		code[count++] = letter;
	}
	if (count != USER_CODE_LETTERS) {
		return false;
	}
	memcpy(ret_code, code, sizeof code);
	return true;
}
