/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend menu: the console of the rescue system. Plain lines for an 80x25 screen or a serial line: nothing that a
 * terminal would have to understand, one key for a choice. Each action is a verb of its own and looks at the machine
 * again, so that the menu never shows or uses what has changed meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../apply/sysimage.h"
#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/mount.h"
#include "../os/root/fileio.h"
#include "../os/run/spawn.h"
#include "../os/run/system.h"
#include "../report/text.h"
#include "../system/unopened.h"
#include "ask.h"
#include "mount.h"
#include "repair.h"
#include "survey.h"
#include "versions.h"

enum { FINDINGS_MAX = 3, LIST_MAX = 16 };

struct menu {
	struct bm_global global; /* with the system that was chosen */
	char *chosen;		 /* its id */
	struct bm_strv ids;	 /* of the systems that there are */
	struct bm_strv names;	 /* a line for each */
	struct bm_strv unopened; /* where there are none: what may hold one, a line each */
	struct bm_strv kernels;	 /* versions of the chosen system's kernels that have modules, newest first */
	struct bm_strv states;	 /* what each one's initramfs is like */
	char *default_kernel;	 /* version, or NULL */
	bool mendable;		 /* something was found that a repair may mend */
	char *undo;		 /* the repair that may be taken back, as a line; or NULL */
	struct bm_buf head;	 /* what stands above the choices */
	bool mounted;		 /* something is at /mnt/sysimage */
	int status;		 /* of the last action */
};

static void forget(struct menu *menu)
{
	bm_strv_done(&menu->ids);
	bm_strv_done(&menu->names);
	bm_strv_done(&menu->unopened);
	bm_strv_done(&menu->kernels);
	bm_strv_done(&menu->states);
	free(menu->default_kernel);
	free(menu->undo);
	menu->default_kernel = menu->undo = NULL;
	menu->mendable = false;
	bm_buf_done(&menu->head);
}

static char *kernel_state(const struct bm_kernel *kernel)
{
	_cleanup_free_ char *size = NULL;

	if (kernel->initramfs_inside)
		return strdup("initramfs inside");
	if (!kernel->initramfs_exists)
		return strdup("initramfs missing");
	size = bm_size_text(kernel->initramfs_size);
	return size ? bm_strf("initramfs %s", size) : NULL;
}

