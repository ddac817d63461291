/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hibernation images: which keep a system from being changed, and how one is given up.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "apply/discard.h"
#include "base/err.h"
#include "base/str.h"
#include "harness.h"
#include "os/run/system.h"
#include "os/run/tmp.h"
#include "plan/fix.h"
#include "system/system.h"

/* Two disks in files of 1 MiB: root and swap of 256 KiB each on the first, swap alone on the second. */
enum { ROOT = 1, SWAP = 2, OTHER_SWAP = 4, PART_BYTES = 256 * 1024 };

struct machine {
	char *dir, *files[2];
	struct bm_survey survey;
};

static struct bm_device *add_device(
	struct machine *machine, const char *name, size_t disk, unsigned int number, const char *fstype)
{
	struct bm_devices *devices = &machine->survey.devices;
	struct bm_device *device = BM_VEC_PUSH(devices->items, devices->n, devices->capacity);
	size_t *parent;

	BM_CHECK(device != NULL);
	device->kind = number == 0 ? BM_DEVICE_DISK : BM_DEVICE_PARTITION;
	device->sector_size = 512;
	device->size_bytes = number == 0 ? BM_MIB : PART_BYTES;
	device->image_offset = number * (uint64_t)PART_BYTES;
	device->part_number = number;
	BM_CHECK_INT(bm_str_set(&device->name, name), 0);
	BM_CHECK_INT(bm_str_set(&device->fstype, fstype), 0);
	BM_CHECK_INT(bm_str_set(&device->uuid, number == 0 ? NULL : name), 0);
	BM_CHECK_INT(bm_str_set(&device->image, machine->files[disk]), 0);
	if (number > 0) {
		parent = BM_VEC_PUSH(device->parents, device->n_parents, device->cap_parents);
		*parent = disk * 3;
	}
	return device;
}

static struct bm_system *make_machine(struct machine *machine)
{
	struct bm_system *system;
	struct bm_mount *mount;

	*machine = (struct machine){0};
	BM_CHECK_INT(bm_tmp_dir("hibernation", &machine->dir), 0);
	for (int i = 0; i < 2; i++) {
		int fd;

		machine->files[i] = bm_strf("%s/disk%d", machine->dir, i);
		fd = open(machine->files[i], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		BM_CHECK(fd >= 0 && ftruncate(fd, BM_MIB) == 0);
		close(fd);
	}
	add_device(machine, "disk0", 0, 0, NULL);
	add_device(machine, "root", 0, 1, "ext4");
	add_device(machine, "swap", 0, 2, "swap");
	add_device(machine, "disk1", 1, 0, NULL);
	add_device(machine, "other", 1, 1, "swap");
	system =
		BM_VEC_PUSH(machine->survey.systems.items, machine->survey.systems.n, machine->survey.systems.capacity);
	system->root_device = ROOT;
	BM_CHECK_INT(bm_str_set(&system->id, "patient"), 0);
	mount = BM_VEC_PUSH(system->mounts, system->n_mounts, system->cap_mounts);
	BM_CHECK_INT(bm_str_set(&mount->target, "/"), 0);
	mount->device = ROOT;
	return system;
}

static void drop_machine(struct machine *machine)
{
	bm_survey_done(&machine->survey);
	BM_CHECK_INT(bm_tmp_remove(machine->dir), 0);
	free(machine->files[0]);
	free(machine->files[1]);
	free(machine->dir);
}

static void put(struct machine *machine, size_t device, uint64_t offset, const char *bytes, size_t len)
{
	const struct bm_device *at = &machine->survey.devices.items[device];
	int fd = open(at->image, O_RDWR | O_CLOEXEC);

	BM_CHECK(fd >= 0 && pwrite(fd, bytes, len, (off_t)(at->image_offset + offset)) == (ssize_t)len);
	close(fd);
}

/* What the kernel leaves at the end of a page. */
static void put_to_sleep(struct machine *machine, size_t device, uint64_t page_end)
{
	put(machine, device, page_end - 20, "SWAPSPACE2S1SUSPEND", 20);
}

static void add_line(struct bm_system *system, const char *spec)
{
	struct bm_fstab_line *line = BM_VEC_PUSH(system->fstab.lines, system->fstab.n_lines, system->fstab.cap_lines);

	BM_CHECK(bm_str_set(&line->spec, spec) == 0 && bm_str_set(&line->target, "none") == 0);
	BM_CHECK(bm_str_set(&line->fstype, "swap") == 0 && bm_str_set(&line->options, "sw") == 0);
}

BM_TEST(hibernation_on_the_system_s_disk)
{
	struct machine machine;
	struct bm_system *system = make_machine(&machine);
	_cleanup_free_ char *name = NULL;

	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 0);
	/* plain swap */
	put(&machine, SWAP, 4086, "SWAPSPACE2", 10);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(machine.survey.hibernations.n, 0);
	put_to_sleep(&machine, SWAP, 4096);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 1);
	BM_CHECK(bm_hibernation_discardable(&system->hibernations.items[0]));
	name = bm_hibernation_name(&machine.survey, &system->hibernations.items[0]);
	BM_CHECK_STR(name, "swap");
	/* pages of 64 KiB; of both only one could go, so that neither does */
	put_to_sleep(&machine, SWAP, 65536);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 1);
	BM_CHECK(!bm_hibernation_discardable(&system->hibernations.items[0]));
	drop_machine(&machine);
}

