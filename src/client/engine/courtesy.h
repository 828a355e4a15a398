/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Jobs beside programs that change much at once in a virtual disk: each of their steps needs the
 * processors that scanning and sending would take, and nobody waits for the thousandth of many
 * files to be sent. As long as that goes on jobs take a share of the time only; who saves a file
 * now and then never meets this.
 *
 * Times are monotonic, in µs, and the caller's. Any thread.
 */
typedef struct Courtesy Courtesy;

Courtesy *courtesy_new(void);
void courtesy_free(Courtesy *courtesy);

/* So many changes programs have made since they began. To be asked for at each job, and while one
 * rests. */
void courtesy_note(Courtesy *courtesy, uint64_t changes, int64_t now_us);
/* Did they change much lately? */
bool courtesy_is_due(Courtesy *courtesy, int64_t now_us);
/* Such a job took that much of a processor: when its thread may go on, COURTESY_PAUSE_US at most
 * from now; now if nobody is in the way. */
int64_t courtesy_resume_us(Courtesy *courtesy, int64_t used_us, int64_t now_us);

#define COURTESY_PAUSE_US 500000
