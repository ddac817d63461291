/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joining what a console says with what the disk shows. The most specific observation is taken first: what it names is
 * then what the general ones behind it ("the boot stops here") are explained by.
 */
#include "console.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "console_refute.h"

enum {
	ZONES_S = 14 * 3600, /* how far a time may be off whose zone is not known */
};

struct join {
	struct bm_console *console;
	const struct bm_console_facts *facts;
	const struct bm_survey *survey; /* or NULL */
	const struct bm_system *system; /* or NULL */
	struct bm_findings *findings;
};

struct list {
	enum bm_finding_id ids[2 * BM_CANDIDATES_MAX];
	size_t n;
};

static void list_add(struct list *list, enum bm_finding_id id)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->ids[i] == id)
			return;
	if (list->n < BM_ARRAY_SIZE(list->ids))
		list->ids[list->n++] = id;
}

#define LIST_ADD(list, ...)                                                                                            \
	do {                                                                                                           \
		const enum bm_finding_id ids_[] = {__VA_ARGS__};                                                       \
		for (size_t i_ = 0; i_ < BM_ARRAY_SIZE(ids_); i_++)                                                    \
			list_add(list, ids_[i_]);                                                                      \
	} while (0)

/* --- the device that an observation is about --- */

/* It as a spec of fstab: /dev/disk/by-uuid/X, UUID=X, block:/dev/mapper/x, VG/LV, a bare UUID. */
static int spec_of(const char *subject, struct bm_spec *ret)
{
	_cleanup_free_ char *text = NULL;

	if (!subject)
		return bm_fstab_spec_parse("", ret);
	if (bm_str_starts(subject, "block:"))
		subject += 6;
	if (strlen(subject) == 36 && strspn(subject, "0123456789abcdefABCDEF-") == 36)
		text = bm_strf("UUID=%s", subject);
	else if (subject[0] != '/' && !strchr(subject, '=') && strchr(subject, '/'))
		text = bm_strf("/dev/%s", subject);
	else
		text = strdup(subject);
	return text ? bm_fstab_spec_parse(text, ret) : -ENOMEM;
}

static bool is_name(const struct bm_spec *spec)
{
	return spec->kind == BM_SPEC_UUID || spec->kind == BM_SPEC_LABEL || spec->kind == BM_SPEC_PARTUUID ||
	       spec->kind == BM_SPEC_PARTLABEL || spec->kind == BM_SPEC_MAPPER;
}

static enum bm_presence presence_of(const struct join *join, const char *subject, const struct bm_spec *spec)
{
	_cleanup_free_ char *text = NULL;

	if (!join->system || !join->survey || join->survey->devices.n == 0 || !is_name(spec))
		return BM_PRESENCE_UNKNOWN;
	text = spec->kind == BM_SPEC_UUID ? bm_strf("UUID=%s", spec->value) : strdup(subject);
	if (text && bm_devices_have(&join->survey->devices, text))
		return BM_PRESENCE_YES;
	return join->survey->partial ? BM_PRESENCE_UNKNOWN : BM_PRESENCE_NO;
}

/* Whether a device is for swap or resuming, by the command line of that boot or by its name. */
static bool is_swap(const struct join *join, const struct bm_spec *spec)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = join->console->cmdline, *resume;

	if (spec->value && strcasestr(spec->value, "swap"))
		return true;
	if (!text || !spec->value || bm_cmdline_parse(text, strlen(text), &line) < 0)
		return false;
	resume = bm_cmdline_last(&line, "resume");
	return resume && strstr(resume, spec->value);
}

