/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole configurations in the manner of the distributions, from tests/fuzz/corpus/grubcfg (they seed the fuzzer too).
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "fmt/boot/grubcfg.h"

#define SAMPLES "tests/fuzz/corpus/grubcfg/"

static int read_sample(const char *name, struct bm_buf *text)
{
	char *path = bm_strf("%s%s", SAMPLES, name), block[4096];
	FILE *file = fopen(path, "re");
	size_t n;

	free(path);
	if (!file)
		return -1;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		bm_buf_add(text, block, n);
	fclose(file);
	return 0;
}

/* sample:NAME is read when a stub names it. */
static int read_file(void *arg, const struct bm_grubcfg_ref *ref, char **ret_text, size_t *ret_len)
{
	const char *const *files = arg;
	struct bm_buf text = {0};

	for (; *files; files += 2) {
		if (bm_streq(files[0], ref->path) && read_sample(files[1], &text) == 0) {
			*ret_len = text.len;
			*ret_text = bm_buf_steal(&text);
			return 0;
		}
	}
	return -2;
}

static struct bm_grubcfg parse(const char *name, const struct bm_grubcfg_input *input)
{
	struct bm_grubcfg cfg;
	struct bm_buf text = {0};

	BM_CHECK_INT(read_sample(name, &text), 0);
	BM_CHECK_INT(bm_grubcfg_parse(text.data, text.len, input, &cfg), 0);
	bm_buf_done(&text);
	for (size_t i = 0; i < cfg.n_warnings; i++)
		BM_CHECK_STR(cfg.warnings[i].text, "no warning");
	return cfg;
}

/* An entry as kernel|arguments|initrds|device|search. */
static void check_entry(const struct bm_grubcfg *cfg, long index, const char *title, const char *expected)
{
	const struct bm_entry *e;
	char *initrds, *text;

	BM_CHECK(index >= 0 && (size_t)index < cfg->entries.n);
	e = &cfg->entries.items[index];
	BM_CHECK_STR(e->title, title);
	BM_CHECK(e->kind == BM_ENTRY_LINUX && e->kernel && e->cmdline);
	initrds = bm_strv_join(&e->initrds, " ");
	text = bm_strf("%s|%s|%s|%s|%s", e->kernel, e->cmdline, initrds, e->place.device ? e->place.device : "",
		e->place.search_uuid	? e->place.search_uuid
		: e->place.search_label ? e->place.search_label
		: e->place.search_file	? e->place.search_file
					: "");
	BM_CHECK_STR(text, expected);
	BM_CHECK(!e->unresolved);
	free(text);
	free(initrds);
}

static void set_env(struct bm_grubenv *env, const char *name, const char *value)
{
	BM_CHECK_INT(bm_grubenv_set(env, name, value), 0);
}

BM_TEST(sample_debian_12)
{
	struct bm_grubcfg cfg = parse("debian12.cfg", NULL);

	BM_CHECK_INT(cfg.entries.n, 6);
	BM_CHECK_INT(cfg.default_entry, 0);
	BM_CHECK_STR(cfg.timeout, "5");
	check_entry(&cfg, 0, "Debian GNU/Linux",
		"/vmlinuz-6.1.0-28-amd64|root=UUID=a3c5d1f0-7a22-4a61-8f0e-2c64cf2f7d01 ro "
		"quiet|/initrd.img-6.1.0-28-amd64||"
		"6b9f7e0a-55a3-4c35-9d3b-0c9f0e6f1a11");
	check_entry(&cfg, 5, "Debian GNU/Linux, with Linux 6.1.0-18-amd64 (recovery mode)",
		"/vmlinuz-6.1.0-18-amd64|root=UUID=a3c5d1f0-7a22-4a61-8f0e-2c64cf2f7d01 ro "
		"single|/initrd.img-6.1.0-18-amd64||"
		"6b9f7e0a-55a3-4c35-9d3b-0c9f0e6f1a11");
	BM_CHECK_INT(cfg.entries.items[1].kind, BM_ENTRY_SUBMENU);
	BM_CHECK_STR(cfg.entries.items[4].path.items[0], "Advanced options for Debian GNU/Linux");
	bm_grubcfg_done(&cfg);
}

