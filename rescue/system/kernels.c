/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernels of a system: images in /boot (their version read from the image itself), folders in /lib/modules, and
 * the initramfs files that are named for them, joined by version.
 */
#include "kernels.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/bls.h"
#include "../fmt/kernel/kimage.h"
#include "../os/root/fileio.h"
#include "unified.h"

/* How distributions name the initramfs of VER in /boot. The first prefix that fits counts, so the longer stand first.
 */
static const struct {
	const char *prefix, *suffix;
} initramfs_names[] = {
	{"initramfs-", ".img"}, /* Enterprise Linux, Fedora, Arch (by kernel flavour), Alpine by other means */
	{"initrd.img-", ""},	/* Debian, Ubuntu */
	{"initramfs.img-", ""}, /* Mageia's and old spellings */
	{"initrd-", ".img"},	/* Enterprise Linux 5, Mageia */
	{"initramfs-", ""},	/* Gentoo, Void, Alpine */
	{"initrd-", ""},	/* SUSE */
};

static const char *const kernel_names[] = {"vmlinuz-", "vmlinux-", "bzImage-", "kernel-", "Image-"};

/* What stands between prefix and suffix of a name, NULL where the name is another; for free(). */
static char *between(const char *name, const char *prefix, const char *suffix)
{
	const char *rest = bm_str_after(name, prefix);

	if (!rest || !bm_str_ends(rest, suffix) || strlen(rest) <= strlen(suffix))
		return NULL;
	return strndup(rest, strlen(rest) - strlen(suffix));
}

char *bm_kernel_version_of(const char *typed)
{
	const char *name = bm_path_base(typed);

	for (size_t i = 0; i < BM_ARRAY_SIZE(initramfs_names); i++) {
		char *version = between(name, initramfs_names[i].prefix, initramfs_names[i].suffix);

		if (version)
			return version;
	}
	for (size_t i = 0; i < BM_ARRAY_SIZE(kernel_names); i++) {
		char *version = between(name, kernel_names[i], "");

		if (version)
			return version;
	}
	/* A trailing slash of /lib/modules/VER/ that completion left. */
	if (!*name && *typed) {
		_cleanup_free_ char *clean = bm_path_join(typed, "");

		return clean ? strdup(bm_path_base(clean)) : NULL;
	}
	return strdup(name);
}

struct bm_kernel *bm_system_kernel(const struct bm_system *system, const char *version)
{
	for (size_t i = 0; i < system->n_kernels; i++)
		if (bm_streq(system->kernels[i].version, version))
			return &system->kernels[i];
	return NULL;
}

int bm_system_add_kernel(struct bm_system *system, const char *version, struct bm_kernel **ret_kernel)
{
	struct bm_kernel *kernel = bm_system_kernel(system, version);

	if (!kernel) {
		kernel = BM_VEC_PUSH(system->kernels, system->n_kernels, system->cap_kernels);
		if (!kernel || bm_str_set(&kernel->version, version) < 0)
			return -ENOMEM;
		kernel->rescue = bm_str_starts(version, "0-rescue");
	}
	*ret_kernel = kernel;
	return 0;
}

