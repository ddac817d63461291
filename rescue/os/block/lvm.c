/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lvm.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/run/spawn.h"
#include "os/run/system.h"

enum { LIMIT_S = 120, OUTPUT_MAX = 4 * 1024 * 1024, NODE_WAIT_MS = 5000, NODE_STEP_MS = 50 };

/* --- the command line --- */

/* A path as a regular expression that matches just it. Characters that mean something there are put in brackets; those
 * that brackets or the quotes around do not take are refused. */
static int add_pattern(struct bm_buf *buf, const char *path)
{
	const char *c;

	if (strpbrk(path, "\"\\|]^[") || path[0] != '/')
		return -EINVAL;
	bm_buf_adds(buf, "\"a|^");
	for (c = path; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("/-_", *c))
			bm_buf_addc(buf, *c);
		else
			bm_buf_addf(buf, "[%c]", *c);
	}
	return bm_buf_adds(buf, "$|\",");
}

/* What replaces every lvm.conf: no devices file, no archive, nothing written, nothing watched. */
static int add_config(
	enum bm_lvm_verb verb, const struct bm_strv *devices, const struct bm_lvm_vg *vg, bool udev, struct bm_buf *buf)
{
	size_t i;
	int r = 0;

	bm_buf_adds(buf, "devices{use_devicesfile=0 hints=\"none\" obtain_device_list_from_udev=0 "
			 "external_device_info_source=\"none\" global_filter=[\"a|.*|\"] filter=[");
	for (i = 0; r == 0 && devices && i < devices->n; i++)
		r = add_pattern(buf, devices->items[i]);
	if (r < 0)
		return bm_err(r, "%s cannot be given to lvm", devices->items[i - 1]);
	bm_buf_adds(buf, devices ? "\"r|.*|\"]}" : "\"a|.*|\"]}");
	bm_buf_adds(buf, " backup{backup=0 archive=0} global{metadata_read_only=1 use_lvmlockd=0 use_lvmpolld=0}"
			 " activation{monitoring=0");
	if (!udev)
		bm_buf_adds(buf, " udev_sync=0 udev_rules=0");
	/* LVM's names have no character that would need quoting (lvm(8), VALID NAMES). */
	if (verb == BM_LVM_ACTIVATE_RO)
		bm_buf_addf(buf, " read_only_volume_list=[\"%s\"]", vg->name);
	bm_buf_adds(buf, "}");
	return buf->failed ? bm_err(-ENOMEM, "lvm") : 0;
}

static const char *const columns[] = {
	[BM_LVM_PVS] = "pv_name,pv_uuid,pv_size,pv_missing,pv_duplicate,"
		       "vg_name,vg_uuid,vg_size,vg_free,pv_count,vg_missing_pv_count,vg_exported",
	[BM_LVM_LVS] = "lv_name,lv_uuid,vg_uuid,segtype,devices,lv_size,lv_active_locally,lv_dm_path,lv_health_status",
};

static int add_report(enum bm_lvm_verb verb, struct bm_strv *argv)
{
	static const char *const options[] = {
		"--noheadings", "--nameprefixes", "--binary", "--nosuffix", "--units", "b", "-o"};
	size_t i;
	int r;

	/* hidden volumes, too: they are what others lie on; and copies of a disk that lvm passed over */
	r = bm_strv_add(argv, "-a");
	for (i = 0; r == 0 && i < BM_ARRAY_SIZE(options); i++)
		r = bm_strv_add(argv, options[i]);
	return r == 0 ? bm_strv_add(argv, columns[verb]) : r;
}

/* Volumes by UUID, because another group may have the name, and by name, because lvm wants one. */
static int add_volumes(
	const struct bm_lvm_vg *vg, const struct bm_lvm_lv *const *lvs, size_t n_lvs, struct bm_strv *argv)
{
	_cleanup_buf_ struct bm_buf select = {0};
	int r;

	bm_buf_addf(&select, "vg_uuid=\"%s\" && (", vg->uuid);
	for (size_t i = 0; i < n_lvs; i++)
		bm_buf_addf(&select, "%slv_uuid=\"%s\"", i > 0 ? " || " : "", lvs[i]->uuid);
	bm_buf_adds(&select, ")");
	r = select.failed ? -ENOMEM : bm_strv_add(argv, "--select");
	if (r == 0)
		r = bm_strv_add(argv, bm_buf_text(&select));
	for (size_t i = 0; r == 0 && i < n_lvs; i++)
		r = bm_strv_addf(argv, "%s/%s", vg->name, lvs[i]->name);
	return r;
}