BM_TEST(sample_debian_12_on_uefi)
{
	struct bm_grubcfg_input input = {.platform = "efi"};
	struct bm_grubcfg cfg = parse("debian12.cfg", &input);

	BM_CHECK_INT(cfg.entries.n, 7);
	BM_CHECK_INT(cfg.entries.items[6].kind, BM_ENTRY_OTHER);
	BM_CHECK_STR(cfg.entries.items[6].id, "uefi-firmware");
	BM_CHECK_INT(cfg.entries.items[6].position, 2);
	bm_grubcfg_done(&cfg);
}

BM_TEST(sample_debian_saved_in_submenu)
{
	struct bm_grubenv env = {0};
	struct bm_grubcfg_input input = {.env = &env};
	struct bm_grubcfg cfg;

	set_env(&env, "saved_entry",
		"gnulinux-advanced-a3c5d1f0-7a22-4a61-8f0e-2c64cf2f7d01>"
		"gnulinux-6.1.0-18-amd64-advanced-a3c5d1f0-7a22-4a61-8f0e-2c64cf2f7d01");
	cfg = parse("debian12-saved.cfg", &input);
	BM_CHECK_INT(cfg.default_entry, 4);
	BM_CHECK(cfg.default_reason == NULL);
	bm_grubcfg_done(&cfg);

	set_env(&env, "next_entry", "1>2");
	cfg = parse("debian12-saved.cfg", &input);
	BM_CHECK_INT(cfg.default_entry, 4);
	bm_grubcfg_done(&cfg);

	set_env(&env, "next_entry",
		"Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux 6.1.0-28-amd64");
	set_env(&env, "recordfail", "1");
	cfg = parse("debian12-saved.cfg", &input);
	BM_CHECK_INT(cfg.default_entry, 2);
	BM_CHECK_STR(cfg.timeout, "30");
	bm_grubcfg_done(&cfg);

	set_env(&env, "next_entry", "gnulinux-6.1.0-99-amd64-advanced");
	cfg = parse("debian12-saved.cfg", &input);
	BM_CHECK_INT(cfg.default_entry, 0);
	BM_CHECK_STR(
		cfg.default_reason, "the menu has no entry \"gnulinux-6.1.0-99-amd64-advanced\": the first one boots");
	bm_grubcfg_done(&cfg);
	bm_grubenv_done(&env);
}

BM_TEST(sample_ubuntu_24)
{
	struct bm_grubenv env = {0};
	struct bm_grubcfg_input input = {.env = &env};
	struct bm_grubcfg cfg = parse("ubuntu24.cfg", &input);

	BM_CHECK_INT(cfg.entries.n, 6);
	BM_CHECK_STR(cfg.timeout, "10");
	check_entry(&cfg, 0, "Ubuntu",
		"/boot/vmlinuz-6.8.0-45-generic|root=PARTUUID=2b0c5b74-1c85-4f4e-9f41-7b3a6a2a4f52 ro quiet splash "
		"vt.handoff=7 "
		"panic=-1||hd0,gpt2|0f9d7c52-1b07-44c6-9e0b-6a0ad76ef0aa");
	check_entry(&cfg, 2, "Ubuntu, with Linux 6.8.0-45-generic",
		"/boot/vmlinuz-6.8.0-45-generic|root=UUID=0f9d7c52-1b07-44c6-9e0b-6a0ad76ef0aa ro quiet splash "
		"vt.handoff=7|/boot/microcode.cpio "
		"/boot/initrd.img-6.8.0-45-generic||0f9d7c52-1b07-44c6-9e0b-6a0ad76ef0aa");
	BM_CHECK_INT(cfg.entries.items[3].kind, BM_ENTRY_OTHER);
	BM_CHECK_INT(cfg.entries.items[4].kind, BM_ENTRY_CHAIN);
	check_entry(&cfg, 5, "Debian GNU/Linux 12 (bookworm) (on /dev/sdb1)",
		"/boot/vmlinuz-6.1.0-18-amd64|root=UUID=11aa22bb-0000-4444-8888-cccccccccccc ro quiet|"
		"/boot/initrd.img-6.1.0-18-amd64|hd1,msdos1|11aa22bb-0000-4444-8888-cccccccccccc");
	bm_grubcfg_done(&cfg);

	/* the last boot without an initramfs failed */
	set_env(&env, "initrdfail", "1");
	cfg = parse("ubuntu24.cfg", &input);
	check_entry(&cfg, 0, "Ubuntu",
		"/boot/vmlinuz-6.8.0-45-generic|root=UUID=0f9d7c52-1b07-44c6-9e0b-6a0ad76ef0aa ro quiet splash "
		"vt.handoff=7|"
		"/boot/initrd.img-6.8.0-45-generic|hd0,gpt2|0f9d7c52-1b07-44c6-9e0b-6a0ad76ef0aa");
	bm_grubcfg_done(&cfg);
	bm_grubenv_done(&env);
}

