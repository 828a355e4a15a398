/* SPDX-License-Identifier: Apache-2.0 */
#include "client/app/window/decisions.h"

#include "client/app/window/dialogs.h"
#include "client/app/window/rows.h"

#include <glib/gi18n.h>
#include <stdbool.h>

struct _Decisions {
	AdwBin parent;
	AdwPreferencesGroup *held;
	AdwPreferencesGroup *conflicts;
	GPtrArray *held_rows;
	GtkListBox *list; /* of the conflicts; NULL: closed */
	json_int_t held_count, conflict_count;
	Door *door;
	bool asking, ask_again;
};

G_DEFINE_FINAL_TYPE(Decisions, decisions, ADW_TYPE_BIN)

/* A title, what it means, and buttons below, which go below each other where there is no room. */
typedef struct Card {
	GtkWidget *row;
	GtkFlowBox *buttons;
} Card;

static GtkWidget *new_label(const char *text, const char *style)
{
	GtkWidget *label = gtk_label_new(text);
	gtk_label_set_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_widget_add_css_class(label, style);
	return label;
}

static Card new_card(const char *title, const char *text)
{
	Card card = { .row = adw_preferences_row_new() };
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
	GtkWidget *buttons = gtk_flow_box_new();
	gtk_widget_add_css_class(box, "card-row");
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(card.row), FALSE);
	gtk_widget_set_focusable(card.row, FALSE);
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(card.row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(card.row), title);
	gtk_box_append(GTK_BOX(box), new_label(title, "heading"));
	gtk_box_append(GTK_BOX(box), new_label(text, "dim-label"));
	gtk_box_append(GTK_BOX(box), buttons);
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(card.row), box);
	card.buttons = GTK_FLOW_BOX(buttons);
	gtk_flow_box_set_selection_mode(card.buttons, GTK_SELECTION_NONE);
	gtk_flow_box_set_homogeneous(card.buttons, TRUE);
	gtk_flow_box_set_max_children_per_line(card.buttons, 3);
	gtk_flow_box_set_column_spacing(card.buttons, 6);
	gtk_flow_box_set_row_spacing(card.buttons, 6);
	return card;
}

static GtkWidget *add_button(const Card *card, const char *label, const char *about)
{
	GtkWidget *button = gtk_button_new_with_label(label);
	GtkWidget *place = gtk_flow_box_child_new();
	gtk_widget_set_focusable(place, FALSE);
	gtk_flow_box_child_set_child(GTK_FLOW_BOX_CHILD(place), button);
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
				       about, -1);
	gtk_flow_box_append(card->buttons, place);
	return button;
}

/* ---- conflicts --------------------------------------------------------------------------- */

static void ask_conflicts(Decisions *box);

/* What a row shows; NULL: it is to be made anew. */
static void set_shown(GtkWidget *row, char *shown)
{
	g_object_set_data_full(G_OBJECT(row), "shown", shown, g_free);
}

static void resolved(void *object, const json_t *result, const GError *error)
{
	Decisions *box = object;
	GtkListBoxRow *row;
	if (error) {
		dialogs_problem(GTK_WIDGET(box), error);
	}
	for (int i = 0; box->list && (row = gtk_list_box_get_row_at_index(box->list, i)); i++) {
		if (!gtk_widget_get_sensitive(GTK_WIDGET(row))) {
			set_shown(GTK_WIDGET(row), NULL);
		}
	}
	ask_conflicts(box);
}

static void choose(GtkWidget *button, Decisions *box)
{
	json_t *params = g_object_get_data(G_OBJECT(button), "choice");
	GtkWidget *row = gtk_widget_get_ancestor(button, ADW_TYPE_PREFERENCES_ROW);
	gtk_widget_set_sensitive(row, FALSE);
	door_ask(box->door, "resolve", json_incref(params), box, resolved);
}