int bm_lvm_compose(enum bm_lvm_verb verb, const struct bm_strv *devices, const struct bm_lvm_vg *vg,
	const struct bm_lvm_lv *const *lvs, size_t n_lvs, bool udev, struct bm_strv *argv)
{
	static const char *const commands[] = {
		[BM_LVM_PVS] = "pvs",
		[BM_LVM_LVS] = "lvs",
		[BM_LVM_ACTIVATE_RO] = "lvchange",
		[BM_LVM_ACTIVATE_RW] = "lvchange",
		[BM_LVM_DEACTIVATE] = "lvchange",
	};
	_cleanup_buf_ struct bm_buf config = {0};
	int r = add_config(verb, devices, vg, udev, &config);

	if (r < 0)
		return r;
	r = bm_strv_add(argv, "lvm");
	if (r == 0)
		r = bm_strv_add(argv, commands[verb]);
	if (r == 0)
		r = bm_strv_add(argv, "--config");
	if (r == 0)
		r = bm_strv_add(argv, bm_buf_text(&config));
	if (r == 0 && verb <= BM_LVM_LVS) {
		r = add_report(verb, argv);
	} else if (r == 0) {
		r = bm_strv_add(argv, verb == BM_LVM_DEACTIVATE ? "-an" : "-ay");
		if (r == 0)
			r = add_volumes(vg, lvs, n_lvs, argv);
	}
	return r < 0 ? bm_err(r, "lvm") : 0;
}

/* --- running it --- */

static bool has_udev(void)
{
	return bm_file_exists("/run/udev/control");
}

static int check_kernel(void)
{
	if (bm_file_exists("/sys/class/misc/device-mapper"))
		return 0;
	if (bm_system_load_module("dm_mod") == 0 && bm_file_exists("/sys/class/misc/device-mapper"))
		return 0;
	return bm_err(-ENODEV, "the rescue system's kernel has no device-mapper");
}

/* Runs the command; its output is appended to out. */
static int run(struct bm_strv *argv, struct bm_buf *out)
{
	/* An empty LVM_SYSTEM_DIR: no lvm.conf is read, the rescue system's or one that dracut copied. */
	static const char *const env[] = {"LVM_SYSTEM_DIR=", "LVM_SUPPRESS_FD_WARNINGS=1", NULL};
	_cleanup_spawn_ struct bm_spawn_result result = {0};
	struct bm_spawn spawn = {.argv = bm_strv_argv(argv),
		.env = env,
		.limit_s = LIMIT_S,
		.keep_bytes = OUTPUT_MAX,
		.split_errors = true};
	_cleanup_free_ char *fate = NULL, *line = NULL;
	int r;

	if (!spawn.argv)
		return bm_err(-ENOMEM, "lvm");
	r = bm_spawn_run(&spawn, &result);
	if (r < 0)
		return r;
	if (result.fate == BM_SPAWN_NOT_STARTED && result.code == ENOENT)
		return bm_err(-ENOPKG, "the rescue system has no lvm program");
	if (!bm_spawn_ok(&result)) {
		fate = bm_spawn_fate_text("lvm", &result);
		line = bm_spawn_last_line(bm_buf_text(&result.errors));
		return bm_err(-EIO, "%s: %s", fate ? fate : "lvm", line ? line : "");
	}
	if (result.cut)
		return bm_err(-EFBIG, "what lvm printed");
	return bm_buf_add(out, bm_buf_text(&result.output), result.output.len);
}

