/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fix.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/boot/bls.h"
#include "../proof/needs.h"

int bm_fix_instruct(struct bm_fix *fix, const struct bm_finding *finding, const char *format, ...)
{
	_cleanup_buf_ struct bm_buf sentence = {0};
	_cleanup_free_ char *line = NULL;
	va_list args;

	va_start(args, format);
	bm_buf_addv(&sentence, format, args);
	va_end(args);
	line = bm_strf("%s: %s", bm_finding_kinds[finding->id].id, bm_buf_text(&sentence));
	if (sentence.failed || !line)
		return -ENOMEM;
	return bm_strv_add_once(&fix->plan->instructions, line);
}

int bm_fix_open(struct bm_fix *fix, const struct bm_finding *finding, const char *path, struct bm_draft **ret_draft)
{
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, path, false, ret_draft);

	if (r == 0 || r == -ENOMEM)
		return r;
	*ret_draft = NULL;
	return bm_fix_instruct(fix, finding, "%s %s, so it is left as it is: %s. %s", path ? path : "the file",
		r == -EINVAL ? "holds NUL bytes" : "cannot be read as a text", finding->evidence,
		bm_finding_kinds[finding->id].advice);
}

char *bm_fix_comment(const struct bm_fix *fix, const char *reason)
{
	_cleanup_free_ char *safe = bm_str_safe(reason);
	const char *date = fix->request->date;

	return safe ? bm_strf("# bootmend%s%s: %s", date ? " " : "", date ? date : "", safe) : NULL;
}

int bm_fix_comment_out(struct bm_fix *fix, struct bm_draft *draft, unsigned int line, const char *reason)
{
	_cleanup_free_ char *comment = bm_fix_comment(fix, reason), *text = NULL;
	const char *now = bm_draft_line(draft, line);

	if (!now || *now == '#')
		return 0;
	text = bm_strf("#%s", now);
	if (!comment || !text || bm_draft_above(draft, line, comment) < 0)
		return -ENOMEM;
	return bm_draft_set(draft, line, text);
}

int bm_fix_want_rebuild(struct bm_fix *fix, const struct bm_finding *finding)
{
	return bm_strv_add_once(&fix->rebuild, bm_finding_kinds[finding->id].id);
}

bool bm_fix_root_on(const struct bm_fix *fix, enum bm_device_kind kind)
{
	const struct bm_devices *devices = &fix->survey->devices;

	for (size_t i = 0; fix->system->root_device >= 0 && i < devices->n; i++)
		if (devices->items[i].kind == kind && bm_device_on(devices, (size_t)fix->system->root_device, i))
			return true;
	return false;
}

bool bm_fix_kernel_dead(const struct bm_fix *fix)
{
	static const enum bm_finding_id ids[] = {BM_FINDING_KERNEL_MISSING, BM_FINDING_KERNEL_DAMAGED,
		BM_FINDING_CONFIG_NO_INITRD, BM_FINDING_CONFIG_NO_DRIVER, BM_FINDING_MODULES_MISSING};
	const struct bm_findings *findings = fix->request->findings;

	for (size_t i = 0; i < findings->n; i++)
		for (size_t k = 0; k < BM_ARRAY_SIZE(ids); k++)
			if (findings->items[i].id == ids[k] && findings->items[i].severity == BM_SEVERITY_FATAL)
				return true;
	return false;
}

const struct bm_boot_entry *bm_fix_default_entry(const struct bm_fix *fix)
{
	const struct bm_loader *loader = &fix->system->loader;

	return loader->default_entry >= 0 && (size_t)loader->default_entry < loader->n_entries
		       ? &loader->entries[loader->default_entry]
		       : NULL;
}

bool bm_fix_has_mkconfig(const struct bm_fix *fix, const struct bm_boot_entry *entry)
{
	const struct bm_loader *loader = &fix->system->loader;

	/* From a loop device the tool would write root=/dev/loop0: it believes what it sees. */
	return fix->system->tools.grub_mkconfig && bm_needs_hardware_known(fix->survey, fix->system) &&
	       loader->kind == BM_LOADER_GRUB2 && entry && !entry->entry.bls &&
	       bm_streq(entry->entry.file, loader->config);
}

unsigned int bm_fix_command_end(const struct bm_draft *draft, unsigned int line)
{
	for (;; line++) {
		const char *text = bm_draft_line(draft, line);

		if (!text || !bm_str_ends(text, "\\") || !bm_draft_line(draft, line + 1))
			return line;
	}
}

/* Whether the line's first word is one that loads a kernel, and it names this one. */
static bool loads_kernel(const char *line, const char *kernel)
{
	static const char *const commands[] = {
		"linux", "linux16", "linuxefi", "kernel", "kernel$", "module", "module2"};
	size_t n;

	line += strspn(line, " \t");
	n = strcspn(line, " \t");
	for (size_t i = 0; i < BM_ARRAY_SIZE(commands); i++)
		if (n == strlen(commands[i]) && strncmp(line, commands[i], n) == 0)
			return strstr(line + n, bm_path_base(kernel)) != NULL;
	return false;
}

unsigned int bm_fix_kernel_line(const struct bm_draft *draft, const struct bm_boot_entry *entry)
{
	const char *text = bm_draft_line(draft, entry->entry.kernel_line);

	return text && entry->entry.kernel && loads_kernel(text, entry->entry.kernel) ? entry->entry.kernel_line : 0;
}

int bm_fix_read_bls(const struct bm_draft *draft, struct bm_bls *ret_bls)
{
	_cleanup_buf_ struct bm_buf text = {0};

	if (bm_draft_text(draft, &text) < 0)
		return -ENOMEM;
	return bm_bls_parse(draft->source->path, bm_buf_text(&text), text.len, ret_bls);
}
