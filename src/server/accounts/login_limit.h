/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How often somebody may fail to sign in: a bucket of tokens for each peer and each name, which
 * refills with time. An attempt takes a token of both before the password is looked at, so that
 * attempts at once count as attempts in turn; success gives them back.
 *
 * An IPv6 peer counts by its /64, which is what one customer has. Memory is bounded: the buckets of
 * LOGIN_LIMIT_ENTRIES_MAX peers and names; if there are more, the fullest are forgotten.
 *
 * All functions may be called from any thread.
 */
typedef struct LoginLimit LoginLimit;

LoginLimit *login_limit_new(void);
void login_limit_free(LoginLimit *limit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LoginLimit, login_limit_free)

/* Takes a token of each; false, with nothing taken and the seconds until it is worth trying again.
 */
bool login_limit_take(LoginLimit *limit, const char *peer, const char *name, int64_t now_us,
		      unsigned *ret_retry_s);

/* The attempt was right. */
void login_limit_give_back(LoginLimit *limit, const char *peer, const char *name, int64_t now_us);
