/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	/boot/loader/entries/MACHINEID-5.14.0-503.el9.x86_64.conf
 *	+--------------------------------------------------------+
 *	| # comment                                              |
 *	| title Rocky Linux (5.14.0-503.el9.x86_64) 9.5          |  KEY, blanks, VALUE up to the end of the line
 *	| version 5.14.0-503.el9.x86_64                          |
 *	| linux /vmlinuz-5.14.0-503.el9.x86_64                   |  paths of the filesystem that holds loader/
 *	| initrd /initramfs-5.14.0-503.el9.x86_64.img $tuned...  |  may come again, and name several files
 *	| options $kernelopts quiet                              |  may come again
 *	+--------------------------------------------------------+
 *
 * Reference: UAPI group, "The Boot Loader Specification"; for variables, default_kernelopts and early_initrd, what
 *Fedora's blscfg and GRUB 2.14's blsuki do.
 */
#include "bls.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

void bm_bls_done(struct bm_bls *bls)
{
	free(bls->id);
	free(bls->file);
	free(bls->title);
	free(bls->version);
	free(bls->sort_key);
	free(bls->machine_id);
	free(bls->architecture);
	free(bls->kernel);
	free(bls->efi);
	bm_strv_done(&bls->initrds);
	free(bls->options);
	free(bls->devicetree);
	free(bls->grub_class);
	free(bls->grub_users);
	free(bls->grub_arg);
	*bls = (struct bm_bls){0};
}

void bm_bls_list_done(struct bm_bls_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		bm_bls_done(&list->items[i]);
	free(list->items);
	*list = (struct bm_bls_list){0};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The id of a file name: without folder, .conf, and boot counting's +LEFT or +LEFT-DONE; how many tries are left by
 * that, else -1. */
static char *id_of(const char *name, long *ret_left)
{
	char *id = strdup(bm_path_base(name)), *plus;

	*ret_left = -1;
	if (!id)
		return NULL;
	if (bm_str_ends(id, ".conf"))
		id[strlen(id) - strlen(".conf")] = '\0';
	plus = strrchr(id, '+');
	if (plus && plus > id && plus[1]) {
		size_t left = strspn(plus + 1, "0123456789"), done = 0;
		const char *rest = plus + 1 + left;
		uint64_t tries;

		if (left && *rest == '-')
			done = 1 + strspn(rest + 1, "0123456789");
		if (left && done != 1 && rest[done] == '\0') {
			*ret_left = bm_num_base(plus + 1, left, 10, &tries) < 0
					    ? INT_MAX
					    : (long)BM_MIN(tries, (uint64_t)INT_MAX);
			*plus = '\0';
		}
	}
	return id;
}

static int take_initrds(struct bm_bls *bls, const char *value)
{
	_cleanup_strv_ struct bm_strv words = {0};
	int r = bm_strv_split(&words, value, " \t");

	for (size_t i = 0; i < words.n && r == 0; i++) {
		if (bls->initrds.n >= BM_BLS_INITRDS_MAX) {
			bls->truncated = true;
			break;
		}
		r = bm_strv_add(&bls->initrds, words.items[i]);
	}
	return r;
}

/* Keys that say one thing: the first one counts, as in GRUB. */
static int take_once(char **text, const char *value)
{
	return *text ? 0 : bm_str_set(text, value);
}

static int take(struct bm_bls *bls, struct bm_buf *options, const char *key, const char *value, unsigned int line)
{
	const struct {
		const char *key;
		char **text;
	} texts[] = {
		{"title", &bls->title},
		{"version", &bls->version},
		{"sort-key", &bls->sort_key},
		{"machine-id", &bls->machine_id},
		{"architecture", &bls->architecture},
		{"linux", &bls->kernel},
		{"efi", &bls->efi},
		{"uki", &bls->efi},
		{"devicetree", &bls->devicetree},
		{"grub_class", &bls->grub_class},
		{"grub_users", &bls->grub_users},
		{"grub_arg", &bls->grub_arg},
	};

	if (bm_streq(key, "initrd"))
		return take_initrds(bls, value);
	if (bm_streq(key, "options")) {
		if (options->len + strlen(value) > BM_BLS_OPTIONS_MAX) {
			bls->truncated = true;
			return 0;
		}
		return bm_buf_addf(options, "%s%s", options->len ? " " : "", value);
	}
	if (bm_streq(key, "linux") && !bls->kernel)
		bls->kernel_line = line;
	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++) {
		if (bm_streq(key, texts[i].key))
			return take_once(texts[i].text, value);
	}
	return 0;
}

