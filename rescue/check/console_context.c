/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lines of one boot mean beside each other. A line alone says too much or too little: "Failed to mount /boot"
 * is explained by the "unknown filesystem type" behind it, a trace in the middle of a log is history, and one at its
 * end is what the boot died of.
 */
#include "console.h"

#include <string.h>

#include "../base/str.h"

enum {
	TRACE_LINES = 40, /* a trace is no longer than this */
	WAIT_LINES = 2,	  /* behind a wait that is the text's end: its unit, a progress line */
};

#define S(name) BM_SIGNATURE_##name
#define NONE	BM_SIGNATURE_COUNT

/* Where both are in a boot the cause says why, and the effect only that it stops. */
static const struct {
	enum bm_signature_id cause, effects[7]; /* up to a NONE */
} relations[] = {
	{S(FS_TYPE), {S(NO_INIT), S(NO_WORKING_INIT), S(NO_SYSROOT), S(MOUNT_REFUSED), S(EMERGENCY), NONE}},
	{S(FS_TYPE_FSTAB), {S(MOUNT_FAILED), S(LOCAL_FS_END), S(LOCAL_FS), S(EMERGENCY), NONE}},
	{S(FS_OTHER), {S(MOUNT_FAILED), S(NO_SYSROOT), S(LOCAL_FS_END), S(MOUNT_REFUSED), S(EMERGENCY), NONE}},
	{S(FS_BAD),
		{S(MOUNT_FAILED), S(NO_SYSROOT), S(LOCAL_FS_END), S(FS_OTHER), S(MOUNT_REFUSED), S(EMERGENCY), NONE}},
	{S(FS_CHECK), {S(MOUNT_FAILED), S(NO_SYSROOT), S(LOCAL_FS_END), S(LOCAL_FS), S(EMERGENCY), NONE}},
	{S(FS_FEATURES), {S(FS_CHECK), S(FS_BAD), S(FS_OTHER), S(MOUNT_REFUSED), S(MOUNT_FAILED), S(NO_SYSROOT), NONE}},
	{S(FS_ERRORS_STOP), {S(MOUNT_FAILED), S(NO_SYSROOT), S(LOCAL_FS_END), S(EMERGENCY), NONE}},
	{S(BTRFS_MISSING), {S(FS_BAD), S(MOUNT_FAILED), S(NO_SYSROOT), S(MOUNT_REFUSED), NONE}},
	{S(BTRFS_LOG), {S(MOUNT_FAILED), S(NO_SYSROOT), S(MOUNT_REFUSED), NONE}},
	{S(NFS_LOST), {S(MOUNT_FAILED), S(LOCAL_FS_END), S(EMERGENCY), NONE}},
	{S(FSTAB_PARSE), {S(MOUNT_FAILED), S(LOCAL_FS_END), S(EMERGENCY), NONE}},
	{S(MOUNT_REFUSED), {S(NO_SYSROOT), S(NO_INIT), S(NO_WORKING_INIT), S(EMERGENCY), NONE}},
	{S(NO_SYSROOT), {S(SYSROOT_DEPENDENCY), S(EMERGENCY), NONE}},
	{S(MOUNT_FAILED), {S(LOCAL_FS_END), S(EMERGENCY), NONE}},
	{S(LOCAL_FS), {S(LOCAL_FS_END), S(EMERGENCY), NONE}},
	{S(DEVICE_TIMEOUT), {S(LOCAL_FS_END), S(EMERGENCY), NONE}},
	{S(CRYPT_STOPPED), {S(LOCAL_FS), S(LOCAL_FS_END), S(DEVICE_TIMEOUT), S(NO_SYSROOT), S(EMERGENCY), NONE}},
	{S(SWITCH_ROOT_OS), {S(SWITCH_ROOT), S(EMERGENCY), NONE}},
	{S(LIVE_MEDIUM), {S(NO_DEVICE), S(NO_DEVICE_PLAIN), S(DEVICE_TIMEOUT), S(EMERGENCY), NONE}},
	{S(ROOT_PANIC_FLASH), {S(ROOT_PANIC), S(ROOT_PANIC_DEVICE), NONE}},
	{S(MD_OFF_ROOT), {S(NO_DEVICE), S(NO_DEVICE_PLAIN), S(DEVICE_TIMEOUT), S(SYSROOT_DEPENDENCY), NONE}},
	{S(LVM_OFF_ROOT), {S(NO_DEVICE), S(NO_DEVICE_PLAIN), S(DEVICE_TIMEOUT), S(LVM_NO_VG), NONE}},
	{S(LIBRARY_MAP), {S(INIT_KILLED_127), S(INIT_KILLED), NONE}},
	{S(OOPS_END), {S(INIT_KILLED), S(INIT_KILLED_SEGV), S(LOCKUP_END), S(PANIC), S(TRACE_END), NONE}},
	{S(NO_WORKING_INIT), {S(PANIC), NONE}},
	{S(MODULE_ELF), {S(NO_DEVICE), S(NO_DEVICE_PLAIN), S(NO_MODULES), S(EMERGENCY), NONE}},
	{S(MODULE_SYMBOLS_STOP), {S(NO_DEVICE), S(NO_DEVICE_PLAIN), S(EMERGENCY), NONE}},
	{S(HUGEPAGES_STOP), {S(OOM_DEAD), S(UNPACK_MEMORY), S(PANIC), NONE}},
};

