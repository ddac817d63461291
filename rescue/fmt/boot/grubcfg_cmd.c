/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRUB's commands, as far as they decide what boots. Commands that only show, load modules or drive hardware succeed
 * and do nothing; those that ask for a key or a bit of hardware say no.
 *
 * Reference: GRUB manual, "Commands"; the names also from the modules of Fedora's, SUSE's and Ubuntu's GRUB.
 */
#include "grubcfg_run.h"

#include <string.h>

#include "base/str.h"

typedef int command(struct bm_grubcfg_run *run, const struct bm_strv *args);

static int do_true(struct bm_grubcfg_run *run BM_UNUSED, const struct bm_strv *args BM_UNUSED)
{
	return 0;
}

static int do_false(struct bm_grubcfg_run *run BM_UNUSED, const struct bm_strv *args BM_UNUSED)
{
	return 1;
}

static int do_set(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	_cleanup_free_ char *name = NULL;
	const char *equals = args->n > 1 ? strchr(args->items[1], '=') : NULL;

	if (!equals)
		return args->n > 1;
	name = strndup(args->items[1], (size_t)(equals - args->items[1]));
	if (name)
		bm_grubcfg_set(run, name, equals + 1);
	else
		bm_grubcfg_no_memory(run);
	return 0;
}

static int do_unset(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	for (size_t i = 1; i < args->n; i++)
		bm_grubcfg_unset(run, args->items[i]);
	return 0;
}

static int do_export(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	for (size_t i = 1; i < args->n; i++)
		bm_grubcfg_export(run, args->items[i]);
	return 0;
}

static int do_test(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	size_t end = args->n;

	if (bm_streq(args->items[0], "[") && end > 1 && bm_streq(args->items[end - 1], "]"))
		end--;
	return bm_grubcfg_test(run, args, 1, end);
}

/* Reads a file that the script names; NULL: it is not there, which is told where the caller wants it. */
static char *read_file(struct bm_grubcfg_run *run, const char *name, bool tell, size_t *ret_len)
{
	const struct bm_grubcfg_input *input = run->input;
	struct bm_entry_place place = {0};
	char *path = NULL, *text = NULL;
	bool found = false;

	if (run->n_files >= BM_GRUBCFG_FILES_MAX) {
		bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "too many files: %.256s is not read", name);
		return NULL;
	}
	run->n_files++;
	if (!bm_grubcfg_locate(run, name, &path, &place))
		return NULL;
	if (input->read) {
		struct bm_grubcfg_ref ref = {.path = path, .place = &place};

		found = input->read(input->arg, &ref, &text, ret_len) == 0 && text;
	}
	if (!found && tell)
		bm_grubcfg_warn(run, BM_GRUBCFG_MISSING, "%.256s is not there", path);
	free(path);
	bm_entry_place_done(&place);
	if (!found || !bm_grubcfg_keep(run, text))
		return NULL;
	return text;
}

/* source FILE: in the same variables. */
static int do_source(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	size_t len = 0;
	char *text;

	if (args->n < 2)
		return 1;
	text = read_file(run, args->items[1], true, &len);
	if (!text)
		return 1;
	if (run->depth >= BM_GRUBCFG_DEPTH_MAX) {
		bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "files read each other too deeply");
		return 1;
	}
	if (bm_strv_add(&run->names, args->items[1]) < 0) {
		bm_grubcfg_no_memory(run);
		return 1;
	}
	run->depth++;
	bm_grubcfg_exec_text(run, text, len, run->names.items[run->names.n - 1]);
	run->depth--;
	return run->status;
}

/* configfile FILE: a menu of its own takes the place of this one, as far as it has entries. */
static int do_configfile(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	struct bm_grubcfg_menu before;

	if (run->in_body)
		return bm_grubcfg_chain(run, args);
	if (args->n < 2 || !bm_grubcfg_scope_push(run, false))
		return 1;
	bm_grubcfg_set(run, "config_file", args->items[1]);
	bm_grubcfg_menu_put_aside(run, &before);
	do_source(run, args);
	if (run->flow == BM_GRUBCFG_RETURN)
		run->flow = BM_GRUBCFG_GO;
	if (run->cfg->entries.n > 0 || run->boot) {
		bm_grubcfg_menu_drop(&before);
		run->flow = BM_GRUBCFG_STOP;
		return 0;
	}
	bm_grubcfg_menu_take_back(run, &before);
	bm_grubcfg_scope_pop(run);
	return run->status;
}

static int do_eval(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	struct bm_strv words = {.items = args->items + 1, .n = args->n - 1};
	char *text = bm_strv_join(&words, " ");
	unsigned int line = run->line;

	if (!text) {
		bm_grubcfg_no_memory(run);
		return 1;
	}
	if (!bm_grubcfg_keep(run, text))
		return 1;
	if (run->depth >= BM_GRUBCFG_DEPTH_MAX) {
		bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "eval inside eval too deeply");
		return 1;
	}
	run->depth++;
	bm_grubcfg_exec_text(run, text, strlen(text), run->file);
	run->depth--;
	run->line = line;
	return run->status;
}

