/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend check: will each boot entry of this system boot? For a machine that runs, from its package manager.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../check/check.h"
#include "../os/mount/mount.h"
#include "../os/mount/running.h"
#include "../os/run/system.h"
#include "../proof/prove.h"
#include "../report/check.h"
#include "survey.h"
#include "versions.h"

/* A check on its way. */
struct check {
	const struct bm_survey *survey;
	const struct bm_system *system;
	const char *version; /* only what boots this one; or NULL */
	struct bm_check_report *report;
	struct proof { /* one for each entry: an image that several entries load is read once */
		struct bm_proof proof;
		bool filled;
	} * proofs;
};

static const struct bm_boot_entry *entry_at(const struct check *check, size_t i)
{
	return &check->system->loader.entries[i];
}

/* Whether two entries load the same image for the same kernel, and start the same init in it. */
static bool same_image(const struct bm_boot_entry *a, const struct bm_boot_entry *b)
{
	const char *rdinit_a = a->entry.cmdline ? strstr(a->entry.cmdline, "rdinit=") : NULL;
	const char *rdinit_b = b->entry.cmdline ? strstr(b->entry.cmdline, "rdinit=") : NULL;

	return !rdinit_a && !rdinit_b && a->version && bm_streq(a->version, b->version) && a->initramfs &&
	       bm_streq(a->initramfs, b->initramfs);
}

/* The proof of the entry's image, or NULL where it has none that can be read; *ret_why then says why, where that is
 * not a finding. For free(). */
static int prove(struct check *check, size_t i, const struct bm_proof **ret_proof, char **ret_why)
{
	struct proof *proof = &check->proofs[i];
	int r;

	*ret_proof = NULL;
	if (!entry_at(check, i)->initramfs_exists)
		return 0;
	for (size_t other = 0; other <= i; other++)
		if (check->proofs[other].filled &&
			(other == i || same_image(entry_at(check, i), entry_at(check, other)))) {
			*ret_proof = &check->proofs[other].proof;
			return 0;
		}
	r = bm_prove_entry(check->survey, check->system, i, &proof->proof);
	proof->filled = r == 0;
	*ret_proof = r == 0 ? &proof->proof : NULL;
	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENOENT) {
		*ret_why = bm_strf("its initramfs cannot be read: %s", bm_err_text(r));
		if (!*ret_why)
			return -ENOMEM;
	}
	bm_err_clear();
	return 0;
}

/* What a rescue entry loads and is not there, or NULL. No boot depends on it. */
static const char *missing_of(const struct bm_boot_entry *boot)
{
	if (!boot->kernel_exists)
		return boot->kernel;
	if (boot->initramfs && !boot->initramfs_exists)
		return boot->initramfs;
	return boot->initrds_missing.n > 0 ? boot->initrds_missing.items[0] : NULL;
}

/* Why an entry is not judged: *ret_why for free(), NULL where it is. */
static int not_judged(const struct check *check, const struct bm_boot_entry *boot, char **ret_why)
{
	const struct bm_kernel *kernel = boot->version ? bm_system_kernel(check->system, boot->version) : NULL;
	const char *missing;

	if (boot->entry.kind != BM_ENTRY_LINUX || !boot->kernel || boot->foreign)
		return bm_str_set(ret_why, "it does not load a Linux of this system");
	if (boot->place_unknown)
		return bm_str_set(ret_why, "its kernel lies on a filesystem that is none of this system's");
	if (!(kernel && kernel->rescue) && !strstr(bm_path_base(boot->kernel), "-0-rescue-"))
		return 0;
	missing = missing_of(boot);
	*ret_why = missing ? bm_strf("it is a rescue image, and %s does not exist", missing)
			   : bm_strf("it is a rescue image, which has drivers for any machine");
	return *ret_why ? 0 : -ENOMEM;
}

/* The verdict over what concerns an entry, or the system. */
static void judge_findings(const struct bm_findings *findings, bool unread, struct bm_verdict *ret_verdict)
{
	const struct bm_verdict_input input = {.findings = findings, .disks = true, .system = true, .unread = unread};

	bm_verdict_make(&input, ret_verdict);
}

static char *why_of(const struct bm_finding *finding)
{
	const char *text = bm_finding_kinds[finding->id].text;

	/* The catalogue speaks of the default entry; the evidence names the one that is meant. */
	if (finding->evidence && *finding->evidence && strstr(text, "default boot entry"))
		return strdup(finding->evidence);
	return finding->evidence && *finding->evidence ? bm_strf("%s: %s", text, finding->evidence) : strdup(text);
}

