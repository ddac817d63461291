/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's arguments: in the boot entries of the system, in GRUB's environment block, and in the files from which
 * the next update makes new entries.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/boot/bls.h"
#include "../fmt/boot/cmdline.h"
#include "../fmt/boot/grubenv.h"

/* --- the places where arguments stand --- */

static const char *change_why(const struct bm_fix_change *change)
{
	return change->finding->id == BM_FINDING_ACTIVATION_MISSING ? "keeps the root from being brought up"
								    : "is on none of the disks";
}

static int change_line(struct bm_draft *draft, unsigned int number, struct bm_fix_change *change, bool of_entry)
{
	const char *line = bm_draft_line(draft, number);
	_cleanup_free_ char *text = NULL;

	if (!line || line[strspn(line, " \t")] == '#' || (change->unless && strstr(line, change->unless)))
		return 0;
	if (bm_words_replace(line, change->key, change->value, change->by, &text) < 0)
		return -ENOMEM;
	if (!text)
		return 0;
	change->n++;
	change->n_entry += of_entry;
	if (bm_draft_set(draft, number, text) < 0)
		return -ENOMEM;
	if (change->why)
		return bm_draft_reason(draft, change->finding, "%s", change->why);
	if (change->by)
		return bm_draft_reason(draft, change->finding, "%s=%s %s: it becomes %s", change->key, change->value,
			change_why(change), change->by);
	return bm_draft_reason(
		draft, change->finding, "%s=%s %s: it goes", change->key, change->value, change_why(change));
}

/* Changes lines that begin with word (after blanks), or all where word is NULL. */
static int change_lines(
	struct bm_fix *fix, const char *path, const char *word, struct bm_fix_change *change, bool of_entry)
{
	struct bm_draft *draft;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, path, false, &draft);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (unsigned int number = 1; number <= draft->n_lines; number++) {
		const char *line = bm_draft_line(draft, number);

		if (!line || (word && !bm_str_starts(line + strspn(line, " \t"), word)))
			continue;
		if (change_line(draft, number, change, of_entry) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The files from which the system makes its next entries. */
static int change_defaults(struct bm_fix *fix, struct bm_fix_change *change)
{
	if (change_lines(fix, "/etc/default/grub", "GRUB_CMDLINE_LINUX", change, false) < 0)
		return -ENOMEM;
	return change_lines(fix, "/etc/kernel/cmdline", NULL, change, false);
}

int bm_fix_environment(struct bm_fix *fix, bm_fix_replace *replace, const void *context, struct bm_draft **ret_draft)
{
	_cleanup_buf_ struct bm_buf text = {0}, block = {0};
	_cleanup_grubenv_ struct bm_grubenv env = {0};
	_cleanup_free_ char *value = NULL;
	struct bm_draft *draft;
	const char *now;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, fix->system->loader.environment, false, &draft);

	*ret_draft = NULL;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (bm_draft_text(draft, &text) < 0 || bm_grubenv_parse(bm_buf_text(&text), text.len, &env) < 0)
		return -ENOMEM;
	now = bm_grubenv_get(&env, "kernelopts");
	if (!now || env.damaged)
		return 0;
	if (replace(fix, context, now, &value) < 0 || (value && bm_grubenv_set(&env, "kernelopts", value) < 0))
		return -ENOMEM;
	/* Where it does not fit it stays; then the entry is not what was wanted, and that is told. */
	r = value ? bm_grubenv_write(&env, &block) : -ENOENT;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	*ret_draft = draft;
	return bm_draft_reset(draft, block.data, block.len);
}

static int replace_word(const struct bm_fix *fix, const void *context, const char *now, char **ret_value)
{
	const struct bm_fix_change *change = context;

	(void)fix;
	*ret_value = NULL;
	if (change->unless && strstr(now, change->unless))
		return 0;
	return bm_words_replace(now, change->key, change->value, change->by, ret_value);
}

/* The arguments in GRUB's environment block. */
static int change_environment(struct bm_fix *fix, struct bm_fix_change *change, bool of_entry)
{
	struct bm_draft *draft;

	if (bm_fix_environment(fix, replace_word, change, &draft) < 0)
		return -ENOMEM;
	if (!draft)
		return 0;
	change->n++;
	change->n_entry += of_entry;
	return bm_draft_reason(
		draft, change->finding, "%s=%s %s: kernelopts changes", change->key, change->value, change_why(change));
}

/* One entry's own command, or file. */
static int change_entry(struct bm_fix *fix, const struct bm_boot_entry *entry, struct bm_fix_change *change)
{
	const bool is_default = entry == bm_fix_default_entry(fix);
	struct bm_draft *draft;
	unsigned int line, end;
	int r;

	if (entry->entry.bls)
		return change_lines(fix, entry->entry.file, "options", change, is_default);
	r = bm_draft_open(&fix->drafts, &fix->system->sources, entry->entry.file, false, &draft);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	line = bm_fix_kernel_line(draft, entry);
	end = line ? bm_fix_command_end(draft, line) : 0;
	for (; line > 0 && line <= end; line++)
		if (change_line(draft, line, change, is_default) < 0)
			return -ENOMEM;
	return 0;
}

/* All of the loader's places. A variable of grub.cfg may hold the arguments: then its line is what is changed. */
static int change_loader(struct bm_fix *fix, struct bm_fix_change *change)
{
	const struct bm_loader *loader = &fix->system->loader;
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);

	for (size_t i = 0; i < loader->n_entries; i++)
		if (loader->entries[i].kernel && !loader->entries[i].foreign &&
			change_entry(fix, &loader->entries[i], change) < 0)
			return -ENOMEM;
	if (change_environment(fix, change, change->n_entry == 0) < 0)
		return -ENOMEM;
	if (change->n_entry == 0 && entry && !entry->entry.bls &&
		change_lines(fix, entry->entry.file, NULL, change, true) < 0)
		return -ENOMEM;
	if (change->n_entry == 0 && change_lines(fix, loader->config, NULL, change, true) < 0)
		return -ENOMEM;
	return 0;
}

