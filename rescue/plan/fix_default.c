/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The default boot entry: set to the newest kernel that is whole, in the place where the loader looks for it; and
 * GRUB's environment block, written anew with what can be read of it.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/boot/bls.h"
#include "../fmt/boot/grubenv.h"

/* --- which entry --- */

/* Whether the kernel has all that a boot needs, as far as its files tell. */
static bool is_whole(const struct bm_kernel *kernel)
{
	return kernel->image && !kernel->image_problem && kernel->modules_dir && !kernel->rescue &&
	       kernel->initramfs_exists && (!kernel->config_known || (kernel->config_initrd && kernel->lack.n == 0));
}

static bool can_boot(const struct bm_fix *fix, const struct bm_boot_entry *entry)
{
	const struct bm_kernel *kernel = entry->version ? bm_system_kernel(fix->system, entry->version) : NULL;

	return kernel && entry->entry.kind == BM_ENTRY_LINUX && entry->kernel && entry->kernel_exists &&
	       !entry->kernel_problem && entry->initrds.n > 0 && is_whole(kernel);
}

/* Entries that are for emergencies only. */
static bool is_recovery(const struct bm_boot_entry *entry)
{
	const char *line = entry->entry.cmdline ? entry->entry.cmdline : "";

	return strstr(line, " single") || strstr(line, "recovery") || strstr(entry->entry.title, "recovery") ||
	       strstr(line, "emergency") || strstr(line, "systemd.unit=rescue");
}

/* The entry of the newest whole kernel: the system's kernels are sorted; of several entries the first that is no
 * emergency's. NULL: none. */
static const struct bm_boot_entry *best_entry(const struct bm_fix *fix, const struct bm_boot_entry *not_this)
{
	const struct bm_system *system = fix->system;

	for (size_t k = 0; k < system->n_kernels; k++)
		for (size_t i = 0; i < system->loader.n_entries; i++) {
			const struct bm_boot_entry *entry = &system->loader.entries[i];

			if (entry != not_this && bm_streq(entry->version, system->kernels[k].version) &&
				can_boot(fix, entry) && !is_recovery(entry))
				return entry;
		}
	return NULL;
}

/* What GRUB's default may say for the entry: ids from the outermost submenu inward, else titles. For free(). */
static char *entry_name(const struct bm_system *system, const struct bm_boot_entry *entry)
{
	_cleanup_free_ char *name = NULL;
	const struct bm_boot_entry *at = entry;

	for (size_t depth = 0; depth <= entry->entry.path.n; depth++) {
		const char *id = at->entry.id;
		char *longer;

		if (!id || !*id || strchr(id, '>'))
			return bm_entry_name(&entry->entry);
		longer = name ? bm_strf("%s>%s", id, name) : strdup(id);
		free(name);
		name = longer;
		if (!name)
			return NULL;
		if (at->entry.parent < 0 || (size_t)at->entry.parent >= system->loader.n_entries)
			break;
		at = &system->loader.entries[at->entry.parent];
	}
	return strdup(name);
}

/* --- where it is set --- */

/* Changes a variable of the environment block, and gives the block its shape again. *ret_done is false where there is
 * no block, or no room in it. */
static int set_environment(
	struct bm_fix *fix, const struct bm_finding *finding, const char *name, const char *value, bool *ret_done)
{
	_cleanup_buf_ struct bm_buf text = {0}, block = {0};
	_cleanup_grubenv_ struct bm_grubenv env = {0};
	struct bm_draft *draft;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, fix->system->loader.environment, false, &draft);

	*ret_done = false;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (bm_draft_text(draft, &text) < 0 || bm_grubenv_parse(bm_buf_text(&text), text.len, &env) < 0)
		return -ENOMEM;
	if (name) {
		r = bm_grubenv_set(&env, name, value);
		/* A boot once that was meant for another entry would come first. */
		if (r == 0 && bm_grubenv_get(&env, "next_entry"))
			r = bm_grubenv_set(&env, "next_entry", "");
		if (r < 0)
			return r == -ENOMEM ? r : 0;
	}
	if (env.damaged)
		env.size_bytes = BM_GRUBENV_SIZE;
	r = bm_grubenv_write(&env, &block);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	*ret_done = true;
	if (bm_draft_reset(draft, block.data, block.len) < 0)
		return -ENOMEM;
	if (name)
		return bm_draft_reason(draft, finding, "the default becomes %s", value);
	return bm_draft_reason(draft, finding, "the block is written anew; %zu of its variables could be read", env.n);
}

