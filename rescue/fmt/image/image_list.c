/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacks an image into a tree without any data, step by step as the kernel does it on its root filesystem
 * (init/initramfs.c: do_name(), do_symlink(), clean_path(), maybe_link()): a later entry replaces an earlier one of
 * another type, a directory only while it is empty; an entry whose directory is missing is lost; the second and further
 * entries of one inode become hard links, and whichever of them brings data gives it to all.
 */
#include "image_list.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "image_list_int.h"

void bm_image_list_capture_free(struct bm_image_list_reader *reader)
{
	if (!reader)
		return;
	free(reader->hardlinks);
	free(reader->head);
	free(reader->dynamic);
	bm_image_list_module_free(reader->module);
	bm_buf_done(&reader->squash);
	free(reader);
}

static void elf_free(struct bm_elf *elf)
{
	if (!elf)
		return;
	bm_elf_done(elf);
	free(elf);
}

/* Forgets what was read of a file that is written anew. */
static void body_clear(struct bm_image_body *body)
{
	elf_free(body->elf);
	free(body->module);
	*body = (struct bm_image_body){.size = body->size};
}

void bm_image_list_done(struct bm_image_list *list)
{
	for (size_t i = 0; i < list->n_bodies; i++)
		body_clear(&list->bodies[i]);
	for (size_t i = 0; i < list->n_versions; i++)
		free(list->versions[i].version);
	for (size_t i = 0; i < list->n_texts; i++)
		free(list->texts[i].text);
	free(list->texts);
	free(list->nodes);
	free(list->bodies);
	free(list->buckets);
	free(list->names);
	free(list->versions);
	free(list->modules);
	free(list->generator);
	free(list->os);
	free(list->first_lost);
	bm_strv_done(&list->library_dirs);
	bm_image_list_capture_free(list->reader);
	if (list->inner)
		bm_image_list_done(list->inner);
	free(list->inner);
	*list = (struct bm_image_list){0};
}

/* A limit was met: the list goes on without what did not fit. */
static int limited(struct bm_image_list *list, int r)
{
	if (r != -EFBIG)
		return r;
	list->incomplete = true;
	return 0;
}

/* clean_path(): whether there is nothing in the way any more. */
static bool make_room(struct bm_image_list *list, uint32_t at)
{
	struct bm_image_node *node = &list->nodes[at];

	if (S_ISDIR(node->mode) && node->children > 0)
		return false;
	if (node->mode != 0)
		list->nodes[node->parent].children--;
	node->mode = 0;
	node->body = 0; /* which may live on under another name */
	return true;
}

/* The directory that an entry goes into and its own name there; false where the kernel would not make it. */
static bool place(
	struct bm_image_list *list, const char *path, uint32_t *ret_parent, const char **ret_name, size_t *ret_len)
{
	size_t len = strlen(path), dir;
	uint32_t parent;

	while (len > 0 && path[len - 1] == '/')
		len--;
	for (dir = len; dir > 0 && path[dir - 1] != '/'; dir--)
		;
	*ret_name = path + dir;
	*ret_len = len - dir;
	if (*ret_len == 0 || (*ret_len == 1 && path[dir] == '.') ||
		(*ret_len == 2 && path[dir] == '.' && path[dir + 1] == '.'))
		return false;
	parent = bm_image_list_walk(list, path, dir, true, &list->reader->work);
	if (parent == BM_IMAGE_LIST_NONE || !S_ISDIR(list->nodes[parent].mode)) {
		/* Nobody misses the early microcode: it is not read from files. */
		if (!bm_str_starts(path, "kernel/") && list->lost++ == 0)
			list->first_lost = strdup(path);
		return false;
	}
	*ret_parent = parent;
	return true;
}

static uint32_t link_bucket(const struct bm_cpio_entry *entry)
{
	uint32_t hash = entry->ino * 2654435761U ^ entry->dev_minor * 40503U ^ entry->dev_major * 2246822519U;

	return (hash ^ hash >> 13) % BM_IMAGE_LIST_LINK_BUCKETS;
}

