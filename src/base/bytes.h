/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Integers in files and messages: little-endian, at any address.
 */
void bytes_put32(uint8_t *to, uint32_t value);
void bytes_put64(uint8_t *to, uint64_t value);
uint32_t bytes_get32(const uint8_t *from);
uint64_t bytes_get64(const uint8_t *from);
