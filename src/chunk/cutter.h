/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Content-defined cutting: FastCDC with normalised chunking (Xia et al., USENIX ATC 2016), so that
 * bytes inserted into a file move the boundaries around them and no others.
 *
 * A pure function of the bytes: the same bytes are cut the same way on every device. The gear table
 * is part of the format and never changes.
 */
typedef struct CutterParameters {
	uint32_t size_min;     /* bytes, no boundary before */
	uint32_t size_average; /* bytes, power of two */
	uint32_t size_max;     /* bytes, a boundary at the latest here */
} CutterParameters;

/* CHUNK_SIZE_MIN, CHUNK_SIZE_AVERAGE, CHUNK_SIZE_MAX of base/limits.h. */
extern const CutterParameters cutter_default;

/*
 * Length of the first chunk of these bytes, 1..size_max. size > 0. The bytes must reach size_max
 * or the end of the file, else the boundary would depend on how they were read.
 */
size_t cutter_next(const CutterParameters *parameters, const uint8_t *bytes, size_t size);

/*
 * The same for bytes that end anywhere: 0 if the chunk goes on beyond them. searched: so many of
 * them there were when that was said before (0: it was not); they are not looked through again.
 */
size_t cutter_find(const CutterParameters *parameters, const uint8_t *bytes, size_t size,
		   size_t searched);
