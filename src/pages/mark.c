/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/mark.h"

#include <string.h>

/* 24 x 24, on a rounded square of the colour. Either a path or letters. */
typedef struct Mark {
	const char *icon;
	const char *colour;
	const char *ink;
	const char *path;
	const char *letters;
} Mark;

#define WHITE "#ffffff"
#define BUBBLE                                                                        \
	"M12 5c-4.4 0-8 2.7-8 6.2 0 2 1.2 3.7 3 4.9l-.7 2.9 3.4-1.7c.7.1 1.5.2 2.3.2" \
	" 4.4 0 8-2.8 8-6.3S16.4 5 12 5z"

static const Mark marks[] = {
	{ "qq", "#1e9fff", WHITE,
	  "M12 4c-2.9 0-4.7 2.1-4.7 5v1.7L5.8 13.9c-.5 1.2-.2 2.5.3 2.5.4 0 .9-.6 1.3-1.2"
	  ".3 1 .8 1.7 1.5 2.3-.7.3-1.2.8-1.2 1.3 0 .8 1.2 1.2 2.6 1.2.7 0 1.3-.1 1.7-.4"
	  ".4.3 1 .4 1.7.4 1.4 0 2.6-.4 2.6-1.2 0-.5-.5-1-1.2-1.3.7-.6 1.2-1.3 1.5-2.3"
	  ".4.6.9 1.2 1.3 1.2.5 0 .8-1.3.3-2.5L16.7 10.7V9c0-2.9-1.8-5-4.7-5z",
	  NULL },
	{ "wechat", "#07a850", WHITE,
	  "M9.5 5C5.9 5 3 7.3 3 10.2c0 1.6.9 3 2.3 4l-.6 2 2.3-1.2c.7.2 1.4.3 2.2.3-.1-.4-.2-.8"
	  "-.2-1.3 0-2.8 2.7-5 6-5h.6C15 6.7 12.5 5 9.5 5zM21 14.1c0-2.3-2.4-4.1-5.2-4.1"
	  "s-5.2 1.8-5.2 4.1 2.4 4.1 5.2 4.1c.6 0 1.2-.1 1.7-.2l1.9 1-.5-1.7"
	  "c1.3-.7 2.1-1.9 2.1-3.2z",
	  NULL },
	{ "wecom", "#2f7de1", WHITE, BUBBLE "M15.5 12.2a1.2 1.2 0 1 1 2.4 0 1.2 1.2 0 0 1-2.4 0z",
	  NULL },
	{ "dingtalk", "#1677ff", WHITE,
	  "M5 5.2c2.4 1.5 7.5 3 12.3 4.1.9.2 1.3.8 1 1.6-.4 1.2-1.5 2.7-2.1 3.6h2.2L12.2 20"
	  "l1-3.6h-2c-.6-.5-1.1-1.1-1.4-1.7l1.5-.3c-1.8-.4-3.3-1.6-3.9-2.9l2.1.2"
	  "C7 10.2 5.2 8 5 5.2z",
	  NULL },
	{ "feishu", "#1456f0", WHITE,
	  "M6.5 5.5h6.2c1.5 1.5 2.4 3 2.9 4.8 1.6-.7 3.4-.6 4.9.1-1.3.9-1.9 2.5-2.7 4-1.7"
	  " 3-4.7 4.6-8.1 4.3-2.5-.2-4.6-1.2-6.2-2.8V8.4c2.3 2.8 5.2 4.8 8.5 5.6"
	  "C10.6 10.7 8.9 7.8 6.5 5.5z",
	  NULL },
	{ "telegram", "#1c8adb", WHITE,
	  "M4 11.3 19.3 5.2c.8-.3 1.4.3 1.2 1.1L18 18.2c-.2.9-.9 1.1-1.6.7l-3.9-2.9-2 2"
	  "c-.3.3-.8.2-.9-.3L9.2 14 4 12.3c-.6-.2-.6-.8 0-1zM9.7 13.6l.5 2.2.4-2L16.5 8.3z",
	  NULL },
	{ "discord", "#5562ea", WHITE,
	  "M8.6 6 7.1 6.5C5.2 9.2 4.3 12.3 4.5 16.2c1.3 1 2.7 1.6 4.1 1.8l.9-1.5c1.6.4 3.4"
	  ".4 5 0l.9 1.5c1.4-.2 2.8-.8 4.1-1.8.2-3.9-.7-7-2.6-9.7L15.4 6l-.6 1.2"
	  "c-1.9-.3-3.7-.3-5.6 0zM7.8 12.4a1.5 1.7 0 1 1 3 0 1.5 1.7 0 0 1-3 0z"
	  "M13.2 12.4a1.5 1.7 0 1 1 3 0 1.5 1.7 0 0 1-3 0z",
	  NULL },
	{ "slack", "#5b2a5e", WHITE,
	  "M8.3 4.5h1.9l-.5 4h3.4l.5-4h1.9l-.5 4h3.5v1.9h-3.7l-.4 3.2h3.6v1.9h-3.8l-.5 4"
	  "h-1.9l.5-4H8.9l-.5 4H6.5l.5-4H4v-1.9h3.3l.4-3.2H4V8.5h3.9zM9.5 10.4l-.4 3.2"
	  "h3.4l.4-3.2z",
	  NULL },
	{ "mattermost", "#1e4a94", WHITE,
	  "M13.5 4.3 12.9 6.2a6 6 0 1 0 4.6 3l1.3-1.7A8 8 0 1 1 13.5 4.3zM16.5 5.5c.9 3-1.2 8"
	  "-4.3 8.5-2.4-.6-2.7-2.6-1.6-4.2z",
	  NULL },
	{ "rocketchat", "#e0303b", WHITE,
	  BUBBLE "M7.4 11.2a1.1 1.1 0 1 1 2.2 0 1.1 1.1 0 0 1-2.2 0z"
		 "M10.9 11.2a1.1 1.1 0 1 1 2.2 0 1.1 1.1 0 0 1-2.2 0z"
		 "M14.4 11.2a1.1 1.1 0 1 1 2.2 0 1.1 1.1 0 0 1-2.2 0z",
	  NULL },
	{ "matrix", "#1f2328", WHITE,
	  "M4 4h3.5v1.6H5.8v12.8h1.7V20H4zM20 4h-3.5v1.6h1.7v12.8h-1.7V20H20zM8.2 9h1.6v.8"
	  "c.9-1.2 2.9-1.2 3.5.1 1-1.4 4-1.3 4 1.2V15h-1.7v-3.5c0-1.5-1.9-1.3-1.9.1V15H12"
	  "v-3.5c0-1.5-1.9-1.3-1.9.1V15H8.2z",
	  NULL },
	{ "line", "#05a649", WHITE,
	  BUBBLE "M7.3 9.5h1.2v2.8h1.6v1H7.3zM10.8 9.5H12v3.8h-1.2zM12.9 9.5H17v1h-2.9v.5h2.5v.9"
		 "h-2.5v.4H17v1h-4.1z",
	  NULL },
	{ "kakao", "#fae100", "#2b2118", BUBBLE, NULL },
	{ "microsoft", "#3b3f46", WHITE,
	  "M5 5h6.5v6.5H5zM12.5 5H19v6.5h-6.5zM5 12.5h6.5V19H5zM12.5 12.5H19V19h-6.5z", NULL },
	{ "xmpp", "#0b6e75", WHITE,
	  "M4 6c3 4.5 5.3 7 8 9 2.7-2 5-4.5 8-9-.3 5.4-2.6 9-5.9 11.1L16 19h-2l-2-1.2-2 1.2H8"
	  "l1.9-1.9C6.6 15 4.3 11.4 4 6z",
	  NULL },
	{ "zalo", "#0a68e8", WHITE, NULL, "Z" },
	{ "vk", "#0a74e6", WHITE, NULL, "VK" },
	{ "lark", "#00a0a8", WHITE, NULL, "L" },
};

