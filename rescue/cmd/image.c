/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend image: what is inside an initramfs, and whether it can boot a kernel. The listing is written while the image
 * is read, so that memory does not grow with it; what the whole image tells comes behind.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/fileio.h"
#include "image.h"
#include "survey.h"
#include "versions.h"

struct job {
	const struct bm_global *global;
	const char *file, *extract_dir, *version;
	int fd;
	uint64_t size;
	struct bm_unified unified; /* what the file is, where it is no initramfs by itself */
	bool is_unified;
	struct bm_unified_initrd initrd;
	struct bm_image_list list;
	struct bm_image_sink list_sink;
	struct bm_image_summary summary;
	struct bm_cmd_image_extract extract;
	struct bm_json json;
	struct bm_buf out;
	bool list_wants, extract_wants;
};

static ssize_t next_bytes(void *ctx, void *buf, size_t len)
{
	const struct job *job = ctx;
	size_t got = 0;
	int r = bm_file_next(job->fd, buf, len, &got);

	return r < 0 ? r : (ssize_t)got;
}

static int flush(struct job *job, size_t from)
{
	int status;

	if (job->out.len < from)
		return 0;
	status = bm_cmd_print(&job->out, BM_EXIT_OK);
	job->out.len = 0;
	return status == BM_EXIT_OK ? 0 : -EPIPE;
}

static int on_entry(void *ctx, const struct bm_cpio_entry *entry)
{
	struct job *job = ctx;
	int r;

	if (job->global->json)
		bm_cmd_image_entry_json(&job->json, entry);
	else if (!job->global->quiet)
		bm_cmd_image_entry_text(&job->out, entry);
	r = flush(job, BM_CMD_IMAGE_FLUSH);
	if (r < 0)
		return r;
	r = job->list_sink.entry(job->list_sink.ctx, entry);
	if (r < 0)
		return r;
	job->list_wants = r == 0;
	job->extract_wants = false;
	if (job->extract.out) {
		r = bm_cmd_image_extract_entry(&job->extract, entry);
		if (r < 0)
			return r;
		job->extract_wants = r == 0;
	}
	return job->list_wants || job->extract_wants ? 0 : BM_CPIO_SKIP;
}

static int on_data(void *ctx, const uint8_t *bytes, size_t len)
{
	struct job *job = ctx;
	int r = 0;

	if (job->list_wants)
		r = job->list_sink.data(job->list_sink.ctx, bytes, len);
	if (r == 0 && job->extract_wants)
		r = bm_cmd_image_extract_data(&job->extract, bytes, len);
	return r;
}

static int on_entry_end(void *ctx)
{
	struct job *job = ctx;
	int r = 0;

	if (job->list_wants)
		r = job->list_sink.entry_end(job->list_sink.ctx);
	if (r == 0 && job->extract_wants)
		r = bm_cmd_image_extract_end(&job->extract);
	return r;
}

static int on_archive_end(void *ctx)
{
	struct job *job = ctx;

	bm_cmd_image_extract_archive_end(&job->extract);
	return job->list_sink.archive_end(job->list_sink.ctx);
}

/* What is in a filesystem inside is listed with its name before; it is not extracted. */
static int on_inner(void *ctx, const struct bm_cpio_entry *entry)
{
	struct job *job = ctx;
	struct bm_cpio_entry named = *entry;
	_cleanup_free_ char *name = bm_path_join(job->list.squash.name, entry->name);

	if (!name)
		return -ENOMEM;
	named.name = name;
	if (job->global->json)
		bm_cmd_image_entry_json(&job->json, &named);
	else if (!job->global->quiet)
		bm_cmd_image_entry_text(&job->out, &named);
	return flush(job, BM_CMD_IMAGE_FLUSH) < 0 ? -EPIPE : BM_CPIO_SKIP;
}

static int on_skipped(void *ctx, const char *name, const char *why)
{
	const struct job *job = ctx;

	if (job->global->verbose > 0)
		bm_cmd_error("the kernel passes over %s: %s", name ? name : "an entry", why);
	return 0;
}

/* Whether the file is a unified image. What cannot be read at any place (a pipe) is none. */
static int open_unified(struct job *job)
{
	int r = job->size == UINT64_MAX ? -ENODATA : bm_unified_read(job->fd, job->size, &job->unified);

	job->is_unified = r == 0;
	bm_err_clear();
	return r == -ENOMEM ? r : 0;
}

static int read_image(struct job *job)
{
	struct bm_image_source source = {next_bytes, job};
	const struct bm_image_sink sink = {.entry = on_entry,
		.data = on_data,
		.entry_end = on_entry_end,
		.archive_end = on_archive_end,
		.skipped = on_skipped,
		.ctx = job};
	const struct bm_image_sink inner = {.entry = on_inner, .ctx = job};
	int r;

	job->list.inner_sink = &inner;
	if (job->is_unified)
		bm_unified_initrd(job->fd, &job->unified.image, &job->initrd, &source);
	r = bm_image_list_sink(&job->list, &job->list_sink);
	if (r == 0)
		r = bm_image_read(&source, &sink, &job->summary);
	if (r == 0)
		r = bm_image_list_finish(&job->list);
	job->list.inner_sink = NULL;
	return r;
}

