/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/overview.h"

#include "client/app/window/decisions.h"
#include "client/app/window/glance.h"
#include "client/app/window/rows.h"

#include <stdbool.h>
#include <string.h>

#define SHOWN_MAX 30

struct _Overview {
	AdwBin parent;
	GtkImage *icon;
	GtkLabel *title;
	GtkLabel *text;
	GtkProgressBar *progress;
	GtkButton *open;
	GtkMenuButton *pause;
	GtkButton *resume;
	GtkButton *sign_in;
	Decisions *decisions;
	AdwPreferencesGroup *problems;
	AdwPreferencesGroup *activity;
	GtkWidget *nothing;
	GtkListBox *list; /* of activity */
	GPtrArray *problem_rows;
	char *shown_problems; /* what the rows say: only what has changed is made anew */
	char *folder;         /* the first that is bound; NULL: none */
	Door *door;
	json_int_t newest_us; /* of the activity that is shown */
	bool asking;
};

G_DEFINE_FINAL_TYPE(Overview, overview, ADW_TYPE_BIN)

static unsigned sign_in_signal;

/* ---- what the person does ---------------------------------------------------------------- */

static void open_folder(Overview *page)
{
	if (page->folder) {
		rows_open(GTK_WIDGET(page), page->folder);
	}
}

static void resume(Overview *page)
{
	door_ask(page->door, "resume", NULL, page, NULL);
}

static void sign_in(Overview *page)
{
	g_signal_emit(page, sign_in_signal, 0);
}

static void pause_for(GtkWidget *widget, const char *action, GVariant *parameter)
{
	Overview *page = OVERVIEW_PAGE(widget);
	json_int_t seconds = g_variant_get_int32(parameter);
	door_ask(page->door, "pause", json_pack("{s:I}", "seconds", seconds), page, NULL);
}

/* ---- activity ---------------------------------------------------------------------------- */

static json_int_t time_of(const json_t *item)
{
	return json_integer_value(json_object_get(item, "time_us"));
}

/* What can be done with a file is another once it was moved or deleted. */
static bool outdates(const json_t *item)
{
	const char *what = json_string_value(json_object_get(item, "what"));
	return what && (g_str_has_prefix(what, "deleted") || g_str_has_prefix(what, "moved"));
}

/* Above what is there already, which keeps its place and the keyboard's focus. */
static void add_activity(Overview *page, const json_t *list)
{
	size_t count = json_array_size(list), first = count;
	bool anew = false;
	while (first > 0 && time_of(json_array_get(list, first - 1)) > page->newest_us) {
		anew |= outdates(json_array_get(list, --first));
	}
	GtkListBoxRow *row;
	while (anew && (row = gtk_list_box_get_row_at_index(page->list, 0))) {
		gtk_list_box_remove(page->list, GTK_WIDGET(row));
	}
	for (size_t i = anew ? 0 : first; i < count; i++) {
		gtk_list_box_prepend(page->list,
				     rows_new_activity(json_array_get(list, i), page->door));
	}
	while ((row = gtk_list_box_get_row_at_index(page->list, SHOWN_MAX))) {
		gtk_list_box_remove(page->list, GTK_WIDGET(row));
	}
}

static void show_activity(void *object, const json_t *result, const GError *error)
{
	Overview *page = object;
	const json_t *list = json_object_get(result, "activity");
	size_t count = json_array_size(list);
	page->asking = false;
	json_int_t newest_us = count > 0 ? time_of(json_array_get(list, count - 1)) : 0;
	if (!page->list || newest_us == page->newest_us) {
		return;
	}
	add_activity(page, list);
	page->newest_us = newest_us;
	gtk_widget_set_visible(GTK_WIDGET(page->activity), count > 0);
	gtk_widget_set_visible(page->nothing, count == 0);
}

static void ask_activity(Overview *page)
{
	if (!page->asking) {
		page->asking = true;
		door_ask(page->door, "log", json_pack("{s:i}", "last", SHOWN_MAX), page,
			 show_activity);
	}
}

/* ---- problems ---------------------------------------------------------------------------- */

static void show_problems(Overview *page, const json_t *status)
{
	const json_t *errors = json_object_get(status, "errors");
	char *text = json_dumps(errors, JSON_COMPACT | JSON_ENCODE_ANY);
	bool same = g_strcmp0(text, page->shown_problems) == 0;
	g_free(page->shown_problems);
	page->shown_problems = g_strdup(text);
	free(text);
	if (same) {
		return;
	}
	rows_clear(page->problems, page->problem_rows);
	for (size_t i = 0; i < MIN(json_array_size(errors), SHOWN_MAX); i++) {
		rows_add(page->problems, page->problem_rows,
			 rows_new_problem(json_array_get(errors, i)));
	}
	gtk_widget_set_visible(GTK_WIDGET(page->problems), json_array_size(errors) > 0);
}

