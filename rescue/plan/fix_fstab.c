/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fstab: a line gets the right device where that is known for certain, options with which the boot does not wait, or a
 * comment sign; it never goes.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"

enum { SPEC, TARGET, FSTYPE, OPTIONS, FIELDS };

struct field {
	size_t at, len;
};

static size_t split(const char *line, struct field fields[FIELDS])
{
	size_t n = 0, at = strspn(line, " \t");

	while (n < FIELDS && line[at]) {
		fields[n] = (struct field){at, strcspn(line + at, " \t")};
		at += fields[n].len;
		at += strspn(line + at, " \t");
		n++;
	}
	return n;
}

/* The line with another text in the place of one field; for free(). */
static char *with_field(const char *line, const struct field *field, const char *text)
{
	return bm_strf("%.*s%s%s", (int)field->at, line, text, line + field->at + field->len);
}

static const struct bm_fstab_line *entry_at(const struct bm_fix *fix, unsigned int number)
{
	for (size_t i = 0; i < fix->system->fstab.n_lines; i++)
		if (fix->system->fstab.lines[i].line == number)
			return &fix->system->fstab.lines[i];
	return NULL;
}

/* The filesystem that is certain to belong there: the root itself, or what was recognised. NULL: none. */
static const char *certain_uuid(const struct bm_fix *fix, const struct bm_fstab_line *entry)
{
	const struct bm_mount *mount = bm_system_mount(fix->system, entry->target);
	bool root = bm_streq(entry->target, "/"), exact;
	int swap = bm_streq(entry->fstype, "swap") ? bm_devices_find_spec(&fix->survey->devices, entry->spec, "swap",
							     fix->system->root_device, &exact)
						   : BM_DEVICE_NONE;
	int device = root ? fix->system->root_device : mount ? mount->device : BM_DEVICE_NONE;

	/* The same partition of the only disk, by another driver's name. */
	if (swap >= 0)
		return fix->survey->devices.items[swap].uuid;
	if (device < 0 || (!root && mount->source != BM_MOUNT_CONTENT && mount->source != BM_MOUNT_FAMILY))
		return NULL;
	return fix->survey->devices.items[device].uuid;
}

static int set_spec(
	struct bm_draft *draft, const struct bm_finding *finding, const struct bm_fstab_line *entry, const char *uuid)
{
	_cleanup_free_ char *spec = bm_strf("UUID=%s", uuid), *text = NULL;
	const char *line = bm_draft_line(draft, entry->line);
	struct field fields[FIELDS];

	if (!spec || !line || split(line, fields) < 1)
		return spec ? 0 : -ENOMEM;
	text = with_field(line, &fields[SPEC], spec);
	if (!text || bm_draft_set(draft, entry->line, text) < 0)
		return -ENOMEM;
	return bm_draft_reason(
		draft, finding, "%s is on none of the disks; %s is %s", entry->spec, entry->target, spec);
}

/* Adds options that the line does not have. */
static int add_options(struct bm_draft *draft, const struct bm_fstab_line *entry, const char *const *options)
{
	_cleanup_buf_ struct bm_buf all = {0};
	_cleanup_free_ char *text = NULL;
	const char *line = bm_draft_line(draft, entry->line);
	struct field fields[FIELDS];
	size_t n = line ? split(line, fields) : 0;

	if (n < 2)
		return 0;
	bm_buf_addf(&all, "%.*s", n > OPTIONS ? (int)fields[OPTIONS].len : 8,
		n > OPTIONS ? line + fields[OPTIONS].at : "defaults");
	for (; *options; options++)
		if (!bm_fstab_flag(bm_buf_text(&all), *options, NULL))
			bm_buf_addf(&all, ",%s", *options);
	if (all.failed)
		return -ENOMEM;
	if (n > OPTIONS)
		text = with_field(line, &fields[OPTIONS], all.data);
	else
		text = bm_strf("%.*s%s %s", (int)(fields[n - 1].at + fields[n - 1].len), line,
			n < OPTIONS ? " auto" : "", all.data);
	return text ? bm_draft_set(draft, entry->line, text) : -ENOMEM;
}

/* Whether the system can do without what is mounted there, until the disk comes back: then nofail keeps the line. */
static bool is_data(const char *target)
{
	static const char *const own[] = {"/usr", "/var", "/boot", "/etc", "/opt", "/tmp"};

	if (*target != '/' || bm_streq(target, "/"))
		return false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(own); i++)
		if (bm_path_below(target, own[i]))
			return false;
	return true;
}

