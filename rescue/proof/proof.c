/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the proof: is the image whole, can this kernel unpack it, can its init start, are its modules this
 * kernel's, are the drivers and programs there. An image that is not whole is not looked at any further: what is
 * missing from it is missing because it was cut off.
 */
#include "proof.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "proof_int.h"

void bm_proof_done(struct bm_proof *proof)
{
	for (size_t i = 0; i < proof->n_problems; i++) {
		free(proof->problems[i].subject);
		free(proof->problems[i].text);
		free(proof->problems[i].program);
	}
	free(proof->problems);
	bm_strv_done(&proof->proven);
	bm_strv_done(&proof->notes);
	free(proof->generator);
	bm_proof_dracut_done(&proof->dracut);
	*proof = (struct bm_proof){0};
}

const char *bm_proof_kind_name(enum bm_proof_kind kind)
{
	static const char *const names[BM_PROOF_KINDS] = {
		[BM_PROOF_TRUNCATED] = "TRUNCATED",
		[BM_PROOF_CORRUPT] = "CORRUPT",
		[BM_PROOF_EMPTY] = "EMPTY",
		[BM_PROOF_COMPRESSION] = "COMPRESSION",
		[BM_PROOF_TOO_LARGE] = "TOO-LARGE",
		[BM_PROOF_SQUASHED] = "SQUASHED",
		[BM_PROOF_RAMDISK] = "RAMDISK",
		[BM_PROOF_NO_INIT] = "NO-INIT",
		[BM_PROOF_INIT_INTERPRETER] = "INIT-INTERPRETER",
		[BM_PROOF_INIT_LIBRARY] = "INIT-LIBRARY",
		[BM_PROOF_WRONG_VERSION] = "WRONG-VERSION",
		[BM_PROOF_MODULES_DEP] = "MODULES-DEP",
		[BM_PROOF_NO_LOADER] = "NO-LOADER",
		[BM_PROOF_NO_UNIT] = "NO-UNIT",
		[BM_PROOF_NO_STORAGE_DRIVER] = "NO-STORAGE-DRIVER",
		[BM_PROOF_NO_FS_DRIVER] = "NO-FS-DRIVER",
		[BM_PROOF_NO_TOOL] = "NO-TOOL",
		[BM_PROOF_TOOL_LIBRARY] = "TOOL-LIBRARY",
	};

	return kind < BM_PROOF_KINDS ? names[kind] : "?";
}

/* Whether all problems are that nothing can be said. */
static bool is_unknown(const struct bm_proof *proof)
{
	for (size_t i = 0; i < proof->n_problems; i++)
		if (proof->problems[i].kind != BM_PROOF_SQUASHED && proof->problems[i].kind != BM_PROOF_TOO_LARGE &&
			proof->problems[i].kind != BM_PROOF_RAMDISK)
			return false;
	return proof->n_problems > 0;
}

/* A sentence, made safe; NULL when memory is short. */
static char *sentence(const char *format, va_list args) BM_PRINTF(1, 0);
static char *sentence(const char *format, va_list args)
{
	_cleanup_buf_ struct bm_buf text = {0};

	bm_buf_addv(&text, format, args);
	return text.failed ? NULL : bm_str_safe(bm_buf_text(&text));
}

void bm_prover_problem(struct bm_prover *prover, enum bm_proof_kind kind, const char *subject, const char *format, ...)
{
	struct bm_proof *proof = &prover->proof;
	struct bm_proof_problem *problem;
	va_list args;

	if (proof->n_problems >= BM_PROOF_PROBLEMS_MAX)
		return;
	problem = BM_VEC_PUSH(proof->problems, proof->n_problems, proof->cap_problems);
	if (!problem) {
		prover->failed = true;
		return;
	}
	problem->kind = kind;
	va_start(args, format);
	problem->text = sentence(format, args);
	va_end(args);
	if (!problem->text || bm_str_set(&problem->subject, subject) < 0)
		prover->failed = true;
}

