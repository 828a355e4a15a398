/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/application.h"

int main(int argc, char **argv)
{
	const ApplicationOptions options = { 0 };
	return application_run(argc, argv, &options);
}
