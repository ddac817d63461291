/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "entry.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

void bm_entry_place_done(struct bm_entry_place *place)
{
	free(place->device);
	free(place->search_uuid);
	free(place->search_label);
	free(place->search_file);
	*place = (struct bm_entry_place){0};
}

void bm_entry_done(struct bm_entry *entry)
{
	free(entry->id);
	free(entry->title);
	bm_strv_done(&entry->path);
	free(entry->kernel);
	bm_strv_done(&entry->initrds);
	free(entry->cmdline);
	free(entry->devicetree);
	free(entry->program);
	free(entry->hypervisor);
	free(entry->version);
	bm_entry_place_done(&entry->place);
	free(entry->initrd_device);
	free(entry->file);
	*entry = (struct bm_entry){0};
}

void bm_entries_done(struct bm_entries *list)
{
	for (size_t i = 0; i < list->n; i++)
		bm_entry_done(&list->items[i]);
	free(list->items);
	*list = (struct bm_entries){0};
}

struct bm_entry *bm_entries_add(struct bm_entries *list, long parent)
{
	_cleanup_free_ char *title = strdup("");
	struct bm_entry *entry;
	size_t position = 0;

	if (!title)
		return NULL;
	/* The newest sibling knows the count: entries of one menu come mostly one after the other. */
	for (size_t i = list->n; i > 0; i--) {
		if (list->items[i - 1].parent == parent) {
			position = list->items[i - 1].position + 1;
			break;
		}
	}
	entry = BM_VEC_PUSH(list->items, list->n, list->capacity);
	if (!entry)
		return NULL;
	entry->title = title;
	title = NULL;
	entry->parent = parent;
	entry->position = position;
	return entry;
}

static int copy_strv(const struct bm_strv *src, struct bm_strv *ret)
{
	int r = 0;

	for (size_t i = 0; i < src->n && r == 0; i++)
		r = bm_strv_add(ret, src->items[i]);
	return r;
}

int bm_entry_place_copy(const struct bm_entry_place *src, struct bm_entry_place *ret)
{
	struct bm_entry_place place = {0};

	if (bm_str_set(&place.device, src->device) < 0 || bm_str_set(&place.search_uuid, src->search_uuid) < 0 ||
		bm_str_set(&place.search_label, src->search_label) < 0 ||
		bm_str_set(&place.search_file, src->search_file) < 0) {
		bm_entry_place_done(&place);
		return -ENOMEM;
	}
	*ret = place;
	return 0;
}

int bm_entry_copy(const struct bm_entry *src, struct bm_entry *ret)
{
	struct bm_entry entry = {.kind = src->kind,
		.parent = src->parent,
		.position = src->position,
		.line = src->line,
		.kernel_line = src->kernel_line,
		.initrd_line = src->initrd_line,
		.unresolved = src->unresolved,
		.bls = src->bls};

	if (bm_str_set(&entry.id, src->id) < 0 || bm_str_set(&entry.title, src->title) < 0 ||
		copy_strv(&src->path, &entry.path) < 0 || bm_str_set(&entry.kernel, src->kernel) < 0 ||
		copy_strv(&src->initrds, &entry.initrds) < 0 || bm_str_set(&entry.cmdline, src->cmdline) < 0 ||
		bm_str_set(&entry.devicetree, src->devicetree) < 0 || bm_str_set(&entry.program, src->program) < 0 ||
		bm_str_set(&entry.hypervisor, src->hypervisor) < 0 || bm_str_set(&entry.version, src->version) < 0 ||
		bm_entry_place_copy(&src->place, &entry.place) < 0 ||
		bm_str_set(&entry.initrd_device, src->initrd_device) < 0 || bm_str_set(&entry.file, src->file) < 0) {
		bm_entry_done(&entry);
		return -ENOMEM;
	}
	*ret = entry;
	return 0;
}

long bm_entries_at(const struct bm_entries *list, long parent, size_t position)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].parent == parent && list->items[i].position == position)
			return (long)i;
	}
	return -1;
}

long bm_entries_by_id(const struct bm_entries *list, long parent, const char *id)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].parent == parent && list->items[i].id && bm_streq(list->items[i].id, id))
			return (long)i;
	}
	return -1;
}

long bm_entries_by_title(const struct bm_entries *list, long parent, const char *title)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].parent == parent && bm_streq(list->items[i].title, title))
			return (long)i;
	}
	return -1;
}

long bm_entries_first_linux(const struct bm_entries *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].kind == BM_ENTRY_LINUX)
			return (long)i;
	}
	return -1;
}

char *bm_entry_name(const struct bm_entry *entry)
{
	_cleanup_buf_ struct bm_buf buf = {0};

	for (size_t i = 0; i <= entry->path.n; i++) {
		const char *title = i < entry->path.n ? entry->path.items[i] : entry->title;

		if (i > 0)
			bm_buf_addc(&buf, '>');
		for (; title && *title; title++) {
			if (*title == '>') /* GRUB's own escape */
				bm_buf_addc(&buf, '>');
			bm_buf_addc(&buf, *title);
		}
	}
	bm_buf_adds(&buf, "");
	return bm_buf_steal(&buf);
}

bool bm_entry_variable_optional(const char *name)
{
	static const char *const names[] = {"boot_args", "cmdline_extra", "early_initrd", "extra_cmdline", "gfxpayload",
		"grub_users", "linux_gfx_mode", "prefix", "root", "tuned_initrd", "tuned_params", "vt_handoff",
		"xen_rm_opts"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		if (bm_streq(name, names[i]))
			return true;
	}
	return false;
}

int bm_entry_split_path(const char *text, char **ret_device, char **ret_path)
{
	_cleanup_free_ char *device = NULL;
	char *path;

	if (*text == '(') {
		const char *end = strchr(text, ')');

		if (!end)
			return -EINVAL;
		if (end > text + 1) {
			device = strndup(text + 1, (size_t)(end - text - 1));
			if (!device)
				return -ENOMEM;
		}
		text = end + 1;
	}
	path = strdup(text);
	if (!path)
		return -ENOMEM;
	*ret_device = device;
	device = NULL;
	*ret_path = path;
	return 0;
}