/* maybe_link(): the body of this inode; where it is the inode's first entry that is body, which is remembered. */
static int find_link(struct bm_image_list *list, const struct bm_cpio_entry *entry, uint32_t body, uint32_t *ret_body)
{
	struct bm_image_list_reader *reader = list->reader;
	struct bm_image_list_hardlink *link;
	uint32_t *bucket = &reader->buckets[link_bucket(entry)];

	for (uint32_t i = *bucket; i != BM_IMAGE_LIST_NONE; i = reader->hardlinks[i].next) {
		link = &reader->hardlinks[i];
		reader->work++;
		if (link->ino == entry->ino && link->dev_major == entry->dev_major &&
			link->dev_minor == entry->dev_minor && link->type == (entry->mode & S_IFMT)) {
			*ret_body = link->body;
			return 0;
		}
	}
	*ret_body = body;
	if (reader->n_hardlinks >= BM_IMAGE_LIST_NODES)
		return -EFBIG;
	link = BM_VEC_PUSH(reader->hardlinks, reader->n_hardlinks, reader->cap_hardlinks);
	if (!link)
		return -ENOMEM;
	*link = (struct bm_image_list_hardlink){
		entry->ino, entry->dev_major, entry->dev_minor, entry->mode & S_IFMT, body, *bucket};
	*bucket = (uint32_t)(reader->n_hardlinks - 1);
	return 0;
}

static int on_archive_end(void *ctx)
{
	struct bm_image_list *list = ctx;

	list->reader->n_hardlinks = 0;
	memset(list->reader->buckets, 0xff, sizeof(list->reader->buckets));
	return 0;
}

/* Makes the node of a directory, device, FIFO, socket or symlink. */
static int set_node(struct bm_image_list *list, const struct bm_cpio_entry *entry, uint32_t at)
{
	struct bm_image_node *node = &list->nodes[at];
	int r;

	if (((node->mode ^ entry->mode) & S_IFMT) != 0 || S_ISLNK(entry->mode)) {
		if (node->mode != 0 && !make_room(list, at))
			return 0;
		if (entry->link) {
			uint32_t link;

			r = bm_image_list_text(list, entry->link, strlen(entry->link), &link);
			if (r < 0)
				return r;
			node->link = link;
		}
		list->nodes[node->parent].children++;
	}
	node->mode = entry->mode;
	return 0;
}

/* Makes the node of a regular file, which is truncated where it is there already. */
static int set_file(struct bm_image_list *list, const struct bm_cpio_entry *entry, uint32_t at)
{
	struct bm_image_node *node = &list->nodes[at];
	struct bm_image_body *body;
	uint32_t own = S_ISREG(node->mode) ? node->body : 0, shared;
	int r = 0;

	if (node->mode != 0 && !S_ISREG(node->mode) && !make_room(list, at))
		return 0;
	if (own == 0)
		r = bm_image_list_body_new(list, &own);
	if (r < 0)
		return r;
	shared = own;
	if (entry->nlink >= 2)
		r = find_link(list, entry, own, &shared);
	if (r < 0)
		return r;
	if (node->mode == 0)
		list->nodes[node->parent].children++;
	node->mode = entry->mode;
	node->body = shared;
	body = &list->bodies[shared];
	if (shared == own || entry->size > 0) {
		body->size = entry->size;
		body_clear(body);
	}
	return 0;
}

static bool under(const struct bm_image_list *list, uint32_t at, const char *name)
{
	return bm_streq(list->names + list->nodes[list->nodes[at].parent].name, name);
}

/* The texts that are kept for the proof: the directory that they stand in (NULL: any), and how their name ends. */
static const struct {
	const char *dir, *end;
} kept_texts[] = {
	{"etc", "cmdline"},	     /* arguments that dracut adds to the kernel's */
	{"cmdline.d", ".conf"},	     /* likewise */
	{"etc", "crypttab"},	     /* what systemd opens */
	{"modprobe.d", ".conf"},     /* what keeps modules away */
	{"modules-load.d", ".conf"}, /* modules that systemd loads by their names */
	{"conf", "modules"},	     /* likewise initramfs-tools */
	{NULL, "-parse-lvm.sh"},     /* dracut's hooks that decide what is assembled */
	{NULL, "-parse-md.sh"},	     /* likewise */
	{NULL, "-parse-crypt.sh"},   /* likewise */
};

static bool is_kept_text(const struct bm_image_list *list, uint32_t at)
{
	const char *name = list->names + list->nodes[at].name;

	for (size_t i = 0; i < BM_ARRAY_SIZE(kept_texts); i++)
		if (bm_str_ends(name, kept_texts[i].end) && (!kept_texts[i].dir || under(list, at, kept_texts[i].dir)))
			return true;
	return false;
}

