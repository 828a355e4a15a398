/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * The program: one instance for each person and profile, found over D-Bus; a second start, or an
 * imdrive: link, only shows the window of the first.
 */
typedef struct ApplicationOptions {
	bool automation;      /* tests: WebDriver drives the web view */
	const char *records;  /* tests: a folder with more records of services; NULL: none */
	bool right_to_left;   /* tests: as for people who write so, without their language */
	bool large_text;      /* tests: at 200 % */
	void (*usable)(void); /* benches: the window was drawn with what the daemon says; or NULL */
} ApplicationOptions;

/* Runs it; returns its exit code. */
int application_run(int argc, char **argv, const ApplicationOptions *options);
