/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lvm prints with --nameprefixes --noheadings --binary --units b --nosuffix (lvmreport(7), pvs(8)):
 *
 *	  LVM2_LV_NAME='root' LVM2_LV_UUID='x4F3...' LVM2_SEGTYPE='linear' LVM2_DEVICES='/dev/sda2(0)'
 *	  `- one row a line; of a logical volume one for each segment
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "lvm.h"

enum { FIELDS_MAX = 32 };

struct row {
	char *text; /* cut into keys and values */
	const char *keys[FIELDS_MAX], *values[FIELDS_MAX];
	size_t n;
};

/* Cuts one line. Lines that hold no field (messages) have none. */
static int read_row(const char *line, size_t len, struct row *row)
{
	char *at;

	row->n = 0;
	row->text = strndup(line, len);
	if (!row->text)
		return -ENOMEM;
	for (at = strstr(row->text, "LVM2_"); at && row->n < FIELDS_MAX; at = strstr(at, "LVM2_")) {
		char *equals = strstr(at, "='"), *end = equals ? strchr(equals + 2, '\'') : NULL;

		if (!end)
			return -EINVAL;
		*equals = *end = '\0';
		row->keys[row->n] = at + 5;
		row->values[row->n++] = equals + 2;
		at = end + 1;
	}
	return 0;
}

/* The value of a field, "" where it is missing. */
static const char *field(const struct row *row, const char *key)
{
	size_t i;

	for (i = 0; i < row->n; i++)
		if (strcmp(row->keys[i], key) == 0)
			return row->values[i];
	return "";
}

static uint64_t number(const struct row *row, const char *key)
{
	uint64_t value;

	return bm_num_u64(field(row, key), &value) == 0 ? value : 0;
}

static bool flag(const struct row *row, const char *key)
{
	return strcmp(field(row, key), "1") == 0;
}

static size_t find_vg(const struct bm_lvm *lvm, const char *uuid)
{
	size_t i;

	for (i = 0; uuid[0] && i < lvm->n_vgs; i++)
		if (bm_streq(lvm->vgs[i].uuid, uuid))
			return i;
	return SIZE_MAX;
}

static int keep_vg(struct bm_lvm *lvm, const struct row *row)
{
	struct bm_lvm_vg *vg;
	size_t i;

	if (!field(row, "VG_UUID")[0] || find_vg(lvm, field(row, "VG_UUID")) != SIZE_MAX)
		return 0;
	vg = BM_VEC_PUSH(lvm->vgs, lvm->n_vgs, lvm->cap_vgs);
	if (!vg || bm_str_set(&vg->name, field(row, "VG_NAME")) < 0 || bm_str_set(&vg->uuid, field(row, "VG_UUID")) < 0)
		return -ENOMEM;
	vg->size_bytes = number(row, "VG_SIZE");
	vg->free_bytes = number(row, "VG_FREE");
	vg->n_pvs = (unsigned int)number(row, "PV_COUNT");
	vg->n_missing = (unsigned int)number(row, "VG_MISSING_PV_COUNT");
	vg->exported = flag(row, "VG_EXPORTED");
	for (i = 0; i + 1 < lvm->n_vgs; i++)
		if (bm_streq(lvm->vgs[i].name, vg->name))
			vg->clash = lvm->vgs[i].clash = true;
	return 0;
}

static int keep_pv(struct bm_lvm *lvm, const struct row *row)
{
	const char *name = field(row, "PV_NAME");
	struct bm_lvm_pv *pv;

	if (!field(row, "PV_UUID")[0])
		return 0;
	pv = BM_VEC_PUSH(lvm->pvs, lvm->n_pvs, lvm->cap_pvs);
	if (!pv || bm_str_set(&pv->uuid, field(row, "PV_UUID")) < 0)
		return -ENOMEM;
	pv->vg = find_vg(lvm, field(row, "VG_UUID"));
	pv->size_bytes = number(row, "PV_SIZE");
	pv->missing = flag(row, "PV_MISSING");
	pv->duplicate = flag(row, "PV_DUPLICATE");
	/* a missing one is called "[unknown]" or "unknown device" */
	return name[0] == '/' ? bm_str_set(&pv->path, name) : 0;
}

/* "/dev/sda2(0),/dev/sdb1(2560)": the names without the extent that the segment begins at. */
static int keep_devices(struct bm_lvm_lv *lv, const char *text)
{
	_cleanup_strv_ struct bm_strv list = {0};
	char *extent;
	size_t i;
	int r;

	r = bm_strv_split(&list, text, ",");
	for (i = 0; r == 0 && i < list.n; i++) {
		extent = strrchr(list.items[i], '(');
		if (extent)
			*extent = '\0';
		r = bm_strv_add_once(&lv->devices, list.items[i]);
	}
	return r;
}

static struct bm_lvm_lv *find_lv(struct bm_lvm *lvm, const char *uuid)
{
	size_t i;

	for (i = 0; i < lvm->n_lvs; i++)
		if (bm_streq(lvm->lvs[i].uuid, uuid))
			return &lvm->lvs[i];
	return NULL;
}

static int keep_lv(struct bm_lvm *lvm, const struct row *row)
{
	const char *uuid = field(row, "LV_UUID"), *name = field(row, "LV_NAME"), *segtype = field(row, "SEGTYPE");
	struct bm_lvm_lv *lv = find_lv(lvm, uuid);
	size_t vg = find_vg(lvm, field(row, "VG_UUID"));

	/* Without its group a volume can't be told from another's. */
	if (!uuid[0] || vg == SIZE_MAX)
		return 0;
	if (lv) {
		if (!bm_streq(lv->segtype, segtype) && bm_str_set(&lv->segtype, "mixed") < 0)
			return -ENOMEM;
		return keep_devices(lv, field(row, "DEVICES"));
	}
	lv = BM_VEC_PUSH(lvm->lvs, lvm->n_lvs, lvm->cap_lvs);
	if (!lv)
		return -ENOMEM;
	lv->vg = vg;
	lv->hidden = name[0] == '[';
	lv->name = lv->hidden ? strndup(name + 1, strcspn(name + 1, "]")) : strdup(name);
	if (!lv->name || bm_str_set(&lv->uuid, uuid) < 0 || bm_str_set(&lv->segtype, segtype) < 0 ||
		bm_str_set(&lv->path, field(row, "LV_DM_PATH")) < 0)
		return -ENOMEM;
	lv->size_bytes = number(row, "LV_SIZE");
	lv->active = flag(row, "LV_ACTIVE_LOCALLY");
	lv->partial = strcmp(field(row, "LV_HEALTH_STATUS"), "partial") == 0;
	return keep_devices(lv, field(row, "DEVICES"));
}

static int parse(const char *text, struct bm_lvm *lvm, int (*keep)(struct bm_lvm *lvm, const struct row *row))
{
	unsigned int rows = 0;
	int r = 0;

	while (r == 0 && *text) {
		size_t len = strcspn(text, "\n");
		struct row row;

		r = ++rows > BM_LVM_ROWS_MAX ? -EFBIG : read_row(text, len, &row);
		if (r == 0 && row.n > 0)
			r = keep(lvm, &row);
		if (rows <= BM_LVM_ROWS_MAX)
			free(row.text);
		text += len;
		text += *text == '\n';
	}
	return r < 0 ? bm_err(r, "what lvm printed") : 0;
}

/* A row has a physical volume and the group that it is in. */
static int keep_pv_and_vg(struct bm_lvm *lvm, const struct row *row)
{
	int r = keep_vg(lvm, row);

	return r == 0 ? keep_pv(lvm, row) : r;
}

int bm_lvm_parse_pvs(const char *text, struct bm_lvm *lvm)
{
	return parse(text, lvm, keep_pv_and_vg);
}

int bm_lvm_parse_lvs(const char *text, struct bm_lvm *lvm)
{
	return parse(text, lvm, keep_lv);
}

void bm_lvm_done(struct bm_lvm *lvm)
{
	size_t i;

	for (i = 0; i < lvm->n_vgs; i++) {
		free(lvm->vgs[i].name);
		free(lvm->vgs[i].uuid);
	}
	for (i = 0; i < lvm->n_pvs; i++) {
		free(lvm->pvs[i].path);
		free(lvm->pvs[i].uuid);
	}
	for (i = 0; i < lvm->n_lvs; i++) {
		free(lvm->lvs[i].name);
		free(lvm->lvs[i].uuid);
		free(lvm->lvs[i].segtype);
		free(lvm->lvs[i].path);
		bm_strv_done(&lvm->lvs[i].devices);
	}
	free(lvm->vgs);
	free(lvm->pvs);
	free(lvm->lvs);
	bm_strv_done(&lvm->devices);
	*lvm = (struct bm_lvm){0};
}
