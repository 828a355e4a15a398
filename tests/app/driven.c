/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The app as tests drive it: what is in its web view by WebDriver, with records of their own
 * services
 * ($IMDRIVE_APP_RECORDS, a folder). The program that people get can do neither.
 */
#include "client/app/application.h"

#include <glib.h>
#include <stdio.h>

static void say_drawn(void)
{
	puts("drawn");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const ApplicationOptions options = {
		.automation = g_getenv("IMDRIVE_APP_AUTOMATION"),
		.right_to_left = g_getenv("IMDRIVE_APP_RIGHT_TO_LEFT"),
		.large_text = g_getenv("IMDRIVE_APP_LARGE_TEXT"),
		.records = g_getenv("IMDRIVE_APP_RECORDS"),
		.usable = g_getenv("IMDRIVE_APP_SAYS_DRAWN") ? say_drawn : NULL,
	};
	return application_run(argc, argv, &options);
}