/* load_env [-f FILE] [--skip-sig] [NAME...] */
static int do_load_env(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	struct bm_grubenv other = {0};
	const struct bm_grubenv *env = run->input->env;
	const char *file = NULL;
	struct bm_strv names = {0};
	char *text;
	size_t len;

	for (size_t i = 1; i < args->n; i++) {
		const char *value = bm_str_after(args->items[i], "--file=");

		if (value)
			file = value;
		else if ((bm_streq(args->items[i], "-f") || bm_streq(args->items[i], "--file")) && i + 1 < args->n)
			file = args->items[++i];
		else if (args->items[i][0] != '-' && bm_strv_add(&names, args->items[i]) < 0)
			bm_grubcfg_no_memory(run);
	}
	if (file && !bm_streq(bm_path_base(file), "grubenv")) {
		text = read_file(run, file, true, &len);
		if (text && bm_grubenv_parse(text, len, &other) < 0)
			bm_grubcfg_no_memory(run);
		env = &other;
	}
	run->cfg->uses_env = true;
	if (env && env->refused) {
		bm_grubcfg_warn(
			run, BM_GRUBCFG_MISSING, "the environment block %s: GRUB does not read it", env->damage);
		env = NULL;
		file = "";
	}
	if (!env && !file)
		bm_grubcfg_warn(run, BM_GRUBCFG_MISSING, "the environment block is not there");
	for (size_t i = 0; env && i < env->n && run->flow == BM_GRUBCFG_GO; i++) {
		if (names.n == 0 || bm_strv_has(&names, env->items[i].name))
			bm_grubcfg_set(run, env->items[i].name, env->items[i].value);
	}
	bm_grubenv_done(&other);
	bm_strv_done(&names);
	return env ? 0 : 1;
}

/* search [--file|--label|--fs-uuid] [--set[=NAME]] [--hint...] VALUE */
static int do_search(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	const char *kind = "fs_file", *name = NULL, *positional[3] = {NULL};
	size_t n = 0;

	for (size_t i = 1; i < args->n; i++) {
		const char *word = args->items[i], *value;

		if (word[0] != '-' || word[1] == '\0') {
			if (n < BM_ARRAY_SIZE(positional))
				positional[n++] = word;
		} else if (bm_streq(word, "--fs-uuid") || bm_streq(word, "-u")) {
			kind = "fs_uuid";
		} else if (bm_streq(word, "--label") || bm_streq(word, "--fs-label") || bm_streq(word, "-l")) {
			kind = "fs_label";
		} else if (bm_streq(word, "--file") || bm_streq(word, "-f")) {
			kind = "fs_file";
		} else if (bm_streq(word, "--set") || bm_streq(word, "-s")) {
			name = "root";
		} else if ((value = bm_str_after(word, "--set="))) {
			name = value;
		} else if (bm_str_starts(word, "--part-") ||
			   bm_streq(word, "--disk-guid")) { /* CoreOS: no filesystem */
			kind = "partition";
		} else if (bm_str_starts(word, "--hint") && !strchr(word, '=')) {
			i++;
		} else if (word[1] != '-') { /* several letters at once: -nus */
			kind = strchr(word, 'u') ? "fs_uuid" : strchr(word, 'l') ? "fs_label" : kind;
			name = strchr(word, 's') ? "root" : name;
		}
	}
	if (n == 0)
		return 1;
	/* Some write `--set NAME VALUE`. */
	if (n > 1 && bm_streq(name, "root")) {
		name = positional[0];
		positional[0] = positional[1];
	}
	if (name)
		bm_grubcfg_set_search(run, name, kind, positional[0]);
	return 0;
}

/* search.fs_uuid VALUE [NAME [HINT...]], as the image that grub-install makes has it */
static int do_search_early(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	const char *kind = strstr(args->items[0], "uuid")    ? "fs_uuid"
			   : strstr(args->items[0], "label") ? "fs_label"
							     : "fs_file";

	if (args->n < 2)
		return 1;
	if (args->n > 2)
		bm_grubcfg_set_search(run, args->items[2], kind, args->items[1]);
	return 0;
}

/* probe and regexp set variables to what only the machine knows: to nothing. But the UUID of a filesystem that was
 * found by its UUID is known. */
