/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/files/selective.h"

#include "client/app/spoken.h"
#include "client/app/window/dialogs.h"
#include "client/app/window/focus.h"
#include "client/app/window/rows.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define WIDTH 480
#define HEIGHT 520

typedef struct Selective {
	GtkWidget *window;
	AdwPreferencesGroup *group;
	GPtrArray *rows;
	GtkWidget *back;
	AdwWindowTitle *title;
	Door *door;
	char *top;      /* the bound folder */
	char *path;     /* of the folder that is shown */
	char *wanted;   /* of the one that is to be */
	GQueue *wishes; /* of Wish, in the order in which they were made */
	bool stale;     /* what is shown may no longer be so */
	bool asking;    /* one call at a time: two may overtake each other */
} Selective;

/* What is to become of a folder on this device. */
typedef struct Wish {
	char *path;
	bool here;
} Wish;

/* A row, and what is in it that changes. */
typedef struct Line {
	char *name;
	GtkWidget *row, *enter, *here;
} Line;

static void wish_free(void *data)
{
	Wish *wish = data;
	g_free(wish->path);
	g_free(wish);
}

static void line_free(void *data)
{
	Line *line = data;
	g_free(line->name);
	g_free(line);
}

static void selective_free(void *data)
{
	Selective *selective = data;
	g_object_unref(selective->door);
	g_ptr_array_unref(selective->rows);
	g_queue_free_full(selective->wishes, wish_free);
	g_free(selective->top);
	g_free(selective->path);
	g_free(selective->wanted);
	g_free(selective);
}

static Selective *selective_of(void *window)
{
	return g_object_get_data(G_OBJECT(window), "selective");
}

/* NULL: a row of no folder. */
static Line *line_of(void *row)
{
	return g_object_get_data(G_OBJECT(row), "line");
}

static void proceed(Selective *selective);

static void look(Selective *selective)
{
	selective->stale = true;
	proceed(selective);
}

/* ---- one folder -------------------------------------------------------------------------- */

static gboolean choose(GtkSwitch *here, gboolean wanted, Line *line)
{
	Selective *selective = selective_of(gtk_widget_get_root(line->row));
	Wish *wish = g_new(Wish, 1);
	*wish = (Wish){ g_build_filename(selective->path, line->name, NULL), wanted };
	g_queue_push_tail(selective->wishes, wish);
	look(selective);
	return FALSE;
}

/* The row itself is pressed. */
static void turn(GtkWidget *row, Line *line)
{
	gtk_switch_set_active(GTK_SWITCH(line->here),
			      !gtk_switch_get_active(GTK_SWITCH(line->here)));
}

static void enter(const Line *line)
{
	Selective *selective = selective_of(gtk_widget_get_root(line->row));
	g_free(selective->wanted);
	selective->wanted = g_build_filename(selective->path, line->name, NULL);
	look(selective);
}

static void show_line(const Line *line, const json_t *folder)
{
	bool left_out = json_is_true(json_object_get(folder, "left_out"));
	bool partly = !left_out && json_is_true(json_object_get(folder, "partly"));
	adw_action_row_set_subtitle(ADW_ACTION_ROW(line->row),
				    left_out ? _("Only on the drive")
				    : partly ? _("Some folders in it are only on the drive")
					     : "");
	g_signal_handlers_block_by_func(line->here, choose, (void *)line);
	gtk_switch_set_active(GTK_SWITCH(line->here), !left_out);
	g_signal_handlers_unblock_by_func(line->here, choose, (void *)line);
	gtk_widget_set_visible(line->enter,
			       !left_out && json_is_true(json_object_get(folder, "inside")));
}

static GtkWidget *build_row(const json_t *folder)
{
	Line *line = g_new0(Line, 1);
	line->name = g_strdup(json_string_value(json_object_get(folder, "name")));
	line->row = rows_new(line->name, NULL);
	line->here = gtk_switch_new();
	g_autofree char *inside = g_strdup_printf(_("Folders in %s"), line->name);
	g_autofree char *here = g_strdup_printf(_("%s on this device"), line->name);
	line->enter = rows_icon_button("go-next-symbolic", inside);
	spoken_name(line->here, here);
	gtk_widget_set_valign(line->here, GTK_ALIGN_CENTER);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(line->row), TRUE);
	adw_action_row_add_suffix(ADW_ACTION_ROW(line->row), line->enter);
	adw_action_row_add_suffix(ADW_ACTION_ROW(line->row), line->here);
	g_object_set_data_full(G_OBJECT(line->row), "line", line, line_free);
	g_signal_connect(line->row, "activated", G_CALLBACK(turn), line);
	g_signal_connect(line->here, "state-set", G_CALLBACK(choose), line);
	g_signal_connect_swapped(line->enter, "clicked", G_CALLBACK(enter), line);
	show_line(line, folder);
	return line->row;
}