/* What to keep of a regular file's data. */
static enum bm_image_list_capture capture_of(const struct bm_image_list *list, uint32_t at)
{
	const struct bm_image_node *node = &list->nodes[at];
	const char *name = list->names + node->name;

	if (bm_streq(name, "initrd-release") && (under(list, at, "etc") || under(list, at, "lib")))
		return BM_CAPTURE_RELEASE;
	if (bm_streq(name, "ld.so.conf") && under(list, at, "etc"))
		return BM_CAPTURE_LD_CONF;
	if (bm_str_ends(name, ".conf") && under(list, at, "ld.so.conf.d"))
		return BM_CAPTURE_LD_CONF;
	if (!list->facts)
		return BM_CAPTURE_NONE;
	if (list->n_texts < BM_IMAGE_LIST_TEXTS && is_kept_text(list, at))
		return BM_CAPTURE_TEXT;
	if (list->n_texts < BM_IMAGE_LIST_TEXTS && bm_streq(name, "modules.builtin"))
		return BM_CAPTURE_BUILTIN;
	if (bm_image_list_is_module(name))
		return bm_image_list_inspects(list, name) ? BM_CAPTURE_MODULE : BM_CAPTURE_NONE;
	return bm_str_starts(name, "modules.") && bm_str_ends(name, ".bin") ? BM_CAPTURE_INDEX : BM_CAPTURE_PROGRAM;
}

static int capture_begin(struct bm_image_list *list, uint32_t at)
{
	struct bm_image_list_reader *reader = list->reader;
	const char *squash;

	reader->body = list->nodes[at].body;
	reader->capture = capture_of(list, at);
	reader->offset = 0;
	reader->head_len = 0;
	reader->dynamic_len = 0;
	reader->dynamic_size = 0;
	if (bm_image_list_is_squash(list, at, &squash)) {
		reader->capture = BM_CAPTURE_SQUASH;
		return bm_image_list_squash_begin(list, squash, list->bodies[reader->body].size) ? 0 : BM_CPIO_SKIP;
	}
	if (reader->capture == BM_CAPTURE_NONE)
		return BM_CPIO_SKIP;
	if (reader->capture == BM_CAPTURE_MODULE)
		return bm_image_list_module_begin(reader);
	if (!reader->head)
		reader->head = malloc(BM_ELF_HEAD);
	return reader->head ? 0 : -ENOMEM;
}

static int on_entry(void *ctx, const struct bm_cpio_entry *entry)
{
	struct bm_image_list *list = ctx;
	uint32_t parent, at;
	const char *name;
	size_t len;
	int r;

	if (list->reader->work > BM_IMAGE_LIST_WORK) {
		list->incomplete = true;
		return BM_CPIO_SKIP;
	}
	if (!place(list, entry->name, &parent, &name, &len))
		return BM_CPIO_SKIP;
	at = bm_image_list_child(list, parent, name, len);
	if (at == BM_IMAGE_LIST_NONE) {
		r = bm_image_list_node_new(list, parent, name, len, &at);
		if (r < 0) {
			r = limited(list, r);
			return r < 0 ? r : BM_CPIO_SKIP;
		}
	}
	r = S_ISREG(entry->mode) ? set_file(list, entry, at) : set_node(list, entry, at);
	r = limited(list, r);
	if (r < 0)
		return r;
	if (!S_ISREG(entry->mode) || entry->size == 0 || !S_ISREG(list->nodes[at].mode))
		return BM_CPIO_SKIP;
	return capture_begin(list, at);
}

/* Of the dynamic table keeps what the head has not. */
static int keep_dynamic(struct bm_image_list_reader *reader, const uint8_t *bytes, size_t len)
{
	uint64_t want = reader->dynamic_at + reader->dynamic_len, end = reader->dynamic_at + reader->dynamic_size;
	uint64_t here = reader->offset;
	size_t n;

	if (reader->dynamic_size == 0 || want >= end || want < here || want >= here + len)
		return 0;
	if (!reader->dynamic) {
		reader->dynamic = malloc(BM_ELF_DYNAMIC_MAX);
		if (!reader->dynamic)
			return -ENOMEM;
	}
	n = (size_t)BM_MIN(end - want, here + len - want);
	memcpy(reader->dynamic + reader->dynamic_len, bytes + (want - here), n);
	reader->dynamic_len += n;
	return 0;
}

