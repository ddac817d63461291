/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader will read: the drafts of its files go through our own parsers before anything is changed. An edit by
 * line is refused where the default entry would not be what was wanted of it.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/boot/bls.h"
#include "../fmt/boot/cmdline.h"
#include "../fmt/boot/grubcfg.h"
#include "../fmt/boot/grubconf.h"

/* A file as it will be, or as it is where nothing changes it. *ret_there is false where it is not known. */
static int text_of(struct bm_fix *fix, const char *path, struct bm_buf *out, bool *ret_there)
{
	struct bm_draft *draft;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, path, false, &draft);

	*ret_there = r == 0;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return bm_draft_text(draft, out);
}

static int read_environment(struct bm_fix *fix, struct bm_grubenv *env)
{
	_cleanup_buf_ struct bm_buf text = {0};
	bool there;

	if (text_of(fix, fix->system->loader.environment, &text, &there) < 0)
		return -ENOMEM;
	return there ? bm_grubenv_parse(bm_buf_text(&text), text.len, env) : 0;
}

static const char *lookup(void *arg, const char *name)
{
	return bm_grubenv_get(arg, name);
}

static int read_bls(struct bm_fix *fix, const struct bm_boot_entry *entry, struct bm_entry *ret, bool *ret_known)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_grubenv_ struct bm_grubenv env = {0};
	_cleanup_bls_ struct bm_bls bls = {0};

	if (text_of(fix, entry->entry.file, &text, ret_known) < 0 || read_environment(fix, &env) < 0)
		return -ENOMEM;
	if (!*ret_known)
		return 0;
	if (bm_bls_parse(entry->entry.file, bm_buf_text(&text), text.len, &bls) < 0)
		return -ENOMEM;
	return bm_bls_entry(&bls, lookup, &env, ret);
}

/* The entry's place in a menu; -1 where it is not there: then a file that we do not have makes it. */
static long find(const struct bm_entries *entries, const struct bm_entry *entry)
{
	for (size_t i = 0; i < entries->n; i++)
		if (entries->items[i].kernel_line == entry->kernel_line &&
			bm_streq(entries->items[i].title, entry->title))
			return (long)i;
	return -1;
}

static int parse_menu(struct bm_fix *fix, const struct bm_boot_entry *entry, const char *text, size_t len,
	struct bm_entries *ret_entries)
{
	_cleanup_grubenv_ struct bm_grubenv env = {0};
	const struct bm_grubcfg_input input = {.path = entry->entry.file, .env = &env};
	struct bm_grubcfg cfg = {0};
	struct bm_grubconf conf = {0};

	if (fix->system->loader.kind == BM_LOADER_GRUB_LEGACY) {
		if (bm_grubconf_parse(text, len, NULL, &conf) < 0)
			return -ENOMEM;
		*ret_entries = conf.entries;
		conf.entries = (struct bm_entries){0};
		bm_grubconf_done(&conf);
		return 0;
	}
	if (read_environment(fix, &env) < 0 || bm_grubcfg_parse(text, len, &input, &cfg) < 0)
		return -ENOMEM;
	*ret_entries = cfg.entries;
	cfg.entries = (struct bm_entries){0};
	bm_grubcfg_done(&cfg);
	return 0;
}

static int read_menu(struct bm_fix *fix, const struct bm_boot_entry *entry, struct bm_entry *ret, bool *ret_known)
{
	const struct bm_source *source = bm_sources_find(&fix->system->sources, entry->entry.file);
	_cleanup_entries_ struct bm_entries before = {0}, after = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	long at;

	if (text_of(fix, entry->entry.file, &text, ret_known) < 0)
		return -ENOMEM;
	if (!*ret_known)
		return 0;
	if (parse_menu(fix, entry, source->text, source->len, &before) < 0 ||
		parse_menu(fix, entry, bm_buf_text(&text), text.len, &after) < 0)
		return -ENOMEM;
	at = find(&before, &entry->entry);
	*ret_known = at >= 0;
	/* No edit adds or takes away an entry. */
	if (at < 0 || after.n != before.n || !bm_streq(after.items[at].title, entry->entry.title))
		return 0;
	return bm_entry_copy(&after.items[at], ret);
}

static bool has_word(const char *cmdline, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = cmdline; (at = strstr(at, word)); at++)
		if ((at == cmdline || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

int bm_fix_verify(struct bm_fix *fix, char **ret_problem)
{
	const struct bm_boot_entry *entry = bm_fix_default_entry(fix);
	struct bm_entry now = {0};
	const char *cmdline;
	bool known = false;
	int r = 0;

	*ret_problem = NULL;
	r = bm_fix_verify_stub(fix, ret_problem);
	if (r < 0 || *ret_problem)
		return r;
	/* What the system's tool writes is read again when it is written. */
	if (!entry || fix->config.n > 0 || (fix->wanted.n == 0 && fix->unwanted.n == 0 && !fix->want_initrd))
		return 0;
	r = entry->entry.bls ? read_bls(fix, entry, &now, &known) : read_menu(fix, entry, &now, &known);
	/* Variables that only the loader knows hide the rest. */
	if (r < 0 || !known || now.unresolved) {
		bm_entry_done(&now);
		return r;
	}
	cmdline = now.cmdline ? now.cmdline : "";
	if (entry->prefix == BM_BOOT_PREFIX_RIGHT && !bm_streq(now.kernel, entry->entry.kernel))
		*ret_problem = bm_strf("'%s' would not load %s any more", entry->entry.title, entry->entry.kernel);
	else if (fix->want_initrd && now.initrds.n == 0)
		*ret_problem = bm_strf("'%s' would still load no initramfs", entry->entry.title);
	else
		known = false;
	for (size_t i = 0; !known && i < fix->wanted.n; i++)
		if (!has_word(cmdline, fix->wanted.items[i])) {
			*ret_problem = bm_strf(
				"'%s' would still lack the argument %s", entry->entry.title, fix->wanted.items[i]);
			known = true;
		}
	for (size_t i = 0; !known && i < fix->unwanted.n; i++)
		if (has_word(cmdline, fix->unwanted.items[i])) {
			*ret_problem = bm_strf(
				"'%s' would still have the argument %s", entry->entry.title, fix->unwanted.items[i]);
			known = true;
		}
	bm_entry_done(&now);
	return known && !*ret_problem ? -ENOMEM : 0;
}
