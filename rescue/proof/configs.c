/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernels' configurations say about the root of the system: whether a kernel takes an initramfs, has one of
 * its own, has a command line of its own, and was built with what the root needs. An option that a configuration does
 * not name is unknown, never missing.
 */
#include "configs.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/image/ikconfig.h"
#include "../fmt/kernel/kconfig.h"
#include "../fmt/kernel/kimage.h"
#include "../os/root/fileio.h"
#include "needs.h"

/* The options of a driver; any one of them will do. */
static const struct {
	const char *driver;
	const char *options[3];
} driver_options[] = {
	{"ext4", {"CONFIG_EXT4_FS"}},
	{"ext3", {"CONFIG_EXT4_FS", "CONFIG_EXT3_FS"}},
	{"ext2", {"CONFIG_EXT2_FS", "CONFIG_EXT4_USE_FOR_EXT2", "CONFIG_EXT4_USE_FOR_EXT23"}},
	{"xfs", {"CONFIG_XFS_FS"}},
	{"btrfs", {"CONFIG_BTRFS_FS"}},
	{"f2fs", {"CONFIG_F2FS_FS"}},
	{"jfs", {"CONFIG_JFS_FS"}},
	{"vfat", {"CONFIG_VFAT_FS"}},
	{"exfat", {"CONFIG_EXFAT_FS"}},
	{"ntfs3", {"CONFIG_NTFS3_FS"}},
	{"iso9660", {"CONFIG_ISO9660_FS"}},
	{"udf", {"CONFIG_UDF_FS"}},
	{"squashfs", {"CONFIG_SQUASHFS"}},
	{"erofs", {"CONFIG_EROFS_FS"}},
	{"reiserfs", {"CONFIG_REISERFS_FS"}},
	{"nilfs2", {"CONFIG_NILFS2_FS"}},
	{"bcachefs", {"CONFIG_BCACHEFS_FS"}},
	{"ahci", {"CONFIG_SATA_AHCI"}},
	{"ata_piix", {"CONFIG_ATA_PIIX"}},
	{"sd_mod", {"CONFIG_BLK_DEV_SD"}},
	{"nvme", {"CONFIG_BLK_DEV_NVME"}},
	{"virtio_pci", {"CONFIG_VIRTIO_PCI"}},
	{"virtio_blk", {"CONFIG_VIRTIO_BLK"}},
	{"virtio_scsi", {"CONFIG_SCSI_VIRTIO"}},
	{"vmw_pvscsi", {"CONFIG_VMWARE_PVSCSI"}},
	{"mptspi", {"CONFIG_FUSION_SPI"}},
	{"mptsas", {"CONFIG_FUSION_SAS"}},
	{"mpt3sas", {"CONFIG_SCSI_MPT3SAS", "CONFIG_SCSI_MPT2SAS"}},
	{"megaraid_sas", {"CONFIG_MEGARAID_SAS"}},
	{"hv_vmbus", {"CONFIG_HYPERV"}},
	{"hv_storvsc", {"CONFIG_HYPERV_STORAGE"}},
	{"xen_blkfront", {"CONFIG_XEN_BLKDEV_FRONTEND"}},
	{"dm_mod", {"CONFIG_BLK_DEV_DM"}},
	{"dm_crypt", {"CONFIG_DM_CRYPT"}},
	{"dm_thin_pool", {"CONFIG_DM_THIN_PROVISIONING"}},
	{"dm_raid", {"CONFIG_DM_RAID"}},
	{"dm_mirror", {"CONFIG_DM_MIRROR"}},
	{"raid0", {"CONFIG_MD_RAID0"}},
	{"raid1", {"CONFIG_MD_RAID1"}},
	{"raid10", {"CONFIG_MD_RAID10"}},
	{"raid456", {"CONFIG_MD_RAID456"}},
};

/* The filesystems among them, of which fstab may have one. */
static const char *const filesystems[] = {"ext4", "ext3", "ext2", "xfs", "btrfs", "f2fs", "jfs", "vfat", "exfat",
	"ntfs3", "iso9660", "udf", "squashfs", "erofs", "reiserfs", "nilfs2", "bcachefs"};

enum { OPTIONS_MAX = BM_ARRAY_SIZE(driver_options[0].options) };

/* The driver's options, NULL where they are not known. */
static const char *const *options_of(const char *driver)
{
	for (size_t i = 0; driver && i < BM_ARRAY_SIZE(driver_options); i++)
		if (bm_streq(driver_options[i].driver, driver))
			return driver_options[i].options;
	return NULL;
}