int bm_system_probe_kernel(const struct bm_system *system, const char *path, char **ret_version, char **ret_problem)
{
	_cleanup_buf_ struct bm_buf head = {0};
	_cleanup_kimage_ struct bm_kimage image = {0};
	char *version = NULL, *problem = NULL;
	struct bm_stat st;
	int r;

	r = bm_root_stat(system->root, path, true, &st);
	if (r == 0)
		r = bm_root_read_head(system->root, path, BM_KIMAGE_NEED, &head);
	if (r == 0)
		r = bm_kimage_parse(bm_buf_text(&head), head.len, st.size_bytes, &image);
	if (r < 0) {
		if (r == -ENOMEM || bm_str_set(&problem, bm_err_text(r)) < 0)
			return -ENOMEM;
	}
	if (r == 0 && image.kind == BM_KIMAGE_UKI) {
		_cleanup_unified_ struct bm_unified unified = {0};

		if (bm_system_read_unified(system, path, &unified) == -ENOMEM)
			return -ENOMEM;
		if (unified.image.kind == BM_KIMAGE_UKI) {
			struct bm_kimage outer = image;

			image = unified.image;
			unified.image = outer;
		}
	} else if (r == 0 && !image.version && image.more.size > 0 && image.more.size <= BM_MIB) {
		_cleanup_buf_ struct bm_buf more = {0};
		_cleanup_fd_ int fd = -1;
		size_t len = 0;

		if (bm_root_open_file(system->root, path, &fd) == 0 && bm_buf_reserve(&more, image.more.size) == 0 &&
			bm_file_at(fd, image.more.offset, more.data, image.more.size, &len) == 0 &&
			bm_kimage_more(&image, more.data, len) < 0)
			return -ENOMEM;
	}
	if (r == 0 && image.problem && bm_str_set(&problem, image.problem) < 0)
		return -ENOMEM;
	if (image.version && bm_str_set(&version, image.version) < 0) {
		free(problem);
		return -ENOMEM;
	}
	*ret_version = version;
	*ret_problem = problem;
	return 0;
}

/* What stands beside kernels and images and is none: signatures, what packagers and people keep, and SUSE's
 * vmlinux-VER.gz, which is for debuggers. */
static bool is_kept_aside(const char *name)
{
	static const char *const suffixes[] = {".hmac", ".sig", ".old", ".bak", ".orig", ".save", "~", ".rpmsave",
		".rpmorig", ".rpmnew", ".dpkg-old", ".dpkg-new", ".dpkg-tmp", ".tmp"};
	static const char *const packed[] = {".gz", ".xz", ".zst", ".bz2"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(suffixes); i++)
		if (bm_str_ends(name, suffixes[i]))
			return true;
	for (size_t i = 0; bm_str_starts(name, "vmlinux-") && i < BM_ARRAY_SIZE(packed); i++)
		if (bm_str_ends(name, packed[i]))
			return true;
	return false;
}

/*
 * Takes dir/name as a kernel image where its name says so. Files come first: a link (vmlinuz -> vmlinuz-VER) is the
 * same image once more, and is taken only where its kernel has no other, as on SUSE, whose /boot/vmlinuz-VER leads
 * into /usr/lib/modules.
 */
static int take_image(struct bm_system *system, const char *dir, const char *name, enum bm_file_type type)
{
	_cleanup_free_ char *path = bm_path_join(dir, name), *version = NULL, *problem = NULL, *named = NULL;
	struct bm_kernel *kernel;
	bool is_kernel = false;
	struct bm_stat st;

	for (size_t i = 0; i < BM_ARRAY_SIZE(kernel_names); i++) {
		size_t stem = strlen(kernel_names[i]) - 1;

		is_kernel |= strncmp(name, kernel_names[i], stem) == 0 && (name[stem] == '-' || name[stem] == '\0');
	}
	if (!path)
		return -ENOMEM;
	if (!is_kernel || is_kept_aside(name) || bm_root_stat(system->root, path, false, &st) < 0 || st.type != type ||
		!bm_root_is_file(system->root, path))
		return 0;
	if (bm_system_probe_kernel(system, path, &version, &problem) < 0)
		return -ENOMEM;
	named = bm_kernel_version_of(name);
	if (!named)
		return -ENOMEM;
	/* A rescue kernel is the same build under another name; a damaged image has only its name. */
	if (bm_str_starts(named, "0-rescue") || (!version && !bm_streq(named, name))) {
		if (bm_str_set(&version, named) < 0)
			return -ENOMEM;
	} else if (!version) {
		return 0;
	}
	if (bm_system_add_kernel(system, version, &kernel) < 0)
		return -ENOMEM;
	if (kernel->image && !bm_streq(named, version))
		return 0;
	if (kernel->image && type == BM_FILE_SYMLINK && bm_root_stat(system->root, kernel->image, false, &st) == 0 &&
		st.type == BM_FILE_REGULAR)
		return 0;
	if (bm_str_set(&kernel->image, path) < 0 || bm_str_set(&kernel->image_problem, problem) < 0)
		return -ENOMEM;
	return 0;
}