/* Cuts one line (writable, without newline) into key and value. *stop becomes the line's number where GRUB would read
 * no further. */
static int parse_line(struct bm_bls *bls, struct bm_buf *options, char *text, unsigned int line, unsigned int *stop)
{
	char *value;

	while (is_blank(*text))
		text++;
	if (*text == '#')
		return 0;
	bm_str_strip(text);
	value = text + strcspn(text, " \t");
	if (!*value) {
		if (!*stop)
			*stop = line;
		return 0;
	}
	*value++ = '\0';
	while (is_blank(*value))
		value++;
	if (*stop && !bls->stop_line)
		bls->stop_line = *stop;
	return take(bls, options, text, value, line);
}

int bm_bls_parse(const char *name, const char *text, size_t len, struct bm_bls *ret)
{
	_cleanup_buf_ struct bm_buf options = {0}, copy = {0};
	_cleanup_bls_ struct bm_bls bls = {0};
	unsigned int line = 0, stop = 0;
	char *next;

	bls.id = id_of(name, &bls.tries_left);
	if (!bls.id)
		return -ENOMEM;
	if (len > BM_BLS_SIZE_MAX) {
		len = BM_BLS_SIZE_MAX;
		bls.truncated = true;
	}
	if (bm_buf_add(&copy, text, len) < 0 || bm_buf_adds(&options, "") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < copy.len; i++) {
		if (copy.data[i] == '\0') /* a hole of a crash: nothing a path can hold */
			copy.data[i] = ' ';
	}
	for (char *start = copy.data; start && *start; start = next) {
		int r;

		next = strchr(start, '\n');
		if (next)
			*next++ = '\0';
		r = parse_line(&bls, &options, start, ++line, &stop);
		if (r < 0)
			return r;
	}
	bls.options = strdup(bm_buf_text(&options));
	if (!bls.options)
		return -ENOMEM;
	*ret = bls;
	bls = (struct bm_bls){0};
	return 0;
}

int bm_bls_list_add(struct bm_bls_list *list, const char *name, const char *text, size_t len)
{
	struct bm_bls bls, *item;
	int r = bm_bls_parse(name, text, len, &bls);

	if (r < 0)
		return r;
	item = BM_VEC_PUSH(list->items, list->n, list->capacity);
	if (!item) {
		bm_bls_done(&bls);
		return -ENOMEM;
	}
	*item = bls;
	return 0;
}

/* Appends the value of the variable at *text (behind the $) to out, and leaves *text behind it. GRUB eats one blank
 * after the name and puts one after the value. */
static void expand_variable(const char **text, bm_bls_lookup *lookup, void *arg, struct bm_buf *out, bool *unresolved)
{
	_cleanup_free_ char *name = NULL;
	bool brace = **text == '{';
	const char *start = *text + (brace ? 1 : 0), *end = start, *value;
	bool alone = out->len == 0 || is_blank(out->data[out->len - 1]);

	while (*end == '_' || (*end >= '0' && *end <= '9') || (*end >= 'a' && *end <= 'z') ||
		(*end >= 'A' && *end <= 'Z'))
		end++;
	if (end == start || (brace && *end != '}')) {
		bm_buf_addc(out, '$');
		return;
	}
	name = strndup(start, (size_t)(end - start));
	if (!name) {
		out->failed = true;
		return;
	}
	*text = end + (brace ? 1 : 0);
	value = lookup ? lookup(arg, name) : NULL;
	if (value)
		bm_buf_adds(out, value);
	else if (!bm_entry_variable_optional(name))
		*unresolved |= !alone || (**text && !is_blank(**text)) || bm_streq(name, "kernelopts");
}