BM_TEST(sample_enterprise_linux_7)
{
	struct bm_grubenv env = {0};
	struct bm_grubcfg_input input = {.path = "/grub2/grub.cfg", .env = &env};
	struct bm_grubcfg cfg;

	set_env(&env, "saved_entry", "CentOS Linux (3.10.0-1160.119.1.el7.x86_64) 7 (Core)");
	cfg = parse("el7.cfg", &input);
	BM_CHECK_INT(cfg.entries.n, 3);
	BM_CHECK_INT(cfg.default_entry, 0);
	BM_CHECK(cfg.default_reason == NULL);
	check_entry(&cfg, 2, "CentOS Linux (0-rescue-5f0b2c3e9ad84a6cbb0f1f6d8a2e7c44) 7 (Core)",
		"/vmlinuz-0-rescue-5f0b2c3e9ad84a6cbb0f1f6d8a2e7c44|root=/dev/mapper/centos-root ro crashkernel=auto "
		"spectre_v2=retpoline rd.lvm.lv=centos/root rd.lvm.lv=centos/swap rhgb quiet LANG=en_US.UTF-8|"
		"/initramfs-0-rescue-5f0b2c3e9ad84a6cbb0f1f6d8a2e7c44.img|hd0,msdos1|4f9a2d10-7c3b-4b55-9c1a-"
		"0aa6a2a3c1d2");
	bm_grubcfg_done(&cfg);
	/* what the script means to put in its place it never does, for the x in its own comparison */
	set_env(&env, "saved_entry", "CentOS Linux (3.10.0-1160.el7.x86_64) 7 (Core)");
	cfg = parse("el7.cfg", &input);
	BM_CHECK_INT(cfg.default_entry, 1);
	BM_CHECK(cfg.default_reason == NULL);
	bm_grubcfg_done(&cfg);
	set_env(&env, "saved_entry", "1");
	cfg = parse("el7.cfg", &input);
	BM_CHECK_INT(cfg.default_entry, 1);
	bm_grubcfg_done(&cfg);
	bm_grubenv_done(&env);
}

static void add_bls(struct bm_bls_list *list, const char *version, const char *options)
{
	char *name = bm_strf("9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-%s.conf", version);
	char *text = bm_strf("title Rocky Linux (%s) 9.5 (Blue Onyx)\nversion %s\nlinux /vmlinuz-%s\n"
			     "initrd /initramfs-%s.img $tuned_initrd\noptions %s\ngrub_users $grub_users\n"
			     "grub_arg --unrestricted\ngrub_class rocky\n",
		version, version, version, version, options);

	BM_CHECK_INT(bm_bls_list_add(list, name, text, strlen(text)), 0);
	free(name);
	free(text);
}

