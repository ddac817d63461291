/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the root's chain of devices needs in an initramfs.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "proof/configs.h"
#include "proof/needs.h"
#include "image_maker.h"
#include "t_system_fixture.h"

static bool has_driver(const struct bm_needs *needs, const char *name)
{
	for (size_t i = 0; i < needs->n_drivers; i++)
		if (bm_streq(needs->drivers[i].name, name))
			return true;
	return false;
}

static const struct bm_proof_tool *tool(const struct bm_needs *needs, const char *name)
{
	for (size_t i = 0; i < needs->n_tools; i++)
		if (bm_streq(needs->tools[i].name, name))
			return &needs->tools[i];
	return NULL;
}

/* arch's root, moved onto a device of that kind (and level or type) which lies on the partition. */
static void read_on(enum bm_device_kind kind, const char *type, struct bm_needs *ret_needs)
{
	struct bm_fixture fixture;
	struct bm_devices *devices;
	struct bm_device *device;
	size_t *parent;

	bm_fixture_make("arch", &fixture);
	bm_fixture_survey(&fixture);
	devices = &fixture.survey.devices;
	device = BM_VEC_PUSH(devices->items, devices->n, devices->capacity);
	device->kind = kind;
	device->name = strdup("top");
	device->lv_type = type ? strdup(type) : NULL;
	device->fstype = strdup("ext4");
	parent = BM_VEC_PUSH(device->parents, device->n_parents, device->cap_parents);
	*parent = 1;
	bm_fixture_system(&fixture)->root_device = (int)devices->n - 1;
	bm_fixture_system(&fixture)->mounts[0].device = (int)devices->n - 1;
	BM_CHECK_INT(bm_needs_of_root(&fixture.survey, bm_fixture_system(&fixture), ret_needs), 0);
	bm_fixture_done(&fixture);
}