static int note_kernels(struct menu *menu, const struct bm_system *system)
{
	const struct bm_kernel *pick = bm_system_default_kernel(system);

	if (pick && bm_str_set(&menu->default_kernel, pick->version) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < system->n_kernels; i++) {
		_cleanup_free_ char *state = kernel_state(&system->kernels[i]);

		if (!system->kernels[i].modules_dir || bm_strv_has(&menu->kernels, system->kernels[i].version))
			continue;
		if (!state || bm_strv_add(&menu->kernels, system->kernels[i].version) < 0 ||
			bm_strv_add(&menu->states, state) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The system, the verdict and the first findings. */
static void head_of_system(struct menu *menu, const struct bm_survey *survey, struct bm_system *system)
{
	_cleanup_free_ char *name = bm_report_system_name(system);
	const struct bm_report_style style = bm_cmd_style(&menu->global);
	_cleanup_cmd_checked_ struct bm_cmd_checked checked = {0};
	const struct bm_findings *findings = &checked.findings;
	struct bm_verdict verdict;
	struct bm_text text;

	bm_text_init(&text, &menu->head, style.color, style.columns);
	bm_text_put(&text, BM_TONE_PLAIN, "System ");
	bm_text_put(&text, BM_TONE_STRONG, name ? name : system->id);
	bm_text_end(&text);
	if (bm_cmd_check(survey, system, true, &checked) != BM_EXIT_OK)
		return;
	bm_cmd_verdict(&checked, &verdict);
	bm_report_verdict_text(&verdict, &style, &menu->head);
	for (size_t i = 0; i < BM_MIN(findings->n, (size_t)FINDINGS_MAX); i++) {
		bm_text_to(&text, 2);
		bm_text_put(&text, BM_TONE_STRONG, bm_finding_kinds[findings->items[i].id].id);
		bm_text_put(&text, BM_TONE_PLAIN, "  ");
		bm_text_put(&text, BM_TONE_PLAIN, findings->items[i].evidence);
		bm_text_end(&text);
	}
	menu->mendable = findings->n > 0;
}

/* The repair that u takes back: the newest, also where it was interrupted. */
static int note_history(struct menu *menu, const struct bm_system *system)
{
	const struct bm_history_item *item = bm_history_latest(&system->history);
	char time[BM_TIME_TEXT];

	if (!item)
		return 0;
	bm_time_text(item->time, time);
	menu->undo = bm_strf("%s, %s", time, bm_history_state_text(item));
	return menu->undo ? 0 : -ENOMEM;
}

static int note_systems(struct menu *menu, const struct bm_survey *survey)
{
	for (size_t i = 0; i < survey->systems.n; i++) {
		_cleanup_free_ char *name = bm_report_system_name(&survey->systems.items[i]);

		if (!name || bm_strv_add(&menu->names, name) < 0 ||
			bm_strv_add(&menu->ids, survey->systems.items[i].id) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Where no system was found: what may hold one, and how it is opened. */
static int note_unopened(struct menu *menu, const struct bm_survey *survey)
{
	_cleanup_unopened_ struct bm_unopened_list list = {0};
	int r = bm_unopened_find(survey, &list);

	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = bm_strv_add(&menu->unopened, list.items[i].text);
	return r;
}

/* Looks at the machine, and keeps what the menu shows. */
static int look(struct menu *menu)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	struct bm_system *system = NULL;
	int r, status;

	forget(menu);
	menu->mounted = false;
	if (bm_mount_is_point(BM_SYSIMAGE_DIR, &menu->mounted) < 0)
		bm_err_clear();
	printf("Looking at the disks ...\n");
	fflush(stdout);
	status = bm_cmd_survey_open(&menu->global, &open);
	if (status != BM_EXIT_OK)
		return status;
	r = open.survey.systems.n > 0 ? note_systems(menu, &open.survey) : note_unopened(menu, &open.survey);
	if (r == 0 && open.survey.systems.n > 0 && bm_survey_choose(&open.survey, menu->global.system, &system) == 0) {
		r = note_kernels(menu, system);
		if (r == 0)
			r = note_history(menu, system);
		head_of_system(menu, &open.survey, system);
	}
	if (r == 0 && menu->head.failed)
		r = -ENOMEM;
	return r < 0 ? bm_cmd_failed(r, NULL) : BM_EXIT_OK;
}

static bool ready(const struct menu *menu)
{
	return menu->head.len > 0;
}

static void show_lines(const struct bm_strv *lines)
{
	for (size_t i = 0; i < BM_MIN(lines->n, (size_t)LIST_MAX); i++) {
		_cleanup_free_ char *line = bm_str_safe(lines->items[i]);

		printf("     %s\n", line ? line : "");
	}
}

static void show(const struct menu *menu)
{
	printf("\nbootmend %s\n", BM_VERSION);
	if (ready(menu)) {
		bm_cmd_say(stdout, bm_buf_text(&menu->head));
	} else if (menu->ids.n == 0) {
		printf("No installed system was found.\n");
		show_lines(&menu->unopened);
	} else {
		printf("%zu systems were found:\n", menu->ids.n);
		show_lines(&menu->names);
	}
	printf("\n");
	if (ready(menu)) {
		printf("  1  repair what was found%s\n", menu->mendable ? "" : " (nothing)");
		printf("  2  rebuild the initramfs of a kernel\n");
	}
	printf("  3  show the details\n");
	if (ready(menu)) {
		printf("  4  shell inside the system\n");
		printf("  5  %s\n",
			menu->mounted ? "unmount " BM_SYSIMAGE_DIR : "mount the system under " BM_SYSIMAGE_DIR);
	}
	if (menu->ids.n > 1)
		printf("  6  choose %s system (%zu were found)\n", ready(menu) ? "another" : "a", menu->ids.n);
	if (menu->undo)
		printf("  u  take the last repair back (%s)\n", menu->undo);
	printf("  l look again   r reboot   p power off   s rescue shell   q quit\n");
}

static void pause_here(void)
{
	int key;

	if (bm_ask_key("-- any key -- ", &key) < 0)
		bm_err_clear();
}

/* Reboots or powers off where the answer is yes. */
static void end_machine(struct menu *menu, enum bm_system_end end)
{
	unsigned int n;
	int r;

	if (!bm_ask_yes(end == BM_SYSTEM_REBOOT ? "Reboot now?" : "Power off now?"))
		return;
	if (bm_sysimage_umount(NULL, &n) < 0)
		bm_err_clear();
	printf(end == BM_SYSTEM_REBOOT ? "Rebooting ...\n" : "Powering off ...\n");
	fflush(stdout);
	r = bm_system_end(end);
	if (r < 0)
		menu->status = bm_cmd_failed(r, NULL);
}

static void repair(struct menu *menu, const char *kernel)
{
	const struct bm_repair_request request = {.wanted = {.kernel = kernel}};
	struct bm_repair_outcome outcome = {0};

	if (menu->mounted) {
		printf("Something is mounted at " BM_SYSIMAGE_DIR "; unmount it first (5).\n");
		pause_here();
		return;
	}
	menu->status = bm_repair_run(&menu->global, &request, &outcome);
	bm_repair_outcome_done(&outcome);
	if (menu->status & BM_EXIT_REPAIRED)
		end_machine(menu, BM_SYSTEM_REBOOT);
	else
		pause_here();
}

static void undo(struct menu *menu)
{
	char name[] = "undo";
	char *argv[] = {name, NULL};

	if (menu->mounted) {
		printf("Something is mounted at " BM_SYSIMAGE_DIR "; unmount it first (5).\n");
	} else {
		menu->status = bm_cmd_find("undo")->run(&menu->global, 1, argv);
	}
	pause_here();
}

/* Asks for a number from 1 to n. Returns its index, -1 for none, -2 for a letter that is in *letters (then
 * *ret_letter). */
static int pick(const char *prompt, size_t n, const char *letters, char *ret_letter)
{
	_cleanup_buf_ struct bm_buf line = {0};
	uint64_t number;

	if (bm_ask_line(prompt, &line) < 0 || line.len == 0)
		return -1;
	if (line.len == 1 && strchr(letters, line.data[0])) {
		*ret_letter = line.data[0];
		return -2;
	}
	if (bm_num_u64(line.data, &number) < 0 || number < 1 || number > n) {
		printf("There is no such choice.\n");
		return -1;
	}
	return (int)number - 1;
}

static void rebuild(struct menu *menu)
{
	_cleanup_free_ char *version = NULL;
	char letter = '\0';
	int index;

	if (menu->kernels.n == 0) {
		printf("The system has no kernel with modules.\n");
		pause_here();
		return;
	}
	for (size_t i = 0; i < BM_MIN(menu->kernels.n, (size_t)LIST_MAX); i++) {
		_cleanup_free_ char *safe = bm_str_safe(menu->kernels.items[i]);

		printf("  %2zu  %s, %s%s\n", i + 1, safe ? safe : "", menu->states.items[i],
			bm_streq(menu->kernels.items[i], menu->default_kernel) ? ", default" : "");
	}
	if (menu->kernels.n > 1)
		printf("   a  all of them\n");
	index = pick("Kernel (Enter: none): ", BM_MIN(menu->kernels.n, (size_t)LIST_MAX), "a", &letter);
	if (index == -1)
		return;
	/* look() replaces the list */
	version = strdup(index == -2 ? "all" : menu->kernels.items[index]);
	if (version)
		repair(menu, version);
}

static void choose_system(struct menu *menu)
{
	char letter;
	int index;

	for (size_t i = 0; i < BM_MIN(menu->names.n, (size_t)LIST_MAX); i++) {
		_cleanup_free_ char *safe = bm_str_safe(menu->names.items[i]);

		printf("  %2zu  %s\n", i + 1, safe ? safe : "");
	}
	index = pick("System (Enter: as it was): ", BM_MIN(menu->names.n, (size_t)LIST_MAX), "", &letter);
	if (index < 0 || bm_str_set(&menu->chosen, menu->ids.items[index]) < 0)
		return;
	menu->global.system = menu->chosen;
}

static void details(struct menu *menu)
{
	char name[] = "scan";
	char *argv[] = {name, NULL};

	menu->status = bm_cmd_find("scan")->run(&menu->global, 1, argv);
	pause_here();
}

/* A shell of the rescue system; the menu comes back when it ends. */
static void rescue_shell(struct menu *menu)
{
	static const char *const busybox[] = {"busybox", "sh", "-i", NULL};
	static const char *const sh[] = {"sh", "-i", NULL};
	static const char *const environment[] = {"HOME=/root", "ENV=/usr/lib/bootmend/shellrc", NULL};
	struct bm_spawn spawn = {.env = environment, .interactive = true};
	_cleanup_free_ char *path = NULL;
	struct bm_spawn_result result;
	int r;

	printf("A shell of the rescue system; \"exit\" returns to the menu.\n");
	fflush(stdout);
	spawn.argv = bm_spawn_find("busybox", &path) == 0 ? busybox : sh;
	bm_err_clear();
	r = bm_spawn_run(&spawn, &result);
	if (r < 0) {
		menu->status = bm_cmd_failed(r, "sh");
		return;
	}
	if (result.fate == BM_SPAWN_NOT_STARTED)
		bm_cmd_error("there is no shell");
	bm_spawn_result_done(&result);
}

/* Returns false for the end of the menu. */
static bool act(struct menu *menu, int key)
{
	switch (key) {
	case 's':
		rescue_shell(menu);
		return true;
	case 'r':
	case 'p':
		end_machine(menu, key == 'r' ? BM_SYSTEM_REBOOT : BM_SYSTEM_POWEROFF);
		return true;
	case 'q':
		return false;
	case '3':
		details(menu);
		return true;
	case '6':
		if (menu->ids.n > 1)
			choose_system(menu);
		return true;
	default:
		break;
	}
	if (!ready(menu))
		return true;
	if (key == '1') {
		repair(menu, NULL);
	} else if (key == 'u' && menu->undo) {
		undo(menu);
	} else if (key == '2') {
		rebuild(menu);
	} else if (key == '4') {
		/* What is mounted is entered as it is, whatever it was called. */
		const struct bm_global any = {.quiet = menu->global.quiet};

		printf("A shell inside %s; \"exit\" returns to the menu.\n",
			menu->mounted ? "what is mounted at " BM_SYSIMAGE_DIR : "the system");
		fflush(stdout);
		menu->status = bm_chroot_run(menu->mounted ? &any : &menu->global, true, NULL);
	} else if (key == '5') {
		menu->status = menu->mounted ? bm_umount_run(&menu->global) : bm_mount_run(&menu->global, true);
		pause_here();
	}
	return true;
}

static bool is_choice(int key)
{
	return key > 0 && key < 0x80 && strchr("123456rpsqu", key);
}

static int menu_run(const struct bm_global *global, int argc, char **argv)
{
	struct menu menu = {.global = *global};
	int words = 0, key = 'l', status;

	if (argc > 0) {
		status = bm_cmd_options(NULL, 0, argc, argv, &words);
		if (status != BM_EXIT_OK)
			return status;
	}
	if (words > 0)
		return bm_cmd_usage("menu takes no arguments");
	for (;;) {
		if (key == 'l') {
			status = look(&menu);
			if (status != BM_EXIT_OK)
				menu.status = status;
		}
		if (key != 0)
			show(&menu);
		if (bm_ask_key("Choice: ", &key) < 0)
			break;
		if (key == 'l' || key == '\n')
			continue;
		if (!is_choice(key)) {
			/* The choices still stand above. */
			key = 0;
			continue;
		}
		if (!act(&menu, key))
			break;
		key = 'l';
	}
	bm_err_clear();
	forget(&menu);
	free(menu.chosen);
	return menu.status;
}

const struct bm_cmd bm_cmd_menu = {
	.name = "menu",
	.arguments = "",
	.summary = "the menu for a console: look, repair, enter, reboot",
	.details =
		"What `bootmend` alone does on a terminal. Works on a serial line; ends with the status of the last\n"
		"action.\n",
	.run = menu_run,
};
