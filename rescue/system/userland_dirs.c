/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folders in which a system's program loader looks for libraries by itself.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/etc/wildcard.h"
#include "userland_int.h"

enum { WILDCARD_STEPS = 65536 };

static int add_dir(struct bm_strv *dirs, const char *dir)
{
	return dirs->n < BM_USERLAND_DIRS_MAX ? bm_strv_add_once(dirs, dir) : 0;
}

static int read_conf(const struct bm_root *root, struct bm_strv *dirs, const char *path, unsigned int depth);

/* include PATTERN, the wildcards in its last component only; relative to /etc. */
static int include_conf(const struct bm_root *root, struct bm_strv *dirs, const char *pattern, unsigned int depth)
{
	_cleanup_free_ char *whole = *pattern == '/' ? strdup(pattern) : bm_strf("/etc/%s", pattern);
	_cleanup_free_ char *dir = whole ? bm_path_dir(whole) : NULL;
	_cleanup_strv_ struct bm_strv names = {0};

	if (!dir)
		return -ENOMEM;
	if (bm_root_list(root, dir, 0, &names) < 0) {
		bm_err_clear();
		return 0;
	}
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *path = NULL;
		size_t steps = WILDCARD_STEPS;

		if (bm_wildcard_match(bm_path_base(whole), names.items[i], &steps) != 1)
			continue;
		path = bm_path_join(dir, names.items[i]);
		if (!path || read_conf(root, dirs, path, depth + 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ld.so.conf(5): a directory a line, "#" begins a comment, "include". musl's path file is a list with colons. */
static int read_conf(const struct bm_root *root, struct bm_strv *dirs, const char *path, unsigned int depth)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_strv_ struct bm_strv lines = {0};

	if (depth > 3 || bm_root_read(root, path, BM_USERLAND_TEXT_MAX, &text) < 0) {
		bm_err_clear();
		return 0;
	}
	if (bm_strv_split(&lines, bm_buf_text(&text), "\n") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < lines.n; i++) {
		_cleanup_strv_ struct bm_strv words = {0};
		bool include;

		lines.items[i][strcspn(lines.items[i], "#")] = '\0';
		if (bm_strv_split(&words, lines.items[i], " \t\r,:") < 0)
			return -ENOMEM;
		include = words.n > 1 && bm_streq(words.items[0], "include");
		for (size_t w = include; w < words.n; w++) {
			int r = 0;

			if (include)
				r = include_conf(root, dirs, words.items[w], depth);
			else if (words.items[w][0] == '/')
				r = add_dir(dirs, words.items[w]);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The directories of the distributions, by e_machine; "" has none. */
static const char *triplet_of(unsigned int machine)
{
	static const struct {
		unsigned int machine;
		const char *triplet;
	} rows[] = {{3, "i386-linux-gnu"}, {62, "x86_64-linux-gnu"}, {183, "aarch64-linux-gnu"},
		{40, "arm-linux-gnueabihf"}, {21, "powerpc64le-linux-gnu"}, {22, "s390x-linux-gnu"},
		{243, "riscv64-linux-gnu"}, {258, "loongarch64-linux-gnu"}};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		if (rows[i].machine == machine)
			return rows[i].triplet;
	return "";
}

int bm_userland_library_dirs(const struct bm_root *root, const struct bm_elf *elf, bool musl, struct bm_strv *dirs)
{
	static const char *const standard[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib",
		"/usr/local/lib64", "/lib32", "/usr/lib32", "/usr/lib/systemd", "/lib/systemd"};
	const char *triplet = triplet_of(elf->machine);
	_cleanup_free_ char *own = bm_strf("/lib/%s", triplet), *usr = bm_strf("/usr/lib/%s", triplet);
	_cleanup_free_ char *real = NULL, *beside = NULL;

	if (!own || !usr || read_conf(root, dirs, "/etc/ld.so.conf", 0) < 0 || add_dir(dirs, own) < 0 ||
		add_dir(dirs, usr) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < BM_ARRAY_SIZE(standard); i++)
		if (add_dir(dirs, standard[i]) < 0)
			return -ENOMEM;
	if (musl && (read_conf(root, dirs, "/etc/ld-musl-x86_64.path", 0) < 0 ||
			    read_conf(root, dirs, "/etc/ld-musl-aarch64.path", 0) < 0))
		return -ENOMEM;
	/* A loader in a place of its own (NixOS, Guix) has its C library beside it. */
	if (elf->interpreter && bm_root_realpath(root, elf->interpreter, &real) == 0) {
		beside = bm_path_dir(real);
		if (!beside || add_dir(dirs, beside) < 0)
			return -ENOMEM;
	}
	bm_err_clear();
	return 0;
}
