/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/moment.h"

#define MINUTE_S 60
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)

void moment_put(Html *html, Language language, int64_t time_us, int64_t now_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC);
	g_autofree char *exact = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
	int64_t ago_s = MAX(now_us - time_us, 0) / G_USEC_PER_SEC;
	html_put(html, "<time datetime=\"%s\" title=\"%s\">", exact ? exact : "",
		 exact ? exact : "");
	Phrase phrase = PHRASE_JUST_NOW;
	int64_t count = 0;
	if (ago_s >= 2 * DAY_S) {
		phrase = PHRASE_DAYS_AGO;
		count = ago_s / DAY_S;
	} else if (ago_s >= HOUR_S) {
		phrase = PHRASE_HOURS_AGO;
		count = ago_s / HOUR_S;
	} else if (ago_s >= MINUTE_S) {
		phrase = PHRASE_MINUTES_AGO;
		count = ago_s / MINUTE_S;
	}
	g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, count);
	html_say(html, language, phrase, number, NULL);
	html_put(html, "</time>");
}
