/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What gets modules into the kernel.
 */
#include "image_maker.h"
#include "proof/proof.h"

#define VERSION "6.1.0-9-amd64"
#define MODULES "lib/modules/" VERSION

/* What starts, and what loads modules. */
static void put_loader(struct bm_buf *out)
{
	put_file(out, "usr/lib/dracut/dracut-106", 0644, "");
	put_file(out, "init", 0755, "#!/sbin/kmod\n");
	put_elf(out, "sbin/kmod", NULL, NULL, NULL);
	put_link(out, "sbin/modprobe", "kmod");
	put_index(out, MODULES "/modules.dep.bin", false);
	put_index(out, MODULES "/modules.alias.bin", false);
}

/* An image whose udevd loads virtio_blk, with a library of systemd that has that note (NULL: none) and perhaps the
 * library that the note asks for. */
static void make_image(struct bm_buf *out, const char *note, bool with_libkmod)
{
	static const char *const dirs[] = {"usr", "usr/lib", "usr/lib/dracut", "sbin", "lib", "lib/modules", MODULES};
	_cleanup_buf_ struct bm_buf shared = {0};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		put_dir(out, dirs[i]);
	put_loader(out);
	put_module(out, MODULES "/virtio_blk.ko", VERSION " SMP ");
	if (note) {
		make_dlopen_note(&shared, note);
		put_entry(out, (struct made_entry){.name = "usr/lib/libsystemd-shared-257.so",
				       .mode = S_IFREG | 0755,
				       .data = shared.data,
				       .len = shared.len});
	}
	if (with_libkmod)
		put_elf(out, "usr/lib/libkmod.so.2", NULL, NULL, NULL);
	put_trailer(out);
}

BM_TEST(proof_wants_the_library_by_which_udevd_loads)
{
	static const char dep[] = "kernel/virtio_blk.ko:\nkernel/dm-mod.ko:\n";
	static const char alias[] = "alias virtio:d00000002v* virtio_blk\n";
	static const char kmod[] =
		"[{\"feature\":\"kmod\",\"priority\":\"recommended\",\"soname\":[\"libkmod.so.2\"]}]";
	static const char bpf[] = "[{\"feature\":\"bpf\",\"soname\":[\"libbpf.so.1\"]}]";
	static const struct {
		const char *note;
		bool libkmod, for_device, problem;
	} rows[] = {
		{kmod, false, true, true}, {kmod, true, true, false},
		{NULL, false, true, false},  /* udevd before 256: linked with it, which the programs tell */
		{bpf, false, true, false},   /* does without */
		{kmod, false, false, false}, /* nothing that udevd would load */
	};
	const struct bm_modules_texts texts = {
		.dep = dep, .dep_len = strlen(dep), .alias = alias, .alias_len = strlen(alias)};
	struct bm_proof_driver driver = {.name = "virtio_blk", .why = "vda"};
	struct bm_proof_need need = {.version = VERSION, .dep_known = true, .drivers = &driver, .n_drivers = 1};
	struct bm_modules *modules;

	BM_CHECK_INT(bm_modules_new(&texts, &modules), 0);
	need.modules = modules;
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_buf_ struct bm_buf image = {0};
		_cleanup_image_list_ struct bm_image_list list = {.facts = true};
		_cleanup_image_summary_ struct bm_image_summary summary = {0};
		struct made_source made;
		const struct bm_image_source source = {made_read, &made};
		struct bm_proof proof;

		make_image(&image, rows[i].note, rows[i].libkmod);
		made = (struct made_source){image.data, image.len, 0};
		driver.modalias = rows[i].for_device ? "virtio:d00000002v00001AF4" : NULL;
		BM_CHECK_INT(bm_image_list_read(&source, &list, &summary), 0);
		BM_CHECK_INT(bm_proof_check(&list, &summary, &need, &proof), 0);
		BM_CHECK_STR(
			proof.n_problems ? proof.problems[0].subject : NULL, rows[i].problem ? "libkmod.so.2" : NULL);
		BM_CHECK(!rows[i].problem || proof.problems[0].kind == BM_PROOF_NO_LOADER);
		bm_proof_done(&proof);
	}
	bm_modules_free(modules);
}