static void device_candidates(const struct join *join, const struct bm_observation *observation, struct list *list)
{
	_cleanup_spec_ struct bm_spec spec = {0};
	const char *subject = observation->subject;
	enum bm_presence presence;
	bool lv;

	if (!subject || spec_of(subject, &spec) < 0)
		return;
	presence = presence_of(join, subject, &spec);
	lv = spec.kind == BM_SPEC_MAPPER && spec.lv;
	if (spec.kind == BM_SPEC_MAPPER && (strncmp(spec.value, "luks-", 5) == 0 || bm_str_ends(spec.value, "_crypt") ||
						   bm_str_starts(spec.value, "crypt")))
		LIST_ADD(list, BM_FINDING_INITRAMFS_NO_CRYPT, BM_FINDING_CRYPTTAB_DEVICE_UNKNOWN);
	else if (bm_str_starts(subject, "/dev/md"))
		LIST_ADD(list, BM_FINDING_INITRAMFS_NO_MDRAID, BM_FINDING_MDADM_ARRAY_UNKNOWN, BM_FINDING_MD_DEGRADED);
	else if (lv && is_swap(join, &spec))
		LIST_ADD(list, BM_FINDING_CMDLINE_LV_UNKNOWN, BM_FINDING_CMDLINE_RESUME_UNKNOWN);
	else if (is_swap(join, &spec))
		LIST_ADD(list, BM_FINDING_CMDLINE_RESUME_UNKNOWN, BM_FINDING_CMDLINE_LV_UNKNOWN);
	else if (lv && presence == BM_PRESENCE_YES)
		LIST_ADD(list, BM_FINDING_LVM_DEVICES_STALE, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER,
			BM_FINDING_INITRAMFS_NO_LVM);
	else if (lv && presence == BM_PRESENCE_NO)
		LIST_ADD(list, BM_FINDING_CMDLINE_ROOT_UNKNOWN, BM_FINDING_CMDLINE_LV_UNKNOWN,
			BM_FINDING_LVM_PV_MISSING);
	else if (presence == BM_PRESENCE_NO || (is_name(&spec) && !lv && !join->system && join->console->disks))
		LIST_ADD(list, BM_FINDING_CMDLINE_ROOT_UNKNOWN, BM_FINDING_FSTAB_DEVICE_UNKNOWN);
}

static bool has_observation(const struct bm_console *console, enum bm_signature_id signature)
{
	for (size_t i = 0; i < console->n_observations; i++)
		if (console->observations[i].signature == signature)
			return true;
	return false;
}

/* An initramfs that was not unpacked whole lacks its init for that reason. */
static void unpacked_candidates(const struct join *join, struct list *list)
{
	static const enum bm_signature_id unpack[] = {BM_SIGNATURE_UNPACK_TRUNCATED, BM_SIGNATURE_UNPACK_METHOD,
		BM_SIGNATURE_UNPACK_MAGIC, BM_SIGNATURE_UNPACK_MEMORY, BM_SIGNATURE_UNPACK_CORRUPT,
		BM_SIGNATURE_UNPACK_OVERWRITTEN};

	for (size_t i = 0; i < BM_ARRAY_SIZE(unpack); i++)
		if (has_observation(join->console, unpack[i]))
			list_add(list, (enum bm_finding_id)bm_signatures[unpack[i]].candidates[0]);
}