/* Whether a line of grub.cfg sets the default to what the environment block has saved. */
static bool takes_saved(const char *line)
{
	static const char *const values[] = {
		"\"${saved_entry}\"", "${saved_entry}", "\"$saved_entry\"", "$saved_entry"};
	const char *value;

	line += strspn(line, " \t");
	value = bm_str_after(line, "set default=");
	for (size_t i = 0; value && i < BM_ARRAY_SIZE(values); i++)
		if (bm_str_starts(value, values[i]))
			return true;
	return false;
}

/* A value for grub.cfg: in double quotes, with a backslash before what would mean something there. */
static char *quoted(const char *value)
{
	_cleanup_buf_ struct bm_buf out = {0};

	bm_buf_addc(&out, '"');
	for (; *value; value++) {
		if (strchr("\"\\$", *value))
			bm_buf_addc(&out, '\\');
		bm_buf_addc(&out, *value);
	}
	bm_buf_addc(&out, '"');
	return bm_buf_steal(&out);
}

static int set_grub_cfg(struct bm_fix *fix, const struct bm_finding *finding, const char *name)
{
	_cleanup_free_ char *value = quoted(name), *last = NULL;
	bool saved = false, done = false;
	struct bm_draft *draft;
	int r = bm_fix_open(fix, finding, fix->system->loader.config, &draft);

	if (r < 0 || !draft)
		return r;
	if (!value)
		return -ENOMEM;
	for (unsigned int n = 1; n <= draft->n_lines; n++) {
		const char *line = bm_draft_line(draft, n);

		saved |= line && takes_saved(line);
	}
	if (saved && set_environment(fix, finding, "saved_entry", name, &done) < 0)
		return -ENOMEM;
	if (done)
		return 0;
	for (unsigned int n = 1; n <= draft->n_lines; n++) {
		const char *line = bm_draft_line(draft, n), *set = line ? line + strspn(line, " \t") : "";
		const char *now = bm_str_after(set, "set default=");
		_cleanup_free_ char *text = NULL;

		if (!now || strstr(now, "next_entry") || (*now != '"' && *now != '\'' && strchr(now, ';')))
			continue;
		text = bm_strf("%.*sset default=%s", (int)(set - line), line, value);
		if (!text || bm_draft_set(draft, n, text) < 0)
			return -ENOMEM;
		done = true;
	}
	/* What is set last counts. */
	last = bm_strf("set default=%s", value);
	if (!last || (!done && bm_draft_append(draft, last) < 0))
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "the default becomes %s", name);
}

/* grub.cfg is written anew from /etc/default/grub, so the default must stand there. */
static int set_default_grub(struct bm_fix *fix, const struct bm_finding *finding, const char *name, bool *ret_done)
{
	_cleanup_free_ char *value = quoted(name), *text = NULL;
	struct bm_draft *draft;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, "/etc/default/grub", false, &draft);

	*ret_done = false;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	text = value ? bm_strf("GRUB_DEFAULT=%s", value) : NULL;
	if (!text)
		return -ENOMEM;
	for (unsigned int n = 1; n <= draft->n_lines; n++) {
		const char *line = bm_draft_line(draft, n);

		if (!line || !bm_str_starts(line, "GRUB_DEFAULT="))
			continue;
		if (strstr(line, "saved")) /* then the environment block says it */
			return set_environment(fix, finding, "saved_entry", name, ret_done);
		if (bm_draft_set(draft, n, text) < 0)
			return -ENOMEM;
		*ret_done = true;
	}
	if (!*ret_done && bm_draft_append(draft, text) < 0)
		return -ENOMEM;
	*ret_done = true;
	return bm_draft_reason(draft, finding, "the default becomes %s", name);
}

static int set_legacy(struct bm_fix *fix, const struct bm_finding *finding, const struct bm_boot_entry *entry)
{
	_cleanup_free_ char *text = bm_strf("default=%zu", entry->entry.position);
	bool done = false;
	struct bm_draft *draft;
	int r = bm_fix_open(fix, finding, fix->system->loader.config, &draft);

	if (r < 0 || !draft)
		return r;
	if (!text)
		return -ENOMEM;
	for (unsigned int n = 1; n <= draft->n_lines; n++) {
		const char *line = bm_draft_line(draft, n);
		const char *rest = line ? bm_str_after(line + strspn(line, " \t"), "default") : NULL;

		if (!rest || !*rest || !strchr(" \t=", *rest))
			continue;
		if (bm_draft_set(draft, n, text) < 0)
			return -ENOMEM;
		done = true;
	}
	if (!done && bm_draft_above(draft, 1, text) < 0)
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "the default becomes '%s'", entry->entry.title);
}