BM_TEST(needs_follow_the_chain)
{
	static const struct {
		enum bm_device_kind kind;
		const char *type, *tool, *driver;
	} rows[] = {
		{BM_DEVICE_LV, "linear", "lvm", "dm_mod"},
		{BM_DEVICE_LV, "thin", "lvm", "dm_thin_pool"},
		{BM_DEVICE_CRYPT, NULL, "cryptsetup", "dm_crypt"},
		{BM_DEVICE_MD, "raid1", "mdadm", "raid1"},
		{BM_DEVICE_MD, "raid10", "mdadm", "raid10"},
		{BM_DEVICE_MD, "raid5", "mdadm", "raid456"},
		{BM_DEVICE_MD, NULL, "mdadm", "ext4"}, /* of an unknown level: no driver is asked for */
		{BM_DEVICE_PARTITION, NULL, NULL, "ahci"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_needs_ struct bm_needs needs = {0};

		read_on(rows[i].kind, rows[i].type, &needs);
		BM_CHECK_INT(needs.n_tools, rows[i].tool ? 1 : 0);
		BM_CHECK(!rows[i].tool || tool(&needs, rows[i].tool));
		BM_CHECK(has_driver(&needs, rows[i].driver));
		/* the disk below, and the filesystem above */
		BM_CHECK(has_driver(&needs, "ahci") && has_driver(&needs, "ext4"));
		BM_CHECK(!has_driver(&needs, "raid0"));
	}
}

BM_TEST(configuration_tells_drivers_that_are_built_in)
{
	static const char text[] = "CONFIG_EXT4_FS=y\nCONFIG_XFS_FS=m\n# CONFIG_BTRFS_FS is not set\n"
				   "# CONFIG_EXT2_FS is not set\nCONFIG_EXT4_USE_FOR_EXT2=y\nCONFIG_BLK_DEV_SD=y\n";
	static const struct {
		const char *driver;
		bool builtin;
	} rows[] = {
		{"ext4", true},
		{"ext3", true}, /* ext4 serves it */
		{"ext2", true}, /* any of its options will do */
		{"xfs", false},
		{"btrfs", false},
		{"f2fs", false}, /* not named */
		{"sd_mod", true},
		{"no_such_driver", false},
	};
	_cleanup_kconfig_ struct bm_kconfig kconfig = {0};

	BM_CHECK_INT(bm_kconfig_parse(text, strlen(text), &kconfig), 0);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		BM_CHECK(bm_proof_config_builtin(&kconfig, rows[i].driver) == rows[i].builtin);
}

/* The fixture's kernel with that configuration inside its compressed part. */
static void carry_config(const struct bm_fixture *fixture, const char *path, const char *config)
{
	_cleanup_buf_ struct bm_buf plain = {0}, program = {0}, packed = {0};
	_cleanup_free_ char *host = bm_path_join(fixture->dir, path);
	FILE *file = fopen(host, "r+");
	long payload;

	BM_CHECK(file);
	bm_buf_adds(&plain, config);
	bm_buf_adds(&program, "IKCFG_ST");
	put_gzip(&program, &plain);
	bm_buf_adds(&program, "IKCFG_ED");
	put_gzip(&packed, &program);
	BM_CHECK_INT(fseek(file, 0x1f1, SEEK_SET), 0);
	payload = (fgetc(file) + 1) * 512L + 0x2c4;
	BM_CHECK_INT(fseek(file, payload, SEEK_SET), 0);
	BM_CHECK_INT(fwrite(packed.data, 1, packed.len, file), packed.len);
	BM_CHECK_INT(fclose(file), 0);
}

/* What is built in is asked of modules.builtin, then of the configuration's file, then of that inside the kernel. */
BM_TEST(needs_know_what_is_built_in)
{
	static const char version[] = "6.12.1-arch1-1", image[] = "/boot/vmlinuz-linux";
	static const struct {
		bool list, file, inside;
		const char *builtin;
	} rows[] = {
		{true, true, true, NULL}, /* the list is known, and does not name it */
		{false, true, false, "ext4"},
		{false, false, true, "ext4"},
		{false, false, false, NULL},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_needs_ struct bm_needs needs = {0};
		struct bm_fixture fixture;
		struct bm_kernel *kernel;

		bm_fixture_make("arch", &fixture);
		if (!rows[i].list)
			bm_fixture_remove(&fixture, "/usr/lib/modules/6.12.1-arch1-1/modules.builtin");
		if (rows[i].inside)
			carry_config(&fixture, image, "CONFIG_EXT4_FS=y\nCONFIG_SATA_AHCI=m\n");
		bm_fixture_write(&fixture, "/boot/config", "CONFIG_EXT4_FS=y\nCONFIG_SATA_AHCI=m\n");
		bm_fixture_survey(&fixture);
		kernel = bm_system_kernel(bm_fixture_system(&fixture), version);
		BM_CHECK(kernel);
		BM_CHECK_STR(kernel->image, image);
		BM_CHECK_INT(bm_str_set(&kernel->config, rows[i].file ? "/boot/config" : NULL), 0);
		BM_CHECK_INT(bm_needs_read(&fixture.survey, bm_fixture_system(&fixture), kernel, false, &needs), 0);
		BM_CHECK_INT(needs.builtin.n, rows[i].builtin ? 1 : 0);
		BM_CHECK_STR(needs.builtin.n ? needs.builtin.items[0] : NULL, rows[i].builtin);
		bm_fixture_done(&fixture);
	}
}

/* The tools are told the modules of an algorithm that a filesystem does not mount without. */
BM_TEST(needs_name_the_algorithm_of_a_filesystem)
{
	static const char dir[] = "/usr/lib/modules/6.12.1-arch1-1/";
	static const struct {
		const char *builtin;
		bool named;
	} rows[] = {
		{"kernel/lib/crc32.ko\n", true},
		{"kernel/crypto/crc32c_generic.ko\n", false},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_needs_ struct bm_needs needs = {0};
		static const struct {
			const char *name, *text;
		} files[] = {
			{"modules.dep", "kernel/fs/ext4/ext4.ko:\nkernel/crypto/crc32c_generic.ko:\nkernel/"
					"crc32c-intel.ko:\nkernel/other.ko:\n"},
			{"modules.alias", "alias fs-ext4 ext4\nalias crypto-crc32c crc32c_generic\nalias crypto-crc32c "
					  "crc32c_intel\n"},
			{"modules.softdep", "softdep ext4 pre: crc32c\nsoftdep ext4 pre: other\n"},
		};
		struct bm_fixture fixture;
		struct bm_kernel *kernel;

		bm_fixture_make("arch", &fixture);
		for (size_t f = 0; f < BM_ARRAY_SIZE(files); f++) {
			_cleanup_free_ char *path = bm_path_join(dir, files[f].name);

			bm_fixture_write(&fixture, path, files[f].text);
		}
		bm_fixture_write(&fixture, "/usr/lib/modules/6.12.1-arch1-1/modules.builtin", rows[i].builtin);
		bm_fixture_survey(&fixture);
		kernel = bm_system_kernel(bm_fixture_system(&fixture), "6.12.1-arch1-1");
		BM_CHECK(kernel);
		BM_CHECK_INT(bm_needs_read(&fixture.survey, bm_fixture_system(&fixture), kernel, true, &needs), 0);
		BM_CHECK(bm_strv_has(&needs.add_drivers, "ext4"));
		BM_CHECK(bm_strv_has(&needs.add_drivers, "crc32c_generic") == rows[i].named);
		BM_CHECK(bm_strv_has(&needs.add_drivers, "crc32c_intel") == rows[i].named);
		BM_CHECK(!bm_strv_has(&needs.add_drivers, "other"));
		bm_fixture_done(&fixture);
	}
}
