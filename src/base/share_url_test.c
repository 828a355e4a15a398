/* SPDX-License-Identifier: Apache-2.0 */
#include "base/share_url.h"

#include "base/limits.h"

#include <glib.h>

static void test_takes_templates_only(void)
{
	static const char *const right[] = {
		"https://a.example/share?url={url}",
		"https://a.example/share?t={name}&u={url}",
		"https://a.example:8443/?{url}",
	};
	static const char *const wrong[] = {
		"",
		"{url}",
		"https://a.example/",
		"https://a.example/share?text={name}",
		"http://a.example/?url={url}",
		"javascript:alert(1)?{url}",
		"file:///tmp/x?{url}",
		"https://{url}/?u={url}",
		"https://a.example/{name}?u={url}",
		"https://a.example/?u={url}&c={code}",
		"https://a.example/?u={url}&c={",
		"https://a.example/?u={url}}",
		"https://a.example/?u={{url}}",
		"https://a.example/#?u={url}",
		"https://a.example/?u={url}#{name}",
		"https://u:p@a.example/?u={url}",
		"https:///?u={url}",
		"https://a.example/?u={url} b",
		"https://a.example/?u={url}\"",
		"https://\xc3\xa4.example/?u={url}",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(right); i++) {
		g_test_message("%s", right[i]);
		g_assert_true(share_url_is_template(right[i]));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_test_message("%s", wrong[i]);
		g_assert_false(share_url_is_template(wrong[i]));
	}
	g_autofree char *filling = g_strnfill(SHARE_TEMPLATE_SIZE_MAX, 'a');
	g_autofree char *huge = g_strconcat("https://a.example/?url={url}&", filling, NULL);
	g_assert_false(share_url_is_template(huge));
}

static void test_what_is_filled_in_stays_what_it_is(void)
{
	static const char template[] = "https://a.example/share?url={url}&title={name}";
	g_autofree char *plain = share_url_fill(template, "https://drive.example/s/x_-", "b");
	g_assert_cmpstr(
		plain, ==,
		"https://a.example/share?url=https%3A%2F%2Fdrive.example%2Fs%2Fx_-&title=b");
	/* Neither changes the address, nor the other one. */
	g_autofree char *odd =
		share_url_fill(template, "{name}&url=evil#%", "\xe5\x8f\x8b {url}\n");
	g_assert_cmpstr(odd, ==,
			"https://a.example/share?url=%7Bname%7D%26url%3Devil%23%25"
			"&title=%E5%8F%8B%20%7Burl%7D%0A");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/share_url/takes-templates-only", test_takes_templates_only);
	g_test_add_func("/base/share_url/what-is-filled-in-stays-what-it-is",
			test_what_is_filled_in_stays_what_it_is);
	return g_test_run();
}
