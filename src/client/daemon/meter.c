/* SPDX-License-Identifier: Apache-2.0 */
#include "client/daemon/meter.h"

#include <glib.h>

static const MeterSample *sample(const Meter *meter, unsigned age)
{
	g_assert(age < meter->count);
	return &meter->samples[(meter->next + METER_SAMPLES - 1 - age) % METER_SAMPLES];
}

void meter_note(Meter *meter, int64_t now_us, uint64_t bytes)
{
	if (meter->count > 0 && now_us - sample(meter, 0)->time_us < METER_STEP_US) {
		return;
	}
	meter->samples[meter->next] = (MeterSample){ .time_us = now_us, .bytes = bytes };
	meter->next = (meter->next + 1) % METER_SAMPLES;
	meter->count = MIN(meter->count + 1, METER_SAMPLES);
}

uint64_t meter_rate(const Meter *meter, int64_t now_us)
{
	const MeterSample *newest = meter->count > 0 ? sample(meter, 0) : NULL;
	const MeterSample *oldest = newest;
	for (unsigned age = 1; age < meter->count; age++) {
		if (now_us - sample(meter, age)->time_us > METER_WINDOW_US) {
			break;
		}
		oldest = sample(meter, age);
	}
	if (!newest || newest == oldest || now_us - newest->time_us > METER_WINDOW_US) {
		return 0;
	}
	double seconds = (double)(newest->time_us - oldest->time_us) / 1e6;
	return (uint64_t)((double)(newest->bytes - oldest->bytes) / seconds);
}

int64_t meter_seconds(const Meter *meter, int64_t now_us, uint64_t bytes_left)
{
	uint64_t rate = meter_rate(meter, now_us);
	if (bytes_left == 0 || rate == 0) {
		return bytes_left == 0 ? 0 : -1;
	}
	return (int64_t)(bytes_left / rate + (bytes_left % rate != 0));
}

char *meter_format_seconds(int64_t seconds)
{
	if (seconds < 60) {
		return g_strdup_printf("%d s", (int)seconds);
	}
	int64_t minutes = (seconds + 59) / 60;
	if (minutes < 60) {
		return g_strdup_printf("%d min", (int)minutes);
	}
	return g_strdup_printf("%" G_GINT64_FORMAT " h %d min", minutes / 60, (int)(minutes % 60));
}
