/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_person.h"

#include <string.h>

static const char *const names[] = { "a", "b", "c", "A", "report.odt" };

typedef struct Listing {
	GPtrArray *files;   /* char *: paths of files */
	GPtrArray *folders; /* "" first */
} Listing;

static void list_one(const char *path, const DiskInfo *info, GBytes *bytes, void *data)
{
	Listing *listing = data;
	(void)bytes;
	if (info->kind == DISK_FOLDER) {
		g_ptr_array_add(listing->folders, g_strdup(path));
	} else if (info->kind == DISK_FILE) {
		g_ptr_array_add(listing->files, g_strdup(path));
	}
}

static char *pick(SimWorld *world, const GPtrArray *from)
{
	return from->len ? from->pdata[sim_world_draw(world, from->len)] : NULL;
}

/* A name in some folder, taken or not. */
static char *some_place(SimWorld *world, const Listing *listing)
{
	const char *folder = pick(world, listing->folders);
	const char *name = names[sim_world_draw(world, G_N_ELEMENTS(names))];
	return *folder ? g_strconcat(folder, "/", name, NULL) : g_strdup(name);
}

/* The person sees this content and lets go of it. */
static void release(SimWorld *world, DiskMemory *disk, const char *path)
{
	g_autoptr(GBytes) bytes = disk_memory_read(disk, path);
	if (bytes) {
		size_t size;
		const void *data = g_bytes_get_data(bytes, &size);
		SimValue *value = sim_world_find(world, data, size);
		if (value) {
			value->released = true;
		}
	}
}

static void save(SimWorld *world, const char *who, DiskMemory *disk, const char *path)
{
	const char *value = sim_world_value(world, who);
	release(world, disk, path);
	bool beside = sim_world_draw(world, 3) == 0;
	g_autofree char *temporary = g_strconcat(path, ".new", NULL);
	if (beside) {
		/* One that came from another device. */
		release(world, disk, temporary);
	}
	bool saved = disk_memory_user_write(disk, beside ? temporary : path, value, strlen(value),
					    NULL) &&
		     (!beside || disk_memory_user_rename(disk, temporary, path, NULL));
	if (!saved) {
		/* A folder is there: nothing was written anywhere but beside it. */
		if (beside) {
			disk_memory_user_remove(disk, temporary, NULL);
		}
		SimValue *lost = sim_world_find(world, value, strlen(value));
		lost->released = true;
	}
	sim_world_say(world, who, "%s '%s': %.24s%s", saved ? "saves" : "cannot save", path, value,
		      beside ? " (beside, then over)" : "");
}

static void move(SimWorld *world, const char *who, DiskMemory *disk, const char *from,
		 const char *to)
{
	/* Renaming over a file gives that file up; a folder cannot be replaced unless empty. */
	g_autoptr(GBytes) there = disk_memory_read(disk, to);
	if (strcmp(from, to) == 0 || (there && sim_world_draw(world, 2) == 0)) {
		return;
	}
	bool moved = disk_memory_user_rename(disk, from, to, NULL);
	if (moved && there) {
		size_t size;
		const void *data = g_bytes_get_data(there, &size);
		SimValue *value = sim_world_find(world, data, size);
		if (value) {
			value->released = true;
		}
	}
	sim_world_say(world, who, "%s '%s' to '%s'", moved ? "moves" : "cannot move", from, to);
}

static void swap(SimWorld *world, const char *who, DiskMemory *disk, const char *a, const char *b)
{
	release(world, disk, "swap.tmp");
	if (strcmp(a, b) != 0 && disk_memory_user_rename(disk, a, "swap.tmp", NULL)) {
		bool half = disk_memory_user_rename(disk, b, a, NULL);
		bool whole = half && disk_memory_user_rename(disk, "swap.tmp", b, NULL);
		if (!half) {
			disk_memory_user_rename(disk, "swap.tmp", a, NULL);
		}
		sim_world_say(world, who, "swaps '%s' and '%s'%s", a, b, whole ? "" : ", half");
	}
}

static void remove_tree(SimWorld *world, const char *who, DiskMemory *disk, const char *folder,
			const Listing *listing)
{
	size_t size = strlen(folder);
	for (unsigned i = 0; i < listing->files->len; i++) {
		const char *path = listing->files->pdata[i];
		if (strncmp(path, folder, size) == 0 && path[size] == '/') {
			release(world, disk, path);
			disk_memory_user_remove(disk, path, NULL);
		}
	}
	for (unsigned i = listing->folders->len; i-- > 0;) {
		const char *path = listing->folders->pdata[i];
		if (strncmp(path, folder, size) == 0 && (path[size] == '/' || !path[size])) {
			disk_memory_user_remove(disk, path, NULL);
		}
	}
	sim_world_say(world, who, "deletes folder '%s'", folder);
}

static void act_on(SimWorld *world, const char *who, DiskMemory *disk, const Listing *listing)
{
	const char *file = pick(world, listing->files), *other = pick(world, listing->files);
	const char *folder = pick(world, listing->folders);
	const char *other_folder = pick(world, listing->folders);
	g_autofree char *place = some_place(world, listing);
	switch (sim_world_draw(world, 12)) {
	case 0:
	case 1:
	case 2:
		save(world, who, disk, place);
		break;
	case 3:
	case 4:
		save(world, who, disk, file ? file : place);
		break;
	case 5:
		disk_memory_user_make_folder(disk, place, NULL);
		sim_world_say(world, who, "makes folder '%s'", place);
		break;
	case 6:
		if (file) {
			release(world, disk, file);
			disk_memory_user_remove(disk, file, NULL);
			sim_world_say(world, who, "deletes '%s'", file);
		}
		break;
	case 7:
		if (file) {
			move(world, who, disk, file, place);
		}
		break;
	case 8:
		if (*folder) {
			move(world, who, disk, folder, place);
		}
		break;
	case 9:
		if (file && other) {
			swap(world, who, disk, file, other);
		}
		break;
	case 10:
		if (*folder && *other_folder && sim_world_draw(world, 2)) {
			swap(world, who, disk, folder, other_folder);
		} else if (*folder) {
			remove_tree(world, who, disk, folder, listing);
		}
		break;
	case 11:
		if (file) {
			disk_memory_user_set_mode(disk, file,
						  sim_world_draw(world, 2) ? 0755 : 0644, NULL);
			sim_world_say(world, who, "sets the mode of '%s'", file);
		}
		break;
	}
}

void sim_person_act(SimWorld *world, const char *who, DiskMemory *disk)
{
	Listing listing = {
		.files = g_ptr_array_new_with_free_func(g_free),
		.folders = g_ptr_array_new_with_free_func(g_free),
	};
	g_ptr_array_add(listing.folders, g_strdup(""));
	disk_memory_each(disk, list_one, &listing);
	act_on(world, who, disk, &listing);
	g_ptr_array_unref(listing.files);
	g_ptr_array_unref(listing.folders);
}