int bm_fix_change_everywhere(struct bm_fix *fix, struct bm_fix_change *change)
{
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);

	if (change_defaults(fix, change) < 0)
		return -ENOMEM;
	if (bm_fix_has_mkconfig(fix, entry))
		return bm_strv_add_once(&fix->config, bm_finding_kinds[change->finding->id].id);
	if (change_loader(fix, change) < 0)
		return -ENOMEM;
	if (change->n_entry == 0 &&
		bm_fix_instruct(fix, change->finding, "%s=%s was not found as it is in the loader's files: %s",
			change->key, change->value, bm_finding_kinds[change->finding->id].advice) < 0)
		return -ENOMEM;
	return 0;
}

/* --- the findings --- */

/* Whether fstab, too, has a root that is on none of the disks: then the filesystem itself was made anew, and the
 * initramfs may know the old one. */
static bool fstab_root_unknown(const struct bm_fix *fix)
{
	const struct bm_fstab_line *root = bm_fstab_find(&fix->system->fstab, "/");
	const struct bm_findings *findings = fix->request->findings;

	for (size_t i = 0; root && i < findings->n; i++)
		if (findings->items[i].id == BM_FINDING_FSTAB_DEVICE_UNKNOWN && findings->items[i].line == root->line)
			return true;
	return false;
}

static int want_words(struct bm_strv *list, const char *words)
{
	return bm_strv_split(list, words, " ");
}

static int fix_root(struct bm_fix *fix, const struct bm_finding *finding)
{
	bool failed;
	_cleanup_free_ char *root = bm_fix_root_arguments(fix, &failed), *old = NULL;
	struct bm_fix_change change = {.finding = finding, .key = "root", .value = finding->subject, .by = root};
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);
	char *volume;

	if (failed)
		return -ENOMEM;
	if (!root || !finding->subject)
		return bm_fix_instruct(fix, finding,
			"%s. It is not known by what name the root filesystem is to be called: write it into the "
			"entry.",
			finding->evidence);
	/* The volume may be named already: once is enough. */
	volume = strchr(root, ' ');
	if (volume && entry && entry->entry.cmdline && strstr(entry->entry.cmdline, volume))
		*volume = '\0';
	old = bm_strf("root=%s", finding->subject);
	if (!old || want_words(&fix->wanted, root) < 0 || bm_strv_add(&fix->unwanted, old) < 0)
		return -ENOMEM;
	if (bm_fix_change_everywhere(fix, &change) < 0)
		return -ENOMEM;
	return fstab_root_unknown(fix) ? bm_fix_want_rebuild(fix, finding) : 0;
}