/* A copy with variables replaced, blanks at the ends and doubled blanks around empty values dropped; NULL: no memory.
 */
static char *expand(const char *text, bm_bls_lookup *lookup, void *arg, bool *unresolved)
{
	_cleanup_buf_ struct bm_buf out = {0};
	bool variables = strchr(text, '$') != NULL;

	bm_buf_adds(&out, "");
	while (*text && out.len <= BM_BLS_OPTIONS_MAX) {
		if (*text == '$') {
			text++;
			expand_variable(&text, lookup, arg, &out, unresolved);
			continue;
		}
		if (variables && is_blank(*text) && (out.len == 0 || is_blank(out.data[out.len - 1]))) {
			text++;
			continue;
		}
		bm_buf_addc(&out, *text++);
	}
	if (out.failed)
		return NULL;
	if (out.len > BM_BLS_OPTIONS_MAX) {
		out.len = BM_BLS_OPTIONS_MAX;
		out.data[out.len] = '\0';
		*unresolved = true;
	}
	return strdup(bm_str_strip(out.data));
}

static int entry_initrds(const struct bm_bls *bls, bm_bls_lookup *lookup, void *arg, struct bm_entry *entry)
{
	const char *early = lookup ? lookup(arg, "early_initrd") : NULL;
	_cleanup_strv_ struct bm_strv names = {0};
	int r = 0;

	if (early && *early) { /* file names in the folder of the initramfs, or of the kernel */
		_cleanup_free_ char *dir = bm_path_dir(bls->initrds.n ? bls->initrds.items[0] : bls->kernel);

		if (!dir)
			return -ENOMEM;
		r = bm_strv_split(&names, early, " ");
		for (size_t i = 0; i < names.n && i < BM_BLS_INITRDS_MAX && r == 0; i++) {
			_cleanup_free_ char *path = bm_path_join(dir, names.items[i]);

			r = path ? bm_strv_add(&entry->initrds, path) : -ENOMEM;
		}
	}
	for (size_t i = 0; i < bls->initrds.n && r == 0; i++) {
		_cleanup_free_ char *text = expand(bls->initrds.items[i], lookup, arg, &entry->unresolved);

		r = text ? bm_strv_split(&entry->initrds, text, " \t") : -ENOMEM;
	}
	return r;
}

int bm_bls_entry(const struct bm_bls *bls, bm_bls_lookup *lookup, void *arg, struct bm_entry *ret)
{
	struct bm_entry entry = {.parent = -1, .line = bls->kernel_line, .kernel_line = bls->kernel_line, .bls = true};
	const char *options = bls->options, *title = bls->title;
	int r = -ENOMEM;

	if (!title)
		title = bls->kernel ? bls->kernel : bls->id;
	if (!*options && lookup) {
		options = lookup(arg, "default_kernelopts");
		options = options ? options : "";
	}
	if (bm_str_set(&entry.id, bls->id) < 0 || bm_str_set(&entry.title, title) < 0 ||
		bm_str_set(&entry.version, bls->version) < 0)
		goto out;
	if (bls->kernel) {
		entry.kernel = expand(bls->kernel, lookup, arg, &entry.unresolved);
		entry.cmdline = expand(options, lookup, arg, &entry.unresolved);
		if (!entry.kernel || !entry.cmdline)
			goto out;
		if (bls->devicetree) {
			entry.devicetree = expand(bls->devicetree, lookup, arg, &entry.unresolved);
			if (!entry.devicetree)
				goto out;
		}
		r = entry_initrds(bls, lookup, arg, &entry);
	} else {
		entry.kind = bls->efi ? BM_ENTRY_CHAIN : BM_ENTRY_OTHER;
		r = 0;
	}
out:
	if (r < 0)
		bm_entry_done(&entry);
	else
		*ret = entry;
	return r;
}
