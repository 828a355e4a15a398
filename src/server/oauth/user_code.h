/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * The code that a device shows and a person types elsewhere (RFC 8628 6.1): eight of twenty
 * consonants, so that it spells no word and no letter looks like a digit; some 34 bits.
 */
#define USER_CODE_LETTERS 8
#define USER_CODE_SIZE (USER_CODE_LETTERS + 1)       /* "WDJBMJHT" with its NUL */
#define USER_CODE_SHOWN_SIZE (USER_CODE_LETTERS + 2) /* "WDJB-MJHT" with its NUL */

/* A new one, from the system's random source. */
void user_code_make(char ret_code[USER_CODE_SIZE]);

/* As it is shown. */
void user_code_show(const char *code, char ret_shown[USER_CODE_SHOWN_SIZE]);

/* What was typed, without regard to case, blanks and hyphens; false if it cannot be one. */
bool user_code_read(const char *typed, char ret_code[USER_CODE_SIZE]);