static void add_sentence(struct bm_prover *prover, struct bm_strv *list, const char *format, va_list args)
	BM_PRINTF(3, 0);
static void add_sentence(struct bm_prover *prover, struct bm_strv *list, const char *format, va_list args)
{
	_cleanup_free_ char *text = sentence(format, args);

	if (!text || bm_strv_add_once(list, text) < 0)
		prover->failed = true;
}

void bm_prover_proven(struct bm_prover *prover, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_sentence(prover, &prover->proof.proven, format, args);
	va_end(args);
}

void bm_prover_note(struct bm_prover *prover, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_sentence(prover, &prover->proof.notes, format, args);
	va_end(args);
}

/* True where the image is whole. */
static bool check_whole(struct bm_prover *prover)
{
	static const enum bm_proof_kind kinds[] = {
		[BM_IMAGE_TRUNCATED] = BM_PROOF_TRUNCATED,
		[BM_IMAGE_CORRUPT] = BM_PROOF_CORRUPT,
		[BM_IMAGE_EMPTY] = BM_PROOF_EMPTY,
		[BM_IMAGE_UNSUPPORTED] = BM_PROOF_COMPRESSION,
		[BM_IMAGE_FILESYSTEM] = BM_PROOF_RAMDISK,
	};
	const struct bm_image_summary *summary = prover->summary;

	if (summary->status != BM_IMAGE_OK) {
		bm_prover_problem(prover, kinds[summary->status], NULL, "%s, at offset %llu", summary->text,
			(unsigned long long)summary->offset);
		return false;
	}
	bm_prover_proven(prover, "the image is whole: %llu files in %llu segment%s, up to the last trailer",
		(unsigned long long)summary->entries, (unsigned long long)summary->all_segments,
		summary->all_segments == 1 ? "" : "s");
	return true;
}

static void check_compressions(struct bm_prover *prover)
{
	unsigned int can = prover->need->compressions, has = prover->summary->compressions;

	for (unsigned int c = BM_COMPRESSION_NONE + 1; can != 0 && c < BM_COMPRESSION_COUNT; c++)
		if ((has & ~can) & (1U << c))
			bm_prover_problem(prover, BM_PROOF_COMPRESSION, bm_compression_name((enum bm_compression)c),
				"the image is compressed with %s, which kernel %s is not configured to unpack",
				bm_compression_name((enum bm_compression)c), prover->need->version);
}

/* Whether the list can be relied on for what is missing. */
static bool check_list(struct bm_prover *prover)
{
	const struct bm_image_list *list = prover->list;

	if (list->lost > 0)
		bm_prover_note(prover, "the kernel loses %llu files whose directories are not in the image, first %s",
			(unsigned long long)list->lost, list->first_lost ? list->first_lost : "?");
	if (list->incomplete || bm_image_list_booted(list)->incomplete) {
		bm_prover_problem(prover, BM_PROOF_TOO_LARGE, NULL, "the image has more files than can be checked (%d)",
			BM_IMAGE_LIST_NODES);
		return false;
	}
	return true;
}

static void check_init(struct bm_prover *prover)
{
	const struct bm_prover_program init = {
		.missing = BM_PROOF_NO_INIT,
		.interpreter = BM_PROOF_INIT_INTERPRETER,
		.library = BM_PROOF_INIT_LIBRARY,
		.path = prover->need->rdinit ? prover->need->rdinit : "/init",
		.why = "what the kernel starts",
	};

	bm_prover_program(prover, &init);
}

char *bm_prover_find_tool(struct bm_prover *prover, const char *name)
{
	static const char *const dirs[] = {
		"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/lib/systemd", "/lib/systemd"};

	for (size_t i = 0; name && i < BM_ARRAY_SIZE(dirs); i++) {
		char *path = bm_path_join(dirs[i], name);

		if (!path)
			prover->failed = true;
		else if (bm_image_list_find(prover->list, path))
			return path;
		free(path);
	}
	return NULL;
}

