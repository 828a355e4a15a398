/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/services.h"

#include "base/share_url.h"
#include "pages/mark.h"

#include <string.h>

#define RECORDS "/org/imdrive/App/providers/"
#define MARK_SCALE 4 /* sharp on screens with many pixels */

static char *more_records;

void services_add_folder(const char *folder)
{
	g_free(more_records);
	more_records = g_strdup(folder);
}

static GBytes *read_record(const char *id)
{
	g_autofree char *name = g_strconcat(id, ".conf", NULL);
	if (more_records) {
		g_autofree char *path = g_build_filename(more_records, name, NULL);
		char *text;
		size_t size;
		if (g_file_get_contents(path, &text, &size, NULL)) {
			return g_bytes_new_take(text, size);
		}
	}
	g_autofree char *path = g_strconcat(RECORDS, name, NULL);
	return g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

static bool is_chinese(void)
{
	return g_str_has_prefix(*g_get_language_names(), "zh");
}

static void read_fields(Service *service, GKeyFile *record)
{
	const char *group = "provider";
	g_autofree char *label = g_key_file_get_string(record, group, "label", NULL);
	g_autofree char *chinese = g_key_file_get_string(record, group, "label_zh", NULL);
	g_autofree char *icon = g_key_file_get_string(record, group, "icon", NULL);
	g_autofree char *embedded = g_key_file_get_string(record, group, "embedded", NULL);
	g_autofree char *share_url = g_key_file_get_string(record, group, "share_url", NULL);
	const char *name = is_chinese() && chinese ? chinese : label;
	if (name) {
		g_free(service->name);
		service->name = g_strdup(name);
	}
	if (icon) {
		g_free(service->icon);
		service->icon = g_strdup(icon);
	}
	service->known = true;
	service->hosts = g_key_file_get_string_list(record, group, "embed_hosts", NULL, NULL);
	service->embedded = g_strcmp0(embedded, "yes") == 0 && service->hosts;
	if (share_url && share_url_is_template(share_url)) {
		service->share_url = g_steal_pointer(&share_url);
	}
}

Service *services_find(const char *id, const char *label)
{
	Service *service = g_new0(Service, 1);
	service->id = g_strdup(id);
	service->icon = g_strdup(id);
	service->name = g_strdup(label && *label ? label : id);
	g_autoptr(GBytes) bytes = read_record(id);
	g_autoptr(GKeyFile) record = g_key_file_new();
	if (bytes && g_key_file_load_from_bytes(record, bytes, G_KEY_FILE_NONE, NULL)) {
		read_fields(service, record);
	}
	return service;
}

void services_free(Service *service)
{
	if (!service) {
		return;
	}
	g_free(service->id);
	g_free(service->name);
	g_free(service->icon);
	g_strfreev(service->hosts);
	g_free(service->share_url);
	g_free(service);
}

static void free_service(void *service)
{
	services_free(service);
}

static int compare_names(const void *a, const void *b)
{
	const Service *one = *(Service *const *)a;
	const Service *other = *(Service *const *)b;
	return g_utf8_collate(one->name, other->name);
}

GPtrArray *services_with_share_page(void)
{
	GPtrArray *services = g_ptr_array_new_with_free_func(free_service);
	g_auto(GStrv) files =
		g_resources_enumerate_children(RECORDS, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	for (size_t i = 0; files && files[i]; i++) {
		g_autofree char *id = g_strndup(files[i], strcspn(files[i], "."));
		g_autoptr(Service) service = services_find(id, NULL);
		if (service->share_url) {
			g_ptr_array_add(services, g_steal_pointer(&service));
		}
	}
	g_ptr_array_sort(services, compare_names);
	return services;
}

/* ---- marks ------------------------------------------------------------------------------- */

static GdkTexture *draw(const Service *service, int size)
{
	Html *html = html_new();
	mark_put(html, service->icon, service->name);
	g_autoptr(GBytes) markup = html_end(html);
	const char head[] = "<svg ";
	size_t length;
	const char *text = g_bytes_get_data(markup, &length);
	g_assert(length > strlen(head) && memcmp(text, head, strlen(head)) == 0);
	g_autoptr(GString) svg = g_string_new(NULL);
	g_string_printf(svg,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ",
			size, size);
	g_string_append_len(svg, text + strlen(head), (gssize)(length - strlen(head)));
	g_autoptr(GBytes) whole = g_bytes_new(svg->str, svg->len);
	return gdk_texture_new_from_bytes(whole, NULL);
}

GtkWidget *services_mark(const Service *service, int size)
{
	g_autoptr(GdkTexture) texture = draw(service, size * MARK_SCALE);
	GtkWidget *image = texture ? gtk_image_new_from_paintable(GDK_PAINTABLE(texture))
				   : gtk_image_new_from_icon_name("avatar-default-symbolic");
	gtk_image_set_pixel_size(GTK_IMAGE(image), size);
	return image;
}