/* The candidates of an observation in the light of the rest of the boot, the likeliest first. */
static void causes_of(const struct join *join, const struct bm_observation *observation, struct list *list)
{
	const struct bm_signature *signature = &bm_signatures[observation->signature];
	const struct bm_console *console = join->console;
	bool early;

	switch (observation->signature) {
	case BM_SIGNATURE_ROOT_PANIC:
		/* The kernel says when it is given an initramfs; where its first lines are missing that is not known.
		 */
		if (console->initrd)
			LIST_ADD(list, BM_FINDING_INITRAMFS_EMPTY, BM_FINDING_INITRAMFS_NO_INIT,
				BM_FINDING_INITRAMFS_CORRUPT, BM_FINDING_INITRAMFS_TRUNCATED,
				BM_FINDING_INITRAMFS_COMPRESSION);
		break;
	case BM_SIGNATURE_RDINIT_FAILED:
	case BM_SIGNATURE_NO_INIT:
		unpacked_candidates(join, list);
		break;
	case BM_SIGNATURE_NO_DEVICE:
	case BM_SIGNATURE_LVM_NO_VG:
	case BM_SIGNATURE_CRYPT_WAIT:
		if (observation->signature != BM_SIGNATURE_CRYPT_WAIT)
			device_candidates(join, observation, list);
		break;
	case BM_SIGNATURE_DEVICE_TIMEOUT:
	case BM_SIGNATURE_DEVICE_JOB:
		/* The initramfs waits for the root, the system for what fstab names. */
		early = observation->stage < BM_STAGE_ROOT &&
			(observation->stage >= BM_STAGE_INITRD || has_observation(console, BM_SIGNATURE_NO_SYSROOT) ||
				has_observation(console, BM_SIGNATURE_NO_DEVICE) ||
				has_observation(console, BM_SIGNATURE_NO_DEVICE_PLAIN));
		if (early) {
			device_candidates(join, observation, list);
			LIST_ADD(list, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER, BM_FINDING_CMDLINE_ROOT_UNKNOWN);
		} else if (observation->stage >= BM_STAGE_ROOT) {
			/* The root was found: neither its initramfs nor root= is to blame. */
			LIST_ADD(list, BM_FINDING_FSTAB_DEVICE_UNKNOWN, BM_FINDING_CRYPTTAB_DEVICE_UNKNOWN,
				BM_FINDING_LVM_DEVICES_STALE, BM_FINDING_LVM_PV_MISSING, BM_FINDING_MD_DEGRADED,
				BM_FINDING_MDADM_ARRAY_UNKNOWN, BM_FINDING_CMDLINE_LV_UNKNOWN, BM_FINDING_FSTAB_NETDEV);
			return;
		}
		break;
	case BM_SIGNATURE_FS_TYPE:
		/* "mount: /data: ..." is a line of fstab. */
		if (observation->stage >= BM_STAGE_ROOT ||
			(strstr(observation->text, "mount: /") && !strstr(observation->text, "root"))) {
			if (strstr(observation->text, "unknown filesystem type"))
				LIST_ADD(list, BM_FINDING_FSTAB_SYNTAX, BM_FINDING_MODULES_MISSING);
			LIST_ADD(list, BM_FINDING_FS_DAMAGED, BM_FINDING_FSTAB_SYNTAX);
		}
		break;
	default:
		break;
	}
	for (size_t i = 0; i < signature->n_candidates; i++)
		list_add(list, (enum bm_finding_id)signature->candidates[i]);
}

/* The same, with the one cause of several, where the disks show it. */
static void candidates_of(const struct join *join, const struct bm_observation *observation, struct list *list)
{
	static const enum bm_finding_id names[] = {BM_FINDING_CMDLINE_ROOT_UNKNOWN, BM_FINDING_CMDLINE_LV_UNKNOWN,
		BM_FINDING_CMDLINE_RESUME_UNKNOWN, BM_FINDING_FSTAB_DEVICE_UNKNOWN, BM_FINDING_CRYPTTAB_DEVICE_UNKNOWN};
	bool named = false;

	causes_of(join, observation, list);
	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < BM_ARRAY_SIZE(names); k++)
			named |= list->ids[i] == names[k];
	if (named && bm_findings_find(join->findings, BM_FINDING_VOLUME_RENAMED))
		list_add(list, BM_FINDING_VOLUME_RENAMED);
}

/* --- agreement --- */

static bool mentions(const struct bm_finding *finding, const char *word)
{
	const char *texts[] = {finding->subject, finding->excerpt, finding->evidence};

	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		if (texts[i] && strcasestr(texts[i], word))
			return true;
	return false;
}

