/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot entries that load no initramfs, or one too many, or of which the loader reads only a part.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/boot/bls.h"
#include "../proof/needs.h"

/* The tool writes grub.cfg anew. */
static int want_config(struct bm_fix *fix, const struct bm_finding *finding)
{
	return bm_strv_add_once(&fix->config, bm_finding_kinds[finding->id].id);
}

/* The initramfs that the kernel should have: one that is there, else the one that is built. */
static const char *initramfs_of(const struct bm_kernel *kernel)
{
	if (!kernel->initramfs_exists && kernel->n_initramfs > 0)
		return kernel->initramfs[0].path;
	return kernel->initramfs_path;
}

/*
 * The initramfs as the entry must write it: the kernel's own word, whatever stands before its name there ("/boot/",
 * "($root)/"), with the other name. NULL where they are not in one folder, or memory is short (*ret_failed).
 */
static char *loader_path(const struct bm_boot_entry *entry, const char *word, const char *initramfs, bool *ret_failed)
{
	_cleanup_free_ char *kernel_dir = bm_path_dir(entry->kernel), *dir = bm_path_dir(initramfs);
	const char *base = bm_path_base(word);
	char *path;

	*ret_failed = !kernel_dir || !dir;
	if (*ret_failed || !bm_streq(kernel_dir, dir) || !bm_streq(base, bm_path_base(entry->entry.kernel)))
		return NULL;
	path = bm_strf("%.*s%s", (int)(base - word), word, bm_path_base(initramfs));
	*ret_failed = !path;
	return path;
}

/* The line's indentation, its first word, and the next word that is no option. */
static int cut_line(const char *line, char **ret_indent, char **ret_command, char **ret_word)
{
	_cleanup_strv_ struct bm_strv words = {0};
	size_t blanks = strspn(line, " \t");

	if (bm_strv_split(&words, line, " \t") < 0)
		return -ENOMEM;
	*ret_indent = strndup(line, blanks);
	*ret_command = strdup(words.n > 0 ? words.items[0] : "");
	for (size_t i = 1; i < words.n && !*ret_word; i++)
		if (!bm_str_starts(words.items[i], "--"))
			*ret_word = strdup(words.items[i]);
	if (!*ret_word)
		*ret_word = strdup("");
	return *ret_indent && *ret_command && *ret_word ? 0 : -ENOMEM;
}

/* initrd16 belongs to linux16, and so on; GRUB legacy and BLS files have the one. */
static const char *initrd_command(const char *command)
{
	return bm_streq(command, "linux16")    ? "initrd16"
	       : bm_streq(command, "linuxefi") ? "initrdefi"
	       : bm_str_starts(command, "mod") ? command
					       : "initrd";
}

static int add_initrd_line(
	struct bm_fix *fix, const struct bm_finding *finding, const struct bm_boot_entry *entry, const char *initramfs)
{
	_cleanup_free_ char *indent = NULL, *command = NULL, *word = NULL, *path = NULL, *line = NULL;
	struct bm_draft *draft;
	unsigned int at;
	bool failed;
	int r = bm_fix_open(fix, finding, entry->entry.file, &draft);

	if (r < 0 || !draft)
		return r;
	at = bm_fix_kernel_line(draft, entry);
	if (at == 0)
		return bm_fix_instruct(fix, finding,
			"the line that loads %s was not found in %s: add one that loads %s.", entry->kernel,
			entry->entry.file, initramfs);
	if (cut_line(bm_draft_line(draft, at), &indent, &command, &word) < 0)
		return -ENOMEM;
	path = loader_path(entry, word, initramfs, &failed);
	if (!path)
		return failed ? -ENOMEM
			      : bm_fix_instruct(fix, finding,
					"%s lies in another folder than %s: add a line that loads it to %s.", initramfs,
					entry->kernel, entry->entry.file);
	line = bm_strf("%s%s %s", indent, initrd_command(command), path);
	if (!line || bm_draft_below(draft, bm_fix_command_end(draft, at), line) < 0)
		return -ENOMEM;
	fix->want_initrd = true;
	return bm_draft_reason(draft, finding, "'%s' loads %s", entry->entry.title, path);
}

static int fix_no_initrd(struct bm_fix *fix, const struct bm_finding *finding, const struct bm_boot_entry *entry)
{
	const struct bm_kernel *kernel = entry->version ? bm_system_kernel(fix->system, entry->version) : NULL;
	const char *initramfs = kernel ? initramfs_of(kernel) : NULL;
	struct bm_draft *draft;

	if (!kernel || !entry->kernel || !initramfs)
		return bm_fix_instruct(fix, finding,
			"it is not known which kernel '%s' loads: write its initrd line by hand.", entry->entry.title);
	if (!kernel->initramfs_exists && kernel->n_initramfs == 0 && bm_fix_want_rebuild(fix, finding) < 0)
		return -ENOMEM;
	if (bm_fix_has_mkconfig(fix, entry))
		return want_config(fix, finding);
	if (entry->entry.bls &&
		bm_draft_open(&fix->drafts, &fix->system->sources, entry->entry.file, false, &draft) == 0) {
		_cleanup_bls_ struct bm_bls bls = {0};

		/* The initrd line stood behind the place at which GRUB stopped, and is read now. */
		if (bm_fix_read_bls(draft, &bls) < 0)
			return -ENOMEM;
		if (bls.initrds.n > 0 && bls.stop_line == 0)
			return 0;
	}
	return add_initrd_line(fix, finding, entry, initramfs);
}