int bm_system_read_hidden_boot(struct bm_system *system)
{
	struct bm_system look = {.root = system->root};
	_cleanup_strv_ struct bm_strv names = {0};
	int r = 0;

	if (bm_root_list(system->root, "/boot", 0, &names) < 0)
		bm_err_clear();
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = take_image(&look, "/boot", names.items[i], BM_FILE_REGULAR);
	for (size_t i = 0; r == 0 && i < look.n_kernels; i++)
		if (look.kernels[i].image && !look.kernels[i].image_problem && !look.kernels[i].rescue)
			r = bm_strv_add(&system->boot_hidden, look.kernels[i].version);
	bm_strv_sort(&system->boot_hidden);
	look.root = NULL;
	bm_system_done(&look);
	bm_err_clear();
	return r;
}

int bm_kernel_add_initramfs(struct bm_kernel *kernel, const char *path, uint64_t size_bytes)
{
	struct bm_boot_file *file;

	for (size_t i = 0; i < kernel->n_initramfs; i++)
		if (bm_streq(kernel->initramfs[i].path, path))
			return 0;
	file = BM_VEC_PUSH(kernel->initramfs, kernel->n_initramfs, kernel->cap_initramfs);
	if (!file || bm_str_set(&file->path, path) < 0)
		return -ENOMEM;
	file->size_bytes = size_bytes;
	return 0;
}

/* The kernel of that version; else the one whose image is named so (vmlinuz-linux, with initramfs-linux.img). */
static struct bm_kernel *kernel_named(const struct bm_system *system, const char *name)
{
	struct bm_kernel *kernel = bm_system_kernel(system, name);

	for (size_t i = 0; !kernel && i < system->n_kernels; i++) {
		const char *image = system->kernels[i].image;
		_cleanup_free_ char *named = image ? bm_kernel_version_of(image) : NULL;

		if (named && bm_streq(named, name))
			kernel = &system->kernels[i];
	}
	return kernel;
}

/* Joins dir/name with the kernel that it is named for. Backups, and kdump's images, belong to none. */
static int take_initramfs(struct bm_system *system, const char *dir, const char *name)
{
	_cleanup_free_ char *path = bm_path_join(dir, name);
	struct bm_stat st;

	if (!path)
		return -ENOMEM;
	if (bm_str_ends(name, "kdump.img") || bm_str_ends(name, "-kdump") ||
		bm_root_stat(system->root, path, true, &st) < 0 || st.type != BM_FILE_REGULAR)
		return 0;
	for (size_t i = 0; i < BM_ARRAY_SIZE(initramfs_names); i++) {
		_cleanup_free_ char *version = between(name, initramfs_names[i].prefix, initramfs_names[i].suffix);
		struct bm_kernel *kernel = version ? kernel_named(system, version) : NULL;

		if (kernel)
			return bm_kernel_add_initramfs(kernel, path, st.size_bytes);
	}
	return 0;
}

/* Whether dir/VER holds modules, and not just what an uninstalled kernel left behind (a build link, weak-updates). */
static bool holds_modules(const struct bm_system *system, const char *dir)
{
	static const char *const signs[] = {"kernel", "modules.builtin", "modules.order", "modules.dep"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(signs); i++) {
		_cleanup_free_ char *path = bm_path_join(dir, signs[i]);

		if (path && bm_root_exists(system->root, path))
			return true;
	}
	return false;
}