static int report(enum bm_lvm_verb verb, struct bm_lvm *lvm, const struct bm_strv *devices,
	int (*parse)(const char *text, struct bm_lvm *lvm))
{
	_cleanup_strv_ struct bm_strv argv = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	int r;

	r = bm_lvm_compose(verb, devices, NULL, NULL, 0, has_udev(), &argv);
	if (r == 0)
		r = run(&argv, &out);
	return r < 0 ? r : parse(bm_buf_text(&out), lvm);
}

int bm_lvm_scan(const struct bm_strv *devices, struct bm_lvm *ret_lvm)
{
	_cleanup_free_ char *program = NULL;
	struct bm_lvm lvm = {0};
	size_t i;
	int r = 0;

	if (bm_spawn_find("lvm", &program) < 0)
		return bm_err(-ENOPKG, "the rescue system has no lvm program");
	r = check_kernel();
	for (i = 0; r == 0 && devices && i < devices->n; i++)
		r = bm_strv_add(&lvm.devices, devices->items[i]);
	if (r == 0)
		r = report(BM_LVM_PVS, &lvm, devices, bm_lvm_parse_pvs);
	if (r == 0)
		r = report(BM_LVM_LVS, &lvm, devices, bm_lvm_parse_lvs);
	if (r < 0) {
		bm_lvm_done(&lvm);
		return r;
	}
	*ret_lvm = lvm;
	return 0;
}

/* The devices of the volume's group: lvm sees no other, least of all a clone's. */
static int devices_of(const struct bm_lvm *lvm, size_t vg, struct bm_strv *devices)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < lvm->n_pvs; i++)
		if (lvm->pvs[i].vg == vg && lvm->pvs[i].path && !lvm->pvs[i].duplicate)
			r = bm_strv_add_once(devices, lvm->pvs[i].path);
	return r;
}

/* Runs verb on volumes of one group. */
static int change_some(
	const struct bm_lvm *lvm, size_t vg, const struct bm_lvm_lv *const *lvs, size_t n_lvs, enum bm_lvm_verb verb)
{
	_cleanup_strv_ struct bm_strv argv = {0}, devices = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	int r;

	r = devices_of(lvm, vg, &devices);
	if (r == 0)
		r = bm_lvm_compose(verb, &devices, &lvm->vgs[vg], lvs, n_lvs, has_udev(), &argv);
	if (r == 0)
		r = run(&argv, &out);
	return r < 0 ? bm_err_within(r, "%s/%s", lvm->vgs[vg].name, n_lvs == 1 ? lvs[0]->name : "*") : 0;
}

static int change(const struct bm_lvm *lvm, size_t index, enum bm_lvm_verb verb)
{
	const struct bm_lvm_lv *lv = &lvm->lvs[index];

	return change_some(lvm, lv->vg, &lv, 1, verb);
}