/* Findings that are about a name on the disk agree only where it is the same name. */
static bool agrees(const struct bm_finding *finding, const struct bm_spec *spec)
{
	_cleanup_free_ char *lv = NULL;

	switch (finding->id) {
	case BM_FINDING_CMDLINE_ROOT_UNKNOWN:
	case BM_FINDING_CMDLINE_LV_UNKNOWN:
	case BM_FINDING_CMDLINE_RESUME_UNKNOWN:
	case BM_FINDING_FSTAB_DEVICE_UNKNOWN:
	case BM_FINDING_CRYPTTAB_DEVICE_UNKNOWN:
	case BM_FINDING_VOLUME_RENAMED:
		break;
	default:
		return true;
	}
	if (finding->source == BM_SOURCE_CONSOLE || !is_name(spec) || mentions(finding, spec->value))
		return true;
	lv = spec->vg && spec->lv ? bm_strf("%s/%s", spec->vg, spec->lv) : NULL;
	return lv && mentions(finding, lv);
}

static struct bm_finding *find_agreeing(
	const struct join *join, const struct bm_observation *observation, const struct list *list)
{
	_cleanup_spec_ struct bm_spec spec = {0};

	if (spec_of(observation->subject, &spec) < 0)
		return NULL;
	/* What stops the boot explains more than what does not. */
	for (int fatal = 1; fatal >= 0; fatal--)
		for (size_t i = 0; i < list->n; i++)
			for (size_t f = 0; f < join->findings->n; f++) {
				struct bm_finding *finding = &join->findings->items[f];

				if (finding->id == list->ids[i] &&
					(finding->severity == BM_SEVERITY_FATAL) == (fatal == 1) &&
					agrees(finding, &spec))
					return finding;
			}
	return NULL;
}

static int confirm(const struct join *join, struct bm_observation *observation, struct bm_finding *finding)
{
	const struct bm_console *console = join->console;

	observation->answered = true;
	observation->finding = finding->id;
	if (finding->source == BM_SOURCE_CONSOLE)
		return 0;
	if (console->kind != BM_CONSOLE_KEPT && !console->old)
		finding->source = BM_SOURCE_BOTH;
	if (finding->console)
		return 0;
	if (console->old)
		finding->console = bm_strf("line %u of %s says so, too: \"%s\"; but %s", observation->line,
			console->name, observation->text, console->old);
	else
		finding->console = bm_strf(
			"line %u of %s says so, too: \"%s\"", observation->line, console->name, observation->text);
	return finding->console ? 0 : -ENOMEM;
}

/* --- what only the console tells --- */

/* What a log that lies on the disk may add. */
static bool kept_may_add(enum bm_finding_id id)
{
	return id == BM_FINDING_OOM_KILLED || id == BM_FINDING_OOM_PANIC || id == BM_FINDING_KDUMP_NOT_RESERVED ||
	       id == BM_FINDING_BOOT_FULL;
}

/* How grave a finding is that only this text tells. With a system to look at it is never fatal, since the disk would
 * show it: whether the text says that the boot stops is another matter, and the verdict's. */
static void weigh(const struct join *join, const struct bm_observation *observation, struct bm_finding *finding)
{
	const struct bm_finding_kind *kind = &bm_finding_kinds[finding->id];
	const struct bm_signature *signature = &bm_signatures[observation->signature];

	if (join->console->kind == BM_CONSOLE_KEPT) {
		finding->severity = BM_SEVERITY_NOTE;
		finding->doubtful = true;
	} else if (join->system || join->console->old || join->console->reached >= BM_STAGE_UP) {
		finding->severity = BM_MAX(kind->severity, BM_SEVERITY_WARNING);
		finding->doubtful = true;
	} else if (kind->maybe_fatal && signature->until != BM_STAGE_NEVER) {
		/* It is seen to have stopped a boot. */
		finding->severity = BM_SEVERITY_FATAL;
	}
}

