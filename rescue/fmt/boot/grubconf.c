/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	default=0                                    COMMAND, then blanks or one "=", then its arguments
 *	timeout 5
 *	title CentOS (2.6.32-754.el6.x86_64)         begins an entry; what stands before the first one is global
 *		root (hd0,0)
 *		kernel /vmlinuz-2.6.32-754.el6.x86_64 ro root=/dev/mapper/vg-root
 *		initrd /initramfs-2.6.32-754.el6.x86_64.img
 *	title Xen                                    the kernel is the hypervisor, its first module the kernel
 *		kernel /xen.gz
 *		module /vmlinuz-2.6.18-8.el5xen ro root=/dev/sda1
 *		module /initrd-2.6.18-8.el5xen.img
 *
 * Reference: GNU GRUB 0.97 manual, "Configuration" and "Commands". "#" comments a line, a backslash at its end joins
 *the next one. Entries are numbered from 0, all of them; `default saved` takes the number from /boot/grub/default.
 */
#include "grubconf.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

struct parse {
	struct bm_grubconf conf;
	struct bm_entry *entry; /* the one that is being read, or NULL */
	char *root;		/* of the entry, without parentheses */
	char *kernel_args;
	char *modules[BM_GRUBCONF_INITRDS_MAX]; /* lines of `module`: path and arguments */
	size_t n_modules;
	bool chain;
	unsigned int line;
};

void bm_grubconf_done(struct bm_grubconf *conf)
{
	bm_entries_done(&conf->entries);
	free(conf->default_reason);
	bm_strv_done(&conf->fallback);
	free(conf->timeout);
	for (size_t i = 0; i < conf->n_warnings; i++)
		free(conf->warnings[i].text);
	free(conf->warnings);
	*conf = (struct bm_grubconf){0};
}

static int warn(struct parse *p, const char *what, const char *name)
{
	struct bm_grubconf_warning *warning;

	if (p->conf.n_warnings >= BM_GRUBCONF_WARNINGS_MAX)
		return 0;
	warning = BM_VEC_PUSH(p->conf.warnings, p->conf.n_warnings, p->conf.cap_warnings);
	if (!warning)
		return -ENOMEM;
	warning->line = p->line;
	warning->text = name ? bm_strf("%s: %.64s", what, name) : strdup(what);
	return warning->text ? 0 : -ENOMEM;
}

/* Cuts the first word off *text: returns it, and leaves *text at the next one. */
static char *next_word(char **text)
{
	char *word = *text + strspn(*text, " \t"), *end = word + strcspn(word, " \t");

	if (!*word) {
		*text = word;
		return NULL;
	}
	if (*end)
		*end++ = '\0';
	*text = end + strspn(end, " \t");
	return word;
}

/* A path's device goes into *ret_device where it has one, the path into *ret_path. */
static int take_path(struct parse *p, const char *word, char **ret_device, char **ret_path)
{
	char *device = NULL, *path = NULL;
	int r = bm_entry_split_path(word, &device, &path);

	if (r == -EINVAL)
		return warn(p, "a device that has no end", word);
	if (r < 0)
		return r;
	free(*ret_path);
	*ret_path = path;
	free(*ret_device);
	*ret_device = device;
	return 0;
}

/* `kernel [--type=TYPE] [--no-mem-option] PATH ARGUMENTS` */
static int take_kernel(struct parse *p, char *args)
{
	char *word = next_word(&args);

	while (word && bm_str_starts(word, "--"))
		word = next_word(&args);
	if (!word)
		return warn(p, "names no file", "kernel");
	bm_strv_done(&p->entry->initrds);
	free(p->kernel_args);
	p->kernel_args = strdup(args);
	if (!p->kernel_args)
		return -ENOMEM;
	p->entry->kernel_line = p->line;
	return take_path(p, word, &p->entry->place.device, &p->entry->kernel);
}

static int add_initrd(struct parse *p, const char *word)
{
	_cleanup_free_ char *device = NULL, *path = NULL;
	int r = take_path(p, word, &device, &path);

	if (r < 0 || !path || p->entry->initrds.n >= BM_GRUBCONF_INITRDS_MAX)
		return r;
	if (p->entry->initrds.n == 0 && device) {
		r = bm_str_set(&p->entry->initrd_device, device);
		if (r < 0)
			return r;
	}
	return bm_strv_add(&p->entry->initrds, path);
}

static int take_initrd(struct parse *p, char *args)
{
	char *word;
	int r = 0;

	bm_strv_done(&p->entry->initrds);
	p->entry->initrd_line = p->line;
	while (r == 0 && (word = next_word(&args)))
		r = add_initrd(p, word);
	return r;
}

