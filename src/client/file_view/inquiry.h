/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Questions about files, gathered for a moment and asked together on a thread. All functions on the
 * main thread.
 */
typedef struct Inquiry Inquiry;
typedef struct InquiryQuestion InquiryQuestion;

/* state: of "files"; kept: of "keep", "" for what is no mounted disk; both "" if nobody knows. */
typedef void (*InquiryAnswer)(InquiryQuestion *question, const char *state, const char *kept,
			      void *data);

Inquiry *inquiry_new(const char *profile);
/* What is open is answered nobody. */
void inquiry_free(Inquiry *inquiry);

/*
 * answer is called once, later, after which the question is gone; freed is called with data then,
 * or when the question is taken back.
 */
InquiryQuestion *inquiry_ask(Inquiry *inquiry, const char *path, bool mounted, InquiryAnswer answer,
			     void *data, GDestroyNotify freed);
void inquiry_take_back(InquiryQuestion *question);