/* Takes the words that name path (with or without a device before it) out of the line; NULL: it has none. */
static int without_path(const char *line, const char *path, char **ret_line)
{
	_cleanup_strv_ struct bm_strv words = {0};
	_cleanup_free_ char *now = NULL;

	if (bm_strv_split(&words, line, " \t\"'") < 0)
		return -ENOMEM;
	for (size_t i = 1; i < words.n; i++) {
		const char *word = words.items[i];
		size_t device = *word == '(' ? strcspn(word, ")") + 1 : 0;
		char *next;

		if (device > strlen(word) || !bm_streq(word + device, path))
			continue;
		if (bm_words_replace_word(now ? now : line, word, NULL, &next) < 0)
			return -ENOMEM;
		if (next) {
			free(now);
			now = next;
		}
	}
	*ret_line = now;
	now = NULL;
	return 0;
}

/* How many words stand behind the first. */
static size_t count_arguments(const char *line)
{
	size_t n = 0;

	line += strspn(line, " \t");
	line += strcspn(line, " \t");
	while (*(line += strspn(line, " \t"))) {
		line += strcspn(line, " \t");
		n++;
	}
	return n;
}

/* The path as the loader writes it, of one that is the system's. */
static const char *as_written(const struct bm_boot_entry *entry, const char *path)
{
	for (size_t i = 0; i < entry->initrds.n && i < entry->entry.initrds.n; i++)
		if (bm_streq(entry->initrds.items[i], path))
			return entry->entry.initrds.items[i];
	return NULL;
}

static bool is_initrd_line(const char *line)
{
	line += strspn(line, " \t");
	return bm_str_starts(line, "initrd") || bm_str_starts(line, "module");
}

static int fix_initrd_missing(struct bm_fix *fix, const struct bm_finding *finding, const struct bm_boot_entry *entry)
{
	const char *written = finding->subject ? as_written(entry, finding->subject) : NULL;
	bool found = false;
	struct bm_draft *draft;
	unsigned int first, last;
	int r;

	if (!written)
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	if (bm_fix_has_mkconfig(fix, entry))
		return want_config(fix, finding);
	r = bm_fix_open(fix, finding, entry->entry.file, &draft);
	if (r < 0 || !draft)
		return r;
	/* A BLS file is one entry; elsewhere it is the entry's own command. */
	first = entry->entry.bls ? 1 : entry->entry.initrd_line;
	last = entry->entry.bls ? (unsigned int)draft->n_lines : first ? bm_fix_command_end(draft, first) : 0;
	for (unsigned int line = first; line > 0 && line <= last; line++) {
		const char *now = bm_draft_line(draft, line);
		_cleanup_free_ char *text = NULL;

		if (!now || (line == first || entry->entry.bls ? !is_initrd_line(now) : false))
			continue;
		if (without_path(now, written, &text) < 0)
			return -ENOMEM;
		if (!text)
			continue;
		found = true;
		/* An initrd without a file stops GRUB in a BLS file, and is no command elsewhere. */
		if (bm_draft_set(draft, line,
			    count_arguments(text) == 0 && (entry->entry.bls || first == last) ? NULL : text) < 0)
			return -ENOMEM;
	}
	if (!found)
		return bm_fix_instruct(fix, finding, "%s was not found in %s as it is: take it out by hand.", written,
			entry->entry.file);
	fix->want_initrd = true;
	return bm_draft_reason(
		draft, finding, "'%s' does not load %s, which does not exist", entry->entry.title, finding->subject);
}

/* Takes the lines out at which GRUB stops, until it reads all. */
static int fix_cut(struct bm_fix *fix, const struct bm_finding *finding)
{
	struct bm_draft *draft;
	int r = bm_fix_open(fix, finding, finding->file, &draft);

	if (r < 0 || !draft)
		return r;
	for (size_t i = 0; i < draft->n_lines; i++) {
		_cleanup_bls_ struct bm_bls bls = {0};
		unsigned int number = 0, stop;

		if (bm_fix_read_bls(draft, &bls) < 0)
			return -ENOMEM;
		stop = bls.stop_line;
		if (stop == 0)
			return bm_draft_reason(draft, finding, "GRUB reads no further than line %u", finding->line);
		/* The line's number in the text as it was: those that are gone do not count. */
		for (size_t l = 0; l < draft->n_lines && stop > 0; l++)
			if (draft->lines[l].text) {
				stop--;
				number = (unsigned int)l + 1;
			}
		if (bm_draft_remove(draft, number) < 0)
			return -ENOMEM;
	}
	return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
}