/* keep: copy, original or both. */
static void add_choice(Decisions *box, const Card *card, const json_t *conflict, const char *label,
		       const char *keep)
{
	json_t *params = json_pack("{s:O, s:O, s:s}", "path", json_object_get(conflict, "path"),
				   "seen", json_object_get(conflict, "seen"), "keep", keep);
	g_autofree char *name =
		g_path_get_basename(json_string_value(json_object_get(conflict, "original")));
	GtkWidget *button = add_button(card, label, name);
	g_object_set_data_full(G_OBJECT(button), "choice", params, (GDestroyNotify)json_decref);
	g_signal_connect(button, "clicked", G_CALLBACK(choose), box);
}

static bool is_mine(const json_t *conflict)
{
	return g_strcmp0(json_string_value(json_object_get(conflict, "copy")), "mine") == 0;
}

static bool remove_row(Decisions *box, int place)
{
	GtkListBoxRow *row = gtk_list_box_get_row_at_index(box->list, place);
	if (row) {
		gtk_list_box_remove(box->list, GTK_WIDGET(row));
	}
	return row != NULL;
}

static char *value_text(const json_t *value)
{
	if (!json_is_object(value)) {
		return g_strdup(_("deleted"));
	}
	g_autofree char *size =
		g_format_size((uint64_t)json_integer_value(json_object_get(value, "size")));
	g_autofree char *when =
		rows_time(json_integer_value(json_object_get(value, "time_us")), g_get_real_time());
	/* Translators: size and time of a file. */
	return g_strdup_printf(_("%s, %s"), size, when);
}

static char *conflict_text(const json_t *conflict)
{
	g_autofree char *mine = value_text(json_object_get(conflict, "mine"));
	g_autofree char *theirs = value_text(json_object_get(conflict, "theirs"));
	/* The name of the copy tells which device made it. */
	const char *label = json_string_value(json_object_get(conflict, "label"));
	return is_mine(conflict)
		       ? g_strdup_printf(_("Mine: %s\nTheirs: %s"), mine, theirs)
		       : g_strdup_printf(_("Mine: %s\nTheirs: %s (%s)"), mine, theirs, label);
}

static GtkWidget *build_conflict(Decisions *box, const json_t *conflict, const char *text)
{
	const char *original = json_string_value(json_object_get(conflict, "original"));
	g_autofree char *name = g_path_get_basename(original);
	bool mine = is_mine(conflict);
	Card card = new_card(name, text);
	if (json_is_true(json_object_get(conflict, "files"))) {
		add_choice(box, &card, conflict, _("Keep mine"), mine ? "copy" : "original");
		add_choice(box, &card, conflict, _("Keep theirs"), mine ? "original" : "copy");
	}
	add_choice(box, &card, conflict, _("Keep both"), "both");
	return card.row;
}

/* A row as it is shown now, at that place of the list; those before it that show others go. */
static void show_conflict(Decisions *box, const json_t *conflict, int place)
{
	g_autofree char *text = conflict_text(conflict);
	char *values = json_dumps(conflict, JSON_COMPACT | JSON_SORT_KEYS);
	g_autofree char *shown = g_strconcat(values, text, NULL);
	free(values);
	for (int i = place;; i++) {
		GtkListBoxRow *row = gtk_list_box_get_row_at_index(box->list, i);
		if (!row) {
			break;
		}
		if (g_strcmp0(g_object_get_data(G_OBJECT(row), "shown"), shown) == 0) {
			while (i-- > place) {
				remove_row(box, place);
			}
			return;
		}
	}
	GtkWidget *row = build_conflict(box, conflict, text);
	set_shown(row, g_steal_pointer(&shown));
	gtk_list_box_insert(box->list, row, place);
}

static void show_conflicts(void *object, const json_t *result, const GError *error)
{
	Decisions *box = object;
	size_t index;
	json_t *conflict;
	box->asking = false;
	if (!box->list || error) {
		return;
	}
	/* A button that somebody is about to press must not go for nothing. */
	json_array_foreach(json_object_get(result, "conflicts"), index, conflict)
	{
		show_conflict(box, conflict, (int)index);
	}
	while (remove_row(box, (int)index)) {
	}
	gtk_widget_set_visible(GTK_WIDGET(box->conflicts), index > 0);
	if (box->ask_again) {
		ask_conflicts(box);
	}
}