static int take_module(struct parse *p, const char *args)
{
	if (!*args || p->n_modules >= BM_GRUBCONF_INITRDS_MAX)
		return 0;
	p->modules[p->n_modules] = strdup(args);
	if (!p->modules[p->n_modules])
		return -ENOMEM;
	p->n_modules++;
	return 0;
}

static int take_root(struct parse *p, char *args)
{
	char *word = next_word(&args), *end;

	if (!word)
		return 0;
	if (*word == '(') {
		word++;
		end = strchr(word, ')');
		if (end)
			*end = '\0';
	}
	return bm_str_set(&p->root, word);
}

/* Under a hypervisor the modules are the kernel and its initramfs. */
static int apply_modules(struct parse *p)
{
	struct bm_entry *entry = p->entry;
	char *rest, *word;
	int r = 0;

	if (p->n_modules == 0)
		return 0;
	if (!entry->kernel || !bm_str_starts(bm_path_base(entry->kernel), "xen")) {
		entry->kind = BM_ENTRY_OTHER; /* another system's kernel with its own modules */
		return 0;
	}
	entry->hypervisor = entry->kernel;
	entry->kernel = NULL;
	rest = p->modules[0];
	word = next_word(&rest);
	if (word)
		r = take_path(p, word, &entry->place.device, &entry->kernel);
	if (r == 0)
		r = bm_str_set(&p->kernel_args, rest);
	for (size_t i = 1; i < p->n_modules && r == 0; i++) {
		rest = p->modules[i];
		word = next_word(&rest);
		if (word)
			r = add_initrd(p, word);
	}
	return r;
}

static void forget_entry(struct parse *p)
{
	for (size_t i = 0; i < p->n_modules; i++)
		free(p->modules[i]);
	p->n_modules = 0;
	free(p->root);
	free(p->kernel_args);
	p->root = p->kernel_args = NULL;
	p->entry = NULL;
	p->chain = false;
}

static int end_entry(struct parse *p)
{
	struct bm_entry *entry = p->entry;
	int r = 0;

	if (!entry)
		return 0;
	r = apply_modules(p);
	if (r == 0 && !entry->place.device)
		r = bm_str_set(&entry->place.device, p->root);
	if (r == 0 && entry->kernel) {
		entry->cmdline = p->kernel_args ? p->kernel_args : strdup("");
		p->kernel_args = NULL;
		if (!entry->cmdline)
			r = -ENOMEM;
	}
	/* GRUB 2's own image, as an upgrade from GRUB legacy leaves it in the menu, is the next loader. */
	if (entry->kernel && bm_streq(bm_path_base(entry->kernel), "core.img"))
		entry->kind = BM_ENTRY_CHAIN;
	if (!entry->kernel || strstr(bm_path_base(entry->kernel), "memtest"))
		entry->kind = p->chain ? BM_ENTRY_CHAIN : BM_ENTRY_OTHER;
	if (entry->initrd_device && bm_streq(entry->initrd_device, entry->place.device)) {
		free(entry->initrd_device);
		entry->initrd_device = NULL;
	}
	forget_entry(p);
	return r;
}

static int begin_entry(struct parse *p, const char *title)
{
	int r = end_entry(p);

	if (r < 0)
		return r;
	if (p->conf.entries.n >= BM_GRUBCONF_ENTRIES_MAX)
		return warn(p, "too many entries: dropped", title);
	p->entry = bm_entries_add(&p->conf.entries, -1);
	if (!p->entry)
		return -ENOMEM;
	p->entry->line = p->line;
	return bm_str_set(&p->entry->title, title);
}

static int take_global(struct parse *p, const char *name, char *args)
{
	uint64_t number;
	char *word;
	int r = 0;

	if (bm_streq(name, "default")) {
		word = next_word(&args);
		p->conf.default_saved = bm_streq(word, "saved");
		p->conf.default_number = 0;
		if (!p->conf.default_saved) {
			if (!word || bm_num_u64(word, &number) < 0 || number > INT32_MAX)
				return warn(p, "names no number", "default");
			p->conf.default_number = (long)number;
		}
		return 0;
	}
	if (bm_streq(name, "timeout"))
		return bm_str_set(&p->conf.timeout, next_word(&args));
	while (r == 0 && p->conf.fallback.n < 64 && (word = next_word(&args)))
		r = bm_strv_add(&p->conf.fallback, word);
	return r;
}

