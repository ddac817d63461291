/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the survey and the checks make of a fixture root, as text.
 */
#include <string.h>

#include "base/str.h"
#include "proof/configs.h"
#include "harness.h"
#include "t_system_fixture.h"

static size_t root_index(const struct bm_fixture *fixture)
{
	for (size_t i = 0; i < fixture->device_names.n; i++)
		if (bm_streq(fixture->device_names.items[i], fixture->root_name))
			return i;
	BM_CHECK(false);
	return 0;
}

void bm_fixture_survey(struct bm_fixture *fixture)
{
	struct bm_survey *survey = &fixture->survey;
	struct bm_system *system;

	for (size_t i = 0; i < survey->systems.n; i++)
		bm_system_done(&survey->systems.items[i]);
	survey->systems.n = 0;
	bm_findings_done(&fixture->findings);
	system = BM_VEC_PUSH(survey->systems.items, survey->systems.n, survey->systems.capacity);
	BM_CHECK(system != NULL);
	system->given = true;
	system->id = strdup("root");
	system->dir = strdup(fixture->dir);
	system->root_device = fixture->root_name ? (int)root_index(fixture) : BM_DEVICE_NONE;
	BM_CHECK_INT(bm_root_open(fixture->dir, &system->root), 0);
	BM_CHECK_INT(bm_system_read_mounts(system, &survey->devices, &survey->volumes), 0);
	BM_CHECK_INT(bm_system_read_identity(system), 0);
	BM_CHECK_INT(bm_system_read_kernels(system), 0);
	BM_CHECK_INT(bm_system_read_start(system, &survey->devices, &survey->machine.firmware), 0);
	BM_CHECK_INT(bm_system_read_loader(system, &survey->devices), 0);
	BM_CHECK_INT(bm_proof_read_configs(system, survey), 0);
	BM_CHECK_INT(bm_system_place_initramfs(system), 0);
	BM_CHECK_INT(bm_system_read_tools(system), 0);
	BM_CHECK_INT(bm_system_read_sources(system), 0);
	BM_CHECK_INT(bm_system_read_userland(system), 0);
	BM_CHECK_INT(bm_check_system(survey, system, NULL, &fixture->findings), 0);
}

struct bm_system *bm_fixture_system(struct bm_fixture *fixture)
{
	BM_CHECK_INT(fixture->survey.systems.n, 1);
	return &fixture->survey.systems.items[0];
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static void put_loader(const struct bm_loader *loader, struct bm_buf *out)
{
	bm_buf_addf(out, "loader %s %s env=%s\n", bm_loader_kind_text(loader->kind), or_dash(loader->config),
		or_dash(loader->environment));
	for (size_t i = 0; i < loader->warnings.n; i++)
		bm_buf_addf(out, "warning %s\n", loader->warnings.items[i]);
	for (size_t i = 0; i < loader->n_entries; i++) {
		const struct bm_boot_entry *entry = &loader->entries[i];

		bm_buf_addf(out, "%s '%s'", loader->default_entry == (int)i ? "default" : "entry", entry->entry.title);
		if (entry->kernel)
			bm_buf_addf(out, " %s %s%s", or_dash(entry->version), entry->kernel,
				entry->kernel_exists ? "" : "(missing)");
		for (size_t n = 0; n < entry->initrds.n; n++)
			bm_buf_addf(out, " %s", entry->initrds.items[n]);
		bm_buf_addc(out, '\n');
	}
}

static void put_kernel(const struct bm_kernel *kernel, struct bm_buf *out)
{
	bm_buf_addf(out, "kernel %s %s %s %s%s%s\n", kernel->version, or_dash(kernel->image),
		or_dash(kernel->modules_dir), kernel->initramfs_path, kernel->initramfs_by_entry ? "" : " habit",
		kernel->initramfs_exists ? "" : " missing");
}

char *bm_fixture_findings(struct bm_fixture *fixture)
{
	_cleanup_strv_ struct bm_strv lines = {0};

	for (size_t i = 0; i < fixture->findings.n; i++) {
		const struct bm_finding *finding = &fixture->findings.items[i];

		BM_CHECK_INT(bm_strv_addf(&lines, "%s %s%s%s", bm_severity_text(finding->severity),
				     bm_finding_kinds[finding->id].id, finding->file ? " " : "",
				     finding->file ? finding->file : ""),
			0);
	}
	return bm_strv_join(&lines, "; ");
}

char *bm_fixture_text(struct bm_fixture *fixture)
{
	const struct bm_system *system = bm_fixture_system(fixture);
	_cleanup_free_ char *findings = bm_fixture_findings(fixture);
	_cleanup_buf_ struct bm_buf out = {0};

	bm_buf_addf(&out, "system %s|%s|%s|%s|%s%s\n", or_dash(system->os_id), or_dash(system->os_name),
		or_dash(system->os_version), or_dash(system->hostname), or_dash(system->arch),
		system->uefi ? "|uefi" : "");
	for (size_t i = 1; i < system->n_mounts; i++)
		bm_buf_addf(&out, "mount %s %s %s\n", system->mounts[i].target,
			system->mounts[i].device < 0 ? "-" : fixture->device_names.items[system->mounts[i].device],
			bm_mount_source_text(system->mounts[i].source));
	put_loader(&system->loader, &out);
	for (size_t i = 0; i < system->n_kernels; i++)
		put_kernel(&system->kernels[i], &out);
	bm_buf_addf(&out, "tools %s %s %s%s\n", or_dash(system->tools.dracut), or_dash(system->tools.dracut_version),
		or_dash(system->tools.mkinitramfs), system->tools.dracut_preferred ? " dracut" : "");
	for (size_t i = 0; i < system->problems.n; i++)
		bm_buf_addf(&out, "problem %s\n", system->problems.items[i]);
	bm_buf_addf(&out, "findings %s\n", findings);
	BM_CHECK(!out.failed);
	return bm_buf_steal(&out);
}
