/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tells an initramfs to bring up what the root lies on: an argument that is missing is put in, one that forbids it
 * goes, and one that names what does not exist goes only where another one is left. Without any dracut brings up
 * nothing, or everything, as its version has it: a repair leaves no machine to that.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"

/* --- the last activation --- */

/* Whether the arguments make an initramfs activate the volume. */
static bool activates(const struct bm_cmdline *line, const struct bm_device *lv)
{
	static const char *const of_lv[] = {"rd.lvm.lv", "rd_LVM_LV"}, *const of_vg[] = {"rd.lvm.vg", "rd_LVM_VG"};
	bool found = bm_cmdline_bool(line, "rd.auto", false);

	for (size_t i = 0; !found && i < line->n; i++) {
		const struct bm_cmdline_arg *arg = &line->items[i];
		const char *rest = arg->value ? bm_str_after(arg->value, lv->vg_name) : NULL;

		for (size_t k = 0; rest && !arg->init && k < BM_ARRAY_SIZE(of_lv); k++)
			found |= (bm_streq(arg->key, of_lv[k]) && *rest == '/' && bm_streq(rest + 1, lv->lv_name)) ||
				 (bm_streq(arg->key, of_vg[k]) && !*rest);
	}
	return found;
}

/* The arguments, with a blank between them, for the volumes of / and /usr that `arguments` and what the repair puts in
 * anyhow do not activate; *ret_text (for free()) is NULL where there is none. */
static int not_activated(const struct bm_fix *fix, const char *arguments, char **ret_text)
{
	static const char *const targets[] = {"/", "/usr"};
	const struct bm_devices *devices = &fix->survey->devices;
	_cleanup_free_ char *wanted = bm_strv_join(&fix->wanted, " "), *all = NULL;
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	_cleanup_buf_ struct bm_buf out = {0};

	*ret_text = NULL;
	all = wanted ? bm_strf("%s %s", arguments, wanted) : NULL;
	if (!all || bm_cmdline_parse(all, strlen(all), &line) < 0)
		return -ENOMEM;
	for (size_t t = 0; t < BM_ARRAY_SIZE(targets); t++) {
		const struct bm_mount *mount = bm_system_mount(fix->system, targets[t]);

		for (size_t i = 0; mount && mount->device >= 0 && i < devices->n; i++) {
			const struct bm_device *lv = &devices->items[i];

			if (lv->kind == BM_DEVICE_LV && lv->vg_name && lv->lv_name &&
				bm_device_on(devices, (size_t)mount->device, i) &&
				!bm_device_is_part(devices, (size_t)mount->device, i) && !activates(&line, lv))
				bm_buf_addf(&out, "%srd.lvm.lv=%s/%s", out.len ? " " : "", lv->vg_name, lv->lv_name);
		}
	}
	if (out.failed)
		return -ENOMEM;
	if (out.len > 0)
		*ret_text = bm_buf_steal(&out);
	return out.len > 0 && !*ret_text ? -ENOMEM : 0;
}

int bm_fix_remove(struct bm_fix *fix, const struct bm_finding *finding, const char *const *keys)
{
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);
	const char *subject = finding->subject;

	for (; subject && entry && entry->entry.cmdline && *keys; keys++) {
		const char *rest = bm_str_after(subject, *keys);
		struct bm_fix_change change = {
			.finding = finding, .key = *keys, .value = rest && *rest == '=' ? rest + 1 : subject};
		_cleanup_free_ char *word = bm_strf("%s=%s", change.key, change.value), *without = NULL, *by = NULL;

		if (!word || bm_words_replace_word(entry->entry.cmdline, word, NULL, &without) < 0)
			return -ENOMEM;
		if (!without)
			continue;
		if (finding->id == BM_FINDING_CMDLINE_LV_UNKNOWN && not_activated(fix, without, &by) < 0)
			return -ENOMEM;
		if (bm_strv_add_once(&fix->unwanted, word) < 0 || (by && bm_strv_split(&fix->wanted, by, " ") < 0))
			return -ENOMEM;
		change.by = by;
		return bm_fix_change_everywhere(fix, &change);
	}
	return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
}

/* --- an argument that is missing --- */

/* Whether the words have this one. */
static bool has_word(const char *words, const char *word)
{
	_cleanup_free_ char *without = NULL;

	/* Where memory is short it is put in once more, which harms nobody. */
	return bm_words_replace_word(words, word, NULL, &without) == 0 && without;
}

