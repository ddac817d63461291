/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a script of initramfs-tools is the image's init: it reads /scripts/functions, then /scripts/BOOT (boot=, else
 * local), which mounts the root, and goes there with run-init (initramfs-tools(7), and init itself).
 */
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "proof_int.h"

/* busybox runs what it has inside without a file for it. */
static bool shell_is_busybox(const struct bm_image_list *list)
{
	const struct bm_image_node *shell = bm_image_list_find(list, "/bin/sh");

	return shell && bm_str_starts(bm_image_list_name(list, shell), "busybox");
}

/* UUID=..., LABEL=..., PARTUUID=... */
static bool by_tag(const char *root)
{
	return root && *root != '/' && strchr(root, '=');
}

static void check_file(struct bm_prover *prover, const char *path)
{
	if (!bm_image_list_find(prover->list, path))
		bm_prover_problem(
			prover, BM_PROOF_NO_INIT, path, "%s is not in the image, and init reads it at once", path);
}

void bm_prover_script(struct bm_prover *prover)
{
	const struct bm_image_node *init = bm_image_list_find(prover->list, "/init");
	const struct bm_elf *elf = init ? bm_image_list_body(prover->list, init)->elf : NULL;
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = prover->need->cmdline, *boot = NULL;
	_cleanup_free_ char *script = NULL;

	if (!bm_streq(prover->list->generator, "initramfs-tools") || !elf || elf->kind != BM_ELF_SCRIPT ||
		prover->need->rdinit)
		return;
	if (text && bm_cmdline_parse(text, strlen(text), &line) < 0)
		prover->failed = true;
	boot = bm_cmdline_last(&line, "boot");
	script = bm_strf("/scripts/%s", boot && *boot ? boot : "local");
	if (!script) {
		prover->failed = true;
		return;
	}
	check_file(prover, "/scripts/functions");
	check_file(prover, script);
	if (shell_is_busybox(prover->list))
		return;
	bm_prover_init_tool(prover, "mount", "the root is mounted with it");
	if (by_tag(bm_cmdline_last(&line, "root")))
		bm_prover_init_tool(prover, "blkid", "the root's device is found with it");
	bm_prover_init_tool(prover, "run-init", "init goes to the mounted root with it");
}