static void check_tool(struct bm_prover *prover, const struct bm_proof_tool *tool)
{
	struct bm_prover_program program = {
		.missing = BM_PROOF_NO_TOOL,
		.interpreter = BM_PROOF_TOOL_LIBRARY,
		.library = BM_PROOF_TOOL_LIBRARY,
		.why = tool->why,
	};
	_cleanup_free_ char *path = bm_prover_find_tool(prover, tool->name);
	size_t before = prover->proof.n_problems;

	if (!path)
		path = bm_prover_find_tool(prover, tool->other);
	program.path = path;
	if (path)
		bm_prover_program(prover, &program);
	else
		bm_prover_problem(
			prover, BM_PROOF_NO_TOOL, tool->name, "%s is not in the image (%s)", tool->name, tool->why);
	for (size_t i = before; i < prover->proof.n_problems; i++)
		if (bm_str_set(&prover->proof.problems[i].program, tool->name) < 0)
			prover->failed = true;
}

/*
 * What the image brings with it. dracut leaves the arguments of the machine that it was built on in etc/cmdline.d, the
 * root's in a file named for it (95root-dev.conf, 20-root-dev.conf) or, given by hand, in one that is named otherwise.
 */
static void look_at_kind(struct bm_prover *prover)
{
	static const char *const own_names[] = {
		"lvm", "crypt", "mdraid", "dmraid", "multipath", "resume", "cmdline-ask"};
	const struct bm_image_list *list = prover->list;
	const struct bm_image_node *dir = bm_image_list_find(list, "/etc/cmdline.d");

	if (bm_str_set(&prover->proof.generator, list->generator) < 0)
		prover->failed = true;
	prover->proof.systemd = bm_image_list_find(list, "/usr/lib/systemd/systemd") ||
				bm_image_list_find(list, "/lib/systemd/systemd");
	for (size_t i = 1; dir && i < list->n_nodes; i++) {
		const struct bm_image_node *node = &list->nodes[i];
		const char *name = bm_image_list_name(list, node);
		bool other = false;

		if (&list->nodes[node->parent] != dir || bm_image_list_body(list, node)->size == 0)
			continue;
		for (size_t n = 0; n < BM_ARRAY_SIZE(own_names); n++)
			other |= strstr(name, own_names[n]) != NULL;
		prover->proof.brings_root |= !other;
	}
}

int bm_proof_check(const struct bm_image_list *list, const struct bm_image_summary *summary,
	const struct bm_proof_need *need, struct bm_proof *ret_proof)
{
	struct bm_prover prover = {.list = list, .summary = summary, .need = need};

	if (need->n_drivers > BM_PROOF_NEEDS_MAX || need->n_tools > BM_PROOF_NEEDS_MAX)
		return -E2BIG;
	if (check_whole(&prover)) {
		prover.proof.image_bytes = summary->size;
		prover.proof.unpacked_bytes = summary->uncompressed;
		check_compressions(&prover);
		if (check_list(&prover) && bm_prover_squash(&prover)) {
			look_at_kind(&prover);
			bm_prover_dracut(&prover);
			check_init(&prover);
			bm_prover_systemd(&prover);
			bm_prover_script(&prover);
			prover.loading = bm_prover_loading_new(&prover);
			bm_prover_drivers(&prover);
			for (size_t i = 0; i < need->n_tools; i++)
				check_tool(&prover, &need->tools[i]);
		}
	}
	bm_prover_loading_free(prover.loading);
	bm_modules_free(prover.inside);
	if (prover.failed) {
		bm_proof_done(&prover.proof);
		return -ENOMEM;
	}
	prover.proof.verdict = prover.proof.n_problems == 0;
	prover.proof.unknown = is_unknown(&prover.proof);
	*ret_proof = prover.proof;
	return 0;
}
