/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/page_shared.h"

static void put_size(Html *html, uint64_t size)
{
	g_autofree char *text = g_format_size(size);
	html_put(html, "%s", text);
}

static void put_lead(Html *html, const Frame *frame, const PageShared *shared, int64_t now_us)
{
	html_put(html, "<p class=\"lead\">");
	html_say(html, frame->language, PHRASE_SHARED_BY, shared->owner, NULL);
	if (!shared->folder) {
		html_put(html, " · ");
		put_size(html, shared->size);
		html_put(html, " · ");
		html_ago(html, frame->language, shared->time_us, now_us);
	}
	if (shared->expires_us > 0) {
		g_autoptr(GDateTime) time =
			g_date_time_new_from_unix_utc(shared->expires_us / G_USEC_PER_SEC);
		g_autofree char *day = time ? g_date_time_format(time, "%Y-%m-%d") : NULL;
		html_put(html, " · ");
		html_say(html, frame->language, PHRASE_LINK_UNTIL, day ? day : "", NULL);
	}
	html_put(html, "</p>");
}

static void put_download(Html *html, const Frame *frame, const PageShared *shared)
{
	if (shared->content_href) {
		html_put(html, "<div class=\"stack\"><a class=\"button primary\" href=\"%s\">",
			 shared->content_href);
		html_say(html, frame->language,
			 shared->folder ? PHRASE_DOWNLOAD_ALL : PHRASE_DOWNLOAD, NULL);
		html_put(html, "</a></div>");
	}
	if (shared->too_many) {
		html_put(html, "<p>");
		html_say(html, frame->language, PHRASE_FOLDER_LARGE, shared->too_many, NULL);
		html_put(html, "</p>");
	}
}

static void put_entry(Html *html, const Frame *frame, const PageSharedEntry *entry, int64_t now_us)
{
	html_put(html, "<li><div class=\"about\">");
	if (entry->href) {
		html_put(html, "<a href=\"%s\"><bdi>%s</bdi></a>", entry->href, entry->name);
	} else {
		html_put(html, "<bdi>%s</bdi>", entry->name);
	}
	html_put(html, "<small>");
	if (entry->content_href) {
		put_size(html, entry->size);
		html_put(html, " · ");
		html_ago(html, frame->language, entry->time_us, now_us);
	} else {
		html_say(html, frame->language, entry->href ? PHRASE_FOLDER : PHRASE_SYMLINK, NULL);
	}
	html_put(html, "</small></div>");
	if (entry->content_href) {
		html_put(html, "<a class=\"button\" download=\"\" href=\"%s\" aria-label=\"",
			 entry->content_href);
		html_say_plain(html, frame->language, PHRASE_DOWNLOAD_LABEL, entry->name, NULL);
		html_put(html, "\">");
		html_say(html, frame->language, PHRASE_DOWNLOAD, NULL);
		html_put(html, "</a>");
	}
	html_put(html, "</li>");
}

static void put_way(Html *html, const Frame *frame, const char *href, Phrase text)
{
	if (href) {
		html_put(html, "<p><a href=\"%s\">", href);
		html_say(html, frame->language, text, NULL);
		html_put(html, "</a></p>");
	}
}

static void put_entries(Html *html, const Frame *frame, const PageShared *shared, int64_t now_us)
{
	html_put(html, "<section>");
	put_way(html, frame, shared->up_href, PHRASE_FOLDER_UP);
	if (shared->entry_count == 0) {
		html_put(html, "<p>");
		html_say(html, frame->language, PHRASE_FOLDER_EMPTY, NULL);
		html_put(html, "</p>");
	}
	html_put(html, "<ul class=\"rows\">");
	for (size_t i = 0; i < shared->entry_count; i++) {
		put_entry(html, frame, &shared->entries[i], now_us);
	}
	html_put(html, "</ul>");
	put_way(html, frame, shared->next_href, PHRASE_FOLDER_MORE);
	html_put(html, "</section>");
}

GBytes *page_shared(const Frame *frame, const PageShared *shared, int64_t now_us)
{
	Html *html = html_new();
	frame_open(html, frame, shared->name);
	html_put(html, "<h1><bdi>%s</bdi></h1>", shared->name);
	put_lead(html, frame, shared, now_us);
	put_download(html, frame, shared);
	if (shared->folder) {
		put_entries(html, frame, shared, now_us);
	} else {
		put_way(html, frame, shared->up_href, PHRASE_FOLDER_UP);
	}
	frame_close(html, frame);
	return html_end(html);
}