/* Whether a kernel is seen: without the filesystem of /boot that is one in the root's own /boot. */
static bool has_kernel(const struct bm_system *system)
{
	for (size_t i = 0; i < system->n_kernels; i++)
		if (system->kernels[i].image)
			return true;
	return false;
}

static int fix_unknown(
	struct bm_fix *fix, const struct bm_finding *finding, struct bm_draft *draft, const struct bm_fstab_line *entry)
{
	static const char *const nofail[] = {"nofail", NULL};
	const char *uuid = certain_uuid(fix, entry);
	_cleanup_free_ char *reason = NULL;

	if (uuid)
		return set_spec(draft, finding, entry, uuid);
	if (bm_streq(entry->target, "/") || bm_streq(entry->target, "/usr"))
		return bm_fix_instruct(fix, finding,
			"line %u of /etc/fstab asks for %s as %s, which is on none of the disks, and the system does "
			"not "
			"run without it: attach its disk, or write the right device into the line.",
			entry->line, entry->spec, entry->target);
	/* Without the line the boot would go on, but there is nothing that could be booted. */
	if (bm_streq(entry->target, "/boot") && !has_kernel(fix->system))
		return bm_fix_instruct(fix, finding,
			"line %u of /etc/fstab asks for %s as /boot, which is on none of the disks, and there is no "
			"kernel elsewhere: attach its disk, or write the right device into the line; where it is lost, "
			"make a new one and reinstall the kernel's package and the boot loader.",
			entry->line, entry->spec);
	if (is_data(entry->target) && !bm_streq(entry->fstype, "swap")) {
		if (add_options(draft, entry, nofail) < 0)
			return -ENOMEM;
		return bm_draft_reason(draft, finding, "%s of %s is on none of the disks: nofail lets the boot go on",
			entry->spec, entry->target);
	}
	reason = bm_strf("%s is on none of the disks", entry->spec);
	if (!reason || bm_fix_comment_out(fix, draft, entry->line, reason) < 0)
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "%s of %s is on none of the disks: the line is commented out",
		entry->spec, bm_streq(entry->fstype, "swap") ? "swap" : entry->target);
}

/* Whether an option is one that every filesystem takes, or that mount(8) and systemd keep for themselves. */
static bool is_general(const char *option)
{
	static const char *const general[] = {"defaults", "ro", "rw", "atime", "noatime", "relatime", "strictatime",
		"lazytime", "nodiratime", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async",
		"dirsync", "auto", "noauto", "user", "users", "nouser", "owner", "group", "nofail", "_netdev", ""};

	if (bm_str_starts(option, "x-") || bm_str_starts(option, "comment="))
		return true;
	for (size_t i = 0; i < BM_ARRAY_SIZE(general); i++)
		if (bm_streq(option, general[i]))
			return true;
	return false;
}

static int only_general(const char *options, bool *ret_general)
{
	_cleanup_strv_ struct bm_strv list = {0};

	if (bm_strv_split(&list, options, ",") < 0)
		return -ENOMEM;
	*ret_general = true;
	for (size_t i = 0; i < list.n; i++)
		*ret_general &= is_general(list.items[i]);
	return 0;
}

/* The type that the filesystem has; or the blank of the mount point written as it has to be. The options of another
 * type may be refused by this one: then the boot is not to stop at it. */
static int fix_type(
	struct bm_fix *fix, const struct bm_finding *finding, struct bm_draft *draft, const struct bm_fstab_line *entry)
{
	static const char *const nofail[] = {"nofail", NULL};
	const char *line = bm_draft_line(draft, entry->line), *subject = finding->subject;
	_cleanup_free_ char *text = NULL;
	struct field fields[FIELDS];
	bool general;

	if (!subject || split(line, fields) < FIELDS || only_general(entry->options, &general) < 0)
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	if (bm_streq(subject, "\\040")) {
		text = bm_strf(
			"%.*s\\040%s", (int)(fields[TARGET].at + fields[TARGET].len), line, line + fields[FSTYPE].at);
		general = true;
	} else {
		text = with_field(line, &fields[FSTYPE], subject);
	}
	if (!text || bm_draft_set(draft, entry->line, text) < 0)
		return -ENOMEM;
	if (!general && is_data(entry->target) && add_options(draft, entry, nofail) < 0)
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "%s", finding->evidence);
}