BM_TEST(hibernation_elsewhere)
{
	struct machine machine;
	struct bm_system *system = make_machine(&machine);

	/* on a disk that the system has nothing to do with */
	put_to_sleep(&machine, OTHER_SWAP, 4096);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(machine.survey.hibernations.n, 1);
	BM_CHECK_INT(system->hibernations.n, 0);
	/* until its fstab names it */
	add_line(system, "UUID=other");
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 1);
	/* a copy of a system in a folder lies on no disk */
	system->root_device = BM_DEVICE_NONE;
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 0);
	drop_machine(&machine);
}

BM_TEST(hibernation_by_resume)
{
	struct machine machine;
	struct bm_system *system = make_machine(&machine);
	struct bm_boot_entry *entry =
		BM_VEC_PUSH(system->loader.entries, system->loader.n_entries, system->loader.cap_entries);

	put_to_sleep(&machine, OTHER_SWAP, 4096);
	BM_CHECK_INT(bm_str_set(&entry->entry.cmdline, "root=UUID=root resume=UUID=other"), 0);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 1);
	/* a swap file, in the middle of the root */
	put_to_sleep(&machine, ROOT, 7 * 4096 + 4096);
	BM_CHECK_INT(bm_str_set(&entry->entry.cmdline, "root=UUID=root resume=UUID=root resume_offset=6"), 0);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 0);
	BM_CHECK_INT(bm_str_set(&entry->entry.cmdline, "root=UUID=root resume=UUID=root resume_offset=7"), 0);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 1);
	BM_CHECK_INT(system->hibernations.items[0].offset_bytes, 7 * 4096);
	/* numbers that lead nowhere */
	for (const char *const *text =
			(const char *const[]){"18446744073709551615", "99999999999999999999", "64", "-1", "", NULL};
		*text; text++) {
		free(entry->entry.cmdline);
		entry->entry.cmdline = bm_strf("resume=UUID=root resume_offset=%s", *text);
		BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
		BM_CHECK_INT(system->hibernations.n, 0);
	}
	drop_machine(&machine);
}

BM_TEST(hibernation_only_by_name)
{
	struct machine machine;
	struct bm_system *system = make_machine(&machine);

	/* A device that cannot be read, as that of a machine on paper: libblkid's word is all there is. */
	BM_CHECK_INT(bm_str_set(&machine.survey.devices.items[SWAP].image, NULL), 0);
	BM_CHECK_INT(bm_str_set(&machine.survey.devices.items[SWAP].fstype, "swsuspend"), 0);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 1);
	BM_CHECK(!bm_hibernation_discardable(&system->hibernations.items[0]));
	drop_machine(&machine);
}

static void free_plan(struct bm_plan *plan)
{
	bm_plan_done(plan);
}