static const Mark *find(const char *icon)
{
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		if (strcmp(marks[i].icon, icon) == 0) {
			return &marks[i];
		}
	}
	return NULL;
}

/* The letter of a service that nobody drew has one of few colours, always the same. */
static Mark letter_mark(const char *label, char letter[8])
{
	static const char *const colours[] = { "#3867a8", "#7a4fa3", "#a34f6b",
					       "#2f7d5b", "#8a5a24", "#48657a" };
	gunichar first = g_unichar_toupper(*label ? g_utf8_get_char(label) : '?');
	letter[g_unichar_to_utf8(first, letter)] = '\0';
	return (Mark){ .colour = colours[g_str_hash(label) % G_N_ELEMENTS(colours)],
		       .ink = WHITE,
		       .letters = letter };
}

void mark_put(Html *html, const char *icon, const char *label)
{
	char letter[8];
	const Mark *known = find(icon);
	Mark mark = known ? *known : letter_mark(label, letter);
	html_put(html,
		 "<svg class=\"mark\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">"
		 "<rect width=\"24\" height=\"24\" rx=\"6\" fill=\"%s\"/>",
		 mark.colour);
	if (mark.path) {
		html_put(html, "<path fill=\"%s\" fill-rule=\"evenodd\" d=\"%s\"/>", mark.ink,
			 mark.path);
	} else {
		html_put(html,
			 "<text x=\"12\" y=\"17\" text-anchor=\"middle\" font-size=\"%s\" "
			 "font-weight=\"700\" fill=\"%s\">%s</text>",
			 strlen(mark.letters) > 1 && mark.letters[0] < 0x7f ? "11" : "14", mark.ink,
			 mark.letters);
	}
	html_put(html, "</svg>");
}

void mark_put_drive(Html *html)
{
	html_put(html,
		 "<svg class=\"mark\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">"
		 "<path class=\"mark-back\" d=\"M4.5 3h15A2.5 2.5 0 0 1 22 5.5v10a2.5 2.5 0 0 "
		 "1-2.5 2.5H12l-5 4v-4H4.5A2.5 2.5 0 0 1 2 15.5v-10A2.5 2.5 0 0 1 4.5 3z\"/>"
		 "<path fill=\"#fff\" d=\"M6 7.5h4l1.5 1.5H18v5.5H6z\"/></svg>");
}