/* What else it may be. Of words that name one cause the others are only what may lie behind it. */
static void note_others(const struct bm_observation *observation, const struct list *list, struct bm_finding *finding)
{
	for (size_t i = 1; i < list->n && i <= BM_FINDING_OTHERS_MAX; i++)
		finding->others[finding->n_others++] = (unsigned char)list->ids[i];
	finding->likely = list->n > 1 && bm_signatures[observation->signature].strength < BM_STRENGTH_SPECIFIC;
}

static int evidence_of(
	const struct join *join, const struct bm_observation *observation, const struct list *list, struct bm_buf *text)
{
	const struct bm_console *console = join->console;
	size_t n = BM_MIN(list->n, (size_t)BM_FINDING_OTHERS_MAX + 1);

	bm_buf_adds(text, bm_signatures[observation->signature].meaning);
	if (observation->subject)
		bm_buf_addf(text, " (%s)", observation->subject);
	for (size_t i = 1; i < n; i++)
		bm_buf_addf(text, "%s%s",
			i == 1	     ? "; it may also be "
			: i + 1 == n ? " or "
				     : ", ",
			bm_finding_kinds[list->ids[i]].id);
	if (console->overtaken)
		bm_buf_addf(text, "; but %s: an old text does not tell the present fault", console->old);
	else if (console->old)
		bm_buf_addf(text, "; but %s", console->old);
	else if (join->system && console->kind != BM_CONSOLE_KEPT)
		bm_buf_adds(text, "; the disk does not show it");
	return text->failed ? -ENOMEM : 0;
}

static int add_alone(const struct join *join, struct bm_observation *observation, const struct list *list)
{
	const struct bm_console *console = join->console;
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_finding *finding;

	if (evidence_of(join, observation, list, &text) < 0)
		return -ENOMEM;
	finding = bm_findings_add(join->findings, list->ids[0], NULL, 0, "%s", bm_buf_text(&text));
	if (!finding)
		return -ENOMEM;
	finding->source = BM_SOURCE_CONSOLE;
	finding->console = bm_strf("line %u of %s: \"%s\"", observation->line, console->name, observation->text);
	note_others(observation, list, finding);
	weigh(join, observation, finding);
	observation->answered = true;
	observation->finding = finding->id;
	return !finding->console || bm_str_set(&finding->subject, observation->subject) < 0 ? -ENOMEM : 0;
}

/* Takes out of the list what the disk shows to be otherwise. */
static int drop_refuted(const struct join *join, const struct bm_observation *observation, struct list *list)
{
	_cleanup_spec_ struct bm_spec spec = {0};
	enum bm_presence presence;
	size_t kept = 0;

	if (!join->system)
		return 0;
	if (spec_of(observation->subject, &spec) < 0)
		return -ENOMEM;
	presence = presence_of(join, observation->subject, &spec);
	for (size_t i = 0; i < list->n; i++)
		if (!bm_console_refuted(join->facts, join->findings, presence, list->ids[i]))
			list->ids[kept++] = list->ids[i];
	list->n = kept;
	return 0;
}

static int answer(const struct join *join, struct bm_observation *observation)
{
	const struct bm_signature *signature = &bm_signatures[observation->signature];
	struct list list = {0};
	struct bm_finding *finding;

	if (signature->n_candidates == 0)
		return 0;
	candidates_of(join, observation, &list);
	finding = find_agreeing(join, observation, &list);
	if (finding)
		return confirm(join, observation, finding);
	if (signature->strength <= BM_STRENGTH_OPEN || observation->explained)
		return 0;
	if (drop_refuted(join, observation, &list) < 0)
		return -ENOMEM;
	/* Nothing of it is so: the words stay as they are, and the verdict has them. */
	if (list.n == 0)
		return 0;
	if (join->console->kind == BM_CONSOLE_KEPT && !kept_may_add(list.ids[0]))
		return 0;
	return add_alone(join, observation, &list);
}

/* --- whether a text is about the present --- */

