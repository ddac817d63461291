/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "needs.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "configs.h"

/* What disks of servers and virtual machines hang on: VMware, KVM, Hyper-V, Xen, and plain AHCI and NVMe. */
static const char *const common_storage[] = {"ahci", "ata_piix", "sd_mod", "nvme", "virtio_pci", "virtio_blk",
	"virtio_scsi", "vmw_pvscsi", "mptspi", "mptsas", "mpt3sas", "megaraid_sas", "hv_vmbus", "hv_storvsc",
	"xen_blkfront"};

/* The driver of an array, by the beginning of its level. */
static const struct {
	const char *level, *module;
} md_modules[] = {
	{"raid10", "raid10"},
	{"raid0", "raid0"},
	{"raid1", "raid1"},
	{"raid4", "raid456"},
	{"raid5", "raid456"},
	{"raid6", "raid456"},
	{"linear", "linear"},
};

/* What device-mapper needs beside dm_mod for a type of logical volume, by the beginning of its name. */
static const struct {
	const char *lv_type, *module;
} lv_modules[] = {
	{"raid", "dm_raid"},
	{"mirror", "dm_mirror"},
	{"thin", "dm_thin_pool"},
	{"snapshot", "dm_snapshot"},
	{"cache", "dm_cache"},
	{"writecache", "dm_writecache"},
	{"vdo", "dm_vdo"},
};

void bm_needs_done(struct bm_needs *needs)
{
	bm_modules_free(needs->modules);
	free(needs->version);
	free(needs->rdinit);
	free(needs->cmdline);
	bm_strv_done(&needs->inspect);
	bm_strv_done(&needs->builtin);
	free(needs->drivers);
	free(needs->tools);
	bm_strv_done(&needs->add_drivers);
	bm_strv_done(&needs->texts);
	*needs = (struct bm_needs){0};
}

static int keep(struct bm_needs *needs, const char *text, const char **ret_text)
{
	*ret_text = NULL;
	if (!text)
		return 0;
	if (bm_strv_add(&needs->texts, text) < 0)
		return -ENOMEM;
	*ret_text = needs->texts.items[needs->texts.n - 1];
	return 0;
}

static int add_driver(
	struct bm_needs *needs, const char *modalias, const char *name, const char *why, enum bm_proof_role role)
{
	struct bm_proof_driver *driver;

	for (size_t i = 0; i < needs->n_drivers; i++)
		if (bm_streq(needs->drivers[i].modalias, modalias) && bm_streq(needs->drivers[i].name, name))
			return 0;
	driver = BM_VEC_PUSH(needs->drivers, needs->n_drivers, needs->cap_drivers);
	if (!driver || keep(needs, modalias, &driver->modalias) < 0 || keep(needs, name, &driver->name) < 0 ||
		keep(needs, why, &driver->why) < 0)
		return -ENOMEM;
	driver->role = role;
	return 0;
}

static int add_tool(struct bm_needs *needs, const char *name, const char *other, const char *why)
{
	struct bm_proof_tool *tool;

	for (size_t i = 0; i < needs->n_tools; i++)
		if (bm_streq(needs->tools[i].name, name))
			return 0;
	tool = BM_VEC_PUSH(needs->tools, needs->n_tools, needs->cap_tools);
	return !tool || keep(needs, name, &tool->name) < 0 || keep(needs, other, &tool->other) < 0 ||
			       keep(needs, why, &tool->why) < 0
		       ? -ENOMEM
		       : 0;
}

/*
 * Whether a level of the chain is one that a module serves. A PCI bridge (class 06) is served by the kernel itself,
 * and modules that claim bridges (hot plug) are not what a disk needs.
 */
static bool is_storage_level(const struct bm_device_driver *level)
{
	const char *class;

	if (!level->module || !level->modalias)
		return false;
	if (!bm_str_starts(level->modalias, "pci:"))
		return true;
	class = strstr(level->modalias, "bc");
	return !class || strncmp(class, "bc06", 4) != 0;
}

