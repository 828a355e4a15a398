/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/portrait.h"

#include "client/app/pixels.h"

#include <stdbool.h>

/* While it is coming. A drive gives up after some seconds, unless it ends itself meanwhile. */
#define TRIES 30
#define AGAIN_MS 1000
#define TRIES_LEFT "imdrive-portrait-tries"
#define DOOR "imdrive-portrait-door"

static void ask(AdwAvatar *avatar);

static gboolean again(void *data)
{
	if (gtk_widget_get_mapped(data)) {
		ask(data);
	}
	return G_SOURCE_REMOVE;
}

/* NULL: the drive has none, or it cannot be shown. */
static GdkPaintable *picture_of(const json_t *result)
{
	const char *type = json_string_value(json_object_get(result, "type"));
	const char *data = json_string_value(json_object_get(result, "data"));
	gsize size = 0;
	g_autofree guchar *bytes = data && *data ? g_base64_decode(data, &size) : NULL;
	g_autoptr(GdkPixbuf) pixels = bytes ? pixels_decode(type, bytes, size) : NULL;
	return pixels ? GDK_PAINTABLE(gdk_texture_new_for_pixbuf(pixels)) : NULL;
}

static void answered(void *object, const json_t *result, const GError *error)
{
	g_autoptr(GdkPaintable) picture = picture_of(result);
	int tries = GPOINTER_TO_INT(g_object_get_data(object, TRIES_LEFT));
	if (!error) {
		adw_avatar_set_custom_image(object, picture);
	}
	if (json_is_true(json_object_get(result, "coming")) && tries > 0) {
		g_object_set_data(object, TRIES_LEFT, GINT_TO_POINTER(tries - 1));
		g_timeout_add_full(G_PRIORITY_DEFAULT, AGAIN_MS, again, g_object_ref(object),
				   g_object_unref);
	}
}

static void ask(AdwAvatar *avatar)
{
	door_ask(g_object_get_data(G_OBJECT(avatar), DOOR), "picture", NULL, avatar, answered);
}

void portrait_show(AdwAvatar *avatar, Door *door)
{
	g_object_set_data_full(G_OBJECT(avatar), DOOR, g_object_ref(door), g_object_unref);
	g_object_set_data(G_OBJECT(avatar), TRIES_LEFT, GINT_TO_POINTER(TRIES));
	ask(avatar);
}
