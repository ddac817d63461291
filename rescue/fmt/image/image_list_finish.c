/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the names of an image's files tell: the kernel versions below lib/modules (and usr/lib/modules), their modules,
 * and which program made the image. Modules are found at any depth below the version's directory, as modprobe does.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "fmt/kernel/modules.h"
#include "image_list_int.h"

enum { MODULE_NAME_MAX = 256 };

static const char *name_of(const struct bm_image_list *list, uint32_t at)
{
	return list->names + list->nodes[at].name;
}

/* Whether a directory is lib/modules of the root or of usr. */
static bool is_modules_dir(const struct bm_image_list *list, uint32_t at)
{
	uint32_t lib = list->nodes[at].parent, above = list->nodes[lib].parent;

	if (at == 0 || lib == 0 || !bm_streq(name_of(list, at), "modules") || !bm_streq(name_of(list, lib), "lib"))
		return false;
	return above == 0 || (bm_streq(name_of(list, above), "usr") && list->nodes[above].parent == 0);
}

/* The version's directory that a file lies below; 0 where there is none. */
static uint32_t version_dir(const struct bm_image_list *list, uint32_t at)
{
	uint32_t up;

	for (up = list->nodes[at].parent; up != 0; up = list->nodes[up].parent)
		if (is_modules_dir(list, list->nodes[up].parent))
			return up;
	return 0;
}

static struct bm_image_version *find_version(const struct bm_image_list *list, const char *version)
{
	for (size_t i = 0; i < list->n_versions; i++)
		if (bm_streq(list->versions[i].version, version))
			return &list->versions[i];
	return NULL;
}

static int add_version(struct bm_image_list *list, const char *version)
{
	struct bm_image_version *new;
	char *copy;

	if (find_version(list, version))
		return 0;
	if (list->n_versions >= BM_IMAGE_LIST_VERSIONS) {
		list->incomplete = true;
		return 0;
	}
	copy = strdup(version);
	new = copy ? BM_VEC_PUSH(list->versions, list->n_versions, list->cap_versions) : NULL;
	if (!new) {
		free(copy);
		return -ENOMEM;
	}
	new->version = copy;
	return 0;
}

/* Newest first. */
static int compare_versions(const void *a, const void *b)
{
	const struct bm_image_version *x = a, *y = b;

	return bm_version_cmp(y->version, x->version);
}

bool bm_image_list_is_module(const char *name)
{
	return bm_str_ends(name, ".ko") || bm_str_ends(name, ".ko.xz") || bm_str_ends(name, ".ko.zst") ||
	       bm_str_ends(name, ".ko.gz");
}

static int add_module(struct bm_image_list *list, uint32_t at, struct bm_image_version *version)
{
	char name[MODULE_NAME_MAX];
	struct bm_image_module *module;
	uint32_t name_at;
	int r;

	if (bm_modules_name(name_of(list, at), name, sizeof(name)) < 0)
		return 0;
	r = bm_image_list_text(list, name, strlen(name), &name_at);
	if (r < 0)
		return r;
	module = BM_VEC_PUSH(list->modules, list->n_modules, list->cap_modules);
	if (!module)
		return -ENOMEM;
	*module = (struct bm_image_module){
		.name_at = name_at, .node = at, .version = (uint32_t)(version - list->versions)};
	version->modules++;
	return 0;
}

static int compare_modules(const void *a, const void *b)
{
	const struct bm_image_module *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->node > y->node) - (x->node < y->node);
}

static int find_versions(struct bm_image_list *list)
{
	int r = 0;

	for (uint32_t i = 1; r == 0 && i < list->n_nodes; i++)
		if (S_ISDIR(list->nodes[i].mode) && is_modules_dir(list, list->nodes[i].parent))
			r = add_version(list, name_of(list, i));
	if (list->n_versions > 1)
		qsort(list->versions, list->n_versions, sizeof(*list->versions), compare_versions);
	return r;
}