static bool newer(const struct bm_stat *a, const struct bm_stat *b)
{
	return a->mtime_s != b->mtime_s ? a->mtime_s > b->mtime_s : a->mtime_ns > b->mtime_ns;
}

/* modules.dep, and whether a folder of modules was changed after it. */
static void look_at_modules_dep(const struct bm_system *system, struct bm_kernel *kernel)
{
	static const char *const folders[] = {"kernel", "updates", "extra", "weak-updates", "updates/dkms"};
	_cleanup_free_ char *dep = bm_path_join(kernel->modules_dir, "modules.dep");
	struct bm_stat dep_st, st;

	if (!dep || bm_root_stat(system->root, dep, true, &dep_st) < 0)
		return;
	kernel->modules_dep = dep_st.type == BM_FILE_REGULAR && dep_st.size_bytes > 0;
	for (size_t i = 0; kernel->modules_dep && i < BM_ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *path = bm_path_join(kernel->modules_dir, folders[i]);

		if (path && bm_root_stat(system->root, path, true, &st) == 0 && newer(&st, &dep_st))
			kernel->modules_dep_stale = true;
	}
}

static int take_modules(struct bm_system *system)
{
	static const char *const bases[] = {"/lib/modules", "/usr/lib/modules"};

	for (size_t b = 0; b < BM_ARRAY_SIZE(bases); b++) {
		_cleanup_strv_ struct bm_strv names = {0};

		if (bm_root_list(system->root, bases[b], 4096, &names) < 0)
			continue;
		for (size_t i = 0; i < names.n; i++) {
			_cleanup_free_ char *dir = bm_path_join(bases[b], names.items[i]);
			struct bm_kernel *kernel;

			if (!dir)
				return -ENOMEM;
			if (!bm_root_is_dir(system->root, dir) || !holds_modules(system, dir))
				continue;
			if (bm_system_add_kernel(system, names.items[i], &kernel) < 0)
				return -ENOMEM;
			if (kernel->modules_dir)
				continue;
			if (bm_str_set(&kernel->modules_dir, dir) < 0)
				return -ENOMEM;
			look_at_modules_dep(system, kernel);
		}
	}
	return 0;
}