/* A hint that means more where the boot stops; with: where one of these is in it, too (the first NONE: where it ends
 * badly by whatever words). */
static const struct {
	enum bm_signature_id hint, grave, with[5];
} promotions[] = {
	{S(CRYPT_FAILED), S(CRYPT_STOPPED), {NONE}},
	{S(NO_SPACE), S(ROOT_FULL), {NONE}},
	{S(MODULE_SYMBOLS), S(MODULE_SYMBOLS_STOP), {S(NO_DEVICE), S(NO_DEVICE_PLAIN), S(DEVICE_TIMEOUT), NONE}},
	{S(FS_ERROR_LOGGED), S(FS_ERRORS_STOP), {S(MOUNT_FAILED), S(NO_SYSROOT), S(MOUNT_REFUSED), NONE}},
	{S(HUGEPAGES), S(HUGEPAGES_STOP), {S(OOM_DEAD), S(OOM_KILL), S(UNPACK_MEMORY), NONE}},
	{S(OOPS), S(OOPS_END), {NONE}},
	{S(LOCKUP), S(LOCKUP_END), {NONE}},
};

static struct bm_observation *find(struct bm_console *console, enum bm_signature_id signature)
{
	for (size_t i = 0; i < console->n_observations; i++)
		if (console->observations[i].signature == signature)
			return &console->observations[i];
	return NULL;
}

static bool has_one_of(struct bm_console *console, const enum bm_signature_id *signatures)
{
	for (; *signatures != NONE; signatures++)
		if (find(console, *signatures))
			return true;
	return false;
}

static void change(struct bm_console *console, enum bm_signature_id from, enum bm_signature_id to)
{
	for (size_t i = 0; i < console->n_observations; i++) {
		struct bm_observation *observation = &console->observations[i];

		/* Every report of a lack of memory counts the huge pages, also where there are none. */
		if (observation->signature == from && !(from == S(HUGEPAGES) && bm_streq(observation->subject, "0")))
			observation->signature = to;
	}
}

/* Whether the boot stopped at what it waited for, or by words that say so. */
static bool stops(const struct bm_console *console)
{
	if (console->end.kind != BM_END_NONE)
		return true;
	for (size_t i = 0; i < console->n_observations; i++) {
		const struct bm_signature *signature = &bm_signatures[console->observations[i].signature];

		if (signature->strength >= BM_STRENGTH_END && signature->until != BM_STAGE_NEVER)
			return true;
	}
	return false;
}

static void promote(struct bm_console *console)
{
	bool stopped = stops(console);

	for (size_t i = 0; i < BM_ARRAY_SIZE(promotions); i++) {
		bool always = promotions[i].with[0] == NONE;

		/* A crash that the boot went on behind is no end: console->end knows. */
		if (promotions[i].hint == S(OOPS) || promotions[i].hint == S(LOCKUP))
			always = console->end.kind != BM_END_NONE && console->reached < BM_STAGE_UP;
		if (always ? stopped : has_one_of(console, promotions[i].with))
			change(console, promotions[i].hint, promotions[i].grave);
	}
}

/* What the command line forbade dracut to assemble is missed only where it is waited for. */
static void find_forbidden(struct bm_console *console)
{
	bool md = false, lv = false;

	for (size_t i = 0; i < console->n_observations; i++) {
		const char *subject = console->observations[i].subject;

		if (!subject || bm_signatures[console->observations[i].signature].strength != BM_STRENGTH_GENERAL)
			continue;
		md |= bm_str_starts(subject, "/dev/md");
		lv |= bm_str_starts(subject, "/dev/mapper/") && strchr(subject, '-') && !strstr(subject, "/luks-");
	}
	if (md)
		change(console, S(MD_OFF), S(MD_OFF_ROOT));
	if (lv)
		change(console, S(LVM_OFF), S(LVM_OFF_ROOT));
}

