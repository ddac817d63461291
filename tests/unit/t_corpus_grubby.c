/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations from grubby's test suite, read in place where they lie beside the project: every answer of
 * answers.tsv, and for all of them that each kernel, initramfs and title of the text is found by the parser too.
 *
 * The suite counts entries from 0. In all its answers the entry counted is an item of the top menu with nothing but
 * Linux entries before it, so GRUB's own number, which counts every item, is the same and is what is compared.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "fmt/boot/grubcfg.h"
#include "fmt/boot/grubconf.h"

static const char *folder(void)
{
	const char *corpora = getenv("BM_CORPORA");

	return corpora ? corpora : "../shared/corpora";
}

static int read_text(const char *dir, const char *name, struct bm_buf *text)
{
	char *path = bm_strf("%s/grubby/%s%s", folder(), dir, name), block[4096];
	FILE *file = fopen(path, "re");
	size_t n;

	free(path);
	if (!file)
		return -1;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		bm_buf_add(text, block, n);
	fclose(file);
	return 0;
}

struct parsed {
	struct bm_grubconf conf;
	struct bm_grubcfg cfg;
	const struct bm_entries *entries;
	long default_entry;
};

/* env is the name of an environment block, or "-". */
static void parse(const char *name, const char *env, struct parsed *ret)
{
	struct bm_buf text = {0}, block = {0};
	struct bm_grubenv grubenv = {0};
	struct bm_grubcfg_input input = {.env = &grubenv};

	*ret = (struct parsed){.default_entry = -1};
	BM_CHECK_INT(read_text("", name, &text), 0);
	if (strcmp(env, "-") != 0) {
		BM_CHECK_INT(read_text("grub2-support_files/", env, &block), 0);
		BM_CHECK_INT(bm_grubenv_parse(block.data, block.len, &grubenv), 0);
		BM_CHECK(!grubenv.damaged);
	}
	if (bm_str_starts(name, "grub2.")) {
		BM_CHECK_INT(bm_grubcfg_parse(text.data, text.len, &input, &ret->cfg), 0);
		ret->entries = &ret->cfg.entries;
		ret->default_entry = ret->cfg.default_entry;
	} else {
		BM_CHECK_INT(bm_grubconf_parse(text.data, text.len, NULL, &ret->conf), 0);
		ret->entries = &ret->conf.entries;
		ret->default_entry = ret->conf.default_entry;
	}
	bm_grubenv_done(&grubenv);
	bm_buf_done(&block);
	bm_buf_done(&text);
}

static void parsed_done(struct parsed *parsed)
{
	bm_grubcfg_done(&parsed->cfg);
	bm_grubconf_done(&parsed->conf);
}

static void check_answer(const char *file, const char *env, const char *what, const char *answer)
{
	const char *boot = bm_str_after(what, "default-kernel boot-filesystem=");
	struct parsed parsed;
	const struct bm_entry *entry;
	char *got;

	parse(file, env, &parsed);
	BM_CHECK(parsed.default_entry >= 0);
	entry = &parsed.entries->items[parsed.default_entry];
	if (strcmp(what, "default-index") == 0) {
		got = bm_strf("%zu", entry->position);
		BM_CHECK_INT(entry->parent, -1);
	} else if (strcmp(what, "default-title") == 0) {
		got = bm_strf("%s", entry->title);
	} else {
		/* The loader's path is one of the filesystem that is mounted there. */
		BM_CHECK(boot != NULL);
		got = bm_path_join(boot, entry->kernel);
	}
	BM_CHECK_STR(got, answer);
	free(got);
	parsed_done(&parsed);
}

BM_TEST(corpus_grubby_answers)
{
	struct bm_buf text = {0};
	struct bm_strv lines = {0};
	size_t answers = 0;

	BM_CHECK_INT(read_text("", "answers.tsv", &text), 0);
	BM_CHECK_INT(bm_strv_split(&lines, bm_buf_text(&text), "\n"), 0);
	for (size_t i = 0; i < lines.n; i++) {
		struct bm_strv fields = {0};

		if (lines.items[i][0] == '#')
			continue;
		BM_CHECK_INT(bm_strv_split(&fields, lines.items[i], "\t"), 0);
		BM_CHECK_INT(fields.n, 4);
		check_answer(fields.items[0], fields.items[1], fields.items[2], fields.items[3]);
		answers++;
		bm_strv_done(&fields);
	}
	BM_CHECK_INT(answers, 32);
	bm_strv_done(&lines);
	bm_buf_done(&text);
}