static bool known(const char *name)
{
	static const char *const names[] = {"background", "blocklist", "boot", "bootp", "bootsplash", "cat", "clear",
		"cmp", "color", "configfile", "debug", "device", "dhcp", "displayapm", "displaymem", "embed", "find",
		"foreground", "fstest", "geometry", "gfxmenu", "halt", "help", "hiddenmenu", "hide", "ifconfig",
		"impsprobe", "install", "ioprobe", "iftitle", "lock", "makeactive", "map", "md5crypt", "module",
		"modulenounzip", "pager", "partnew", "parttype", "password", "pause", "quit", "rarp", "read", "reboot",
		"savedefault", "serial", "setkey", "setup", "shade", "splashimage", "terminal", "terminfo", "testload",
		"testvbe", "tftpserver", "unhide", "uppermem", "vbeprobe", "verbose", "viewport", "min_mem64", "bootfs",
		"findroot", "uuid"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		if (bm_streq(name, names[i]))
			return true;
	}
	return false;
}

static int take_line(struct parse *p, char *line)
{
	char *args, *name = bm_str_strip(line);
	size_t n;

	if (!*name || *name == '#')
		return 0;
	n = strcspn(name, " \t=");
	args = name + n;
	args += strspn(args, " \t=");
	name[n] = '\0';
	/* Solaris' names for the same commands */
	if (n > 1 && name[n - 1] == '$')
		name[n - 1] = '\0';
	if (bm_streq(name, "title"))
		return begin_entry(p, args);
	if (bm_streq(name, "default") || bm_streq(name, "timeout") || bm_streq(name, "fallback"))
		return p->entry ? 0 : take_global(p, name, args);
	if (!p->entry) /* a root or kernel before the first title has no effect on the menu */
		return 0;
	if (bm_streq(name, "root") || bm_streq(name, "rootnoverify"))
		return take_root(p, args);
	if (bm_streq(name, "kernel"))
		return take_kernel(p, args);
	if (bm_streq(name, "initrd"))
		return take_initrd(p, args);
	if (bm_streq(name, "module") || bm_streq(name, "modulenounzip"))
		return take_module(p, args);
	if (bm_streq(name, "chainloader") || bm_streq(name, "configfile"))
		p->chain = true;
	else if (!known(name))
		return warn(p, "unknown command", name);
	return 0;
}

/* Joins lines that end with a backslash. */
static int take_text(struct parse *p, const char *text, size_t len)
{
	_cleanup_buf_ struct bm_buf line = {0};
	unsigned int joined = 0;
	int r = 0;

	for (size_t i = 0; i <= len && r == 0; i++) {
		if (i < len && text[i] != '\n') {
			if (text[i] != '\0' && line.len < BM_GRUBCONF_LINE_MAX)
				bm_buf_addc(&line, text[i]);
			continue;
		}
		if (i < len && line.len && line.data[line.len - 1] == '\\') {
			line.data[line.len - 1] = ' ';
			joined++;
			continue;
		}
		p->line++;
		if (line.len >= BM_GRUBCONF_LINE_MAX)
			r = warn(p, "too long: cut", NULL);
		if (r == 0 && line.len)
			r = line.failed ? -ENOMEM : take_line(p, line.data);
		if (line.failed)
			r = -ENOMEM;
		line.len = 0;
		p->line += joined;
		joined = 0;
	}
	return r;
}

static int resolve_default(struct bm_grubconf *conf, const char *saved)
{
	if (conf->default_saved) {
		size_t digits = saved ? strspn(saved, "0123456789") : 0;
		uint64_t number = 0;

		if (digits > 0 && bm_num_base(saved, digits, 10, &number) == 0 && number <= INT32_MAX)
			conf->default_number = (long)number;
	}
	conf->default_entry = conf->entries.n ? 0 : -1;
	if (conf->entries.n == 0)
		return 0;
	if ((size_t)conf->default_number < conf->entries.n) {
		conf->default_entry = conf->default_number;
		return 0;
	}
	conf->default_reason = bm_strf(
		"entry %ld does not exist: there are %zu, counted from 0", conf->default_number, conf->entries.n);
	return conf->default_reason ? 0 : -ENOMEM;
}

int bm_grubconf_parse(const char *text, size_t len, const char *saved, struct bm_grubconf *ret)
{
	struct parse p = {0};
	int r = 0;

	if (len > BM_GRUBCONF_SIZE_MAX) {
		len = BM_GRUBCONF_SIZE_MAX;
		r = warn(&p, "the file is too long: its end is not read", NULL);
	}
	if (r == 0)
		r = take_text(&p, text, len);
	if (r == 0)
		r = end_entry(&p);
	if (r == 0)
		r = resolve_default(&p.conf, saved);
	forget_entry(&p);
	if (r < 0)
		bm_grubconf_done(&p.conf);
	else
		*ret = p.conf;
	return r;
}