/* The exit status for what was found. */
static int show(struct job *job, const struct bm_proof *proof)
{
	const struct bm_cmd_image_facts facts = {
		job->file, job->size, &job->summary, &job->list, job->is_unified ? &job->unified : NULL};
	bool filesystem = job->summary.status == BM_IMAGE_FILESYSTEM;
	bool bad = (job->summary.status != BM_IMAGE_OK && !filesystem) ||
		   (proof && !proof->verdict && !proof->unknown) || job->extract.failed > 0 ||
		   (job->is_unified && job->unified.image.problem) || job->list.squash.damaged;
	bool unknown = filesystem || (proof && proof->unknown) || (job->list.squash.why && !job->list.squash.damaged);
	int status = (bad ? BM_EXIT_PROBLEMS : BM_EXIT_OK) | (unknown ? BM_EXIT_FAILED : BM_EXIT_OK);

	if (job->global->json) {
		bm_json_end(&job->json);
		bm_cmd_image_summary_json(&job->json, &facts);
		if (proof)
			bm_report_proof_json(&job->json, "proof", proof);
		else
			bm_json_str(&job->json, "proof", NULL);
		bm_report_json_end(&job->json);
	} else {
		struct bm_report_style style = bm_cmd_style(job->global);

		if (!job->global->quiet)
			bm_buf_addc(&job->out, '\n');
		bm_cmd_image_summary_text(&job->out, &facts);
		if (proof) {
			bm_buf_addf(
				&job->out, "\nKernel %s:\n", job->version ? job->version : job->unified.image.version);
			bm_report_proof_text(proof, &style, &job->out);
		}
	}
	return bm_cmd_print(&job->out, status);
}

static void tell_extract(const struct job *job)
{
	const struct bm_cmd_image_extract *extract = &job->extract;

	if (!extract->out || job->global->quiet)
		return;
	bm_cmd_error("extracted %llu entries into %s", (unsigned long long)extract->made, job->extract_dir);
	if (extract->nodes > 0)
		bm_cmd_error("left out %llu device nodes and sockets", (unsigned long long)extract->nodes);
	if (extract->failed > 0)
		bm_cmd_error("%llu entries could not be extracted", (unsigned long long)extract->failed);
}

static int run_job(struct job *job)
{
	struct bm_proof proof = {0};
	int status, r;

	r = bm_file_open(job->file, &job->fd, &job->size);
	if (r < 0)
		return bm_cmd_failed(r, NULL);
	if (job->extract_dir) {
		r = bm_extract_new(job->extract_dir, &job->extract.out);
		if (r < 0)
			return bm_cmd_failed(r, NULL);
	}
	if (job->global->json) {
		bm_report_json_begin(&job->json, &job->out, BM_VERSION, "image");
		bm_json_array(&job->json, "files");
	}
	r = open_unified(job);
	if (r == 0) {
		job->list.facts = job->version || job->is_unified;
		r = read_image(job);
	}
	if (r == -EPIPE)
		return BM_EXIT_FAILED; /* the reader of the listing is gone: said already */
	if (r < 0)
		return bm_cmd_failed(r, job->file);
	tell_extract(job);
	if (!job->version && !job->unified.image.version)
		return show(job, NULL);
	status = job->version ? bm_cmd_image_verify(job->global, job->version, &job->list, &job->summary, &proof)
			      : bm_cmd_image_prove_alone(job->unified.image.version, &job->list, &job->summary, &proof);
	if (status == BM_EXIT_OK)
		status = show(job, &proof);
	bm_proof_done(&proof);
	return status;
}

static int image_run(const struct bm_global *global, int argc, char **argv)
{
	struct job job = {.global = global, .fd = -1, .size = UINT64_MAX};
	const struct bm_cmd_option options[] = {
		{"--extract", 0, &job.extract_dir, NULL},
		{"--verify", 0, &job.version, NULL},
	};
	int words, status;

	status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);
	if (status != BM_EXIT_OK)
		return status;
	if (words != 1)
		return bm_cmd_usage("image takes one file, or - for the standard input");
	job.file = argv[1];
	status = run_job(&job);
	bm_cmd_image_extract_done(&job.extract);
	bm_image_list_done(&job.list);
	bm_unified_done(&job.unified);
	bm_image_summary_done(&job.summary);
	bm_buf_done(&job.out);
	bm_file_close(job.fd);
	return status;
}

const struct bm_cmd bm_cmd_image = {
	.name = "image",
	.arguments = "FILE|- [--verify VER] [--extract DIR]",
	.summary = "what is inside an initramfs, and whether it can boot a kernel",
	.details =
		"Any compression that the kernel knows, any number of segments. Of a unified kernel image, what it\n"
		"says of itself and the initramfs inside. Exit status 4 where the image is damaged, cut off, or\n"
		"cannot boot the kernel.\n"
		"  --verify VER         prove that it can boot kernel VER of the system that --root or --disk name,\n"
		"                       else of the one system here that has VER\n"
		"  --extract DIR        write its files below DIR, which must be new or empty; no path leaves DIR,\n"
		"                       device nodes are left out\n"
		"  -q                   the summary without the list of files\n"
		"  -v                   name the entries that the kernel passes over\n",
	.run = image_run,
};