/* The line with each path in it begun rightly. NULL: memory was short. For free(). */
static char *mend_line(const char *line, enum bm_boot_prefix prefix)
{
	_cleanup_buf_ struct bm_buf out = {0};

	bm_buf_adds(&out, "");
	while (*line) {
		size_t blanks = strspn(line, " \t"), len;
		_cleanup_free_ char *word = NULL, *mended = NULL;

		bm_buf_add(&out, line, blanks);
		line += blanks;
		len = strcspn(line, " \t");
		word = strndup(line, len);
		mended = word ? bm_boot_prefix_mend(prefix, word) : NULL;
		if (!mended || bm_buf_adds(&out, mended) < 0)
			return NULL;
		line += len;
	}
	return bm_buf_steal(&out);
}

/* The paths of linux and initrd in every BLS file that has them as the default has. */
static int fix_prefix(struct bm_fix *fix, const struct bm_finding *finding)
{
	static const char *const keys[] = {"linux", "initrd", "devicetree"};
	const struct bm_loader *loader = &fix->system->loader;
	bool done = false;

	for (size_t i = 0; i < loader->n_entries; i++) {
		const struct bm_boot_entry *entry = &loader->entries[i];
		struct bm_draft *draft;
		int r;

		if (!entry->entry.bls || entry->foreign || entry->prefix == BM_BOOT_PREFIX_RIGHT)
			continue;
		done = true;
		r = bm_fix_open(fix, finding, entry->entry.file, &draft);
		if (r < 0 || !draft)
			return r;
		for (unsigned int n = 1; n <= draft->n_lines; n++) {
			const char *line = bm_draft_line(draft, n), *key = line ? line + strspn(line, " \t") : "";
			_cleanup_free_ char *text = NULL;
			bool path = false;

			for (size_t k = 0; k < BM_ARRAY_SIZE(keys); k++)
				path |= strcspn(key, " \t") == strlen(keys[k]) && bm_str_starts(key, keys[k]);
			if (!path)
				continue;
			text = mend_line(line, entry->prefix);
			if (!text || bm_draft_set(draft, n, text) < 0)
				return -ENOMEM;
		}
		if (bm_draft_reason(draft, finding, "its paths begin %s /boot",
			    entry->prefix == BM_BOOT_PREFIX_EXTRA ? "without" : "with") < 0)
			return -ENOMEM;
	}
	return done ? 0
		    : bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
}

/* The entry that the finding is about: the default's, unless its place says otherwise. */
static const struct bm_boot_entry *entry_of(const struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_loader *loader = &fix->system->loader;
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);

	if (entry && (!finding->file || bm_streq(finding->file, entry->entry.file)) &&
		(finding->line == 0 || finding->line == entry->entry.line || entry->entry.bls))
		return entry;
	for (size_t i = 0; finding->file && i < loader->n_entries; i++)
		if (bm_streq(loader->entries[i].entry.file, finding->file) &&
			(loader->entries[i].entry.line == finding->line || loader->entries[i].entry.bls))
			return &loader->entries[i];
	return entry;
}

/* GRUB's configuration is gone, or holds no menu: the system's own tool writes it. */
static int fix_config(struct bm_fix *fix, const struct bm_finding *finding)
{
	/* From a loop device the tool would write root=/dev/loop0: it believes what it sees. */
	if (fix->system->tools.grub_mkconfig && bm_needs_hardware_known(fix->survey, fix->system))
		return want_config(fix, finding);
	return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
}

int bm_fix_entry(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_boot_entry *entry = entry_of(fix, finding);

	if (finding->id == BM_FINDING_GRUB_CONFIG_MISSING)
		return fix_config(fix, finding);
	if (finding->id == BM_FINDING_MENU_EMPTY)
		return bm_fix_menu(fix, finding);
	if (finding->id == BM_FINDING_GRUB_STUB)
		return bm_fix_stub(fix, finding);
	if (finding->id == BM_FINDING_ENTRY_CUT && finding->file && bm_str_ends(finding->file, ".conf"))
		return fix_cut(fix, finding);
	if (finding->id == BM_FINDING_ENTRY_PREFIX)
		return fix_prefix(fix, finding);
	if (entry && finding->id == BM_FINDING_ENTRY_NO_INITRD)
		return fix_no_initrd(fix, finding, entry);
	if (entry && finding->id == BM_FINDING_ENTRY_INITRD_MISSING)
		return fix_initrd_missing(fix, finding, entry);
	return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
}
