/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands that load:
 *
 *	linux   (device)/kernel ARGUMENTS...		and linux16, linuxefi
 *	initrd  /file /file newc:NAME:/file		and initrd16, initrdefi; a second one replaces the first
 *	multiboot /xen.gz ARGUMENTS...			Xen: then its first module is the kernel, with a word
 *"placeholder" module  /kernel placeholder ARGUMENTS...	in place of its own name, the next one the initramfs
 *	module  --nounzip /initrd
 *	chainloader /program.efi ARGUMENTS...		or +1: the first sector there
 */
#include "grubcfg_run.h"

#include <string.h>

#include "base/str.h"

/* Arguments as GRUB hands them over: one blank between, quotes around those that hold blanks. */
static char *join_args(const struct bm_strv *args, size_t first)
{
	_cleanup_buf_ struct bm_buf out = {0};

	bm_buf_adds(&out, "");
	for (size_t i = first; i < args->n; i++) {
		bool space = strpbrk(args->items[i], " \t") != NULL;

		bm_buf_addf(
			&out, "%s%s%s%s", i > first ? " " : "", space ? "\"" : "", args->items[i], space ? "\"" : "");
	}
	return bm_buf_steal(&out);
}

/* Index of the first argument that is no option. */
static size_t skip_options(const struct bm_strv *args)
{
	size_t i = 1;

	while (i < args->n && bm_str_starts(args->items[i], "--"))
		i++;
	return i;
}

/* Puts a kernel in the place of whatever was loaded. */
static int load_kernel(struct bm_grubcfg_run *run, const struct bm_strv *args, size_t path, size_t first)
{
	struct bm_entry *load = &run->load;
	char *hypervisor = load->hypervisor;

	load->hypervisor = NULL;
	bm_entry_done(load);
	load->hypervisor = hypervisor;
	run->chain = false;
	load->unresolved = run->unset;
	load->kernel_line = run->line;
	if (!bm_grubcfg_locate(run, args->items[path], &load->kernel, &load->place))
		return 1;
	/* A variable without value was the name, or part of it; or it is a pattern of file names, which GRUB replaces
	 * by those that are there. */
	load->unresolved |= load->kernel[0] != '/' || bm_grubcfg_is_pattern(load->kernel);
	load->cmdline = join_args(args, first);
	if (!load->cmdline)
		bm_grubcfg_no_memory(run);
	return 0;
}

int bm_grubcfg_linux(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	size_t path = skip_options(args);

	if (path >= args->n)
		return 1;
	free(run->load.hypervisor);
	run->load.hypervisor = NULL;
	return load_kernel(run, args, path, path + 1);
}

static int add_initrd(struct bm_grubcfg_run *run, const char *text)
{
	struct bm_entry *load = &run->load;
	struct bm_entry_place place = {0};
	char *path = NULL;
	int status = 1;

	if (bm_str_starts(text, "newc:")) {
		const char *colon = strchr(text + strlen("newc:"), ':');

		text = colon ? colon + 1 : text;
	}
	if (!*text || load->initrds.n >= BM_BLS_INITRDS_MAX || !bm_grubcfg_locate(run, text, &path, &place))
		return 1;
	/* Elsewhere than the kernel: by its own device, or because the kernel has one and $root is another. */
	if (load->initrds.n == 0 && place.device && !bm_streq(place.device, load->place.device)) {
		if (bm_str_set(&load->initrd_device, place.device) < 0)
			bm_grubcfg_no_memory(run);
	}
	if (bm_strv_add(&load->initrds, path) < 0)
		bm_grubcfg_no_memory(run);
	else
		status = 0;
	free(path);
	bm_entry_place_done(&place);
	return status;
}

int bm_grubcfg_initrd(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	struct bm_entry *load = &run->load;

	/* GRUB: you need to load the kernel first */
	if (!load->kernel || args->n < 2)
		return 1;
	bm_strv_done(&load->initrds);
	free(load->initrd_device);
	load->initrd_device = NULL;
	load->unresolved |= run->unset;
	load->initrd_line = run->line;
	for (size_t i = skip_options(args); i < args->n; i++)
		add_initrd(run, args->items[i]);
	return 0;
}

int bm_grubcfg_multiboot(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	size_t path = skip_options(args);
	struct bm_entry_place place = {0};
	char *name = NULL;

	if (path >= args->n || !bm_grubcfg_locate(run, args->items[path], &name, &place))
		return 1;
	bm_entry_place_done(&place);
	bm_entry_done(&run->load);
	run->load.hypervisor = name;
	run->chain = false;
	return 0;
}

int bm_grubcfg_module(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	size_t path = skip_options(args), first = path + 1;

	if (path >= args->n || !run->load.hypervisor)
		return 1;
	if (run->load.kernel) {
		run->load.unresolved |= run->unset;
		return add_initrd(run, args->items[path]);
	}
	/* tboot starts Xen as its first module */
	if (bm_str_starts(bm_path_base(args->items[path]), "xen"))
		return 0;
	if (first < args->n && bm_streq(args->items[first], "placeholder"))
		first++;
	return load_kernel(run, args, path, first);
}

int bm_grubcfg_devicetree(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	struct bm_entry_place place = {0};
	char *path = NULL;

	if (args->n < 2 || !bm_grubcfg_locate(run, args->items[1], &path, &place))
		return 1;
	bm_entry_place_done(&place);
	free(run->load.devicetree);
	run->load.devicetree = path;
	return 0;
}

int bm_grubcfg_chain(struct bm_grubcfg_run *run, const struct bm_strv *args BM_UNUSED)
{
	bm_entry_done(&run->load);
	run->chain = true;
	return 0;
}

int bm_grubcfg_chainloader(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	struct bm_entry *load = &run->load;
	size_t path = skip_options(args);

	bm_grubcfg_chain(run, args);
	/* Block lists ("+1") are no files. */
	if (path >= args->n || !bm_grubcfg_locate(run, args->items[path], &load->program, &load->place) ||
		*load->program != '/')
		return 0;
	load->unresolved = run->unset;
	load->kernel_line = run->line;
	if (path + 1 < args->n) {
		load->cmdline = join_args(args, path + 1);
		if (!load->cmdline)
			bm_grubcfg_no_memory(run);
	}
	return 0;
}