/* Without a driver it cannot be mounted: the boot goes on where it can. The loader reads /boot and the ESP by itself.
 */
static int fix_driver(
	struct bm_fix *fix, const struct bm_finding *finding, struct bm_draft *draft, const struct bm_fstab_line *entry)
{
	static const char *const nofail[] = {"nofail", NULL};
	static const char *const loader[] = {"/boot", "/boot/efi", "/efi"};
	bool waits = is_data(entry->target);

	for (size_t i = 0; i < BM_ARRAY_SIZE(loader); i++)
		waits |= bm_streq(entry->target, loader[i]);
	if (!waits)
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	if (add_options(draft, entry, nofail) < 0)
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "%s: nofail lets the boot go on", finding->evidence);
}

/* Whether the options of a line were parted by blanks: "noatime, nodev". */
static bool options_parted(const struct bm_fstab_line *entry)
{
	return bm_str_ends(entry->options, ",");
}

/* Joins the options again up to the numbers behind them. What they then say may be refused: the boot goes on. */
static int join_options(const struct bm_finding *finding, struct bm_draft *draft, const struct bm_fstab_line *entry)
{
	static const char *const nofail[] = {"nofail", NULL};
	const char *line = bm_draft_line(draft, entry->line);
	_cleanup_strv_ struct bm_strv words = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	struct field fields[FIELDS];
	uint64_t number;

	if (split(line, fields) < FIELDS || bm_strv_split(&words, line + fields[OPTIONS].at, " \t") < 0)
		return -ENOMEM;
	bm_buf_addf(&text, "%.*s", (int)fields[OPTIONS].at, line);
	for (size_t i = 0; i < words.n; i++)
		bm_buf_addf(
			&text, "%s%s", i > 0 && bm_num_u64(words.items[i], &number) == 0 ? " " : "", words.items[i]);
	if (text.failed || bm_draft_set(draft, entry->line, bm_buf_text(&text)) < 0 ||
		add_options(draft, entry, nofail) < 0)
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "the options of %s are one field, without blanks", entry->target);
}

int bm_fix_fstab(struct bm_fix *fix, const struct bm_finding *finding)
{
	static const char *const network[] = {"_netdev", "nofail", NULL};
	const char *path = finding->file ? finding->file : "/etc/fstab";
	const struct bm_fstab_line *entry = entry_at(fix, finding->line);
	struct bm_draft *draft;
	const char *line;
	int r = bm_fix_open(fix, finding, path, &draft);

	if (r < 0 || !draft)
		return r;
	line = bm_draft_line(draft, finding->line);
	if (!line)
		return bm_fix_instruct(fix, finding, "%s", bm_finding_kinds[finding->id].advice);
	/* An earlier finding of the same line has taken it out already. */
	if (line[strspn(line, " \t")] == '#')
		return bm_draft_reason(draft, finding, "%s", finding->evidence);
	if (finding->id == BM_FINDING_FSTAB_SYNTAX && !entry) {
		if (bm_fix_comment_out(fix, draft, finding->line, finding->evidence) < 0)
			return -ENOMEM;
		return bm_draft_reason(
			draft, finding, "line %u is commented out: %s", finding->line, finding->evidence);
	}
	if (finding->id == BM_FINDING_FSTAB_SYNTAX && options_parted(entry) && is_data(entry->target))
		return join_options(finding, draft, entry);
	/* It is mounted as it is: without the line more may be missing than is wrong with it. */
	if (finding->id == BM_FINDING_FSTAB_SYNTAX)
		return bm_fix_instruct(fix, finding,
			"line %u of %s is used all the same, so it is left as it is: %s. Correct it.", finding->line,
			path, finding->evidence);
	if (!entry)
		return bm_fix_instruct(fix, finding, "%s", bm_finding_kinds[finding->id].advice);
	if (finding->id == BM_FINDING_FSTAB_TYPE_WRONG)
		return fix_type(fix, finding, draft, entry);
	if (finding->id == BM_FINDING_FSTAB_DRIVER_MISSING)
		return fix_driver(fix, finding, draft, entry);
	if (finding->id != BM_FINDING_FSTAB_NETDEV)
		return fix_unknown(fix, finding, draft, entry);
	if (add_options(draft, entry, network) < 0)
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "%s is on the network: the boot does not wait for it", entry->target);
}
