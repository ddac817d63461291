/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel-install's folders: named by a machine-id or another token, shared with other systems, of any version's name.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

#define ID	"4d2c0c5fa9c64f3fb9e2f1a0c7b8d9e1"
#define OTHER	"11110c5fa9c64f3fb9e2f1a0c7b8d9e1"
#define VERSION "6.12.48+deb13-amd64"

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

static void move(const struct bm_fixture *fixture, const char *from, const char *to)
{
	_cleanup_free_ char *old = bm_strf("%s%s", fixture->dir, from), *new = bm_strf("%s%s", fixture->dir, to);

	BM_CHECK_INT(rename(old, new), 0);
}

BM_TEST(folders_damaged_kernel)
{
	static const char image[] = "/efi/" ID "/" VERSION "/linux";
	struct bm_fixture fixture;

	bm_fixture_make("systemd-boot", &fixture);
	bm_fixture_remove(&fixture, "/boot/vmlinuz-" VERSION);
	expect(&fixture, "");
	bm_fixture_data(&fixture, image, 4096);
	bm_fixture_survey(&fixture);
	BM_CHECK(bm_findings_find(&fixture.findings, BM_FINDING_KERNEL_DAMAGED) != NULL);
	bm_fixture_done(&fixture);
}

/* The token is a name of the administrator's, an image's, or the distribution's; the version is what the image says. */
BM_TEST(folders_by_token)
{
	static const struct {
		const char *file, *text, *token;
		bool found;
	} rows[] = {
		{"/etc/kernel/entry-token", "fleet\n", "fleet", true},
		{"/etc/os-release", "ID=debian\nIMAGE_ID=appliance\n", "appliance", true},
		{"/etc/os-release", "ID=debian\n", "debian", true},
		{"/etc/os-release", "ID=debian\n", "Default", true},
		{"/etc/os-release", "ID=debian\n", "stranger", false},
		{"/etc/kernel/entry-token", "../efi/fleet\n", "fleet", false},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *dir = bm_strf("/efi/%s", rows[i].token);
		_cleanup_free_ char *folder = bm_strf("%s/linux-6_12_48", dir), *image = bm_strf("%s/linux", folder);
		_cleanup_free_ char *named = bm_strf("%s/" VERSION, dir);
		struct bm_fixture fixture;
		struct bm_kernel *kernel;

		bm_fixture_make("systemd-boot", &fixture);
		bm_fixture_write(&fixture, rows[i].file, rows[i].text);
		bm_fixture_remove(&fixture, "/boot/vmlinuz-" VERSION);
		bm_fixture_remove(&fixture, "/boot/initrd.img-" VERSION);
		bm_fixture_remove(&fixture, "/efi/loader");
		move(&fixture, "/efi/" ID, dir);
		move(&fixture, named, folder);
		bm_fixture_survey(&fixture);
		kernel = bm_system_kernel(bm_fixture_system(&fixture), VERSION);
		BM_CHECK(kernel != NULL);
		BM_CHECK_STR(kernel->image, rows[i].found ? image : NULL);
		BM_CHECK(!rows[i].found || strstr(kernel->initramfs_path, folder) != NULL);
		/* without modules it is only known to be this system's by a machine-id */
		bm_fixture_remove(&fixture, "/usr/lib/modules/" VERSION);
		bm_fixture_survey(&fixture);
		BM_CHECK(bm_system_kernel(bm_fixture_system(&fixture), VERSION) == NULL);
		bm_fixture_done(&fixture);
	}
}

/* Two installations of one release share $BOOT: an entry of another machine-id with another root is the other's, though
 * the kernel is the same. One with this root is not, nor one whose root is nowhere: the machine-id may have been made
 * anew. */
BM_TEST(folders_of_two_systems)
{
	static const struct {
		const char *id, *root;
		bool foreign;
	} rows[] = {
		{OTHER, "0ddba11a-aaaa-4bbb-8ccc-ddddeeee0003", true},
		{OTHER, "5db00a77-aaaa-4bbb-8ccc-ddddeeee0002", false},
		{OTHER, "99999999-aaaa-4bbb-8ccc-ddddeeee0009", false},
		{ID, "0ddba11a-aaaa-4bbb-8ccc-ddddeeee0003", false},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows) * 2; i++) {
		const bool named = i % 2; /* by the file's name alone */
		const char *id = rows[i / 2].id;
		_cleanup_free_ char *file = bm_strf("/efi/loader/entries/%s-two.conf", named ? id : "x");
		_cleanup_free_ char *text =
			bm_strf("title Two\nversion 9\n%s%s\noptions root=UUID=%s\nlinux /" ID "/" VERSION
				"/linux\ninitrd /" ID "/" VERSION "/initrd.img-" VERSION "\n",
				named ? "#" : "machine-id ", id, rows[i / 2].root);
		struct bm_fixture fixture;
		const struct bm_loader *loader;
		struct bm_device *device;

		bm_fixture_make("systemd-boot", &fixture);
		device = BM_VEC_PUSH(
			fixture.survey.devices.items, fixture.survey.devices.n, fixture.survey.devices.capacity);
		BM_CHECK(device && bm_str_set(&device->name, "sdb1") == 0 &&
			 bm_str_set(&device->uuid, "0ddba11a-aaaa-4bbb-8ccc-ddddeeee0003") == 0);
		bm_fixture_write(&fixture, file, text);
		bm_fixture_survey(&fixture);
		loader = &bm_fixture_system(&fixture)->loader;
		for (size_t k = 0; k < loader->n_entries; k++)
			if (bm_streq(loader->entries[k].entry.title, "Two"))
				BM_CHECK_INT(loader->entries[k].foreign, rows[i / 2].foreign);
		BM_CHECK_INT(loader->n_entries, 3);
		bm_fixture_done(&fixture);
	}
}