static int do_unknowable(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	bool wanted = bm_streq(args->items[0], "probe") && (bm_strv_has(args, "--fs-uuid") || bm_strv_has(args, "-u"));
	_cleanup_free_ char *copy = NULL;

	for (size_t i = 1; wanted && !copy && i < args->n; i++) {
		const char *word = args->items[i], *uuid = bm_str_after(word + (*word == '('), "fs_uuid/");

		copy = uuid ? strndup(uuid, strcspn(uuid, ")")) : NULL;
	}
	for (size_t i = 1; i < args->n; i++) {
		const char *name = bm_str_after(args->items[i], "--set="), *colon;

		if (!name && (bm_streq(args->items[i], "--set") || bm_streq(args->items[i], "-s")) && i + 1 < args->n)
			name = args->items[++i];
		if (!name)
			continue;
		colon = strchr(name, ':');
		if (copy)
			bm_grubcfg_set(run, name, copy);
		else
			bm_grubcfg_unset(run, colon ? colon + 1 : name);
	}
	return copy ? 0 : 1;
}

/* Fedora's, for counting boots */
static int do_count(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	const char *value = args->n > 1 ? bm_grubcfg_get(run, args->items[1]) : NULL;
	_cleanup_free_ char *text = NULL;
	uint64_t number;

	if (!value || bm_num_u64(value, &number) < 0 || number > INT32_MAX)
		return 1;
	text = bm_strf("%ld", (long)number + (args->items[0][0] == 'i' ? 1 : -1));
	if (text)
		bm_grubcfg_set(run, args->items[1], text);
	else
		bm_grubcfg_no_memory(run);
	return 0;
}

/* Ubuntu's list of graphics adapters: none matches. */
static int do_hwmatch(struct bm_grubcfg_run *run, const struct bm_strv *args BM_UNUSED)
{
	bm_grubcfg_set(run, "match", "0");
	return 0;
}

static int do_shift(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	uint64_t n = 1;
	struct bm_strv *params = run->params;

	if (args->n > 1 && bm_num_u64(args->items[1], &n) < 0)
		return 1;
	if (!params || n > params->n)
		return 1;
	/* A view: others own the strings. */
	params->items += n;
	params->n -= (size_t)n;
	return 0;
}

static int do_leave(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	uint64_t n = 1;

	if (bm_streq(args->items[0], "return")) {
		n = (uint64_t)run->status;
		if (args->n > 1 && bm_num_u64(args->items[1], &n) < 0)
			n = 1;
		run->flow = BM_GRUBCFG_RETURN;
		return n != 0;
	}
	if (run->loops == 0)
		return 1;
	if (args->n > 1 && (bm_num_u64(args->items[1], &n) < 0 || n == 0))
		n = 1;
	run->flow_levels = (unsigned int)BM_MIN(n, (uint64_t)run->loops);
	run->flow = bm_streq(args->items[0], "break") ? BM_GRUBCFG_BREAK : BM_GRUBCFG_CONTINUE;
	return 0;
}

static int do_boot(struct bm_grubcfg_run *run, const struct bm_strv *args BM_UNUSED)
{
	if (!run->load.kernel && !run->chain)
		return 1;
	run->boot = true;
	run->flow = BM_GRUBCFG_STOP;
	return 0;
}

static int do_exit(struct bm_grubcfg_run *run, const struct bm_strv *args BM_UNUSED)
{
	run->flow = BM_GRUBCFG_STOP;
	return 0;
}

static const struct {
	const char *name;
	command *run;
} commands[] = {
	{".", do_source},
	{"[", do_test},
	{"blscfg", bm_grubcfg_blscfg},
	{"boot", do_boot},
	{"break", do_leave},
	{"chainloader", bm_grubcfg_chainloader},
	{"cmostest", do_false},
	{"configfile", do_configfile},
	{"continue", do_leave},
	{"decrement", do_count},
	{"devicetree", bm_grubcfg_devicetree},
	{"eval", do_eval},
	{"exit", do_exit},
	{"export", do_export},
	{"false", do_false},
	{"fwsetup", do_true},
	{"halt", do_exit},
	{"hwmatch", do_hwmatch},
	{"increment", do_count},
	{"initrd", bm_grubcfg_initrd},
	{"initrd16", bm_grubcfg_initrd},
	{"initrdefi", bm_grubcfg_initrd},
	{"keystatus", do_false},
	{"legacy_configfile", bm_grubcfg_chain},
	{"legacy_initrd", bm_grubcfg_initrd},
	{"legacy_kernel", bm_grubcfg_linux},
	{"linux", bm_grubcfg_linux},
	{"linux16", bm_grubcfg_linux},
	{"linuxefi", bm_grubcfg_linux},
	{"load_env", do_load_env},
	{"module", bm_grubcfg_module},
	{"module2", bm_grubcfg_module},
	{"multiboot", bm_grubcfg_multiboot},
	{"multiboot2", bm_grubcfg_multiboot},
	{"normal", do_configfile},
	{"ntldr", bm_grubcfg_chain},
	{"probe", do_unknowable},
	{"reboot", do_exit},
	{"regexp", do_unknowable},
	{"return", do_leave},
	{"search", do_search},
	{"search.file", do_search_early},
	{"search.fs_label", do_search_early},
	{"search.fs_uuid", do_search_early},
	{"search_fs_file", do_search_early},
	{"search_fs_uuid", do_search_early},
	{"search_label", do_search_early},
	{"set", do_set},
	{"shift", do_shift},
	{"source", do_source},
	{"test", do_test},
	{"unset", do_unset},
	{"xen_hypervisor", bm_grubcfg_multiboot},
	{"xen_initrd", bm_grubcfg_module},
	{"xen_linux", bm_grubcfg_module},
	{"xen_module", bm_grubcfg_module},
};