BM_TEST(hibernation_plan)
{
	struct machine machine;
	struct bm_system *system = make_machine(&machine), *second;
	BM_CLEANUP(free_plan) struct bm_plan plan = {0};
	enum bm_plan_refusal refusal = BM_PLAN_NOTHING;

	/* nothing to give up: no step, and no refusal */
	BM_CHECK_INT(bm_plan_discard(&plan, &machine.survey, system, &refusal), 0);
	BM_CHECK_INT(refusal, BM_PLAN_NOTHING);
	BM_CHECK_INT(plan.n_steps, 0);
	put_to_sleep(&machine, SWAP, 4096);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(bm_plan_discard(&plan, &machine.survey, system, &refusal), 0);
	BM_CHECK_INT(refusal, BM_PLAN_OK);
	BM_CHECK(plan.n_steps > 2 && plan.steps[0].kind == BM_STEP_DISCARD && plan.steps[1].kind == BM_STEP_MOUNT);
	bm_plan_done(&plan);
	/* another system's swap stays */
	second = BM_VEC_PUSH(machine.survey.systems.items, machine.survey.systems.n, machine.survey.systems.capacity);
	second->root_device = ROOT;
	BM_CHECK_INT(bm_str_set(&second->id, "second"), 0);
	add_line(second, "UUID=swap");
	system = &machine.survey.systems.items[0];
	refusal = BM_PLAN_NOTHING;
	BM_CHECK_INT(bm_plan_discard(&plan, &machine.survey, system, &refusal), 0);
	BM_CHECK_INT(refusal, BM_PLAN_CANT);
	BM_CHECK(plan.n_steps == 0 && strstr(plan.notes.items[plan.notes.n - 1], "another system (second)"));
	bm_plan_done(&plan);
	/* but not where both use it */
	add_line(system, "UUID=swap");
	refusal = BM_PLAN_NOTHING;
	BM_CHECK_INT(bm_plan_discard(&plan, &machine.survey, system, &refusal), 0);
	BM_CHECK_INT(refusal, BM_PLAN_OK);
	drop_machine(&machine);
}

static int discard(struct machine *machine, const struct bm_step *step)
{
	const struct bm_plan plan = {.steps = (struct bm_step *)(uintptr_t)step, .n_steps = 1};
	_cleanup_guard_ struct bm_guard guard = {0};
	_cleanup_free_ char *text = NULL;
	int r = bm_guard_take(&machine->survey, NULL, &plan, &guard);

	if (r == 0)
		r = bm_discard_run(
			step, &machine->survey, &guard, &machine->survey.systems.items[0].hibernations, &text);

	bm_err_clear();
	return r;
}

static void signature(struct machine *machine, char ret_text[11])
{
	const struct bm_device *at = &machine->survey.devices.items[SWAP];
	int fd = open(at->image, O_RDONLY | O_CLOEXEC);

	memset(ret_text, 0, 11);
	BM_CHECK(fd >= 0 && pread(fd, ret_text, 10, (off_t)(at->image_offset + 4086)) == 10);
	close(fd);
}

BM_TEST(hibernation_discard)
{
	struct machine machine;
	struct bm_system *system;
	BM_CLEANUP(free_plan) struct bm_plan plan = {0};
	enum bm_plan_refusal refusal = BM_PLAN_NOTHING;
	char text[11];

	if (!bm_system_is_root())
		BM_SKIP("needs root");
	system = make_machine(&machine);
	put_to_sleep(&machine, SWAP, 4096);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(bm_plan_discard(&plan, &machine.survey, system, &refusal), 0);
	BM_CHECK_INT(plan.steps[0].kind, BM_STEP_DISCARD);
	/* another image by now */
	put(&machine, SWAP, 4064, "\1", 1);
	BM_CHECK_INT(discard(&machine, &plan.steps[0]), -ESTALE);
	signature(&machine, text);
	BM_CHECK_STR(text, "S1SUSPEND");
	put(&machine, SWAP, 4064, "\0", 1);
	/* not the system's, whatever the plan says */
	system->hibernations.items[0].device = OTHER_SWAP;
	BM_CHECK_INT(discard(&machine, &plan.steps[0]), -ESTALE);
	system->hibernations.items[0].device = SWAP;
	BM_CHECK_INT(discard(&machine, &plan.steps[0]), 0);
	signature(&machine, text);
	BM_CHECK_STR(text, "SWAPSPACE2");
	/* again, as after an interruption */
	BM_CHECK_INT(discard(&machine, &plan.steps[0]), 0);
	BM_CHECK_INT(bm_hibernation_read(&machine.survey), 0);
	BM_CHECK_INT(system->hibernations.n, 0);
	/* what a plan of somebody else's could say */
	plan.steps[0].page_bytes = BM_SWAPHDR_BYTES + 1;
	BM_CHECK_INT(discard(&machine, &plan.steps[0]), -EINVAL);
	plan.steps[0].page_bytes = 4096;
	plan.steps[0].offset_bytes = PART_BYTES;
	BM_CHECK(discard(&machine, &plan.steps[0]) < 0);
	drop_machine(&machine);
}