bool bm_proof_config_builtin(const struct bm_kconfig *kconfig, const char *driver)
{
	const char *const *options = options_of(driver);

	for (size_t i = 0; options && i < OPTIONS_MAX && options[i]; i++)
		if (bm_kconfig_state(kconfig, options[i]) == BM_KCONFIG_BUILTIN)
			return true;
	return false;
}

/* A part of a file, of which left bytes are still to come. */
struct part {
	int fd;
	uint64_t at, left;
};

static ssize_t next_bytes(void *ctx, void *buf, size_t len)
{
	struct part *part = ctx;
	size_t got = 0;
	int r = bm_file_at(part->fd, part->at, buf, (size_t)BM_MIN((uint64_t)len, part->left), &got);

	part->at += got;
	part->left -= got;
	return r < 0 ? r : (ssize_t)got;
}

/* Where the kernel is packed that part of it is read, else the whole file. */
static int read_inside(const struct bm_root *root, const char *image, struct bm_buf *text)
{
	_cleanup_buf_ struct bm_buf head = {0};
	_cleanup_kimage_ struct bm_kimage kimage = {0};
	_cleanup_fd_ int fd = -1;
	struct part part = {.left = UINT64_MAX};
	const struct bm_image_source source = {next_bytes, &part};
	int r = bm_root_read_head(root, image, BM_KIMAGE_NEED, &head);

	if (r == 0)
		r = bm_kimage_parse(bm_buf_text(&head), head.len, head.len, &kimage);
	if (r == 0)
		r = bm_root_open_file(root, image, &fd);
	if (r < 0)
		return r;
	part.fd = fd;
	if (kimage.payload.size > 0) {
		part.at = kimage.payload.offset;
		part.left = kimage.payload.size;
	}
	return kimage.kind == BM_KIMAGE_NONE ? -ENOENT : bm_ikconfig_read(&source, text);
}

int bm_proof_config_text(
	const struct bm_system *system, const struct bm_kernel *kernel, bool inside, struct bm_buf *text)
{
	int r = kernel->config ? bm_root_read(system->root, kernel->config, BM_KCONFIG_SIZE_MAX, text) : -ENOENT;

	if (r == 0 || r == -ENOMEM || !inside || !kernel->image)
		return r;
	bm_buf_done(text);
	return read_inside(system->root, kernel->image, text);
}