/* Those without a say in what boots. */
static const char *const silent[] = {"acpi", "appleloader", "authenticate", "background_color", "background_image",
	"badram", "blocklist", "cat", "clear", "cmosclean", "cmosdump", "cmosset", "cmp", "cpuid", "crc", "cryptomount",
	"cutmem", "date", "distrust", "drivemap", "echo", "efi-export-env", "efiemu_loadcore", "efiemu_prepare",
	"efiemu_unload", "efitextmode", "gptprio.next", "hiddenentry", "lockdown", "mmap", "plainmount", "rescue",
	"version", "efi-load-env", "extract_entries_configfile", "extract_entries_source",
	"extract_legacy_entries_configfile", "extract_legacy_entries_source", "file", "fix_video", "functional_test",
	"getenv", "gettext", "gptrepair", "gptsync", "hashsum", "hdparm", "hello", "help", "hexdump", "inb", "inl",
	"insmod", "inw", "is_sb_enabled", "keymap", "legacy_check_password", "legacy_password", "legacy_source",
	"list_env", "list_trusted", "loadbios", "loadfont", "loopback", "ls", "lsacpi", "lsapm", "lscoreboot", "lsdev",
	"lsefi", "lsefimmap", "lsefisystab", "lsfonts", "lsmmap", "lsmod", "lspci", "lssal", "lsxen", "macppcbless",
	"md5sum", "net_add_addr", "net_add_dns", "net_add_route", "net_bootp", "net_bootp6", "net_del_addr",
	"net_del_dns", "net_del_route", "net_dhcp", "net_get_dhcp_option", "net_ipv6_autoconf", "net_ls_addr",
	"net_ls_cards", "net_ls_dns", "net_ls_routes", "net_nslookup", "nativedisk", "normal_exit", "outb", "outl",
	"outw", "parttool", "password", "password_pbkdf2", "pcidump", "play", "pxechainloader", "pxe_unload", "read",
	"read_byte", "read_dword", "read_word", "rdmsr", "rmmod", "save_env", "sendkey", "serial", "set_efi_env",
	"setparams", "setpci", "sha1sum", "sha256sum", "sha512sum", "shim_lock", "sleep", "smbios", "suspend",
	"terminal", "terminal_input", "terminal_output", "terminfo", "testload", "testspeed", "time",
	"tpm2_key_protector_clear", "tpm2_key_protector_init", "trust", "trust_pcr", "true", "uki", "usbtest",
	"vbeinfo", "vbetest", "verify_detached", "versioncheck", "videoinfo", "videotest", "wrmsr", "write_byte",
	"write_dword", "write_word", "xnu_devprop_load", "xnu_kernel", "xnu_kernel64", "xnu_kext", "xnu_kextdir",
	"xnu_mkext", "xnu_ramdisk", "xnu_resume", "xnu_splash", "xnu_uuid", "zfs-bootfs", "zfsinfo", "zfskey",
	"kfreebsd", "kfreebsd_loadenv", "kfreebsd_module", "kfreebsd_module_elf", "kopenbsd", "kopenbsd_ramdisk",
	"knetbsd", "knetbsd_module", "knetbsd_module_elf", "lua", "btrfs-list-subvols", "btrfs-mount-subvol",
	"btrfs-get-default-subvol", "btrfs-info", "decrement"};

bool bm_grubcfg_command(struct bm_grubcfg_run *run, const struct bm_strv *args, const struct bm_grubcfg_node *node)
{
	const char *name = args->items[0];

	if (bm_streq(name, "menuentry") || bm_streq(name, "submenu")) {
		run->status = bm_grubcfg_menuentry(run, args, node);
		return true;
	}
	for (size_t i = 0; i < BM_ARRAY_SIZE(commands); i++) {
		if (bm_streq(name, commands[i].name)) {
			run->status = commands[i].run(run, args);
			return true;
		}
	}
	return false;
}

bool bm_grubcfg_command_silent(const char *name)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(silent); i++) {
		if (bm_streq(name, silent[i]))
			return true;
	}
	return false;
}