/* Which index a file is; 0 where it is none, or empty, or known as bad. */
static unsigned int index_of(const char *name, const struct bm_image_body *body)
{
	static const struct {
		const char *name;
		enum bm_image_index index;
	} rows[] = {
		{"modules.dep", BM_IMAGE_DEP},
		{"modules.dep.bin", BM_IMAGE_DEP_BIN},
		{"modules.dep.bb", BM_IMAGE_DEP_BB},
		{"modules.alias", BM_IMAGE_ALIAS},
		{"modules.alias.bin", BM_IMAGE_ALIAS_BIN},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		if (bm_streq(rows[i].name, name))
			return body->size > 0 && !body->bad_index ? rows[i].index : 0;
	return 0;
}

static int find_modules(struct bm_image_list *list)
{
	int r = 0;

	for (uint32_t i = 1; r == 0 && i < list->n_nodes; i++) {
		const struct bm_image_node *node = &list->nodes[i];
		const char *name = name_of(list, i);
		struct bm_image_version *version;
		bool index = bm_str_starts(name, "modules.");
		uint32_t dir;

		if ((!S_ISREG(node->mode) && !S_ISLNK(node->mode)) || (!index && !bm_image_list_is_module(name)))
			continue;
		dir = version_dir(list, i);
		version = dir ? find_version(list, name_of(list, dir)) : NULL;
		if (!version)
			continue;
		if (!index)
			r = add_module(list, i, version);
		else if (node->parent == dir)
			version->indexes |= index_of(name, bm_image_list_body(list, node));
	}
	if (r == -EFBIG) {
		list->incomplete = true;
		r = 0;
	}
	for (size_t i = 0; i < list->n_modules; i++)
		list->modules[i].name = list->names + list->modules[i].name_at;
	if (list->n_modules > 1)
		qsort(list->modules, list->n_modules, sizeof(*list->modules), compare_modules);
	return r;
}

static bool there(const struct bm_image_list *list, const char *path)
{
	return bm_image_list_find(list, path) != NULL;
}

/* "dracut-059-4" in [usr/]lib/dracut gives "dracut 059-4". */
static int find_generator(struct bm_image_list *list)
{
	const struct bm_image_node *dir = bm_image_list_find(list, "/usr/lib/dracut");
	const char *name = NULL;

	if (!dir)
		dir = bm_image_list_find(list, "/lib/dracut");
	for (uint32_t i = 1; dir && i < list->n_nodes; i++) {
		const char *version = bm_str_after(name_of(list, i), "dracut-");

		if (list->nodes[i].mode == 0 || &list->nodes[list->nodes[i].parent] != dir || !version ||
			version[0] < '0' || version[0] > '9')
			continue;
		list->generator = bm_strf("dracut %s", version);
		return list->generator ? 0 : -ENOMEM;
	}
	if (dir)
		name = "dracut";
	else if (there(list, "/conf/initramfs.conf") &&
		 (there(list, "/scripts/functions") || there(list, "/scripts/local")))
		name = "initramfs-tools";
	else if (there(list, "/init_functions") && there(list, "/config"))
		name = "mkinitcpio";
	else if (there(list, "/etc/booster.init.yaml"))
		name = "booster";
	else if (there(list, "/etc/initrd-release") || there(list, "/usr/lib/initrd-release"))
		name = "systemd"; /* mkosi and others that take systemd as it is */
	return name ? bm_str_set(&list->generator, name) : 0;
}

/* What a walk from each module upwards would cost in a hostile tree: directories are deep only through symlinks. */
static bool too_deep(const struct bm_image_list *list)
{
	uint16_t *depth = calloc(list->n_nodes, sizeof(*depth));
	bool deep = !depth;

	/* A parent always has a smaller index. */
	for (size_t i = 1; depth && !deep && i < list->n_nodes; i++) {
		depth[i] = (uint16_t)(depth[list->nodes[i].parent] + 1);
		deep = depth[i] > BM_IMAGE_LIST_DEPTH;
	}
	free(depth);
	return deep;
}

int bm_image_list_finish(struct bm_image_list *list)
{
	int r = bm_image_list_squash_read(list);

	bm_image_list_capture_free(list->reader);
	list->reader = NULL;
	if (r < 0)
		return r;
	if (too_deep(list)) {
		list->incomplete = true;
		return 0;
	}
	r = find_versions(list);
	if (r == 0)
		r = find_modules(list);
	if (r == 0)
		r = find_generator(list);
	return r;
}

const struct bm_image_version *bm_image_list_version(const struct bm_image_list *list, const char *version)
{
	return find_version(list, version);
}

/* The first module of that name or of a later one. */
static size_t lower_bound(const struct bm_image_list *list, const char *name)
{
	size_t low = 0, high = list->n_modules;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(list->modules[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The file behind the symlinks; NULL where that is none. */
static const struct bm_image_body *body_behind(const struct bm_image_list *list, const struct bm_image_node *node)
{
	if (S_ISLNK(node->mode)) {
		_cleanup_free_ char *path = bm_image_list_path(list, node);

		node = path ? bm_image_list_find(list, path) : NULL;
	}
	return node && S_ISREG(node->mode) ? bm_image_list_body(list, node) : NULL;
}

static bool has_bytes(const struct bm_image_list *list, const struct bm_image_node *node)
{
	const struct bm_image_body *body = body_behind(list, node);

	return body && body->size > 0;
}

const struct bm_image_node *bm_image_list_module(
	const struct bm_image_list *list, const char *version, const char *name)
{
	char normal[MODULE_NAME_MAX];

	if (bm_modules_name(name, normal, sizeof(normal)) < 0)
		return NULL;
	for (size_t i = lower_bound(list, normal); i < list->n_modules; i++) {
		const struct bm_image_module *module = &list->modules[i];

		if (!bm_streq(module->name, normal))
			break;
		if (bm_streq(list->versions[module->version].version, version) &&
			has_bytes(list, &list->nodes[module->node]))
			return &list->nodes[module->node];
	}
	return NULL;
}

const struct bm_image_module_facts *bm_image_list_module_facts(
	const struct bm_image_list *list, const char *version, const char *name)
{
	const struct bm_image_node *node = bm_image_list_module(list, version, name);
	const struct bm_image_body *body = node ? body_behind(list, node) : NULL;

	return body ? body->module : NULL;
}