/* How much is kept of the file whose data comes now. */
static size_t head_max(enum bm_image_list_capture capture)
{
	switch (capture) {
	case BM_CAPTURE_PROGRAM:
		return BM_ELF_HEAD;
	case BM_CAPTURE_BUILTIN:
		return BM_IMAGE_LIST_BUILTIN;
	default:
		return BM_IMAGE_LIST_CAPTURE;
	}
}

static int on_data(void *ctx, const uint8_t *bytes, size_t len)
{
	struct bm_image_list *list = ctx;
	struct bm_image_list_reader *reader = list->reader;
	size_t room = head_max(reader->capture) - reader->head_len;
	size_t n = BM_MIN(len, room);
	bool begins = reader->head_len < 64;
	int r;

	if (reader->capture == BM_CAPTURE_NONE)
		return 0;
	if (reader->capture == BM_CAPTURE_MODULE)
		return bm_image_list_module_data(reader, bytes, len);
	if (reader->capture == BM_CAPTURE_SQUASH) {
		bm_image_list_squash_data(list, bytes, len);
		return 0;
	}
	memcpy(reader->head + reader->head_len, bytes, n);
	reader->head_len += n;
	if (reader->capture != BM_CAPTURE_PROGRAM)
		return 0;
	if (begins && reader->head_len >= 4 && memcmp(reader->head, "\177ELF", 4) != 0 &&
		memcmp(reader->head, "#!", 2) != 0) {
		reader->capture = BM_CAPTURE_NONE;
		return 0;
	}
	/* The program headers stand at the begin: once they are there it is known where the table will come. */
	if (reader->dynamic_size == 0 && reader->offset < 65536 &&
		(bm_elf_dynamic_at(reader->head, reader->head_len, &reader->dynamic_at, &reader->dynamic_size) < 0 ||
			reader->dynamic_at > UINT64_MAX / 2))
		reader->dynamic_size = 0;
	r = keep_dynamic(reader, bytes, len);
	reader->offset += len;
	return r;
}

/* The memory that a program's facts take, about. */
static size_t facts_size(const struct bm_elf *elf)
{
	const char *const texts[] = {elf->interpreter, elf->soname, elf->rpath, elf->runpath};
	size_t size = sizeof(*elf);

	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		size += texts[i] ? strlen(texts[i]) + 1 : 0;
	for (size_t i = 0; i < elf->needed.n; i++)
		size += strlen(elf->needed.items[i]) + 1 + sizeof(char *);
	for (size_t i = 0; i < elf->dlopen.n; i++)
		size += strlen(elf->dlopen.items[i]) + 1 + sizeof(char *);
	return size;
}

static int take_program(struct bm_image_list *list)
{
	struct bm_image_list_reader *reader = list->reader;
	struct bm_image_body *body = &list->bodies[reader->body];
	struct bm_elf elf;
	int r = bm_elf_parse(reader->head, reader->head_len, reader->dynamic_len ? reader->dynamic : NULL,
		reader->dynamic_len, &elf);

	if (r < 0)
		return r;
	reader->facts += facts_size(&elf);
	if (elf.kind == BM_ELF_OTHER || reader->facts > BM_IMAGE_LIST_FACTS) {
		if (elf.kind != BM_ELF_OTHER)
			list->incomplete = true;
		bm_elf_done(&elf);
		return 0;
	}
	elf_free(body->elf);
	body->elf = malloc(sizeof(elf));
	if (!body->elf) {
		bm_elf_done(&elf);
		return -ENOMEM;
	}
	*body->elf = elf;
	return 0;
}

static int take_ld_conf(struct bm_image_list *list, char *text)
{
	char *line, *rest = text;
	int r = 0;

	while (r == 0 && (line = strsep(&rest, "\n"))) {
		line[strcspn(line, "# \t")] = '\0';
		if (line[0] == '/' && list->library_dirs.n < BM_IMAGE_LIST_LIBRARY_DIRS)
			r = bm_strv_add_once(&list->library_dirs, line);
	}
	return r;
}

