/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an image of dracut does by itself: which layers its hooks bring up, with which arguments, and what it waits for.
 * These are facts for the checks, which know the command line and the disks; nothing here is a problem of the image.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "proof_int.h"

void bm_proof_dracut_done(struct bm_proof_dracut *dracut)
{
	free(dracut->arguments);
	bm_strv_done(&dracut->waits);
	*dracut = (struct bm_proof_dracut){0};
}

/* Whether the node lies below a directory of that name. */
static bool below(const struct bm_image_list *list, const struct bm_image_node *node, const char *dir)
{
	while (node != list->nodes) {
		node = &list->nodes[node->parent];
		if (bm_streq(bm_image_list_name(list, node), dir))
			return true;
	}
	return false;
}

/* A hook that decides about a layer: its rules are what the image does with the kernel's events. */
static void take_hook(struct bm_prover *prover, const struct bm_image_node *node)
{
	static const char *const ends[BM_LAYERS] = {
		[BM_LAYER_LVM] = "-parse-lvm.sh",
		[BM_LAYER_MD] = "-parse-md.sh",
		[BM_LAYER_CRYPT] = "-parse-crypt.sh",
	};
	struct bm_proof_dracut *dracut = &prover->proof.dracut;
	const char *name = bm_image_list_name(prover->list, node), *text;
	size_t len = 0;

	for (size_t l = 0; l < BM_LAYERS; l++) {
		if (!bm_str_ends(name, ends[l]))
			continue;
		text = bm_image_list_content(prover->list, node, &len);
		dracut->hooks[l] = true;
		dracut->defaults[l] = text ? bm_dracut_default_of(text, len) : BM_DRACUT_UNKNOWN;
	}
}

static void take_wait(struct bm_prover *prover, const struct bm_image_node *node)
{
	_cleanup_free_ char *path = bm_dracut_wait_of(bm_image_list_name(prover->list, node));

	if (path ? bm_strv_add_once(&prover->proof.dracut.waits, path) < 0 : errno == ENOMEM)
		prover->failed = true;
}

static void take_arguments(struct bm_prover *prover, const struct bm_image_node *node, struct bm_buf *out)
{
	size_t len = 0;
	const char *text = bm_image_list_content(prover->list, node, &len);

	if (bm_image_list_body(prover->list, node)->size == 0)
		return;
	if (!text || memchr(text, '\0', len)) {
		prover->proof.dracut.unread = true;
		return;
	}
	bm_buf_addc(out, ' ');
	for (size_t i = 0; i < len; i++)
		bm_buf_addc(out, text[i]);
}

/* The arguments of etc/cmdline.d, then of etc/cmdline: the order in which dracut takes them before the kernel's. */
static void read_arguments(struct bm_prover *prover)
{
	const struct bm_image_list *list = prover->list;
	const struct bm_image_node *dir = bm_image_list_find(list, "/etc/cmdline.d"), *file;
	_cleanup_buf_ struct bm_buf all = {0};

	for (size_t i = 1; dir && i < list->n_nodes; i++)
		if (&list->nodes[list->nodes[i].parent] == dir &&
			bm_str_ends(bm_image_list_name(list, &list->nodes[i]), ".conf"))
			take_arguments(prover, &list->nodes[i], &all);
	file = bm_image_list_find(list, "/etc/cmdline");
	if (file)
		take_arguments(prover, file, &all);
	if (all.failed || (all.len > 0 && !(prover->proof.dracut.arguments = bm_buf_steal(&all))))
		prover->failed = true;
}

/* Whether crypttab has a line that is no comment. */
static bool has_crypttab(const struct bm_image_list *list)
{
	const struct bm_image_node *file = bm_image_list_find(list, "/etc/crypttab");
	size_t len = 0;
	const char *text = file ? bm_image_list_content(list, file, &len) : NULL;

	if (!text)
		return file && bm_image_list_body(list, file)->size > 0;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		line += strspn(line, " \t\r");
		if (*line && *line != '#' && *line != '\n')
			return true;
	}
	return false;
}

void bm_prover_dracut(struct bm_prover *prover)
{
	const struct bm_image_list *list = prover->list;

	for (size_t i = 1; i < list->n_nodes; i++) {
		const struct bm_image_node *node = &list->nodes[i];
		const char *name = bm_image_list_name(list, node);

		prover->proof.dracut.lvm_rules |=
			node->mode != 0 && bm_str_starts(name, "69-dm-lvm") && bm_str_ends(name, ".rules");
		if (node->mode == 0 || !bm_str_ends(name, ".sh") || !below(list, node, "hooks"))
			continue;
		take_hook(prover, node);
		if (bm_str_starts(name, "devexists-"))
			take_wait(prover, node);
	}
	read_arguments(prover);
	prover->proof.dracut.crypttab = has_crypttab(list);
}