static int set_loader_conf(struct bm_fix *fix, const struct bm_finding *finding, const struct bm_boot_entry *entry)
{
	_cleanup_free_ char *text = bm_strf("default %s%s", entry->entry.id ? entry->entry.id : "",
		bm_str_ends(entry->entry.id ? entry->entry.id : "", ".efi") ? "" : ".conf");
	bool done = false;
	struct bm_draft *draft;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, fix->system->loader.config, true, &draft);

	if (r < 0 && r != -ENOMEM)
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	if (r < 0 || !text)
		return -ENOMEM;
	for (unsigned int n = 1; n <= draft->n_lines; n++) {
		const char *line = bm_draft_line(draft, n);
		const char *rest = line ? bm_str_after(line + strspn(line, " \t"), "default") : NULL;

		if (!rest || (*rest && *rest != ' ' && *rest != '\t'))
			continue;
		if (bm_draft_set(draft, n, text) < 0)
			return -ENOMEM;
		done = true;
	}
	if (!done && bm_draft_append(draft, text) < 0)
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "the default becomes %s", entry->entry.id);
}

static int set_default(struct bm_fix *fix, const struct bm_finding *finding, const struct bm_boot_entry *entry)
{
	_cleanup_free_ char *name = NULL;
	bool done = false;

	switch (fix->system->loader.kind) {
	case BM_LOADER_GRUB2:
	case BM_LOADER_GRUB2_BLS:
		name = entry_name(fix->system, entry);
		if (!name)
			return -ENOMEM;
		if (fix->config.n > 0 && set_default_grub(fix, finding, name, &done) < 0)
			return -ENOMEM;
		return done ? 0 : set_grub_cfg(fix, finding, name);
	case BM_LOADER_GRUB_LEGACY:
		return set_legacy(fix, finding, entry);
	case BM_LOADER_BLS:
		return set_loader_conf(fix, finding, entry);
	case BM_LOADER_NONE:
	case BM_LOADER_FIRMWARE:
		break;
	}
	return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
}

/* What was wrong with the initramfs of a kernel that is not booted any more. */
static int serve_moot(struct bm_fix *fix, const struct bm_finding *finding)
{
	for (size_t d = 0; d < fix->drafts.n; d++)
		for (size_t i = 0; i < fix->moot.n; i++)
			if (bm_strv_has(&fix->drafts.items[d]->serves, bm_finding_kinds[finding->id].id) &&
				bm_strv_add_once(&fix->drafts.items[d]->serves, fix->moot.items[i]) < 0)
				return -ENOMEM;
	return 0;
}

static int instruct(struct bm_fix *fix, const struct bm_finding *finding)
{
	return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
}

/* Sets the default to another entry whose kernel is whole; where none is, says so. */
static int move_default(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_boot_entry *now = bm_fix_default_entry(fix), *best;

	/* One default serves all that is wrong with the present one. */
	if (fix->default_set)
		return 0;
	best = best_entry(fix, finding->id == BM_FINDING_DEFAULT_UNKNOWN ? NULL : now);
	if (!best && bm_finding_kinds[finding->id].fixer != BM_FIXER_DEFAULT)
		return 0;
	if (!best)
		return bm_fix_instruct(fix, finding,
			"%s, and no other boot entry has a kernel that is whole, with its modules and its initramfs. "
			"%s",
			finding->evidence, bm_finding_kinds[finding->id].advice);
	fix->default_set = true;
	if (set_default(fix, finding, best) < 0)
		return -ENOMEM;
	return serve_moot(fix, finding);
}

int bm_fix_default(struct bm_fix *fix, const struct bm_finding *finding)
{
	bool done;

	if (finding->id == BM_FINDING_GRUBENV_DAMAGED) {
		if (set_environment(fix, finding, NULL, NULL, &done) < 0)
			return -ENOMEM;
		return done ? 0 : instruct(fix, finding);
	}
	if (finding->id != BM_FINDING_MODULES_MISSING)
		return move_default(fix, finding);
	if (finding->severity != BM_SEVERITY_FATAL && !finding->doubtful)
		return instruct(fix, finding);
	/* The package must come back, whatever is booted until then. */
	if (move_default(fix, finding) < 0)
		return -ENOMEM;
	return fix->default_set ? instruct(fix, finding) : 0;
}

int bm_fix_leave_kernel(struct bm_fix *fix, const struct bm_finding *finding)
{
	if (bm_fix_instruct(fix, finding,
		    "%s. No image can be built that cures it: reinstall the kernel's package, or boot another kernel.",
		    finding->evidence) < 0)
		return -ENOMEM;
	return move_default(fix, finding);
}