BM_TEST(sample_enterprise_linux_8_to_10)
{
	struct bm_grubenv env = {0};
	struct bm_bls_list bls = {0};
	struct bm_grubcfg_input input = {.path = "/grub2/grub.cfg", .env = &env, .bls = &bls};
	const char *kernelopts = "root=/dev/mapper/rl-root ro crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M "
				 "resume=/dev/mapper/rl-swap rd.lvm.lv=rl/root rd.lvm.lv=rl/swap";
	struct bm_grubcfg cfg;
	char *expected;

	add_bls(&bls, "0-rescue", "root=/dev/mapper/rl-root ro");
	add_bls(&bls, "5.14.0-503.11.1.el9_5.x86_64", "$kernelopts $tuned_params");
	add_bls(&bls, "5.14.0-70.13.1.el9_0.x86_64", "root=/dev/mapper/rl-root ro $tuned_params");

	cfg = parse("el9.cfg", &input);
	BM_CHECK(cfg.uses_bls);
	BM_CHECK_STR(cfg.bls_place.search_uuid, "1d0f6d4e-3a8b-4f19-b2d7-8f2d4a0a6c55");
	BM_CHECK_STR(cfg.bls_place.device, "hd0,gpt2");
	BM_CHECK_INT(cfg.entries.n, 3);
	BM_CHECK_INT(cfg.default_entry, 0);
	expected =
		bm_strf("/vmlinuz-5.14.0-503.11.1.el9_5.x86_64|%s|/initramfs-5.14.0-503.11.1.el9_5.x86_64.img|hd0,gpt2|"
			"1d0f6d4e-3a8b-4f19-b2d7-8f2d4a0a6c55",
			kernelopts);
	check_entry(&cfg, 0, "Rocky Linux (5.14.0-503.11.1.el9_5.x86_64) 9.5 (Blue Onyx)", expected);
	free(expected);
	BM_CHECK_STR(cfg.entries.items[1].version, "5.14.0-70.13.1.el9_0.x86_64");
	BM_CHECK_STR(cfg.entries.items[2].version, "0-rescue");
	bm_grubcfg_done(&cfg);

	/* EL8: the arguments are in the environment block; the default is an id, which begins with a digit */
	set_env(&env, "kernelopts", "root=/dev/sda3 ro ");
	set_env(&env, "saved_entry", "9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-5.14.0-70.13.1.el9_0.x86_64");
	set_env(&env, "boot_success", "1");
	set_env(&env, "menu_auto_hide", "1");
	cfg = parse("el9.cfg", &input);
	BM_CHECK_STR(cfg.entries.items[0].cmdline, "root=/dev/sda3 ro");
	BM_CHECK_INT(cfg.default_entry, 1);
	BM_CHECK(cfg.default_reason == NULL);
	BM_CHECK_STR(cfg.timeout, "1");
	bm_grubcfg_done(&cfg);

	set_env(&env, "saved_entry", "Rocky Linux (0-rescue) 9.5 (Blue Onyx)");
	cfg = parse("el9.cfg", &input);
	BM_CHECK_INT(cfg.default_entry, 2);
	bm_grubcfg_done(&cfg);

	/* boots are counted, and all tries are used up */
	set_env(&env, "boot_success", "0");
	set_env(&env, "boot_counter", "0");
	cfg = parse("el9.cfg", &input);
	BM_CHECK_STR(cfg.default_text, "1");
	BM_CHECK_INT(cfg.default_entry, 1);
	bm_grubcfg_done(&cfg);
	set_env(&env, "boot_counter", "2");
	cfg = parse("el9.cfg", &input);
	BM_CHECK_STR(bm_grubcfg_var(&cfg, "boot_counter"), "1");
	bm_grubcfg_done(&cfg);

	/* the entry that the default names is gone */
	set_env(&env, "boot_counter", NULL);
	set_env(&env, "saved_entry", "9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-5.14.0-1.el9.x86_64");
	cfg = parse("el9.cfg", &input);
	BM_CHECK_INT(cfg.default_entry, 0);
	BM_CHECK(cfg.default_reason != NULL);
	bm_grubcfg_done(&cfg);
	bm_bls_list_done(&bls);
	bm_grubenv_done(&env);
}