static int take_release(struct bm_image_list *list, char *text)
{
	char *line, *rest = text;
	int r = 0;

	while (r == 0 && (line = strsep(&rest, "\n"))) {
		const char *value = bm_str_after(line, "PRETTY_NAME=");
		size_t len;

		if (!value)
			continue;
		len = strlen(value);
		if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
			line[strlen(line) - 1] = '\0';
			value++;
		}
		r = bm_str_set(&list->os, value);
	}
	return r;
}

/* Later data of the same file takes the place of earlier. */
static int take_text(struct bm_image_list *list, const uint8_t *text, size_t len)
{
	struct bm_image_text *kept = NULL;
	char *copy = malloc(len + 1);

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < list->n_texts && !kept; i++)
		if (list->texts[i].body == list->reader->body)
			kept = &list->texts[i];
	if (!kept)
		kept = BM_VEC_PUSH(list->texts, list->n_texts, list->cap_texts);
	if (!kept) {
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	free(kept->text);
	*kept = (struct bm_image_text){.body = list->reader->body, .len = len, .text = copy};
	return 0;
}

static int on_entry_end(void *ctx)
{
	struct bm_image_list *list = ctx;
	struct bm_image_list_reader *reader = list->reader;
	struct bm_image_body *body = &list->bodies[reader->body];
	char text[BM_IMAGE_LIST_CAPTURE + 1];

	if (reader->capture == BM_CAPTURE_NONE || reader->capture == BM_CAPTURE_SQUASH)
		return 0;
	if (reader->capture == BM_CAPTURE_PROGRAM)
		return take_program(list);
	if (reader->capture == BM_CAPTURE_MODULE)
		return bm_image_list_module_end(reader, &body->module);
	if (reader->capture == BM_CAPTURE_INDEX) {
		body->bad_index = bm_image_list_bad_index(reader->head, reader->head_len, body->size);
		return 0;
	}
	if (reader->capture == BM_CAPTURE_TEXT || reader->capture == BM_CAPTURE_BUILTIN)
		return take_text(list, reader->head, reader->head_len);
	memcpy(text, reader->head, reader->head_len);
	text[reader->head_len] = '\0';
	return reader->capture == BM_CAPTURE_LD_CONF ? take_ld_conf(list, text) : take_release(list, text);
}

const char *bm_image_list_content(const struct bm_image_list *list, const struct bm_image_node *node, size_t *ret_len)
{
	for (size_t i = 0; S_ISREG(node->mode) && i < list->n_texts; i++) {
		if (list->texts[i].body != node->body)
			continue;
		/* Not where it was cut, or emptied later. */
		if (list->bodies[node->body].size != list->texts[i].len)
			return NULL;
		*ret_len = list->texts[i].len;
		return list->texts[i].text;
	}
	return NULL;
}

struct bm_image_sink bm_image_list_callbacks(struct bm_image_list *list)
{
	return (struct bm_image_sink){.entry = on_entry,
		.data = on_data,
		.entry_end = on_entry_end,
		.archive_end = on_archive_end,
		.ctx = list};
}

int bm_image_list_sink(struct bm_image_list *list, struct bm_image_sink *ret_sink)
{
	/* What the kernel's own built-in archive has made before (usr/default_cpio_list). */
	static const char *const before[] = {"dev", "root"};
	int r;

	list->reader = calloc(1, sizeof(*list->reader));
	if (!list->reader)
		return -ENOMEM;
	r = bm_image_list_tree_init(list);
	for (size_t i = 0; r == 0 && i < BM_ARRAY_SIZE(before); i++) {
		struct bm_cpio_entry entry = {.name = before[i], .mode = S_IFDIR | 0755, .nlink = 1};

		r = on_entry(list, &entry);
		r = BM_MIN(r, 0);
	}
	if (r < 0)
		return r;
	on_archive_end(list);
	*ret_sink = bm_image_list_callbacks(list);
	return 0;
}

int bm_image_list_read(
	const struct bm_image_source *source, struct bm_image_list *list, struct bm_image_summary *ret_summary)
{
	struct bm_image_summary summary;
	struct bm_image_sink sink;
	int r;

	r = bm_image_list_sink(list, &sink);
	if (r < 0)
		return r;
	r = bm_image_read(source, &sink, &summary);
	if (r < 0)
		return r;
	r = bm_image_list_finish(list);
	if (r < 0) {
		bm_image_summary_done(&summary);
		return r;
	}
	*ret_summary = summary;
	return 0;
}
