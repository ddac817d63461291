/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fixers make of findings: words in lines, drafts, and whole plans of broken fixture systems.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "plan/fix.h"
#include "t_system_fixture.h"

static void check_word(const char *line, const char *key, const char *value, const char *by, const char *want)
{
	_cleanup_free_ char *got = NULL;

	BM_CHECK_INT(bm_words_replace(line, key, value, by, &got), 0);
	BM_CHECK_STR(got, want);
}

BM_TEST(fix_words)
{
	check_word("options root=a ro", "root", "a", "root=b", "options root=b ro");
	check_word("options root=a ro", "root", "a", NULL, "options ro");
	check_word("options ro root=a", "root", NULL, NULL, "options ro");
	check_word("GRUB_CMDLINE_LINUX=\"root=a quiet\"", "root", "a", NULL, "GRUB_CMDLINE_LINUX=\"quiet\"");
	check_word("GRUB_CMDLINE_LINUX='quiet root=a'", "root", "a", NULL, "GRUB_CMDLINE_LINUX='quiet'");
	check_word("linux /vmlinuz root=\"a\" ro", "root", "a", "root=b", "linux /vmlinuz root=b ro");
	check_word("x root=a root=b root=a", "root", "a", "root=c", "x root=c root=b root=c");
	/* Others that look alike stay. */
	check_word("x myroot=a root=ab root=a/b", "root", "a", "root=c", NULL);
	check_word("x root", "root", "a", "root=c", NULL);
	check_word("", "root", "a", NULL, NULL);
	check_word("root=a", "root", "a", NULL, "");
}

/* The plan for what is found in the fixture; only may be NULL. */
static enum bm_plan_refusal mend(struct bm_fixture *fixture, const char *only, struct bm_plan *plan)
{
	_cleanup_strv_ struct bm_strv ids = {0};
	enum bm_plan_refusal refusal;

	bm_fixture_survey(fixture);
	if (only)
		BM_CHECK_INT(bm_strv_add(&ids, only), 0);
	const struct bm_plan_request request = {.findings = &fixture->findings, .only = &ids, .date = "2026-01-02"};

	BM_CHECK_INT(bm_plan_make(&fixture->survey, bm_fixture_system(fixture), &request, plan, &refusal), 0);
	return refusal;
}

/* The file's text after its EDIT step, for free(). */
static char *edited(struct bm_fixture *fixture, const struct bm_plan *plan, const char *path)
{
	const struct bm_source *source = bm_sources_find(&bm_fixture_system(fixture)->sources, path);
	struct bm_buf out = {0};

	BM_CHECK(source);
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == BM_STEP_EDIT && bm_streq(plan->steps[i].target, path)) {
			BM_CHECK_INT(bm_step_edit(&plan->steps[i], source->text, source->len, &out), 0);
			return bm_buf_steal(&out);
		}
	BM_CHECK(false);
	return NULL;
}

static void check_fstab(const char *line, const char *want)
{
	_cleanup_free_ char *fstab = NULL;
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, "/etc/fstab", line);
	BM_CHECK_INT(mend(&fixture, NULL, &plan), BM_PLAN_OK);
	fstab = edited(&fixture, &plan, "/etc/fstab");
	BM_CHECK_STR(fstab, want);
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

#define ROOT_UUID "d1201a77-aaaa-4bbb-8ccc-ddddeeee0001"
#define GONE_UUID "deadbeef-0000-4000-8000-000000000001"
#define ROOT_LINE "UUID=" ROOT_UUID " / ext4 defaults 0 1\n"

BM_TEST(fix_fstab)
{
	/* Data may come back: the line stays, and the boot does not wait for it. */
	check_fstab(ROOT_LINE "UUID=" GONE_UUID "\t/srv  ext4\tdefaults 0 2\n",
		ROOT_LINE "UUID=" GONE_UUID "\t/srv  ext4\tdefaults,nofail 0 2\n");
	check_fstab(ROOT_LINE "UUID=" GONE_UUID " /srv ext4 noatime,ro",
		ROOT_LINE "UUID=" GONE_UUID " /srv ext4 noatime,ro,nofail");
	check_fstab(
		ROOT_LINE "UUID=" GONE_UUID " /srv ext4\n", ROOT_LINE "UUID=" GONE_UUID " /srv ext4 defaults,nofail\n");
	/* What the system has of its own is commented out; line ends stay as they are. */
	check_fstab("UUID=" ROOT_UUID " / ext4 defaults 0 1\r\nUUID=" GONE_UUID " /var/tmp ext4 defaults 0 2\r\n",
		"UUID=" ROOT_UUID " / ext4 defaults 0 1\r\n# bootmend 2026-01-02: UUID=" GONE_UUID
		" is on none of the disks\r\n#UUID=" GONE_UUID " /var/tmp ext4 defaults 0 2\r\n");
	check_fstab(ROOT_LINE "UUID=" GONE_UUID " none swap sw 0 0\n",
		ROOT_LINE "# bootmend 2026-01-02: UUID=" GONE_UUID " is on none of the disks\n#UUID=" GONE_UUID
			  " none swap sw 0 0\n");
	/* The root is known: it is what we look at. */
	check_fstab("UUID=" GONE_UUID " / ext4 defaults 0 1\n", "UUID=" ROOT_UUID " / ext4 defaults 0 1\n");
	check_fstab(ROOT_LINE "/dev/sdb1\n",
		ROOT_LINE "# bootmend 2026-01-02: \"/dev/sdb1\" has no mount point\n#/dev/sdb1\n");
}