BM_TEST(sample_enterprise_linux_without_entries)
{
	struct bm_grubenv env = {0};
	struct bm_grubcfg_input input = {.env = &env};
	struct bm_grubcfg cfg = parse("el9.cfg", &input);

	BM_CHECK(cfg.uses_bls);
	BM_CHECK_INT(cfg.entries.n, 0);
	BM_CHECK_INT(cfg.default_entry, -1);
	bm_grubcfg_done(&cfg);
}

BM_TEST(sample_opensuse)
{
	struct bm_grubenv env = {0};
	struct bm_grubcfg_input input = {.path = "/boot/grub2/grub.cfg", .env = &env};
	struct bm_grubcfg cfg;

	set_env(&env, "saved_entry", "openSUSE Tumbleweed");
	cfg = parse("opensuse.cfg", &input);
	BM_CHECK_INT(cfg.entries.n, 3);
	BM_CHECK_INT(cfg.default_entry, 0);
	BM_CHECK(cfg.default_reason == NULL);
	check_entry(&cfg, 0, "openSUSE Tumbleweed",
		"/boot/vmlinuz-6.11.2-1-default|root=UUID=7d3e4c8a-94a0-4f4b-a3c5-f3f6f4a8b0cd splash=silent quiet "
		"security=apparmor "
		"mitigations=auto|/boot/initrd-6.11.2-1-default|hd0,gpt2|7d3e4c8a-94a0-4f4b-a3c5-f3f6f4a8b0cd");
	bm_grubcfg_done(&cfg);
	bm_grubenv_done(&env);
}

BM_TEST(sample_btrfs_snapshots)
{
	struct bm_grubcfg cfg = parse("snapshots.cfg", NULL);

	BM_CHECK_INT(cfg.entries.n, 3);
	BM_CHECK_INT(cfg.entries.items[2].path.n, 2);
	check_entry(&cfg, 2, "2024-10-03 11:02 | root@/@/.snapshots/1/snapshot",
		"/@/.snapshots/1/snapshot/boot/vmlinuz-linux|root=UUID=9f0e5b61-6a8e-4b8e-b4a4-3f5f5c1bd8b7 rw "
		"rootflags=subvol=@/.snapshots/1/snapshot|/@/.snapshots/1/snapshot/boot/amd-ucode.img "
		"/@/.snapshots/1/snapshot/boot/initramfs-linux.img||9f0e5b61-6a8e-4b8e-b4a4-3f5f5c1bd8b7");
	BM_CHECK_INT(cfg.default_entry, 2);
	BM_CHECK(cfg.default_reason != NULL);
	bm_grubcfg_done(&cfg);
}

BM_TEST(sample_arch_and_alpine)
{
	struct bm_grubenv env = {0};
	struct bm_grubcfg_input input = {.env = &env};
	struct bm_grubcfg cfg = parse("arch.cfg", &input);

	BM_CHECK_INT(cfg.entries.n, 3);
	check_entry(&cfg, 0, "Arch Linux",
		"/vmlinuz-linux|root=UUID=5a1b9e2c-2f0d-4a77-8d68-6a43b3b61f10 rw loglevel=3 quiet|/intel-ucode.img "
		"/initramfs-linux.img||3C21-9A40");
	bm_grubcfg_done(&cfg);
	cfg = parse("alpine.cfg", NULL);
	check_entry(&cfg, 0, "Alpine Linux, with Linux lts",
		"/vmlinuz-lts|modules=sd-mod,usb-storage,ext4 quiet rootfstype=ext4 "
		"root=UUID=77b1a0f2-3c5d-4e86-a3be-d4b0d0f4c9a1|/initramfs-lts||ALPINE_BOOT");
	bm_grubcfg_done(&cfg);
	bm_grubenv_done(&env);
}