static void ask_conflicts(Decisions *box)
{
	box->ask_again = box->asking;
	if (!box->asking) {
		box->asking = true;
		door_ask(box->door, "conflicts", NULL, box, show_conflicts);
	}
}

/* ---- deletions --------------------------------------------------------------------------- */

static void decided(void *object, const json_t *result, const GError *error)
{
	if (error) {
		dialogs_problem(object, error);
	}
}

static void accept(Decisions *box)
{
	door_ask(box->door, "resume", json_pack("{s:b}", "accept_deletions", 1), box, decided);
}

static void undo(Decisions *box)
{
	door_ask(box->door, "undo-deletions", NULL, box, decided);
}

static void show_held(Decisions *box, json_int_t count)
{
	if (count == box->held_count) {
		return;
	}
	box->held_count = count;
	rows_clear(box->held, box->held_rows);
	gtk_widget_set_visible(GTK_WIDGET(box->held), count > 0);
	if (count == 0) {
		return;
	}
	g_autofree char *title =
		g_strdup_printf(ngettext("%d file was deleted here", "%d files were deleted here",
					 (unsigned long)count),
				(int)count);
	Card card = new_card(title, _("That is more than half of everything. Nothing is deleted on "
				      "the drive until you say so."));
	GtkWidget *back = add_button(&card, _("Put them back"), title);
	GtkWidget *everywhere = add_button(&card, _("Delete everywhere"), title);
	gtk_widget_add_css_class(everywhere, "destructive-action");
	g_signal_connect_swapped(back, "clicked", G_CALLBACK(undo), box);
	g_signal_connect_swapped(everywhere, "clicked", G_CALLBACK(accept), box);
	rows_add(box->held, box->held_rows, card.row);
}

void decisions_refresh(Decisions *box)
{
	const json_t *status = door_status(box->door);
	show_held(box, door_held_deletions(box->door));
	json_int_t count = json_integer_value(json_object_get(status, "conflicts"));
	if (count > 0 || box->conflict_count > 0) {
		ask_conflicts(box);
	}
	box->conflict_count = count;
}

/* ---- life -------------------------------------------------------------------------------- */

void decisions_set_door(Decisions *box, Door *door)
{
	box->door = door;
}

static void dispose(GObject *object)
{
	Decisions *box = DECISIONS_BOX(object);
	g_clear_pointer(&box->held_rows, g_ptr_array_unref);
	box->list = NULL;
	G_OBJECT_CLASS(decisions_parent_class)->dispose(object);
}

static void decisions_class_init(DecisionsClass *class)
{
	G_OBJECT_CLASS(class)->dispose = dispose;
}

static AdwPreferencesGroup *add_group(GtkWidget *box, const char *title)
{
	GtkWidget *group = adw_preferences_group_new();
	adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(group), title);
	gtk_widget_set_visible(group, FALSE);
	gtk_box_append(GTK_BOX(box), group);
	return ADW_PREFERENCES_GROUP(group);
}

static void decisions_init(Decisions *decisions)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 24);
	decisions->held = add_group(box, _("Is that meant?"));
	decisions->conflicts = add_group(box, _("Changed on two devices"));
	decisions->held_rows = g_ptr_array_new();
	decisions->list = GTK_LIST_BOX(gtk_list_box_new());
	gtk_list_box_set_selection_mode(decisions->list, GTK_SELECTION_NONE);
	gtk_widget_add_css_class(GTK_WIDGET(decisions->list), "boxed-list");
	adw_preferences_group_add(decisions->conflicts, GTK_WIDGET(decisions->list));
	adw_bin_set_child(ADW_BIN(decisions), box);
}
