/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Volumes that have another name today: one repair writes it wherever the system reads it in a boot. Only names that
 * nothing has today are replaced, so that no line which is right changes.
 */
#include "fix.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"

/* --- the names in a line --- */

static void put_slash(struct bm_buf *out, const char *vg, const char *lv)
{
	bm_buf_addf(out, "%s/%s", vg, lv);
}

static void put_group(struct bm_buf *out, const char *vg, const char *lv)
{
	(void)lv;
	bm_buf_adds(out, vg);
}

/* What stands before a name, and how the name is written there. */
static const struct form {
	const char *prefix;
	void (*put)(struct bm_buf *out, const char *vg, const char *lv);
} forms[] = {
	{"/dev/mapper/", bm_words_put_mapper},
	{"/dev/", put_slash},
	{"lvm/", bm_words_put_mapper},
	{"rd.lvm.lv=", put_slash},
	{"rd_LVM_LV=", put_slash},
	{"rd.lvm.vg=", put_group},
	{"rd_LVM_VG=", put_group},
};

/* Whether a name goes on there. */
static bool goes_on(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("+_.-/", c));
}

/* Whether the line has, at this place, the name in that form; the length of both is *ret_len, what takes their place
 * goes to out. */
static int rename_at(const char *at, const struct form *form, const struct bm_rename *rename,
	const struct bm_device *now, size_t *ret_len, struct bm_buf *out)
{
	_cleanup_buf_ struct bm_buf old = {0};
	const char *rest = bm_str_after(at, form->prefix);

	*ret_len = 0;
	if (!rest || (form->put == put_group && !rename->vg_renamed))
		return 0;
	form->put(&old, rename->vg, rename->lv);
	if (old.failed)
		return -ENOMEM;
	rest = bm_str_after(rest, bm_buf_text(&old));
	if (!rest || goes_on(*rest))
		return 0;
	*ret_len = (size_t)(rest - at);
	bm_buf_adds(out, form->prefix);
	form->put(out, now->vg_name, now->lv_name);
	return out->failed ? -ENOMEM : 0;
}

int bm_words_rename(
	const char *line, const struct bm_renames *renames, const struct bm_devices *devices, char **ret_line)
{
	_cleanup_buf_ struct bm_buf out = {0};
	bool found = false;

	for (const char *at = line; *at;) {
		size_t len = 0;

		for (size_t f = 0; (at == line || !goes_on(at[-1])) && len == 0 && f < BM_ARRAY_SIZE(forms); f++)
			for (size_t i = 0; len == 0 && i < renames->n; i++)
				if (rename_at(at, &forms[f], &renames->items[i],
					    &devices->items[renames->items[i].device], &len, &out) < 0)
					return -ENOMEM;
		found |= len > 0;
		if (len == 0)
			bm_buf_addc(&out, *at);
		at += len > 0 ? len : 1;
	}
	*ret_line = found && !out.failed ? strdup(bm_buf_text(&out)) : NULL;
	return out.failed || (found && !*ret_line) ? -ENOMEM : 0;
}

/* --- the places --- */

static int rename_in(const struct bm_fix *fix, const char *line, char **ret_line)
{
	return bm_words_rename(line, &fix->system->renames, &fix->survey->devices, ret_line);
}

/* All lines of a file that are no comments; *ret_changed (or NULL): one of them did. */
static int rename_file(struct bm_fix *fix, const struct bm_finding *finding, const char *path, bool *ret_changed)
{
	struct bm_draft *draft;
	bool changed = false;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, path, false, &draft);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (unsigned int number = 1; number <= draft->n_lines; number++) {
		const char *line = bm_draft_line(draft, number);
		_cleanup_free_ char *text = NULL;

		if (!line || line[strspn(line, " \t")] == '#')
			continue;
		if (rename_in(fix, line, &text) < 0 || (text && bm_draft_set(draft, number, text) < 0))
			return -ENOMEM;
		changed |= text != NULL;
	}
	if (ret_changed)
		*ret_changed |= changed;
	return changed ? bm_draft_reason(draft, finding, "the present name of %s", finding->subject) : 0;
}

static int rename_words(const struct bm_fix *fix, const void *context, const char *now, char **ret_value)
{
	(void)context;
	return rename_in(fix, now, ret_value);
}

static int rename_environment(struct bm_fix *fix, const struct bm_finding *finding)
{
	struct bm_draft *draft;

	if (bm_fix_environment(fix, rename_words, NULL, &draft) < 0)
		return -ENOMEM;
	return draft ? bm_draft_reason(draft, finding, "the present name of %s", finding->subject) : 0;
}

/* Whether the loader's own file has any of the names: without one the tool has nothing to write anew. */
static int config_has_name(const struct bm_fix *fix, bool *ret_has)
{
	const struct bm_source *source = bm_sources_find(&fix->system->sources, fix->system->loader.config);
	_cleanup_free_ char *text = NULL;

	if (source && source->text && rename_in(fix, source->text, &text) < 0)
		return -ENOMEM;
	*ret_has = text != NULL;
	return 0;
}

/* The loader's files, or that they are written anew. */
static int rename_loader(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_loader *loader = &fix->system->loader;
	bool has;

	if (config_has_name(fix, &has) < 0)
		return -ENOMEM;
	if (has && bm_fix_has_mkconfig(fix, bm_fix_default_entry(fix)))
		return bm_strv_add_once(&fix->config, bm_finding_kinds[finding->id].id);
	if (rename_file(fix, finding, loader->config, NULL) < 0 || rename_environment(fix, finding) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < loader->n_entries; i++)
		if (!bm_streq(loader->entries[i].entry.file, loader->config) &&
			rename_file(fix, finding, loader->entries[i].entry.file, NULL) < 0)
			return -ENOMEM;
	return 0;
}

/* What the default entry must have then, and not have any more. */
static int want(struct bm_fix *fix)
{
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);
	_cleanup_strv_ struct bm_strv words = {0};

	if (!entry || !entry->entry.cmdline)
		return 0;
	if (bm_strv_split(&words, entry->entry.cmdline, " \t") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < words.n; i++) {
		_cleanup_free_ char *now = NULL;

		if (rename_in(fix, words.items[i], &now) < 0 ||
			(now && (bm_strv_add_once(&fix->wanted, now) < 0 ||
					bm_strv_add_once(&fix->unwanted, words.items[i]) < 0)))
			return -ENOMEM;
	}
	return 0;
}

int bm_fix_renamed(struct bm_fix *fix, const struct bm_finding *finding)
{
	/* An initramfs has copies of those below. */
	static const char *const plain[] = {"/etc/fstab", "/etc/default/grub", "/etc/kernel/cmdline"};
	static const char *const copied[] = {"/etc/crypttab", "/etc/initramfs-tools/conf.d/resume"};
	bool in_image = false;

	for (size_t i = 0; i < BM_ARRAY_SIZE(plain); i++)
		if (rename_file(fix, finding, plain[i], NULL) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < BM_ARRAY_SIZE(copied); i++)
		if (rename_file(fix, finding, copied[i], &in_image) < 0)
			return -ENOMEM;
	if (rename_loader(fix, finding) < 0 || want(fix) < 0)
		return -ENOMEM;
	return in_image ? bm_fix_want_rebuild(fix, finding) : 0;
}
