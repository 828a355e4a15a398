/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/accounts/proof.h"

/*
 * A name for an account that registers by a proof: from its user name, else its name, else the
 * first part of its chat address, else its provider, without what account_name.h refuses. attempt
 * 0 is the name itself, 1 "NAME-2", …; later attempts are random, so that they end. Names that
 * would speak for the drive ("admin") are never given as they are.
 */
char *handle_from_proof(const Proof *proof, unsigned attempt);
