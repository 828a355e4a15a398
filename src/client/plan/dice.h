/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* A small generator of numbers, for stories and for those who play them. */
typedef struct Dice {
	uint64_t state;
} Dice;

/* 0 … sides - 1 */
unsigned dice_roll(Dice *dice, unsigned sides);