BM_TEST(sample_stubs_on_an_esp)
{
	static const char *const files[] = {"/boot/grub/grub.cfg", "debian12.cfg", "/grub2/grub.cfg", "el9.cfg", NULL};
	struct bm_grubenv env = {0};
	struct bm_bls_list bls = {0};
	struct bm_grubcfg_input input = {.path = "/EFI/debian/grub.cfg",
		.platform = "efi",
		.env = &env,
		.bls = &bls,
		.read = read_file,
		.arg = (void *)(uintptr_t)files};
	struct bm_grubcfg cfg = parse("stub.cfg", &input);

	BM_CHECK_INT(cfg.entries.n, 7);
	BM_CHECK_INT(cfg.default_entry, 0);
	BM_CHECK_STR(cfg.entries.items[0].kernel, "/vmlinuz-6.1.0-28-amd64");
	BM_CHECK_STR(cfg.timeout, "5");
	bm_grubcfg_done(&cfg);

	add_bls(&bls, "5.14.0-70.13.1.el9_0.x86_64", "ro");
	cfg = parse("stub-fedora.cfg", &input);
	BM_CHECK_INT(cfg.entries.n, 2);
	BM_CHECK_STR(cfg.entries.items[0].place.search_uuid, "1d0f6d4e-3a8b-4f19-b2d7-8f2d4a0a6c55");
	bm_grubcfg_done(&cfg);
	bm_bls_list_done(&bls);
	bm_grubenv_done(&env);
}

BM_TEST(sample_xen)
{
	struct bm_grubcfg cfg = parse("xen.cfg", NULL);

	BM_CHECK_INT(cfg.entries.n, 2);
	BM_CHECK_STR(cfg.entries.items[1].hypervisor, "/boot/xen-4.17-amd64.gz");
	check_entry(&cfg, 1, "Debian GNU/Linux, with Xen 4.17-amd64 and Linux 6.1.0-28-amd64",
		"/boot/vmlinuz-6.1.0-28-amd64|root=UUID=a3c5d1f0-7a22-4a61-8f0e-2c64cf2f7d01 ro quiet|"
		"/boot/initrd.img-6.1.0-28-amd64||6b9f7e0a-55a3-4c35-9d3b-0c9f0e6f1a11");
	bm_grubcfg_done(&cfg);
}

BM_TEST(sample_written_by_hand)
{
	struct bm_grubcfg cfg = parse("hand.cfg", NULL);

	BM_CHECK_INT(cfg.entries.n, 7);
	BM_CHECK_INT(cfg.default_entry, 1);
	BM_CHECK_STR(cfg.fallback, "1 0");
	check_entry(
		&cfg, 0, "Linux, \"stable\"", "/vmlinuz|root=LABEL=root ro console=ttyS0,115200n8|/initrd.img||BOOT");
	check_entry(&cfg, 1, "Rescue (single $USER)",
		"/vmlinuz.old|root=LABEL=root ro console=ttyS0,115200n8 systemd.unit=rescue.target "
		"\"dyndbg=file drivers/usb/* +p\"|/ucode.cpio /initrd.old.img||BOOT");
	check_entry(&cfg, 3, "Other disk hd2", "/vmlinuz|root=/dev/sdb1|/initrd|hd3,msdos2|");
	BM_CHECK_STR(cfg.entries.items[3].initrd_device, "hd2,gpt1");
	check_entry(&cfg, 4, "Loop", "/live/vmlinuz|boot=live findiso=/iso/debian.iso|/live/initrd.img|loop|");
	BM_CHECK_INT(cfg.entries.items[5].kind, BM_ENTRY_CHAIN);
	BM_CHECK_INT(cfg.entries.items[6].kind, BM_ENTRY_OTHER);
	bm_grubcfg_done(&cfg);
}

BM_TEST(sample_without_a_menu)
{
	struct bm_grubcfg cfg = parse("direct.cfg", NULL);

	BM_CHECK_INT(cfg.entries.n, 1);
	BM_CHECK_INT(cfg.default_entry, 0);
	check_entry(&cfg, 0, "", "/boot/vmlinuz|root=/dev/vda1 ro console=ttyS0|/boot/initrd.img||/boot/vmlinuz");
	bm_grubcfg_done(&cfg);
}
