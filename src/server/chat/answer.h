/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * What a person means by a message to the drive. Pure. People type in many ways ("47", "４７",
 * "it's 47.", with the question quoted above it), and programs and autocorrection add more; so an
 * answer is found generously, but a message that could mean two things means nothing.
 */
typedef enum AnswerKind {
	ANSWER_OTHER,
	ANSWER_NUMBER, /* exactly one group of digits, and it has two */
	ANSWER_CODE,   /* nothing but a code */
	ANSWER_NO,
	ANSWER_STOP,
	ANSWER_START,
} AnswerKind;

/*
 * A code: 12 letters of 20 (no vowels, so that it spells nothing; RFC 8628 6.1), 51 bits, written
 * in groups of four, read without regard to case, blanks and hyphens.
 */
#define ANSWER_CODE_LETTERS "BCDFGHJKLMNPQRSTVWXZ"
#define ANSWER_CODE_SIZE 12

typedef struct Answer {
	AnswerKind kind;
	char number[2 + 1];
	char code[ANSWER_CODE_SIZE + 1];
} Answer;

/* text: any bytes; what is not UTF-8 is ANSWER_OTHER. */
void answer_parse(const char *text, Answer *ret_answer);

/* "BCDF-GHJK-LMNP" */
char *answer_code_for_people(const char *code);