/* Where the system's modules.builtin is gone, the copy in the image speaks for what is built in, and for nothing else.
 */
BM_TEST(proof_takes_the_images_list_of_what_is_built_in)
{
	static const struct {
		const char *version, *driver;
		bool known, problem;
		size_t padding; /* bytes of other lines */
	} rows[] = {
		{VERSION, "ext4", false, false, 0},
		{VERSION, "xfs", false, true, 0},
		{VERSION, "ext4", false, false, 100000},
		{VERSION, "ext4", false, true, 200000}, /* more than is read: not known */
		{VERSION, "ext4", true, true, 0},	/* the system's own counts, which does not name it */
		{"6.1.0-8-amd64", "ext4", false, true, 0},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		static const char *const dirs[] = {"usr", "usr/lib", "usr/lib/modules"};
		const struct bm_proof_driver driver = {.name = rows[i].driver, .why = "/", .role = BM_PROOF_FILESYSTEM};
		const struct bm_proof_need need = {
			.version = VERSION, .builtin_known = rows[i].known, .drivers = &driver, .n_drivers = 1};
		_cleanup_buf_ struct bm_buf image = {0}, text = {0};
		_cleanup_image_list_ struct bm_image_list list = {.facts = true};
		_cleanup_image_summary_ struct bm_image_summary summary = {0};
		struct made_source made;
		const struct bm_image_source source = {made_read, &made};
		struct bm_proof proof;
		char path[64];

		for (size_t d = 0; d < BM_ARRAY_SIZE(dirs); d++)
			put_dir(&image, dirs[d]);
		put_elf(&image, "init", NULL, NULL, NULL);
		snprintf(path, sizeof(path), "usr/lib/modules/%s", rows[i].version);
		put_dir(&image, path);
		while (text.len < rows[i].padding)
			bm_buf_addf(&text, "kernel/drivers/other%zu.ko\n", text.len);
		bm_buf_addf(&text, "kernel/fs/ext4/ext4.ko\n");
		snprintf(path, sizeof(path), "usr/lib/modules/%s/modules.builtin", rows[i].version);
		put_file(&image, path, 0644, bm_buf_text(&text));
		put_trailer(&image);
		made = (struct made_source){image.data, image.len, 0};
		BM_CHECK_INT(bm_image_list_read(&source, &list, &summary), 0);
		BM_CHECK_INT(bm_proof_check(&list, &summary, &need, &proof), 0);
		BM_CHECK_INT(proof.n_problems, rows[i].problem);
		BM_CHECK(!rows[i].problem || proof.problems[0].kind == BM_PROOF_NO_FS_DRIVER);
		bm_proof_done(&proof);
	}
}