/* What the kind of device needs beside the drivers of hardware: device-mapper, md, and the programs that assemble. */
static int add_kind(struct bm_needs *needs, const struct bm_device *device)
{
	const char *type = device->lv_type ? device->lv_type : "";

	needs->assembled |=
		device->kind == BM_DEVICE_LV || device->kind == BM_DEVICE_CRYPT || device->kind == BM_DEVICE_MD;
	switch (device->kind) {
	case BM_DEVICE_LV:
		needs->lvm = true;
		if (add_driver(needs, NULL, "dm_mod", device->name, BM_PROOF_STORAGE) < 0)
			return -ENOMEM;
		for (size_t t = 0; t < BM_ARRAY_SIZE(lv_modules); t++)
			if (bm_str_starts(type, lv_modules[t].lv_type) &&
				add_driver(needs, NULL, lv_modules[t].module, device->name, BM_PROOF_STORAGE) < 0)
				return -ENOMEM;
		return add_tool(needs, "lvm", NULL, "the root lies on a logical volume");
	case BM_DEVICE_CRYPT:
		if (add_driver(needs, NULL, "dm_mod", device->name, BM_PROOF_STORAGE) < 0 ||
			add_driver(needs, NULL, "dm_crypt", device->name, BM_PROOF_STORAGE) < 0)
			return -ENOMEM;
		return add_tool(needs, "cryptsetup", "systemd-cryptsetup", "the root is encrypted");
	case BM_DEVICE_MD:
		for (size_t t = 0; t < BM_ARRAY_SIZE(md_modules); t++)
			if (bm_str_starts(type, md_modules[t].level))
				return add_driver(needs, NULL, md_modules[t].module, device->name, BM_PROOF_STORAGE) < 0
					       ? -ENOMEM
					       : add_tool(needs, "mdadm", NULL, "the root lies on a RAID array");
		return add_tool(needs, "mdadm", NULL, "the root lies on a RAID array");
	default:
		return 0;
	}
}

