/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Programs that read everything they find, to index it or to draw small pictures of it: they would
 * fetch the whole drive.
 */
typedef struct Indexers Indexers;

/* names: as /proc/PID/comm has them (15 bytes at most). NULL: those that are known. */
Indexers *indexers_new(const char *const *names);
void indexers_free(Indexers *indexers);
/* Any thread. */
bool indexers_match(const Indexers *indexers, pid_t pid);