/* The images of a kernel-install folder: initrd, or as Debian copies it initrd.img-VER. */
static int take_folder_images(struct bm_system *system, const char *folder, struct bm_kernel *kernel)
{
	_cleanup_strv_ struct bm_strv names = {0};

	if (bm_root_list(system->root, folder, 256, &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *path = bm_path_join(folder, names.items[i]);
		_cleanup_free_ char *named = bm_kernel_version_of(names.items[i]);
		struct bm_stat st;

		if (!path || !named)
			return -ENOMEM;
		if (!bm_streq(names.items[i], "initrd") &&
			(bm_streq(named, names.items[i]) || !bm_streq(named, kernel->version)))
			continue;
		if (bm_root_stat(system->root, path, true, &st) == 0 && st.type == BM_FILE_REGULAR &&
			bm_kernel_add_initramfs(kernel, path, st.size_bytes) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The image of a kernel-install folder. What it says itself counts; its folder's name where it says nothing, and for a
 * rescue kernel, which is the same build under another name. NULL: none that is this system's. */
static int take_folder_kernel(struct bm_system *system, const char *token, const char *image, const char *folder,
	struct bm_kernel **ret_kernel)
{
	_cleanup_free_ char *version = NULL, *problem = NULL;
	const char *name = bm_path_base(folder);
	struct bm_kernel *kernel;

	if (bm_system_probe_kernel(system, image, &version, &problem) < 0)
		return -ENOMEM;
	if ((!version || bm_str_starts(name, "0-rescue")) && bm_str_set(&version, name) < 0)
		return -ENOMEM;
	/* Only a machine-id is nobody else's. */
	kernel = bm_system_kernel(system, version);
	if (!bm_streq(token, system->machine_id) && !(kernel && kernel->modules_dir))
		return 0;
	if (bm_system_add_kernel(system, version, &kernel) < 0)
		return -ENOMEM;
	*ret_kernel = kernel;
	if (kernel->image)
		return 0;
	return bm_str_set(&kernel->image, image) < 0 ? -ENOMEM : bm_str_set(&kernel->image_problem, problem);
}

/* /boot/TOKEN/VER/{linux,initrd}: kernel-install's other layout. */
static int take_bls_folder(struct bm_system *system, const char *base, const char *token)
{
	_cleanup_strv_ struct bm_strv versions = {0};
	_cleanup_free_ char *dir = bm_path_join(base, token);

	if (!dir || bm_root_list(system->root, dir, 4096, &versions) < 0)
		return dir ? 0 : -ENOMEM;
	for (size_t i = 0; i < versions.n; i++) {
		_cleanup_free_ char *folder = bm_path_join(dir, versions.items[i]);
		_cleanup_free_ char *image = folder ? bm_path_join(folder, "linux") : NULL;
		struct bm_kernel *kernel = NULL;

		if (!image)
			return -ENOMEM;
		if (!bm_root_is_file(system->root, image))
			continue;
		if (take_folder_kernel(system, token, image, folder, &kernel) < 0 ||
			(kernel && take_folder_images(system, folder, kernel) < 0))
			return -ENOMEM;
	}
	return 0;
}

static int take_config(struct bm_system *system, struct bm_kernel *kernel)
{
	_cleanup_free_ char *boot = bm_strf("/boot/config-%s", kernel->version);
	_cleanup_free_ char *lib = kernel->modules_dir ? bm_path_join(kernel->modules_dir, "config") : NULL;

	if (boot && bm_root_is_file(system->root, boot))
		return bm_str_set(&kernel->config, boot);
	if (lib && bm_root_is_file(system->root, lib))
		return bm_str_set(&kernel->config, lib);
	return boot ? 0 : -ENOMEM;
}

/* As RPM compares: 2.6.32-754.35.1.el6 is newer than 2.6.32-754.el6. */
static int newest_first(const void *a, const void *b)
{
	const struct bm_kernel *ka = a, *kb = b;
	int order;

	if (ka->rescue != kb->rescue)
		return ka->rescue ? 1 : -1;
	order = bm_bls_version_cmp(kb->version, ka->version);
	return order != 0 ? order : strcmp(kb->version, ka->version);
}

void bm_system_sort_kernels(struct bm_system *system)
{
	if (system->n_kernels > 1)
		qsort(system->kernels, system->n_kernels, sizeof(*system->kernels), newest_first);
}

int bm_system_read_kernels(struct bm_system *system)
{
	static const char *const bls_bases[] = {"/boot", "/boot/efi", "/efi"};
	_cleanup_strv_ struct bm_strv names = {0};

	if (take_modules(system) < 0)
		return -ENOMEM;
	if (bm_root_list(system->root, "/boot", 0, &names) < 0)
		bm_err_clear();
	for (size_t i = 0; i < names.n; i++)
		if (take_image(system, "/boot", names.items[i], BM_FILE_REGULAR) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < names.n; i++)
		if (take_image(system, "/boot", names.items[i], BM_FILE_SYMLINK) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < BM_ARRAY_SIZE(bls_bases); i++)
		for (size_t t = 0; t < system->entry_tokens.n; t++)
			if (take_bls_folder(system, bls_bases[i], system->entry_tokens.items[t]) < 0)
				return -ENOMEM;
	for (size_t i = 0; i < names.n; i++)
		if (take_initramfs(system, "/boot", names.items[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < system->n_kernels; i++)
		if (take_config(system, &system->kernels[i]) < 0)
			return -ENOMEM;
	bm_system_sort_kernels(system);
	bm_err_clear();
	return 0;
}