/* Puts the argument into a line NAME="..." of /etc/default/grub, behind the others. */
static int append_to_value(
	const struct bm_finding *finding, struct bm_draft *draft, unsigned int number, const char *argument)
{
	const char *line = bm_draft_line(draft, number), *value = strchr(line, '=') + 1;
	size_t len = strlen(value);
	_cleanup_free_ char *text = NULL;
	char quote = *value;

	while (len > 0 && strchr(" \t", value[len - 1]))
		len--;
	if (len >= 2 && (quote == '"' || quote == '\'') && value[len - 1] == quote)
		text = bm_strf("%.*s%.*s%s%s%c", (int)(value - line), line, (int)(len - 1), value, len > 2 ? " " : "",
			argument, quote);
	else if (len == 0 || (!strpbrk(value, "\"'#;\\ \t")))
		text = bm_strf(
			"%.*s\"%.*s%s%s\"", (int)(value - line), line, (int)len, value, len ? " " : "", argument);
	else
		return 0;
	if (!text || bm_draft_set(draft, number, text) < 0)
		return -ENOMEM;
	return bm_draft_reason(draft, finding, "the next entries get %s, too", argument);
}

/* The file from which the next entries are made: the first line that begins with word, or the first of all. */
static int append_default(
	struct bm_fix *fix, const struct bm_finding *finding, const char *path, const char *word, const char *argument)
{
	struct bm_draft *draft;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, path, false, &draft);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (unsigned int number = 1; number <= draft->n_lines; number++) {
		const char *line = bm_draft_line(draft, number);
		_cleanup_free_ char *text = NULL;

		if (!line || !bm_str_starts(line, word) || *line == '#' || !*line || has_word(line, argument))
			continue;
		if (*word)
			return append_to_value(finding, draft, number, argument);
		text = bm_strf("%s %s", line, argument);
		if (!text || bm_draft_set(draft, number, text) < 0)
			return -ENOMEM;
		return bm_draft_reason(draft, finding, "the next entries get %s, too", argument);
	}
	return 0;
}

/* Whether an entry asks for the same root, so that what the root lies on is brought up for it in the same way. */
static bool same_root(const struct bm_boot_entry *a, const struct bm_boot_entry *b)
{
	_cleanup_cmdline_ struct bm_cmdline la = {0}, lb = {0};
	const char *ta = a->entry.cmdline, *tb = b->entry.cmdline;

	return ta && tb && bm_cmdline_parse(ta, strlen(ta), &la) == 0 && bm_cmdline_parse(tb, strlen(tb), &lb) == 0 &&
	       bm_cmdline_last(&la, "root") && bm_streq(bm_cmdline_last(&la, "root"), bm_cmdline_last(&lb, "root"));
}

static int put_in(struct bm_fix *fix, const struct bm_finding *finding, const char *argument)
{
	const struct bm_boot_entry *own = bm_fix_default_entry(fix);
	const struct bm_loader *loader = &fix->system->loader;

	if (append_default(fix, finding, "/etc/default/grub", "GRUB_CMDLINE_LINUX=", argument) < 0 ||
		append_default(fix, finding, "/etc/kernel/cmdline", "", argument) < 0 ||
		bm_strv_add_once(&fix->wanted, argument) < 0)
		return -ENOMEM;
	if (bm_fix_has_mkconfig(fix, own))
		return bm_strv_add_once(&fix->config, bm_finding_kinds[finding->id].id);
	for (size_t i = 0; i < loader->n_entries; i++) {
		const struct bm_boot_entry *entry = &loader->entries[i];

		if (entry->kernel && entry->entry.kernel && same_root(entry, own) &&
			!has_word(entry->entry.cmdline, argument) &&
			bm_fix_insert_arguments(fix, finding, entry, argument) < 0)
			return -ENOMEM;
	}
	return 0;
}

int bm_fix_activation(struct bm_fix *fix, const struct bm_finding *finding)
{
	static const char *const names[] = {"rd.lvm.lv=", "rd.md.uuid=", "rd.luks.uuid=", "rd.neednet="};
	static const char *const switches[] = {"rd.lvm", "rd.md", "rd.luks", "luks", NULL};
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);

	for (size_t i = 0; entry && entry->entry.kernel && finding->subject && i < BM_ARRAY_SIZE(names); i++)
		if (bm_str_starts(finding->subject, names[i]))
			return put_in(fix, finding, finding->subject);
	return bm_fix_remove(fix, finding, switches);
}