/* ---- their order ------------------------------------------------------------------------- */

typedef struct Place {
	char *key;
	json_t *folder;
} Place;

static void clear_place(void *place)
{
	g_free(((Place *)place)->key);
}

static int compare_places(const void *a, const void *b)
{
	return strcmp(((const Place *)a)->key, ((const Place *)b)->key);
}

/* As file managers show names: 2 before 10, letters as the person's language has them. */
static json_t *in_order(const json_t *folders)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
	json_t *sorted = json_array();
	size_t index;
	json_t *folder;
	g_array_set_clear_func(places, clear_place);
	json_array_foreach(folders, index, folder)
	{
		const char *name = json_string_value(json_object_get(folder, "name"));
		Place place = { g_utf8_collate_key_for_filename(name ? name : "", -1), folder };
		g_array_append_val(places, place);
	}
	g_array_sort(places, compare_places);
	for (unsigned i = 0; i < places->len; i++) {
		json_array_append(sorted, g_array_index(places, Place, i).folder);
	}
	return sorted;
}

/* ---- all of them ------------------------------------------------------------------------- */

/* The same folders as are shown? */
static bool is_shown(const Selective *selective, const json_t *folders)
{
	size_t count = json_array_size(folders);
	if (strcmp(selective->wanted, selective->path) != 0 || count == 0 ||
	    count != selective->rows->len) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const Line *line = line_of(selective->rows->pdata[i]);
		const json_t *name = json_object_get(json_array_get(folders, i), "name");
		if (!line || strcmp(line->name, json_string_value(name)) != 0) {
			return false;
		}
	}
	return true;
}

static GtkWidget *focused_row(const Selective *selective)
{
	GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(selective->window));
	return focus ? gtk_widget_get_ancestor(focus, ADW_TYPE_ACTION_ROW) : NULL;
}

/* Where the focus is to be once others are shown: the number of a row; -1: where it is. */
static int next_focused(const Selective *selective, const json_t *folders)
{
	size_t index, count = json_array_size(folders);
	json_t *folder;
	GtkWidget *row = focused_row(selective);
	const Line *line = row ? line_of(row) : NULL;
	bool elsewhere = strcmp(selective->wanted, selective->path) != 0;
	g_autofree char *above = g_path_get_dirname(selective->path);
	g_autofree char *left = g_path_get_basename(selective->path);
	unsigned before = 0;
	if (!elsewhere && !line && selective->rows->len > 0) {
		return -1;
	}
	if (!elsewhere) {
		g_ptr_array_find(selective->rows, row, &before);
	}
	const char *name = !elsewhere                              ? (line ? line->name : NULL)
			   : strcmp(above, selective->wanted) == 0 ? left
								   : NULL;
	json_array_foreach(folders, index, folder)
	{
		if (g_strcmp0(json_string_value(json_object_get(folder, "name")), name) == 0) {
			return (int)index;
		}
	}
	return count > 0 ? (int)MIN(before, count - 1) : -1;
}

static void show_others(Selective *selective, const json_t *folders)
{
	int focused = next_focused(selective, folders);
	size_t index;
	json_t *folder;
	rows_clear(selective->group, selective->rows);
	json_array_foreach(folders, index, folder)
	{
		rows_add(selective->group, selective->rows, build_row(folder));
	}
	if (index == 0) {
		rows_add(selective->group, selective->rows,
			 rows_new(_("There are no folders here yet"), NULL));
	}
	g_free(selective->path);
	selective->path = g_strdup(selective->wanted);
	g_autofree char *place = rows_place(selective->path);
	adw_window_title_set_subtitle(selective->title, place);
	gtk_widget_set_visible(selective->back, strcmp(selective->path, selective->top) != 0);
	if (focused >= 0) {
		focus_give(selective->rows->pdata[focused]);
	}
}

static void show(Selective *selective, const json_t *folders)
{
	size_t index;
	json_t *folder;
	if (!is_shown(selective, folders)) {
		show_others(selective, folders);
		return;
	}
	json_array_foreach(folders, index, folder)
	{
		show_line(line_of(selective->rows->pdata[index]), folder);
	}
}