static int judge(struct check *check, size_t i, struct bm_judged *item)
{
	const struct bm_boot_entry *boot = entry_at(check, i);
	const struct bm_proof *proof;
	_cleanup_free_ char *unread = NULL;
	struct bm_verdict verdict;

	item->entry = (int)i;
	item->version = boot->version;
	item->is_default = check->system->loader.default_entry == (int)i;
	item->title = bm_entry_name(&boot->entry);
	item->judgement = BM_JUDGED_NOT;
	if (!item->title || not_judged(check, boot, &item->why) < 0)
		return -ENOMEM;
	if (item->why)
		return 0;
	if (prove(check, i, &proof, &unread) < 0 ||
		bm_check_entry(check->survey, check->system, i, proof, &item->findings) < 0)
		return -ENOMEM;
	judge_findings(&item->findings, unread != NULL, &verdict);
	if (verdict.outcome == BM_VERDICT_FAILS) {
		item->judgement = BM_JUDGED_FAILS;
		item->why = why_of(verdict.causes[0].finding);
		return item->why ? 0 : -ENOMEM;
	}
	item->unread = unread != NULL || verdict.blind;
	if (verdict.blind && !unread) {
		unread = strdup(verdict.blind->evidence);
		if (!unread)
			return -ENOMEM;
	}
	if (boot->entry.unresolved && !unread) {
		unread = strdup("its arguments depend on what only the loader knows");
		if (!unread)
			return -ENOMEM;
	}
	item->why = unread;
	unread = NULL;
	item->judgement = item->why ? BM_JUDGED_NOT : BM_JUDGED_BOOTS;
	return 0;
}

static bool wanted(const struct check *check, size_t i)
{
	const struct bm_boot_entry *boot = entry_at(check, i);

	if (boot->entry.kind == BM_ENTRY_SUBMENU)
		return false;
	return !check->version || bm_streq(boot->version, check->version);
}

