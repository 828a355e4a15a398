/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mount/notice.h"

static const EntryStamp folder = { .inode = 1, .birth_ns = 1 };
static const EntryStamp other = { .inode = 1, .birth_ns = 2 };

typedef struct Told {
	GMutex lock;
	GCond changed;
	GString *names;
	unsigned count;
} Told;

static void note(const EntryStamp *of, const WatchEvent *event, void *data)
{
	static const char kinds[] = {
		[WATCH_CREATED] = 'C',  [WATCH_DELETED] = 'D',    [WATCH_CHANGED] = 'W',
		[WATCH_MOVED_TO] = 'T', [WATCH_MOVED_FROM] = 'F',
	};
	Told *told = data;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&told->lock);
	g_string_append_printf(told->names, "%c%s%s ", kinds[event->what], event->name,
			       of->birth_ns == other.birth_ns ? "'" : "");
	told->count++;
	g_cond_broadcast(&told->changed);
}

static Notices *begin(Told *told)
{
	*told = (Told){ .names = g_string_new(NULL) };
	g_mutex_init(&told->lock);
	g_cond_init(&told->changed);
	return notice_new(note, told);
}

static void end(Told *told, Notices *notices)
{
	notice_free(notices);
	g_string_free(told->names, TRUE);
	g_cond_clear(&told->changed);
	g_mutex_clear(&told->lock);
}

static void add(Notices *notices, const EntryStamp *of, WatchWhat what, const char *name)
{
	const WatchEvent event = { .name = name, .what = what };
	notice_add(notices, of, &event);
}

/* By itself, without anybody who flushes. */
static void tells_when_programs_rest(void)
{
	Told told;
	Notices *notices = begin(&told);
	for (unsigned round = 1; round <= 3; round++) {
		add(notices, &folder, WATCH_CREATED, "a");
		g_mutex_lock(&told.lock);
		while (told.count < round) {
			g_cond_wait(&told.changed, &told.lock);
		}
		g_mutex_unlock(&told.lock);
	}
	end(&told, notices);
}

/* The engine looks at a name once, however often it was told of, as long as that is the same. What
 * means something else is told, in order; it may have been told already what came before. */
static void tells_of_a_new_file_once(void)
{
	Told told;
	Notices *notices = begin(&told);
	for (unsigned i = 0; i < 1000; i++) {
		add(notices, &folder, WATCH_CHANGED, "a");
	}
	notice_flush(notices);
	g_assert_cmpuint(told.count, >, 0);
	g_assert_cmpuint(told.count, <, 1000);
	end(&told, notices);
}

static void keeps_what_is_not_the_same(void)
{
	Told told;
	Notices *notices = begin(&told);
	add(notices, &folder, WATCH_CHANGED, "a");
	add(notices, &folder, WATCH_DELETED, "a");
	add(notices, &folder, WATCH_CHANGED, "a");
	add(notices, &other, WATCH_CHANGED, "a");
	add(notices, &folder, WATCH_MOVED_FROM, "a");
	add(notices, &folder, WATCH_MOVED_TO, "b");
	add(notices, &folder, WATCH_CHANGED, "b");
	add(notices, &folder, WATCH_CREATED, "c");
	add(notices, &folder, WATCH_CREATED, "c");
	notice_flush(notices);
	g_assert_cmpstr(told.names->str, ==, "Wa Da Wa Wa' Fa Tb Wb Cc Cc ");
	end(&told, notices);
}

static void tells_what_is_left_at_the_end(void)
{
	Told told;
	Notices *notices = begin(&told);
	add(notices, &folder, WATCH_CREATED, "last");
	notice_free(notices);
	g_assert_cmpstr(told.names->str, ==, "Clast ");
	end(&told, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/mount/notice/tells-when-programs-rest", tells_when_programs_rest);
	g_test_add_func("/client/mount/notice/tells-of-a-new-file-once", tells_of_a_new_file_once);
	g_test_add_func("/client/mount/notice/keeps-what-is-not-the-same",
			keeps_what_is_not_the_same);
	g_test_add_func("/client/mount/notice/tells-what-is-left-at-the-end",
			tells_what_is_left_at_the_end);
	return g_test_run();
}