BM_TEST(fix_fstab_usr_is_not_guessed)
{
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, "/etc/fstab", ROOT_LINE "UUID=" GONE_UUID " /usr ext4 defaults 0 2\n");
	BM_CHECK_INT(mend(&fixture, NULL, &plan), BM_PLAN_NOTHING);
	BM_CHECK_INT(plan.n_steps, 0);
	BM_CHECK_INT(plan.instructions.n, 1);
	BM_CHECK(bm_str_starts(plan.instructions.items[0], "FSTAB-DEVICE-UNKNOWN: "));
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

BM_TEST(fix_nothing)
{
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("debian12", &fixture);
	BM_CHECK_INT(mend(&fixture, NULL, &plan), BM_PLAN_NOTHING);
	BM_CHECK_STR(plan.notes.items[0], "There is nothing to repair.");
	bm_plan_done(&plan);
	BM_CHECK_INT(mend(&fixture, "ENTRY-CUT", &plan), BM_PLAN_CANT);
	BM_CHECK_STR(plan.notes.items[0], "ENTRY-CUT was not found on this system.");
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

/* The words of an initrd line go with those of the kernel's, and stand behind it. */
BM_TEST(fix_entry_without_initrd)
{
	_cleanup_free_ char *text = NULL;
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("el6", &fixture);
	bm_fixture_edit(&fixture, "/boot/grub/grub.conf", "\tinitrd /initramfs-2.6.32-754.35.1.el6.x86_64.img\n", "");
	BM_CHECK_INT(mend(&fixture, NULL, &plan), BM_PLAN_OK);
	text = edited(&fixture, &plan, "/boot/grub/grub.conf");
	BM_CHECK(strstr(text, "\n\tinitrd /initramfs-2.6.32-754.35.1.el6.x86_64.img\n"));
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

BM_TEST(fix_depmod_alone)
{
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_remove(&fixture, "/usr/lib/modules/6.1.0-27-amd64/modules.dep");
	BM_CHECK_INT(mend(&fixture, NULL, &plan), BM_PLAN_OK);
	BM_CHECK_INT(plan.n_steps, 4);
	BM_CHECK_INT(plan.steps[1].kind, BM_STEP_DEPMOD);
	BM_CHECK_STR(plan.steps[1].version, "6.1.0-27-amd64");
	BM_CHECK_STR(plan.steps[1].serves.items[0], "MODULES-DEP-MISSING");
	BM_CHECK(!plan.kernel);
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

/* Several findings, one file: one step; and the plan rests on it. */
BM_TEST(fix_one_file_one_step)
{
	_cleanup_free_ char *text = NULL;
	struct bm_fixture fixture;
	struct bm_plan plan;
	bool based = false;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, "/etc/fstab",
		ROOT_LINE "UUID=" GONE_UUID " /srv ext4 defaults 0 2\n/dev/sdb1\nLABEL=none /home xfs ro 0 0\n");
	BM_CHECK_INT(mend(&fixture, NULL, &plan), BM_PLAN_OK);
	BM_CHECK_INT(plan.n_steps, 4);
	BM_CHECK_INT(plan.steps[1].serves.n, 2);
	text = edited(&fixture, &plan, "/etc/fstab");
	BM_CHECK_STR(text, ROOT_LINE "UUID=" GONE_UUID " /srv ext4 defaults,nofail 0 2\n"
				     "# bootmend 2026-01-02: \"/dev/sdb1\" has no mount point\n#/dev/sdb1\n"
				     "LABEL=none /home xfs ro,nofail 0 0\n");
	for (size_t i = 0; i < plan.n_basis; i++)
		based |= bm_streq(plan.basis[i].path, "/etc/fstab") &&
			 bm_streq(plan.basis[i].hash, plan.steps[1].before);
	BM_CHECK(based);
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}