/* An initramfs mounts, too, and waits for its own: no line of fstab is to blame there. */
static void place_mounts(struct bm_console *console)
{
	for (size_t i = 0; i < console->n_observations; i++) {
		struct bm_observation *observation = &console->observations[i];

		if (observation->stage != BM_STAGE_INITRD)
			continue;
		if (observation->signature == S(LOCAL_FS))
			observation->signature = S(SYSROOT_DEPENDENCY);
		else if (observation->signature == S(MOUNT_FAILED) || observation->signature == S(LOCAL_FS_END))
			observation->signature = S(NO_SYSROOT);
		else if (observation->signature == S(FS_TYPE_FSTAB))
			observation->signature = S(FS_TYPE);
		else if (observation->signature == S(DEVICE_TIMEOUT))
			observation->signature = S(NO_DEVICE);
	}
}

/* What is a matter of where in the text it stands. */
static void look_at_the_end(struct bm_console *console, unsigned int last, unsigned int life)
{
	const struct bm_observation *warned = find(console, S(WARNED));

	for (size_t i = 0; i < console->n_observations; i++) {
		struct bm_observation *observation = &console->observations[i];
		unsigned int behind = last - observation->last;

		if (observation->signature == S(TRACE) && behind <= TRACE_LINES && life < observation->last &&
			!(warned && warned->last < observation->last &&
				observation->last - warned->last <= TRACE_LINES))
			observation->signature = S(TRACE_END);
		if (observation->signature == S(DEVICE_JOB) && behind <= WAIT_LINES && console->reached < BM_STAGE_UP)
			observation->signature = S(DEVICE_JOB_LAST);
		/* Without a root's or fstab's words around it the line may be about either. */
		if (observation->signature == S(FS_TYPE) && observation->stage >= BM_STAGE_ROOT)
			observation->signature = S(FS_TYPE_FSTAB);
	}
}

/* What names one cause explains the general words that come after it. */
static void explain_by_specific(struct bm_console *console)
{
	unsigned int first = 0;

	for (size_t i = 0; i < console->n_observations; i++) {
		const struct bm_observation *observation = &console->observations[i];
		const struct bm_signature *signature = &bm_signatures[observation->signature];

		if (signature->strength == BM_STRENGTH_SPECIFIC && signature->until != BM_STAGE_NEVER &&
			(first == 0 || observation->line < first))
			first = observation->line;
	}
	for (size_t i = 0; i < console->n_observations && first > 0; i++) {
		struct bm_observation *observation = &console->observations[i];
		enum bm_strength strength = bm_signatures[observation->signature].strength;

		if (observation->line > first && strength >= BM_STRENGTH_END && strength < BM_STRENGTH_SPECIFIC)
			observation->explained = true;
	}
}

static void explain_by_relation(struct bm_console *console)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(relations); i++) {
		if (!find(console, relations[i].cause))
			continue;
		for (size_t e = 0; e < BM_ARRAY_SIZE(relations[i].effects) && relations[i].effects[e] != NONE; e++)
			for (size_t o = 0; o < console->n_observations; o++)
				if (console->observations[o].signature == relations[i].effects[e])
					console->observations[o].explained = true;
	}
}

/* A loader that ran, or says why it does not go on: the firmware found something. */
static void explain_firmware(struct bm_console *console)
{
	struct bm_observation *firmware = find(console, S(FIRMWARE_NOTHING));

	for (size_t i = 0; firmware && i < console->n_observations; i++)
		if (console->observations[i].signature < S(FIRMWARE_NOTHING))
			firmware->explained = true;
}

void bm_console_relate(struct bm_console *console, unsigned int last_line, unsigned int life_line)
{
	place_mounts(console);
	look_at_the_end(console, last_line, life_line);
	promote(console);
	find_forbidden(console);
	explain_by_specific(console);
	explain_by_relation(console);
	explain_firmware(console);
}

bool bm_signature_is_derived(enum bm_signature_id signature)
{
	static const enum bm_signature_id others[] = {
		S(MD_OFF_ROOT), S(LVM_OFF_ROOT), S(DEVICE_JOB_LAST), S(TRACE_END)};

	for (size_t i = 0; i < BM_ARRAY_SIZE(promotions); i++)
		if (promotions[i].grave == signature)
			return true;
	for (size_t i = 0; i < BM_ARRAY_SIZE(others); i++)
		if (others[i] == signature)
			return true;
	return false;
}
