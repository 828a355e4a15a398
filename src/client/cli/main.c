/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/memory.h"
#include "client/cli/command.h"

int main(int argc, char **argv)
{
	memory_keep();
	/* A person is looking, not a journal. */
	log_set_level(LOG_WARNING);
	return command_main(argc, argv);
}