/* xfs depends on libcrc32c, which asks the kernel for crc32c when it starts, and fails without. */
BM_TEST(proof_wants_the_algorithm_of_a_filesystem)
{
	static const char dep[] = "kernel/xfs.ko: kernel/libcrc32c.ko\nkernel/libcrc32c.ko:\n"
				  "kernel/crc32c_generic.ko:\nkernel/crc32c-intel.ko:\nkernel/other.ko:\n";
	static const char alias[] =
		"alias fs-xfs xfs\nalias crypto-crc32c crc32c_generic\nalias crc32c crc32c_generic\n"
		"alias crypto-crc32c crc32c_intel\nalias crc32c crc32c_intel\n";
	static const char fs_dep[] = "kernel/xfs.ko: kernel/libcrc32c.ko\nkernel/libcrc32c.ko:\n",
			  fs_alias[] = "alias fs-xfs xfs\n";
	static const char vital[] = "softdep libcrc32c pre: crc32c\n", other[] = "softdep xfs pre: other\n";
	static const char none[] = "ext4.alias=fs-ext4", generic[] = "crc32c_generic.alias=crypto-crc32c";
	static const struct {
		const char *dep, *alias, *softdep, *builtin, *modinfo, *inside;
		bool problem;
		const char *note;
	} rows[] = {
		{dep, alias, vital, "kernel/ext4.ko\n", none, NULL, true, NULL},
		{dep, alias, vital, "kernel/ext4.ko\n", none, "crc32c_generic.ko", false, NULL},
		{dep, alias, vital, "kernel/ext4.ko\n", none, "crc32c-intel.ko.xz", false, NULL},
		/* built in */
		{fs_dep, fs_alias, vital, "kernel/crc32c_generic.ko\n", generic, NULL, false, NULL},
		{dep, alias, vital, "kernel/crc32c_generic.ko\n", generic, NULL, false, NULL},
		/* without the aliases of what is built in that cannot be told */
		{dep, alias, vital, "kernel/ext4.ko\n", NULL, NULL, false, "xfs asks for crc32c"},
		{dep, alias, vital, NULL, none, NULL, false, "xfs asks for crc32c"},
		/* since 6.14 nothing is asked for; kmod goes on without what else is */
		{dep, alias, NULL, "kernel/ext4.ko\n", none, NULL, false, NULL},
		{dep, alias, other, "kernel/ext4.ko\n", none, NULL, false, "xfs asks for other"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		static const char *const dirs[] = {
			"usr", "usr/lib", "usr/lib/dracut", "sbin", "lib", "lib/modules", MODULES};
		const struct bm_modules_texts texts = {.dep = rows[i].dep,
			.dep_len = strlen(rows[i].dep),
			.alias = rows[i].alias,
			.alias_len = strlen(rows[i].alias),
			.softdep = rows[i].softdep,
			.softdep_len = rows[i].softdep ? strlen(rows[i].softdep) : 0,
			.builtin = rows[i].builtin,
			.builtin_len = rows[i].builtin ? strlen(rows[i].builtin) : 0,
			.builtin_modinfo = rows[i].modinfo,
			.builtin_modinfo_len = rows[i].modinfo ? strlen(rows[i].modinfo) + 1 : 0};
		const struct bm_proof_driver driver = {
			.modalias = "fs-xfs", .name = "xfs", .why = "/", .role = BM_PROOF_FILESYSTEM};
		struct bm_proof_need need = {.version = VERSION,
			.dep_known = true,
			.builtin_known = rows[i].builtin,
			.aliases_known = rows[i].modinfo,
			.drivers = &driver,
			.n_drivers = 1};
		_cleanup_buf_ struct bm_buf image = {0};
		_cleanup_image_list_ struct bm_image_list list = {.facts = true};
		_cleanup_image_summary_ struct bm_image_summary summary = {0};
		struct made_source made;
		const struct bm_image_source source = {made_read, &made};
		struct bm_modules *modules;
		struct bm_proof proof;
		bool noted = false;

		for (size_t d = 0; d < BM_ARRAY_SIZE(dirs); d++)
			put_dir(&image, dirs[d]);
		put_loader(&image);
		put_module(&image, MODULES "/xfs.ko", VERSION " SMP ");
		put_module(&image, MODULES "/libcrc32c.ko", VERSION " SMP ");
		if (rows[i].inside) {
			char path[96];

			snprintf(path, sizeof(path), MODULES "/%s", rows[i].inside);
			put_module(&image, path, VERSION " SMP ");
		}
		put_trailer(&image);
		made = (struct made_source){image.data, image.len, 0};
		BM_CHECK_INT(bm_modules_new(&texts, &modules), 0);
		need.modules = modules;
		BM_CHECK_INT(bm_image_list_read(&source, &list, &summary), 0);
		BM_CHECK_INT(bm_proof_check(&list, &summary, &need, &proof), 0);
		BM_CHECK_STR(
			proof.n_problems ? proof.problems[0].subject : NULL, rows[i].problem ? "crc32c_generic" : NULL);
		BM_CHECK(!rows[i].problem || proof.problems[0].kind == BM_PROOF_NO_FS_DRIVER);
		for (size_t n = 0; n < proof.notes.n; n++)
			noted |= strstr(proof.notes.items[n], rows[i].note ? rows[i].note : " asks for ") != NULL;
		BM_CHECK(noted == (rows[i].note != NULL));
		bm_proof_done(&proof);
		bm_modules_free(modules);
	}
}