static void answered(void *window, const json_t *result, const GError *error)
{
	Selective *selective = selective_of(window);
	selective->asking = false;
	if (error) {
		dialogs_problem(window, error);
		g_free(selective->wanted);
		selective->wanted = g_strdup(selective->path);
	} else if (json_object_get(result, "folders") && !selective->stale) {
		json_auto_t *folders = in_order(json_object_get(result, "folders"));
		show(selective, folders);
	}
	proceed(selective);
}

/* Does what is next to be done, if nothing is being done. */
static void proceed(Selective *selective)
{
	if (selective->asking || !selective->stale) {
		return;
	}
	Wish *wish = g_queue_pop_head(selective->wishes);
	selective->asking = true;
	selective->stale = wish != NULL;
	const char *method = !wish ? "folders" : wish->here ? "include" : "exclude";
	door_ask(selective->door, method,
		 json_pack("{s:s}", "path", wish ? wish->path : selective->wanted),
		 selective->window, answered);
	if (wish) {
		wish_free(wish);
	}
}

static void go_back(Selective *selective)
{
	if (strcmp(selective->path, selective->top) != 0) {
		g_free(selective->wanted);
		selective->wanted = g_path_get_dirname(selective->path);
		look(selective);
	}
}

/* The row to which that key leads from this one; it stays at the ends. */
static int row_after(const Selective *selective, unsigned key, int row)
{
	int last = (int)selective->rows->len - 1;
	switch (key) {
	case GDK_KEY_Up:
		return MAX(row - 1, 0);
	case GDK_KEY_Down:
		return MIN(row + 1, last);
	case GDK_KEY_Home:
		return 0;
	case GDK_KEY_End:
		return last;
	default:
		return -1;
	}
}

/* Up and down in the list, whatever of a row has the focus; in and out as in a tree. */
static gboolean press(GtkEventControllerKey *keys, unsigned key, unsigned code,
		      GdkModifierType modifiers, Selective *selective)
{
	GtkWidget *row = focused_row(selective);
	const Line *line = row ? line_of(row) : NULL;
	bool mirrored = gtk_widget_get_direction(selective->window) == GTK_TEXT_DIR_RTL;
	unsigned in = mirrored ? GDK_KEY_Left : GDK_KEY_Right;
	unsigned out = mirrored ? GDK_KEY_Right : GDK_KEY_Left;
	unsigned number;
	if (!line || (modifiers & gtk_accelerator_get_default_mod_mask())) {
		return FALSE;
	}
	if (key == in) {
		if (gtk_widget_get_visible(line->enter)) {
			enter(line);
		}
		return TRUE;
	}
	if (key == out || key == GDK_KEY_BackSpace) {
		go_back(selective);
		return TRUE;
	}
	g_ptr_array_find(selective->rows, row, &number);
	int next = row_after(selective, key, (int)number);
	return next >= 0 && gtk_widget_grab_focus(selective->rows->pdata[next]);
}

/* ---- the window -------------------------------------------------------------------------- */

static void fill(Selective *selective)
{
	GtkWidget *bar = adw_header_bar_new();
	GtkWidget *page = adw_preferences_page_new();
	GtkWidget *title = adw_window_title_new(_("Folders on this device"), "");
	GtkEventController *keys = gtk_event_controller_key_new();
	selective->title = ADW_WINDOW_TITLE(title);
	selective->group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());
	adw_preferences_group_set_description(
		selective->group,
		_("What you switch off is removed from this device once all of it is on the "
		  "drive. It stays there, and on your other devices."));
	selective->back = rows_icon_button("go-previous-symbolic", _("Back"));
	g_signal_connect_swapped(selective->back, "clicked", G_CALLBACK(go_back), selective);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(press), selective);
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	gtk_widget_add_controller(GTK_WIDGET(selective->group), keys);
	gtk_widget_set_visible(selective->back, FALSE);
	adw_header_bar_pack_start(ADW_HEADER_BAR(bar), selective->back);
	adw_header_bar_set_title_widget(ADW_HEADER_BAR(bar), title);
	adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), selective->group);
	dialogs_fill(selective->window, bar, page);
}

void selective_open(GtkWidget *widget, Door *door, const char *folder)
{
	Selective *selective = g_new0(Selective, 1);
	selective->window = dialogs_window_new(widget, _("Folders on this device"), WIDTH, HEIGHT);
	selective->door = g_object_ref(door);
	selective->rows = g_ptr_array_new();
	selective->wishes = g_queue_new();
	selective->top = g_strdup(folder);
	selective->path = g_strdup(folder);
	selective->wanted = g_strdup(folder);
	g_object_set_data_full(G_OBJECT(selective->window), "selective", selective, selective_free);
	fill(selective);
	gtk_window_present(GTK_WINDOW(selective->window));
	look(selective);
}
