/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/phrase.h"

#include <string.h>

/* Ranges of an Accept-Language that are looked at. */
#define RANGES_MAX 32

static const char *const phrases[PHRASE_LAST][LANGUAGE_LAST] = {
#define PHRASE_TEXTS(name, english, chinese) { "" english, "" chinese },
	PHRASE_LIST(PHRASE_TEXTS)
#undef PHRASE_TEXTS
};

static const char *const tags[LANGUAGE_LAST] = { "en", "zh-CN" };

const char *phrase_text(Language language, Phrase phrase)
{
	g_assert(language < LANGUAGE_LAST && phrase < PHRASE_LAST);
	return phrases[phrase][language];
}

const char *phrase_language_tag(Language language)
{
	return tags[language];
}

bool phrase_language_from_tag(const char *tag, Language *ret_language)
{
	for (unsigned i = 0; i < LANGUAGE_LAST; i++) {
		if (g_ascii_strcasecmp(tag, tags[i]) == 0) {
			*ret_language = i;
			return true;
		}
	}
	return false;
}

/* "zh", "zh-Hans", "zh-TW;q=0.8": what is before the first '-' counts. */
static bool language_of_range(const char *range, Language *ret_language)
{
	size_t size = strcspn(range, "-;");
	for (unsigned i = 0; i < LANGUAGE_LAST; i++) {
		if (size == 2 && g_ascii_strncasecmp(range, tags[i], size) == 0) {
			*ret_language = i;
			return true;
		}
	}
	return false;
}

static double weight_of_range(const char *range)
{
	const char *weight = strstr(range, "q=");
	return weight ? CLAMP(g_ascii_strtod(weight + 2, NULL), 0.0, 1.0) : 1.0;
}

Language phrase_language_of(const char *accept_language)
{
	Language best = LANGUAGE_ENGLISH;
	if (!accept_language) {
		return best;
	}
	g_auto(GStrv) ranges = g_strsplit(accept_language, ",", RANGES_MAX);
	double best_weight = 0;
	for (char **range = ranges; *range; range++) {
		Language language;
		double weight = weight_of_range(*range);
		if (language_of_range(g_strstrip(*range), &language) && weight > best_weight) {
			best = language;
			best_weight = weight;
		}
	}
	return best;
}
