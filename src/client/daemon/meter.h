/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * How fast it has been going for the last seconds, and how long the rest takes at that rate.
 */
#define METER_WINDOW_US 5000000
#define METER_STEP_US 250000
#define METER_SAMPLES (METER_WINDOW_US / METER_STEP_US + 1)

typedef struct MeterSample {
	int64_t time_us;
	uint64_t bytes;
} MeterSample;

/* All zero to begin with. */
typedef struct Meter {
	MeterSample samples[METER_SAMPLES]; /* a ring */
	unsigned count;
	unsigned next;
} Meter;

/* bytes went through until now_us; both never fall. Often is fine: one in METER_STEP_US is kept. */
void meter_note(Meter *meter, int64_t now_us, uint64_t bytes);
/* Bytes per second until now_us; 0 while nothing is known. */
uint64_t meter_rate(const Meter *meter, int64_t now_us);
/* Seconds for bytes_left at that rate, rounded up; -1: nobody can say. */
int64_t meter_seconds(const Meter *meter, int64_t now_us, uint64_t bytes_left);
/* "42 s", "12 min", "3 h 5 min". Free with g_free(). */
char *meter_format_seconds(int64_t seconds);
