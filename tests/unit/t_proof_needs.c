/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the root's chain of devices needs in an initramfs.
 */
#include <string.h>

#include "base/str.h"
#include "proof/needs.h"
#include "harness.h"
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
