/* SPDX-License-Identifier: Apache-2.0 */
#include "client/plan/dice.h"

unsigned dice_roll(Dice *dice, unsigned sides)
{
	/* splitmix64 (G. L. Steele, D. Lea, C. H. Flood, 2014) */
	uint64_t z = dice->state += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return (unsigned)((z >> 32) * sides >> 32);
}