/* Which filesystems the kernel mounts by itself, and which only with a module, or not at all. */
static int take_filesystems(struct bm_kernel *kernel, const struct bm_kconfig *kconfig)
{
	for (size_t f = 0; f < BM_ARRAY_SIZE(filesystems); f++) {
		const char *const *options = options_of(filesystems[f]);
		bool builtin = false, known = false;

		for (size_t i = 0; i < OPTIONS_MAX && options[i]; i++) {
			enum bm_kconfig_state state = bm_kconfig_state(kconfig, options[i]);

			builtin |= state == BM_KCONFIG_BUILTIN;
			known |= state != BM_KCONFIG_UNKNOWN;
		}
		if (known && bm_strv_add(builtin ? &kernel->fs_builtin : &kernel->fs_modular, filesystems[f]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether anything in the kernel serves the driver, whatever its configuration says: a module from elsewhere, or
 * another driver for the same device. */
static int is_served(const struct bm_needs *needs, const struct bm_proof_driver *driver, bool *ret_served)
{
	_cleanup_strv_ struct bm_strv names = {0};

	*ret_served = false;
	if (!needs->modules)
		return 0;
	if (driver->modalias && bm_modules_resolve(needs->modules, driver->modalias, &names) == -ENOMEM)
		return -ENOMEM;
	*ret_served = names.n > 0 || (driver->name && (bm_modules_has(needs->modules, driver->name) ||
							      bm_modules_builtin(needs->modules, driver->name)));
	return 0;
}

/* Judges one driver: adds its option to the kernel's lack or modular. needs are those of this kernel, read when first
 * asked for. */
static int take_driver(const struct bm_survey *survey, const struct bm_system *system, struct bm_kernel *kernel,
	const struct bm_kconfig *kconfig, const struct bm_proof_driver *driver)
{
	const char *const *options = options_of(driver->name), *off = NULL, *module = NULL;
	_cleanup_needs_ struct bm_needs needs = {0};
	bool served;

	for (size_t i = 0; options && i < OPTIONS_MAX && options[i]; i++) {
		enum bm_kconfig_state state = bm_kconfig_state(kconfig, options[i]);

		if (state == BM_KCONFIG_BUILTIN)
			return 0;
		if (state == BM_KCONFIG_MODULE)
			module = options[i];
		else if (state == BM_KCONFIG_OFF && !off)
			off = options[i];
	}
	if (module)
		return bm_strv_add_once(&kernel->modular, module);
	if (!off)
		return 0;
	if (bm_needs_read(survey, system, kernel, false, &needs) < 0 || is_served(&needs, driver, &served) < 0)
		return -ENOMEM;
	if (served)
		return 0;
	if (kernel->lack.n == 0)
		kernel->lack_line = bm_kconfig_line(kconfig, off);
	return bm_strv_add_once(&kernel->lack, off);
}

static int read_config(const struct bm_survey *survey, const struct bm_system *system, struct bm_kernel *kernel,
	const struct bm_needs *root)
{
	_cleanup_kconfig_ struct bm_kconfig kconfig = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	const char *cmdline, *inner;
	int r = bm_proof_config_text(system, kernel, false, &text);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (bm_kconfig_parse(bm_buf_text(&text), text.len, &kconfig) < 0)
		return -ENOMEM;
	kernel->config_known = bm_kconfig_state(&kconfig, "CONFIG_BLK_DEV_INITRD") != BM_KCONFIG_UNKNOWN;
	kernel->config_initrd_line = bm_kconfig_line(&kconfig, "CONFIG_BLK_DEV_INITRD");
	kernel->config_initrd = bm_kconfig_state(&kconfig, "CONFIG_BLK_DEV_INITRD") == BM_KCONFIG_BUILTIN;
	kernel->config_modules = bm_kconfig_state(&kconfig, "CONFIG_MODULES") != BM_KCONFIG_OFF;
	inner = bm_kconfig_get(&kconfig, "CONFIG_INITRAMFS_SOURCE");
	kernel->config_inner = inner && *inner;
	cmdline = bm_kconfig_get(&kconfig, "CONFIG_CMDLINE");
	kernel->config_root = cmdline && (bm_str_starts(cmdline, "root=") || strstr(cmdline, " root="));
	if (take_filesystems(kernel, &kconfig) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < root->n_drivers; i++) {
		/* The drivers of the hardware: only where it is this machine that the system boots on. */
		if (root->drivers[i].modalias && root->drivers[i].role == BM_PROOF_STORAGE && !root->hardware_known)
			continue;
		if (take_driver(survey, system, kernel, &kconfig, &root->drivers[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether the kernel has the filesystem, by its own indexes. The alias may be missing from them. */
static int take_served(struct bm_kernel *kernel, const struct bm_needs *needs, const char *type)
{
	const char *module = bm_str_starts(type, "ext") ? "ext4" : bm_streq(type, "iso9660") ? "isofs" : type;
	_cleanup_free_ char *alias = bm_strf("fs-%s", type);
	_cleanup_strv_ struct bm_strv names = {0};
	bool builtin = bm_strv_has(&kernel->fs_builtin, type), loadable = false;

	if (!alias || bm_modules_resolve(needs->modules, alias, &names) == -ENOMEM || bm_strv_add(&names, type) < 0 ||
		bm_strv_add(&names, module) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < names.n; i++) {
		builtin |= bm_modules_builtin(needs->modules, names.items[i]);
		loadable |= bm_modules_has(needs->modules, names.items[i]);
	}
	if (builtin)
		return bm_strv_add_once(&kernel->fs_builtin, type);
	if (loadable)
		return bm_strv_add_once(&kernel->fs_loadable, type);
	/* Only where its configuration, too, says that it is not built in. */
	return bm_strv_has(&kernel->fs_modular, type) ? bm_strv_add_once(&kernel->fs_none, type) : 0;
}

/* Which filesystems the default kernel has by itself, as modules, or not at all, as far as its indexes are there. */
static int read_index(const struct bm_survey *survey, struct bm_system *system)
{
	struct bm_kernel *kernel = bm_system_default_kernel(system);
	_cleanup_needs_ struct bm_needs needs = {0};

	if (!kernel || !kernel->modules_dep || kernel->modules_dep_stale)
		return 0;
	if (bm_needs_read(survey, system, kernel, false, &needs) < 0)
		return -ENOMEM;
	for (size_t f = 0; needs.dep_known && needs.builtin_known && f < BM_ARRAY_SIZE(filesystems); f++)
		if (take_served(kernel, &needs, filesystems[f]) < 0)
			return -ENOMEM;
	return 0;
}

int bm_proof_read_configs(struct bm_system *system, const struct bm_survey *survey)
{
	_cleanup_needs_ struct bm_needs root = {0};

	if (bm_needs_of_root(survey, system, &root) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < system->n_kernels; i++)
		if (read_config(survey, system, &system->kernels[i], &root) < 0)
			return -ENOMEM;
	if (read_index(survey, system) < 0)
		return -ENOMEM;
	bm_err_clear();
	return 0;
}