/* Counts lines of the text that begin with one of the words (a comment does not). */
static size_t count_lines(const struct bm_strv *lines, const char *const *words)
{
	size_t n = 0;

	for (size_t i = 0; i < lines->n; i++) {
		const char *line = lines->items[i] + strspn(lines->items[i], " \t");

		for (const char *const *word = words; *word; word++) {
			size_t len = strlen(*word);

			if (strncmp(line, *word, len) == 0 && strchr(" \t", line[len]) && line[len])
				n++;
		}
	}
	return n;
}

static void check_complete(const char *name)
{
	static const char *const kernels[] = {"linux", "linux16", "linuxefi", "kernel", NULL};
	static const char *const initrds[] = {"initrd", "initrd16", "initrdefi", NULL};
	static const char *const modules[] = {"module", NULL};
	static const char *const items[] = {"menuentry", "submenu", "title", NULL};
	size_t n_kernels = 0, n_initrds = 0, no_root = 0, no_device = 0;
	struct bm_buf text = {0};
	struct bm_strv lines = {0};
	struct parsed parsed;

	BM_CHECK_INT(read_text("", name, &text), 0);
	BM_CHECK_INT(bm_strv_split(&lines, bm_buf_text(&text), "\n"), 0);
	parse(name, "-", &parsed);
	for (size_t i = 0; i < parsed.cfg.n_warnings; i++) {
		/* grub2.4 has a submenu without a title; none of them has an environment block here */
		BM_CHECK(parsed.cfg.warnings[i].kind == BM_GRUBCFG_SYNTAX && strcmp(name, "grub2.4") == 0);
	}
	BM_CHECK_INT(parsed.conf.n_warnings, 0);
	for (size_t i = 0; i < parsed.entries->n; i++) {
		const struct bm_entry *entry = &parsed.entries->items[i];

		n_kernels += entry->kernel != NULL;
		n_initrds += entry->initrds.n;
		if (entry->kind != BM_ENTRY_LINUX)
			continue;
		BM_CHECK(entry->kernel && entry->kernel[0] == '/' && *entry->title);
		no_root += strstr(entry->cmdline, "root=") == NULL;
		no_device += entry->place.device == NULL;
		BM_CHECK(!entry->unresolved);
	}
	/* Two of grub.14 and one of grub.15 name neither a root nor a device. */
	BM_CHECK_INT(no_root, strcmp(name, "grub.14") == 0 ? 2 : strcmp(name, "grub.15") == 0 ? 1 : 0);
	BM_CHECK_INT(no_device, no_root);
	BM_CHECK_INT(parsed.entries->n, count_lines(&lines, items));
	/* A hypervisor's modules are the kernel and the initramfs. */
	BM_CHECK_INT(n_kernels, count_lines(&lines, kernels));
	BM_CHECK_INT(n_initrds, count_lines(&lines, initrds) + count_lines(&lines, modules) / 2);
	parsed_done(&parsed);
	bm_strv_done(&lines);
	bm_buf_done(&text);
}

BM_TEST(corpus_grubby_everything_is_found)
{
	size_t n = 0;

	for (int kind = 1; kind <= 2; kind++) {
		for (int i = 1; i <= 25; i++) {
			char *name = bm_strf(kind == 1 ? "grub.%d" : "grub2.%d", i);
			struct bm_buf text = {0};

			if (read_text("", name, &text) == 0) {
				check_complete(name);
				n++;
			}
			bm_buf_done(&text);
			free(name);
		}
	}
	BM_CHECK_INT(n, 39);
}

BM_TEST(corpus_grubby_environment_blocks)
{
	static const struct {
		const char *name, *saved;
		size_t size;
	} blocks[] = {{"grubenv.0", NULL, 1024}, {"grubenv.1", "Linux, with Fedora 2.6.38.8-32.fc15.x86_64", 1024},
		{"grubenv.2", "title", 1024},
		{"grubenv.3",
			"Red Hat Enterprise Linux Server (3.10.0-327.22.2.el7.x86_64.debug) 7.2 (Maipo) with debugging",
			1024},
		{"grubenv.4", "Linux, with Fedora 2.6.38.8-32.fc15.x86_64", 1025}};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		struct bm_buf text = {0}, again = {0};
		struct bm_grubenv env;

		BM_CHECK_INT(read_text("grub2-support_files/", blocks[i].name, &text), 0);
		BM_CHECK_INT(bm_grubenv_parse(text.data, text.len, &env), 0);
		BM_CHECK(!env.damaged);
		BM_CHECK_INT(env.size_bytes, blocks[i].size);
		BM_CHECK_STR(bm_grubenv_get(&env, "saved_entry"), blocks[i].saved);
		BM_CHECK_INT(bm_grubenv_write(&env, &again), 0);
		BM_CHECK_INT(again.len, text.len);
		BM_CHECK(memcmp(again.data, text.data, 1024) == 0);
		bm_grubenv_done(&env);
		bm_buf_done(&again);
		bm_buf_done(&text);
	}
}
