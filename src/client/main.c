/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/memory.h"
#include "client/cli/command.h"

int main(int argc, char **argv)
{
	/* What a device holds matters more than how fast its threads get memory. */
	memory_keep(1);
	/* A person is looking, not a journal. */
	log_set_level(LOG_WARNING);
	return command_main(argc, argv);
}