/* ---- the state --------------------------------------------------------------------------- */

static void show_glance(Overview *page, const Glance *glance)
{
	static const char *const styles[] = { "accent", "success", "warning", "error", NULL };
	for (size_t i = 0; styles[i]; i++) {
		gtk_widget_remove_css_class(GTK_WIDGET(page->icon), styles[i]);
	}
	gtk_widget_add_css_class(GTK_WIDGET(page->icon), glance->style);
	gtk_image_set_from_icon_name(page->icon, glance->icon);
	gtk_label_set_text(page->title, glance->title);
	gtk_label_set_text(page->text, glance->text);
	gtk_widget_set_visible(GTK_WIDGET(page->text), *glance->text);
	gtk_widget_set_visible(GTK_WIDGET(page->progress), glance->fraction >= 0);
	if (glance->fraction >= 0) {
		gtk_progress_bar_set_fraction(page->progress, glance->fraction);
	}
}

void overview_refresh(Overview *page)
{
	const json_t *status = door_status(page->door);
	if (!status) {
		return;
	}
	g_auto(Glance) glance = { 0 };
	glance_take(&glance, status, g_get_real_time());
	show_glance(page, &glance);
	const json_t *first = json_array_get(json_object_get(status, "bindings"), 0);
	g_free(page->folder);
	page->folder = g_strdup(json_string_value(json_object_get(first, "path")));
	bool signed_in = json_is_true(json_object_get(status, "signed_in"));
	bool paused = json_is_true(json_object_get(status, "paused"));
	gtk_widget_set_visible(GTK_WIDGET(page->sign_in), !signed_in);
	gtk_widget_set_visible(GTK_WIDGET(page->open), page->folder != NULL);
	gtk_widget_set_visible(GTK_WIDGET(page->pause), signed_in && !paused);
	gtk_widget_set_visible(GTK_WIDGET(page->resume), signed_in && paused);
	decisions_refresh(page->decisions);
	show_problems(page, status);
	ask_activity(page);
}

/* ---- life -------------------------------------------------------------------------------- */

void overview_set_door(Overview *page, Door *door)
{
	page->door = door;
	decisions_set_door(page->decisions, door);
	g_signal_connect_object(door, "status", G_CALLBACK(overview_refresh), page,
				G_CONNECT_SWAPPED);
}

static void dispose(GObject *object)
{
	Overview *page = OVERVIEW_PAGE(object);
	g_clear_pointer(&page->problem_rows, g_ptr_array_unref);
	g_clear_pointer(&page->shown_problems, g_free);
	g_clear_pointer(&page->folder, g_free);
	gtk_widget_dispose_template(GTK_WIDGET(object), OVERVIEW_TYPE);
	G_OBJECT_CLASS(overview_parent_class)->dispose(object);
}

static void bind_children(GtkWidgetClass *widget)
{
	gtk_widget_class_bind_template_child(widget, Overview, icon);
	gtk_widget_class_bind_template_child(widget, Overview, title);
	gtk_widget_class_bind_template_child(widget, Overview, text);
	gtk_widget_class_bind_template_child(widget, Overview, progress);
	gtk_widget_class_bind_template_child(widget, Overview, open);
	gtk_widget_class_bind_template_child(widget, Overview, pause);
	gtk_widget_class_bind_template_child(widget, Overview, resume);
	gtk_widget_class_bind_template_child(widget, Overview, sign_in);
	gtk_widget_class_bind_template_child(widget, Overview, decisions);
	gtk_widget_class_bind_template_child(widget, Overview, problems);
	gtk_widget_class_bind_template_child(widget, Overview, activity);
	gtk_widget_class_bind_template_child(widget, Overview, list);
	gtk_widget_class_bind_template_child(widget, Overview, nothing);
}

static void overview_class_init(OverviewClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	G_OBJECT_CLASS(class)->dispose = dispose;
	g_type_ensure(DECISIONS_TYPE);
	gtk_widget_class_set_template_from_resource(widget, "/org/imdrive/App/overview.ui");
	bind_children(widget);
	gtk_widget_class_bind_template_callback(widget, open_folder);
	gtk_widget_class_bind_template_callback(widget, resume);
	gtk_widget_class_bind_template_callback(widget, sign_in);
	gtk_widget_class_install_action(widget, "overview.pause", "i", pause_for);
	sign_in_signal = g_signal_new("sign-in", OVERVIEW_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
				      NULL, G_TYPE_NONE, 0);
}

static void overview_init(Overview *page)
{
	page->problem_rows = g_ptr_array_new();
	gtk_widget_init_template(GTK_WIDGET(page));
}