static const char *root_of(const char *text, struct bm_cmdline *line)
{
	return text && bm_cmdline_parse(text, strlen(text), line) == 0 ? bm_cmdline_last(line, "root") : NULL;
}

/* The boots that the journal on the disk has after this one. */
static size_t boots_after(const struct bm_consoles *consoles, const char *boot_id)
{
	for (size_t i = 0; boot_id && i < consoles->n; i++)
		for (size_t b = 0; consoles->items[i].kind == BM_CONSOLE_KEPT && b < consoles->items[i].boot_ids.n; b++)
			if (bm_streq(consoles->items[i].boot_ids.items[b], boot_id))
				return consoles->items[i].boot_ids.n - b - 1;
	return 0;
}

static int judge_age(
	const struct bm_consoles *consoles, struct bm_console *console, const struct bm_console_facts *facts)
{
	_cleanup_cmdline_ struct bm_cmdline said = {0}, wanted = {0};
	const struct bm_kernel *kernel = bm_system_default_kernel(facts->system);
	const struct bm_devices *devices = &facts->survey->devices;
	const struct bm_loader *loader = &facts->system->loader;
	const char *root = root_of(console->cmdline, &said), *now = NULL;
	size_t later = console->kind == BM_CONSOLE_KEPT ? 0 : boots_after(consoles, console->boot_id);
	bool rewritten = console->time_s > 0 && facts->image_time_s > console->time_s + (console->zoned ? 0 : ZONES_S);

	console->overtaken = later > 0 || rewritten;
	if (loader->default_entry >= 0 && (size_t)loader->default_entry < loader->n_entries)
		now = root_of(loader->entries[loader->default_entry].entry.cmdline, &wanted);
	if (console->kernel && kernel && !bm_streq(console->kernel, kernel->version))
		console->old =
			bm_strf("it is of kernel %s, and the default entry boots %s", console->kernel, kernel->version);
	else if (root && now && !bm_streq(root, now) && !bm_devices_have(devices, root) &&
		 bm_devices_have(devices, now))
		console->old =
			bm_strf("there the kernel was given root=%s, and the default entry has root=%s", root, now);
	else if (later > 0)
		console->old = bm_strf("the system's journal has %zu later boot%s", later, later == 1 ? "" : "s");
	else if (rewritten)
		console->old = strdup("the initramfs was written after it");
	else
		return 0;
	return console->old ? 0 : -ENOMEM;
}

int bm_console_join(struct bm_consoles *consoles, const struct bm_console_facts *facts, struct bm_findings *findings)
{
	/* What names a device tells more than what only says that the boot stops. */
	static const struct {
		enum bm_strength strength;
		int subject; /* -1: either */
	} order[] = {{BM_STRENGTH_SPECIFIC, -1}, {BM_STRENGTH_GENERAL, 1}, {BM_STRENGTH_GENERAL, 0},
		{BM_STRENGTH_OPEN, -1}, {BM_STRENGTH_END, -1}, {BM_STRENGTH_HINT, -1}};

	for (size_t i = 0; i < consoles->n; i++) {
		struct bm_console *console = &consoles->items[i];
		const struct join join = {console, facts, facts->survey, facts->system, findings};

		/* The boot that we are in is the present one, whatever its kernel. */
		if (facts->system && facts->survey && console->kind != BM_CONSOLE_PRESENT &&
			judge_age(consoles, console, facts) < 0)
			return -ENOMEM;
		for (size_t s = 0; s < BM_ARRAY_SIZE(order); s++)
			for (size_t o = 0; o < console->n_observations; o++) {
				struct bm_observation *observation = &console->observations[o];

				if (bm_signatures[observation->signature].strength == order[s].strength &&
					(order[s].subject < 0 || order[s].subject == (observation->subject != NULL)) &&
					answer(&join, observation) < 0)
					return -ENOMEM;
			}
	}
	bm_findings_sort(findings);
	return 0;
}