/* root= gets its subvolume behind it, or rootflags= one more option. */
static int fix_subvolume(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);
	const char *text = entry && entry->entry.cmdline ? entry->entry.cmdline : "";
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	_cleanup_free_ char *by = NULL, *why = NULL;
	struct bm_cmdline_boot boot;
	struct bm_fix_change change = {.finding = finding};

	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		return -ENOMEM;
	bm_cmdline_boot(&line, &boot);
	if (!finding->subject || !boot.root)
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	if (boot.rootflags && *boot.rootflags)
		by = bm_strf("rootflags=%s,subvol=%s", boot.rootflags, finding->subject);
	else
		by = bm_strf("root=%s rootflags=subvol=%s", boot.root, finding->subject);
	why = bm_strf("the root is the subvolume %s, and is not mounted without its name", finding->subject);
	if (!by || !why)
		return -ENOMEM;
	change.key = boot.rootflags && *boot.rootflags ? "rootflags" : "root";
	change.value = boot.rootflags && *boot.rootflags ? boot.rootflags : boot.root;
	change.by = by;
	change.why = why;
	change.unless = "subvol";
	if (want_words(&fix->wanted, by) < 0)
		return -ENOMEM;
	return bm_fix_change_everywhere(fix, &change);
}

int bm_fix_insert_arguments(
	struct bm_fix *fix, const struct bm_finding *finding, const struct bm_boot_entry *entry, const char *arguments)
{
	_cleanup_free_ char *text = NULL;
	struct bm_draft *draft;
	const char *line, *behind;
	unsigned int number;
	int r = bm_fix_open(fix, finding, entry->entry.file, &draft);

	if (r < 0 || !draft)
		return r;
	number = bm_fix_kernel_line(draft, entry);
	if (number == 0)
		return bm_fix_instruct(fix, finding, "the line that loads %s was not found in %s: write %s into it.",
			entry->kernel, entry->entry.file, arguments);
	for (unsigned int n = 1; entry->entry.bls && n <= draft->n_lines; n++) {
		line = bm_draft_line(draft, n);
		if (!line || !bm_str_starts(line + strspn(line, " \t"), "options"))
			continue;
		behind = line + strspn(line, " \t") + strlen("options");
		text = bm_strf("%.*s %s%s%s", (int)(behind - line), line, arguments, *behind ? " " : "",
			behind + strspn(behind, " \t"));
		number = n;
		break;
	}
	line = bm_draft_line(draft, number);
	if (!text && entry->entry.bls) {
		text = bm_strf("options %s", arguments);
		if (!text || bm_draft_below(draft, number, text) < 0)
			return -ENOMEM;
		return bm_draft_reason(draft, finding, "'%s' gets %s", entry->entry.title, arguments);
	}
	if (!text) {
		behind = strstr(line, bm_path_base(entry->entry.kernel));
		behind += strcspn(behind, " \t");
		text = bm_strf("%.*s %s%s", (int)(behind - line), line, arguments, behind);
	}
	if (!text || bm_draft_set(draft, number, text) < 0)
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "'%s' gets %s", entry->entry.title, arguments);
}

static int fix_no_root(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);
	bool failed;
	_cleanup_free_ char *root = bm_fix_root_arguments(fix, &failed), *flags = NULL, *all = NULL;
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *cmdline = entry && entry->entry.cmdline ? entry->entry.cmdline : "";
	bool mode;

	if (failed || bm_fix_root_flags(fix, &flags) < 0 || bm_cmdline_parse(cmdline, strlen(cmdline), &line) < 0)
		return -ENOMEM;
	if (!root || !entry || !entry->entry.kernel)
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	if (want_words(&fix->wanted, root) < 0)
		return -ENOMEM;
	if (bm_fix_has_mkconfig(fix, entry))
		return bm_strv_add_once(&fix->config, bm_finding_kinds[finding->id].id);
	if (entry->kernelopts_lost) /* served with the arguments as a whole */
		return 0;
	mode = bm_cmdline_has(&line, "ro") || bm_cmdline_has(&line, "rw");
	flags = bm_cmdline_has(&line, "rootflags") ? (free(flags), NULL) : flags;
	all = bm_strf("%s%s%s%s", root, flags ? " " : "", flags ? flags : "", mode ? "" : " ro");
	return all ? bm_fix_insert_arguments(fix, finding, entry, all) : -ENOMEM;
}