static int judge_entries(struct check *check)
{
	struct bm_check_report *report = check->report;

	for (size_t i = 0; i < check->system->loader.n_entries; i++) {
		struct bm_judged *item;

		if (!wanted(check, i))
			continue;
		item = BM_VEC_PUSH(report->items, report->n, report->cap);
		if (!item || judge(check, i, item) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether the system's other kernels boot with an initramfs, so that one without is not meant to be so. */
static bool uses_initramfs(const struct bm_system *system)
{
	bool other = false;

	for (size_t i = 0; i < system->n_kernels; i++)
		other |= system->kernels[i].initramfs_exists;
	return other && (system->tools.dracut || system->tools.mkinitramfs);
}

/* A kernel that no entry loads: its own files. */
static int judge_kernel(struct check *check)
{
	const struct bm_kernel *kernel = bm_system_kernel(check->system, check->version);
	struct bm_check_report *report = check->report;
	struct bm_judged *item = BM_VEC_PUSH(report->items, report->n, report->cap);
	_cleanup_proof_ struct bm_proof proof = {0};
	int r;

	if (!item)
		return -ENOMEM;
	item->entry = -1;
	item->version = check->version;
	item->title = bm_strf("Linux %s", check->version);
	item->judgement = BM_JUDGED_FAILS;
	if (!item->title)
		return -ENOMEM;
	if (!kernel || !kernel->image) {
		item->why = strdup(kernel ? "it has modules, but no kernel image" : "there is no such kernel");
		return item->why ? 0 : -ENOMEM;
	}
	if (kernel->image_problem) {
		item->why = bm_strf("%s is no kernel: %s", kernel->image, kernel->image_problem);
		return item->why ? 0 : -ENOMEM;
	}
	if (check->system->loader.n_entries > 0 &&
		bm_strv_addf(&report->notes, "No boot entry loads %s.", check->version) < 0)
		return -ENOMEM;
	if (!kernel->initramfs_exists) {
		item->judgement = uses_initramfs(check->system) ? BM_JUDGED_FAILS : BM_JUDGED_NOT;
		item->why = bm_strf("its initramfs is missing: %s", kernel->initramfs_path);
		return item->why ? 0 : -ENOMEM;
	}
	r = bm_prove_kernel(check->survey, check->system, kernel, &proof);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || !proof.verdict) {
		item->unread = r < 0 || proof.unknown;
		item->judgement = item->unread ? BM_JUDGED_NOT : BM_JUDGED_FAILS;
		item->why = r < 0	    ? bm_strf("its initramfs cannot be read: %s", bm_err_text(r))
			    : proof.unknown ? bm_strf("its initramfs is not judged: %s", proof.problems[0].text)
					    : bm_strf("its initramfs cannot boot it: %s", proof.problems[0].text);
		bm_err_clear();
		return item->why ? 0 : -ENOMEM;
	}
	item->judgement = BM_JUDGED_BOOTS;
	return 0;
}

/* Moves what the system has beside the entries' own findings into the report; own are those of the default entry. */
static int take_system(struct check *check, struct bm_findings *all, const struct bm_findings *own)
{
	struct bm_check_report *report = check->report;

	for (size_t i = 0; i < all->n; i++) {
		struct bm_finding *finding = &all->items[i], *kept;
		bool known = bm_findings_has(own, finding);

		for (size_t e = 0; e < report->n; e++)
			known |= bm_findings_has(&report->items[e].findings, finding);
		/* What the default is, is none of the business of a kernel that was asked for. */
		if (known || (check->version && bm_finding_kinds[finding->id].fixer == BM_FIXER_DEFAULT))
			continue;
		kept = BM_VEC_PUSH(report->findings.items, report->findings.n, report->findings.capacity);
		if (!kept)
			return -ENOMEM;
		*kept = *finding;
		*finding = (struct bm_finding){.device = -1};
	}
	return 0;
}

/* What stops every entry: the system's own userspace, its fstab. */
static int apply_system(struct bm_check_report *report)
{
	const struct bm_finding *fatal = NULL;

	for (size_t i = 0; i < report->findings.n && !fatal; i++)
		if (report->findings.items[i].severity == BM_SEVERITY_FATAL &&
			bm_finding_kinds[report->findings.items[i].id].fixer != BM_FIXER_DEFAULT)
			fatal = &report->findings.items[i];
	for (size_t i = 0; fatal && i < report->n; i++) {
		struct bm_judged *item = &report->items[i];

		if (item->judgement != BM_JUDGED_BOOTS)
			continue;
		item->judgement = BM_JUDGED_FAILS;
		item->why = why_of(fatal);
		if (!item->why)
			return -ENOMEM;
	}
	return 0;
}

static int judge_system(struct check *check)
{
	const struct bm_loader *loader = &check->system->loader;
	_cleanup_free_ char *unread = NULL;
	const struct bm_proof *proof = NULL;
	struct bm_findings all = {0}, own = {0};
	bool has_default = loader->default_entry >= 0 && (size_t)loader->default_entry < loader->n_entries;
	int r;

	r = judge_entries(check);
	if (r == 0 && check->version && check->report->n == 0)
		r = judge_kernel(check);
	if (r < 0 || loader->n_entries == 0)
		return r;
	if (has_default && wanted(check, (size_t)loader->default_entry))
		r = prove(check, (size_t)loader->default_entry, &proof, &unread);
	if (r == 0)
		r = bm_check_system(check->survey, check->system, proof, &all);
	if (r == 0 && has_default)
		r = bm_check_entry(check->survey, check->system, (size_t)loader->default_entry, proof, &own);
	if (r == 0)
		r = take_system(check, &all, &own);
	bm_findings_done(&all);
	bm_findings_done(&own);
	return r < 0 ? r : apply_system(check->report);
}

/* Whether it can be seen at all what would boot. Returns BM_EXIT_OK, or BM_EXIT_FAILED after saying why not. */
static int look_first(const struct bm_global *global, const struct bm_system *system)
{
	const struct bm_mount *boot = bm_system_mount(system, "/boot");
	_cleanup_free_ char *path = NULL;
	bool mounted = true;

	if (system->given && boot && bm_streq(global->root, "/")) {
		path = bm_path_join(system->dir, "/boot");
		if (!path)
			return bm_cmd_failed(-ENOMEM, NULL);
		if (bm_mount_is_point(path, &mounted) < 0) {
			bm_err_clear();
			mounted = true;
		}
	}
	if (!mounted) {
		bm_cmd_error("/boot is not mounted, so it cannot be seen what would boot: mount it first");
		return BM_EXIT_FAILED;
	}
	if (system->loader.n_entries == 0 && !bm_system_is_root()) {
		bm_cmd_error("the boot loader's configuration cannot be read without root's rights");
		return BM_EXIT_FAILED;
	}
	return BM_EXIT_OK;
}

static int nothing(const struct bm_global *global, const char *why, int status)
{
	_cleanup_buf_ struct bm_buf out = {0};

	if (global->json) {
		struct bm_json json;

		bm_report_json_begin(&json, &out, BM_VERSION, "check");
		bm_json_str(&json, "system", NULL);
		bm_json_array(&json, "entries");
		bm_json_end(&json);
		bm_json_array(&json, "findings");
		bm_json_end(&json);
		bm_json_array(&json, "notes");
		bm_json_strf(&json, NULL, "Nothing to judge: %s.", why);
		bm_json_end(&json);
		bm_report_json_end(&json);
	} else if (!global->quiet) {
		bm_buf_addf(&out, "Nothing to judge: %s.\n", why);
	}
	return bm_cmd_print(&out, status);
}

static int print(const struct bm_global *global, const struct bm_check_report *report)
{
	struct bm_report_style style = bm_cmd_style(global);
	int status = bm_check_report_unread(report) > 0 ? BM_EXIT_FAILED : BM_EXIT_OK;
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_verdict verdict;

	if (global->json) {
		struct bm_json json;

		bm_report_json_begin(&json, &out, BM_VERSION, "check");
		bm_report_check_json(&json, report);
		bm_report_json_end(&json);
	} else if (global->quiet) {
		bm_report_check_warning(report, &out);
	} else {
		bm_report_check_text(report, &style, &out);
	}
	judge_findings(&report->findings, false, &verdict);
	status |= verdict.bits | (bm_check_report_fails(report) > 0 ? BM_EXIT_PROBLEMS : 0);
	return bm_cmd_print(&out, status);
}

static int check_system(
	const struct bm_global *global, const struct bm_survey *survey, struct bm_system *system, const char *kernel)
{
	_cleanup_check_report_ struct bm_check_report report = {.survey = survey, .system = system};
	_cleanup_free_ char *version = kernel ? bm_kernel_version_of(kernel) : NULL;
	struct check check = {.survey = survey, .system = system, .version = version, .report = &report};
	int status, r;

	if (kernel && !version)
		return bm_cmd_failed(-ENOMEM, NULL);
	status = look_first(global, system);
	if (status != BM_EXIT_OK)
		return status;
	if (system->loader.n_entries == 0 && !version)
		return nothing(global, "no boot loader's configuration with entries was found", BM_EXIT_FAILED);
	check.proofs = calloc(system->loader.n_entries + 1, sizeof(*check.proofs));
	r = check.proofs ? judge_system(&check) : -ENOMEM;
	for (size_t i = 0; check.proofs && i < system->loader.n_entries; i++)
		if (check.proofs[i].filled)
			bm_proof_done(&check.proofs[i].proof);
	free(check.proofs);
	return r < 0 ? bm_cmd_failed(r, NULL) : print(global, &report);
}

static int check_run(const struct bm_global *global, int argc, char **argv)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	const char *kernel = NULL;
	const struct bm_cmd_option options[] = {{"--kernel", 'k', &kernel, NULL}};
	struct bm_global here = *global;
	struct bm_system *system;
	int words, status;

	status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);
	if (status != BM_EXIT_OK)
		return status;
	if (words > 0)
		return bm_cmd_usage("check takes no arguments (name a kernel with --kernel)");
	if (!global->root && global->disks.n == 0) {
		const char *inside = bm_running_inside();

		if (inside)
			return nothing(global, inside, BM_EXIT_OK);
		here.root = "/";
		if (!bm_system_is_root() && !global->quiet)
			bm_cmd_error("without root's rights: what cannot be read is not judged");
	}
	status = bm_cmd_survey_open(&here, &open);
	if (status == BM_EXIT_OK)
		status = bm_cmd_choose(&here, &open.survey, &system);
	return status == BM_EXIT_OK ? check_system(&here, &open.survey, system, kernel) : status;
}

const struct bm_cmd bm_cmd_check_verb = {
	.name = "check",
	.arguments = "[--kernel VER]",
	.summary = "tell of each boot entry whether it will boot, on a machine that runs",
	.details =
		"Without --disk and --root the running system is judged. Nothing is mounted and nothing is written.\n"
		"Exit status 4 where an entry will not boot, 8 where one could not be looked at.\n"
		"  --kernel VER         only the entries that load this kernel\n"
		"  -q                   only what will not boot, in a few lines\n",
	.run = check_run,
};