static bool is_node(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

/* udev makes and removes the node, sometimes after lvm has ended. */
static bool wait_for_node(const char *path, bool there)
{
	uint64_t start = bm_time_ms();

	while (is_node(path) != there) {
		if (bm_time_ms() - start > NODE_WAIT_MS)
			return false;
		bm_sleep_ms(NODE_STEP_MS);
	}
	return true;
}

int bm_lvm_deactivate(struct bm_lvm *lvm, size_t index)
{
	struct bm_lvm_lv *lv = &lvm->lvs[index];
	int r;

	if (!lv->activated)
		return 0;
	r = change(lvm, index, BM_LVM_DEACTIVATE);
	if (r == 0 && !wait_for_node(lv->path, false))
		r = bm_err(-EBUSY, "%s is still active", lv->path);
	if (r == -EIO)
		/* lvm has one status for everything; a volume that is there after it was to go is in use */
		r = is_node(lv->path) ? -EBUSY : 0;
	if (r == 0)
		lv->active = lv->activated = lv->writable = false;
	return r;
}

int bm_lvm_activate(struct bm_lvm *lvm, size_t index, bool writable)
{
	struct bm_lvm_lv *lv = &lvm->lvs[index];
	const struct bm_lvm_vg *vg = &lvm->vgs[lv->vg];
	int r;

	if (lv->partial)
		return bm_err(-ENXIO, "%s/%s lacks %u of %u disks", vg->name, lv->name, vg->n_missing, vg->n_pvs);
	if (lv->active && !lv->activated)
		return 0;
	if (lv->activated && (lv->writable || !writable))
		return 0;
	/* The table of an active volume keeps its mode: it is made anew. */
	r = bm_lvm_deactivate(lvm, index);
	if (r == 0)
		r = change(lvm, index, writable ? BM_LVM_ACTIVATE_RW : BM_LVM_ACTIVATE_RO);
	if (r < 0)
		return r;
	lv->active = lv->activated = true;
	lv->writable = writable;
	if (!wait_for_node(lv->path, true))
		return bm_err(-EIO, "%s did not appear", lv->path);
	return 0;
}

/* One call of lvm costs as much as many volumes do: verb for all volumes of a group that fit. What it did not do is
 * left to a call of its own, which also tells why. */
static int change_group(struct bm_lvm *lvm, size_t vg, enum bm_lvm_verb verb, bool (*fits)(const struct bm_lvm_lv *lv))
{
	_cleanup_free_ const struct bm_lvm_lv **some = calloc(lvm->n_lvs + 1, sizeof(*some));
	bool up = verb != BM_LVM_DEACTIVATE;
	size_t n = 0;

	if (!some)
		return bm_err(-ENOMEM, "lvm");
	for (size_t i = 0; i < lvm->n_lvs; i++)
		if (lvm->lvs[i].vg == vg && fits(&lvm->lvs[i]))
			some[n++] = &lvm->lvs[i];
	if (n < 2)
		return 0;
	if (change_some(lvm, vg, some, n, verb) < 0) {
		bm_err_clear();
		return 0;
	}
	for (size_t i = 0; i < lvm->n_lvs; i++) {
		struct bm_lvm_lv *lv = &lvm->lvs[i];

		if (lv->vg != vg || !fits(lv) || !wait_for_node(lv->path, up))
			continue;
		lv->active = lv->activated = up;
		lv->writable = false;
	}
	return 0;
}

static bool is_wanted(const struct bm_lvm_lv *lv)
{
	return !lv->hidden && !lv->active && !lv->partial && !bm_streq(lv->segtype, "thin-pool");
}

static bool is_ours(const struct bm_lvm_lv *lv)
{
	return lv->activated;
}

int bm_lvm_activate_all(struct bm_lvm *lvm)
{
	int r = 0;

	for (size_t vg = 0; r == 0 && vg < lvm->n_vgs; vg++)
		r = change_group(lvm, vg, BM_LVM_ACTIVATE_RO, is_wanted);
	return r;
}

int bm_lvm_deactivate_all(struct bm_lvm *lvm)
{
	int first = 0, r;
	size_t i;

	for (size_t vg = 0; vg < lvm->n_vgs; vg++) {
		r = change_group(lvm, vg, BM_LVM_DEACTIVATE, is_ours);
		if (r < 0)
			return r;
	}
	/* The last that was activated may lie on one before it. */
	for (i = lvm->n_lvs; i-- > 0;) {
		r = bm_lvm_deactivate(lvm, i);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

int bm_lvm_deactivate_path(const char *path)
{
	_cleanup_strv_ struct bm_strv argv = {0};
	_cleanup_buf_ struct bm_buf out = {0}, config = {0};
	int r;

	if (!is_node(path))
		return 0;
	r = add_config(BM_LVM_DEACTIVATE, NULL, NULL, has_udev(), &config);
	if (r == 0)
		r = bm_strv_add(&argv, "lvm");
	if (r == 0)
		r = bm_strv_add(&argv, "lvchange");
	if (r == 0)
		r = bm_strv_add(&argv, "--config");
	if (r == 0)
		r = bm_strv_add(&argv, bm_buf_text(&config));
	if (r == 0)
		r = bm_strv_add(&argv, "-an");
	if (r == 0)
		r = bm_strv_add(&argv, path);
	if (r == 0)
		r = run(&argv, &out);
	return r == -EIO && is_node(path) ? -EBUSY : r;
}