/* --- kernelopts --- */

/* Writes the arguments where the file says $kernelopts. *ret_found is whether it does. */
static int write_arguments(struct bm_fix *fix, const struct bm_finding *finding, const struct bm_boot_entry *entry,
	const char *arguments, bool *ret_found)
{
	static const char *const variables[] = {"$kernelopts", "${kernelopts}"};
	struct bm_draft *draft;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, entry->entry.file, false, &draft);

	*ret_found = false;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (unsigned int number = 1; number <= draft->n_lines; number++) {
		for (size_t v = 0; v < BM_ARRAY_SIZE(variables); v++) {
			const char *line = bm_draft_line(draft, number);
			_cleanup_free_ char *text = NULL;

			if (!line || !bm_str_starts(line + strspn(line, " \t"), "options"))
				continue;
			if (bm_words_replace_word(line, variables[v], arguments, &text) < 0)
				return -ENOMEM;
			if (!text)
				continue;
			*ret_found = true;
			if (bm_draft_set(draft, number, text) < 0 ||
				bm_draft_reason(draft, finding, "'%s' gets %s", entry->entry.title, arguments) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int fix_kernelopts(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_loader *loader = &fix->system->loader;
	bool failed, found = false;
	_cleanup_free_ char *root = bm_fix_root_arguments(fix, &failed), *flags = NULL;
	_cleanup_buf_ struct bm_buf arguments = {0};

	if (failed || bm_fix_root_flags(fix, &flags) < 0)
		return -ENOMEM;
	if (!root)
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	if (bm_fix_lost_arguments(fix, root, flags, &arguments) < 0 || want_words(&fix->wanted, root) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < loader->n_entries; i++) {
		const struct bm_boot_entry *entry = &loader->entries[i];
		bool in_file;

		if (!entry->kernel || entry->foreign || !entry->entry.bls)
			continue;
		if (write_arguments(fix, finding, entry, arguments.data, &in_file) < 0)
			return -ENOMEM;
		found |= in_file && entry == bm_fix_default_entry(fix);
	}
	if (!found && bm_fix_default_entry(fix))
		return bm_fix_insert_arguments(fix, finding, bm_fix_default_entry(fix), arguments.data);
	return 0;
}

int bm_fix_cmdline(struct bm_fix *fix, const struct bm_finding *finding)
{
	static const char *const volumes[] = {
		"rd.lvm.lv", "rd.lvm.vg", "rd_LVM_LV", "rd_LVM_VG", "rd.luks.uuid", "rd.md.uuid", NULL};
	static const char *const resume[] = {"resume", NULL};

	switch (finding->id) {
	case BM_FINDING_CMDLINE_ROOT_UNKNOWN:
		return fix_root(fix, finding);
	case BM_FINDING_ENTRY_NO_ROOT:
		return fix_no_root(fix, finding);
	case BM_FINDING_GRUBENV_KERNELOPTS:
		return fix_kernelopts(fix, finding);
	case BM_FINDING_CMDLINE_SUBVOLUME:
		return fix_subvolume(fix, finding);
	case BM_FINDING_CMDLINE_LV_UNKNOWN:
		return bm_fix_remove(fix, finding, volumes);
	case BM_FINDING_ACTIVATION_MISSING:
	case BM_FINDING_INITRAMFS_NEEDS_NETWORK:
		return bm_fix_activation(fix, finding);
	case BM_FINDING_CMDLINE_RESUME_UNKNOWN:
		return bm_fix_remove(fix, finding, resume);
	default:
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	}
}
