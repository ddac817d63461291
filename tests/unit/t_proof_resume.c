/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether systemd in an image waits for ever for the device of resume=, and what the check makes of that. */
#include "base/str.h"
#include "check/check.h"
#include "image_maker.h"
#include "proof/proof.h"
#include "t_system_fixture.h"

#define GENERATOR "usr/lib/systemd/system-generators/systemd-hibernate-resume-generator"

#define EL9_ENTRY "/boot/loader/entries/9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-5.14.0-503.11.1.el9_5.x86_64.conf"

struct row {
	const char *library, *cmdline;
	bool generator, init_is_systemd, want;
};

static bool waits(const struct row *row)
{
	static const char *const dirs[] = {"usr", "usr/lib", "usr/lib/systemd", "usr/lib/systemd/system-generators"};
	_cleanup_image_list_ struct bm_image_list list = {.facts = true};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	_cleanup_proof_ struct bm_proof proof = {0};
	_cleanup_buf_ struct bm_buf image = {0};
	const struct bm_proof_need need = {.version = "6.1.0-9-amd64", .cmdline = row->cmdline};
	struct made_source made;
	const struct bm_image_source source = {made_read, &made};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		put_dir(&image, dirs[i]);
	put_elf(&image, "usr/lib/systemd/systemd", NULL, NULL, NULL);
	put_link(&image, "init", row->init_is_systemd ? "usr/lib/systemd/systemd" : "usr/lib/init");
	put_elf(&image, "usr/lib/init", NULL, NULL, NULL);
	if (row->library)
		put_file(&image, row->library, 0755, "");
	if (row->generator)
		put_elf(&image, GENERATOR, NULL, NULL, NULL);
	put_trailer(&image);
	made = (struct made_source){image.data, image.len, 0};
	BM_CHECK(bm_image_list_read(&source, &list, &summary) == 0);
	BM_CHECK(bm_proof_check(&list, &summary, &need, &proof) == 0);
	return proof.waits_for_resume;
}

BM_TEST(proof_tells_that_systemd_waits_for_the_swap)
{
	static const char before[] = "usr/lib/systemd/libsystemd-shared-255.4-1ubuntu8.so";
	static const char since[] = "usr/lib/systemd/libsystemd-shared-256.7-1.fc41.so";
	static const struct row rows[] = {
		{since, "resume=UUID=1", true, true, true},
		{since, NULL, true, true, true},
		{before, "resume=UUID=1", true, true, false},
		{NULL, "resume=UUID=1", true, true, false},
		{since, "resume=UUID=1", false, true, false},
		{since, "resume=UUID=1", true, false, false},
		/* a limit, which the root's options set where resume's own are missing */
		{since, "resumeflags=x-systemd.device-timeout=9", true, true, false},
		{since, "rootflags=noatime,x-systemd.device-timeout=9", true, true, false},
		{since, "rootflags=x-systemd.device-timeout=9 resumeflags=ro", true, true, true},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		BM_CHECK_INT(waits(&rows[i]), rows[i].want);
}

BM_TEST(check_a_swap_for_which_the_initramfs_waits_for_ever)
{
	static const struct {
		const char *resume;
		bool endless, partial;
		const char *want;
	} rows[] = {
		{"resume=UUID=00000000-1111-2222-3333-444444444444", false, false, "warning"},
		{"resume=UUID=00000000-1111-2222-3333-444444444444", true, false, "fatal"},
		/* what was not seen may have it */
		{"resume=UUID=00000000-1111-2222-3333-444444444444", false, true, "note"},
		{"resume=UUID=00000000-1111-2222-3333-444444444444", true, true, "warning"},
		{"resume=UUID=00000000-1111-2222-3333-444444444444 noresume", true, false, NULL},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		const struct bm_proof proof = {.verdict = true, .systemd = true, .waits_for_resume = rows[i].endless};
		struct bm_findings findings = {0};
		struct bm_finding *finding;
		_cleanup_free_ char *text = bm_strf("%s\n", rows[i].resume);
		struct bm_fixture fixture;

		bm_fixture_make("el9-uefi", &fixture);
		bm_fixture_edit(&fixture, EL9_ENTRY, "$tuned_params\n", text);
		bm_fixture_survey(&fixture);
		fixture.survey.partial = rows[i].partial;
		BM_CHECK_INT(bm_check_system(&fixture.survey, bm_fixture_system(&fixture), &proof, &findings), 0);
		finding = bm_findings_find(&findings, BM_FINDING_CMDLINE_RESUME_UNKNOWN);
		BM_CHECK_STR(finding ? bm_severity_text(finding->severity) : NULL, rows[i].want);
		bm_findings_done(&findings);
		bm_fixture_done(&fixture);
	}
}