/* The drivers of every device that the one at index lies on. */
static int follow_chain(struct bm_needs *needs, const struct bm_devices *devices, size_t index)
{
	for (size_t i = 0; i < devices->n; i++) {
		const struct bm_device *device = &devices->items[i];

		if (!bm_device_on(devices, index, i))
			continue;
		for (size_t d = 0; d < device->n_drivers; d++)
			if (is_storage_level(&device->drivers[d]) &&
				add_driver(needs, device->drivers[d].modalias, device->drivers[d].module, device->name,
					BM_PROOF_STORAGE) < 0)
				return -ENOMEM;
		if (add_kind(needs, device) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool on_hardware(const struct bm_devices *devices, int index)
{
	bool found = false;

	for (size_t i = 0; index >= 0 && i < devices->n; i++) {
		const struct bm_device *device = &devices->items[i];

		if (!bm_device_on(devices, (size_t)index, i) || device->n_parents > 0)
			continue;
		if (device->image || device->kind == BM_DEVICE_LOOP || device->n_drivers == 0)
			return false;
		found = true;
	}
	return found;
}

bool bm_needs_hardware_known(const struct bm_survey *survey, const struct bm_system *system)
{
	return on_hardware(&survey->devices, system->root_device);
}

static int read_text(
	const struct bm_system *system, const struct bm_kernel *kernel, const char *name, struct bm_buf *text)
{
	_cleanup_free_ char *path = bm_path_join(kernel->modules_dir, name);

	return path ? bm_root_read(system->root, path, BM_MODULES_TEXT_MAX, text) : -ENOMEM;
}

static int read_modules(struct bm_needs *needs, const struct bm_system *system, const struct bm_kernel *kernel)
{
	_cleanup_buf_ struct bm_buf dep = {0}, alias = {0}, softdep = {0}, builtin = {0}, modinfo = {0};
	struct bm_modules_texts texts = {0};
	int r;

	if (!kernel->modules_dir)
		return 0;
#define READ(field, buffer, file)                                                                                      \
	do {                                                                                                           \
		if (read_text(system, kernel, file, &buffer) == 0) {                                                   \
			texts.field = bm_buf_text(&buffer);                                                            \
			texts.field##_len = buffer.len;                                                                \
		}                                                                                                      \
	} while (0)
	READ(dep, dep, "modules.dep");
	READ(alias, alias, "modules.alias");
	READ(softdep, softdep, "modules.softdep");
	READ(builtin, builtin, "modules.builtin");
	READ(builtin_modinfo, modinfo, "modules.builtin.modinfo");
#undef READ
	needs->dep_known = texts.dep && dep.len > 0;
	needs->builtin_known = texts.builtin != NULL;
	needs->aliases_known = texts.builtin_modinfo && modinfo.len > 0;
	r = bm_modules_new(&texts, &needs->modules);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		needs->dep_known = needs->builtin_known = needs->aliases_known = false;
	return 0;
}

static int add_filesystem(struct bm_needs *needs, const struct bm_survey *survey, const struct bm_mount *mount)
{
	_cleanup_free_ char *alias = NULL;
	const char *type = mount->device >= 0 ? survey->devices.items[mount->device].fstype : mount->fstype;

	if (!type || bm_streq(type, "auto"))
		return 0;
	alias = bm_strf("fs-%s", type);
	return alias ? add_driver(needs, alias, type, mount->target, BM_PROOF_FILESYSTEM) : -ENOMEM;
}

static int name_driver(struct bm_needs *needs, const char *name)
{
	return bm_modules_has(needs->modules, name) && !bm_modules_builtin(needs->modules, name)
		       ? bm_strv_add_once(&needs->add_drivers, name)
		       : 0;
}

/* What serves the algorithms that a module asks for, where none of that is built in: the tools look for a module of the
 * name in the softdep, and are content with another of that name (f2fs wants crc32, as lib/crc32 is called, too). */
static int name_algorithms(struct bm_needs *needs, const char *name)
{
	_cleanup_strv_ struct bm_strv serving = {0};
	int r = bm_proof_vital_modules(needs->modules, name, &serving);

	for (size_t i = 0; r == 0 && i < serving.n; i++)
		if (bm_modules_builtin(needs->modules, serving.items[i]))
			return 0;
	for (size_t i = 0; r == 0 && i < serving.n; i++)
		r = name_driver(needs, serving.items[i]);
	return r;
}

static int name_with_algorithms(struct bm_needs *needs, const char *name)
{
	_cleanup_strv_ struct bm_strv closure = {0};
	int r = bm_modules_closure(needs->modules, name, &closure);

	for (size_t i = 0; r == 0 && i < closure.n; i++)
		r = name_algorithms(needs, closure.items[i]);
	return r == -ENOMEM ? r : name_driver(needs, name);
}

/* The modules to name to the tool: all that the needs resolve to, and that are modules of this kernel. */
static int resolve_add_drivers(struct bm_needs *needs)
{
	for (size_t i = 0; needs->modules && i < needs->n_drivers; i++) {
		const struct bm_proof_driver *driver = &needs->drivers[i];
		_cleanup_strv_ struct bm_strv names = {0};

		if (driver->modalias && bm_modules_resolve(needs->modules, driver->modalias, &names) == -ENOMEM)
			return -ENOMEM;
		if (driver->name && names.n == 0 && bm_strv_add(&names, driver->name) < 0)
			return -ENOMEM;
		for (size_t n = 0; n < names.n; n++)
			if (name_with_algorithms(needs, names.items[n]) < 0)
				return -ENOMEM;
	}
	bm_strv_sort(&needs->add_drivers);
	return 0;
}

/* Adds to inspect the module, and what it depends on. */
static int inspect(struct bm_needs *needs, const char *name)
{
	int r = needs->modules ? bm_modules_closure(needs->modules, name, &needs->inspect) : -ENOENT;

	return r == -ENOENT ? bm_strv_add_once(&needs->inspect, name) : r;
}

/* All that may serve a driver: the proof looks into these modules and into no others. */
static int list_inspected(struct bm_needs *needs)
{
	static const char fallback[] = "ext4"; /* which serves ext2 and ext3 */

	for (size_t i = 0; i < needs->n_drivers; i++) {
		const struct bm_proof_driver *driver = &needs->drivers[i];
		_cleanup_strv_ struct bm_strv names = {0};

		if (driver->modalias && needs->modules &&
			bm_modules_resolve(needs->modules, driver->modalias, &names) == -ENOMEM)
			return -ENOMEM;
		if (driver->name && bm_strv_add_once(&names, driver->name) < 0)
			return -ENOMEM;
		if (driver->role == BM_PROOF_FILESYSTEM && bm_strv_add_once(&names, fallback) < 0)
			return -ENOMEM;
		for (size_t n = 0; n < names.n; n++)
			if (inspect(needs, names.items[n]) < 0)
				return -ENOMEM;
	}
	bm_strv_sort(&needs->inspect);
	return 0;
}

/* After the drivers are known. */
static int read_config(const struct bm_survey *survey, const struct bm_system *system, const struct bm_kernel *kernel,
	struct bm_needs *needs)
{
	_cleanup_kconfig_ struct bm_kconfig kconfig = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	/* Unpacking a kernel takes its time: only where nothing else tells what is built in. */
	int r = bm_proof_config_text(system, kernel, !needs->builtin_known, &text);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (bm_kconfig_parse(bm_buf_text(&text), text.len, &kconfig) < 0)
		return -ENOMEM;
	needs->compressions = bm_image_config_compressions(bm_buf_text(&text), text.len);
	needs->sig_force = bm_kconfig_state(&kconfig, "CONFIG_MODULE_SIG_FORCE") == BM_KCONFIG_BUILTIN;
	/* The firmware that is seen here is that of the system's own machine. */
	needs->lock_down = survey->machine.firmware.secure_boot && needs->hardware_known &&
			   bm_kconfig_state(&kconfig, "CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT") == BM_KCONFIG_BUILTIN;
	for (size_t i = 0; !needs->builtin_known && i < needs->n_drivers; i++)
		if (needs->drivers[i].name && bm_proof_config_builtin(&kconfig, needs->drivers[i].name) &&
			bm_strv_add_once(&needs->builtin, needs->drivers[i].name) < 0)
			return -ENOMEM;
	return 0;
}

/* What the entry that boots this kernel tells it. */
static int read_cmdline(struct bm_needs *needs, const struct bm_system *system, const struct bm_kernel *kernel)
{
	const struct bm_boot_entry *entry = bm_system_entry_of(system, kernel->version);
	_cleanup_cmdline_ struct bm_cmdline line = {0};

	if (!entry || !entry->entry.cmdline)
		return 0;
	if (bm_cmdline_parse(entry->entry.cmdline, strlen(entry->entry.cmdline), &line) < 0)
		return -ENOMEM;
	if (bm_str_set(&needs->cmdline, entry->entry.cmdline) < 0)
		return -ENOMEM;
	return bm_str_set(&needs->rdinit, bm_cmdline_last(&line, "rdinit"));
}

/* What / and /usr lie on, and their filesystems. */
static int read_root(const struct bm_survey *survey, const struct bm_system *system, struct bm_needs *needs)
{
	static const char *const early[] = {"/", "/usr"};

	needs->hardware_known = bm_needs_hardware_known(survey, system);
	for (size_t i = 0; i < BM_ARRAY_SIZE(early); i++) {
		const struct bm_mount *mount = bm_system_mount(system, early[i]);

		if (!mount)
			continue;
		if (mount->device >= 0 && follow_chain(needs, &survey->devices, (size_t)mount->device) < 0)
			return -ENOMEM;
		if (add_filesystem(needs, survey, mount) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int read_needs(const struct bm_survey *survey, const struct bm_system *system, const struct bm_kernel *kernel,
	bool for_build, struct bm_needs *needs)
{
	if (bm_str_set(&needs->version, kernel->version) < 0 || read_modules(needs, system, kernel) < 0 ||
		read_cmdline(needs, system, kernel) < 0 || read_root(survey, system, needs) < 0 ||
		read_config(survey, system, kernel, needs) < 0)
		return -ENOMEM;
	if (for_build && !needs->hardware_known)
		for (size_t i = 0; i < BM_ARRAY_SIZE(common_storage); i++)
			if (needs->modules && bm_modules_has(needs->modules, common_storage[i]) &&
				add_driver(needs, NULL, common_storage[i], "common storage", BM_PROOF_STORAGE) < 0)
				return -ENOMEM;
	return resolve_add_drivers(needs) < 0 ? -ENOMEM : list_inspected(needs);
}

int bm_needs_of_root(const struct bm_survey *survey, const struct bm_system *system, struct bm_needs *ret_needs)
{
	struct bm_needs needs = {0};
	int r = read_root(survey, system, &needs);

	if (r < 0)
		bm_needs_done(&needs);
	else
		*ret_needs = needs;
	return r;
}

int bm_needs_read(const struct bm_survey *survey, const struct bm_system *system, const struct bm_kernel *kernel,
	bool for_build, struct bm_needs *ret_needs)
{
	struct bm_needs needs = {0};
	int r = read_needs(survey, system, kernel, for_build, &needs);

	if (r < 0) {
		bm_needs_done(&needs);
		return r;
	}
	bm_err_clear();
	*ret_needs = needs;
	return 0;
}

/* Why the kernel takes signed modules alone; NULL: nothing says so. */
static const char *signatures_forced(const struct bm_needs *needs)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};

	if (needs->sig_force)
		return "the kernel is configured to take signed modules alone (CONFIG_MODULE_SIG_FORCE)";
	if (needs->lock_down)
		return "Secure Boot locks the kernel down (CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT), so that it takes "
		       "signed modules alone";
	if (!needs->cmdline || bm_cmdline_parse(needs->cmdline, strlen(needs->cmdline), &line) < 0)
		return NULL;
	return bm_cmdline_bool(&line, "module.sig_enforce", false)
		       ? "module.sig_enforce of the command line has the kernel take signed modules alone"
		       : NULL;
}

struct bm_proof_need bm_needs_for_proof(const struct bm_needs *needs)
{
	return (struct bm_proof_need){
		.version = needs->version,
		.modules = needs->modules,
		.dep_known = needs->dep_known,
		.builtin_known = needs->builtin_known,
		.aliases_known = needs->aliases_known,
		.config_builtin = &needs->builtin,
		.compressions = needs->compressions,
		.rdinit = needs->rdinit,
		.cmdline = needs->cmdline,
		.root_assembled = needs->assembled,
		.signatures_forced = signatures_forced(needs),
		.drivers = needs->drivers,
		.n_drivers = needs->n_drivers,
		.tools = needs->tools,
		.n_tools = needs->n_tools,
	};
}
