/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dracut's squash module (modules.d/99squash, since 110 95squash-squashfs and 95squash-erofs): the files of the
 * initramfs stand in a filesystem, and beside it only what mounts that.
 *
 *	squash/root.img		before 051: /usr and /etc, or each directory of its top, mounted below what the archive
 *				has there; then the old init goes on in the same tree
 *	squash-root.img		since: all files; the root is moved into it
 *	squashfs-root.img	likewise
 *	erofs-root.img		likewise, as an erofs, which is not read here
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "image_list_int.h"
#include "squashfs.h"

static const struct place {
	const char *name;
	bool below; /* what the archive has stays over it */
} places[] = {
	{"squash/root.img", true},
	{"squash-root.img", false},
	{"squashfs-root.img", false},
	{"erofs-root.img", false},
};

bool bm_image_list_is_squash(const struct bm_image_list *list, uint32_t at, const char **ret_name)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(places); i++) {
		const char *name = bm_path_base(places[i].name);
		uint32_t up = list->nodes[at].parent;

		if (!bm_streq(list->names + list->nodes[at].name, name))
			continue;
		if (places[i].below ? up != 0 && list->nodes[up].parent == 0 &&
					      bm_streq(list->names + list->nodes[up].name, "squash")
				    : up == 0) {
			*ret_name = places[i].name;
			return true;
		}
	}
	return false;
}

bool bm_image_list_squash_begin(struct bm_image_list *list, const char *name, uint64_t size)
{
	struct bm_buf *bytes = &list->reader->squash;

	bm_buf_done(bytes);
	list->squash = (struct bm_image_squash){.name = name};
	if (size > BM_IMAGE_LIST_SQUASH)
		list->squash.why = "it is larger than what is read of such a filesystem (256 MiB)";
	else if (bm_buf_reserve(bytes, (size_t)size) < 0)
		list->squash.why = "there is not enough memory to read it";
	return !list->squash.why;
}

void bm_image_list_squash_data(struct bm_image_list *list, const uint8_t *bytes, size_t len)
{
	if (bm_buf_add(&list->reader->squash, bytes, len) < 0)
		list->squash.why = "there is not enough memory to read it";
}

/* Entries on their way from the filesystem into a list and to the caller. */
struct passing {
	struct bm_image_list *into;
	struct bm_image_sink sink; /* into's */
	const struct bm_image_sink *also;
	bool below; /* what into has already stays */
	bool wanted, also_wanted;
};

static int on_entry(void *ctx, const struct bm_cpio_entry *entry)
{
	struct passing *passing = ctx;
	const struct bm_image_node *there = passing->below ? bm_image_list_lfind(passing->into, entry->name) : NULL;
	int r = 0;

	passing->wanted = passing->also_wanted = false;
	if (passing->also) {
		r = passing->also->entry(passing->also->ctx, entry);
		passing->also_wanted = r == 0;
	}
	if (r >= 0 && !there) {
		r = passing->sink.entry(passing->sink.ctx, entry);
		passing->wanted = r == 0;
	}
	if (r < 0)
		return r;
	return passing->wanted || passing->also_wanted ? 0 : BM_CPIO_SKIP;
}

static int on_data(void *ctx, const uint8_t *bytes, size_t len)
{
	struct passing *passing = ctx;
	int r = passing->wanted ? passing->sink.data(passing->sink.ctx, bytes, len) : 0;

	return r == 0 && passing->also_wanted ? passing->also->data(passing->also->ctx, bytes, len) : r;
}

static int on_entry_end(void *ctx)
{
	struct passing *passing = ctx;
	int r = passing->wanted ? passing->sink.entry_end(passing->sink.ctx) : 0;

	return r == 0 && passing->also_wanted ? passing->also->entry_end(passing->also->ctx) : r;
}

/* Reads the filesystem into the list, whose sink that is. */
static int read_into(struct bm_image_list *list, struct passing *passing)
{
	const struct bm_buf *bytes = &list->reader->squash;
	const struct bm_image_sink sink = {
		.entry = on_entry, .data = on_data, .entry_end = on_entry_end, .ctx = passing};
	struct bm_squashfs_result result;
	int r = bm_squashfs_read(bytes->data, bytes->len, &sink, &result);

	if (r < 0)
		return r;
	list->squash.why = result.text;
	list->squash.damaged = result.status == BM_SQUASHFS_BAD;
	list->squash.compression = result.compression;
	list->squash.entries = result.entries;
	return 0;
}

static int read_apart(struct bm_image_list *list)
{
	struct passing passing = {.also = list->inner_sink};
	int r;

	list->inner = calloc(1, sizeof(*list->inner));
	if (!list->inner)
		return -ENOMEM;
	list->inner->facts = list->facts;
	list->inner->inspect = list->inspect;
	passing.into = list->inner;
	r = bm_image_list_sink(list->inner, &passing.sink);
	if (r == 0)
		r = read_into(list, &passing);
	if (r == 0)
		r = bm_image_list_finish(list->inner);
	if (r == 0 && !list->squash.why)
		return 0;
	bm_image_list_done(list->inner);
	free(list->inner);
	list->inner = NULL;
	return r;
}

static int read_below(struct bm_image_list *list)
{
	struct passing passing = {
		.into = list, .sink = bm_image_list_callbacks(list), .below = true, .also = list->inner_sink};
	int r = passing.sink.archive_end(list);

	return r == 0 ? read_into(list, &passing) : r;
}

int bm_image_list_squash_read(struct bm_image_list *list)
{
	const struct bm_image_squash *squash = &list->squash;
	const struct bm_image_node *node = squash->name ? bm_image_list_lfind(list, squash->name) : NULL;
	struct bm_buf *bytes = list->reader ? &list->reader->squash : NULL;

	if (!squash->name || squash->why)
		return 0;
	/* It may have been replaced, or cut off with the archive. */
	if (!node || !S_ISREG(node->mode) || bm_image_list_body(list, node)->size != bytes->len) {
		list->squash.why = "it is not whole";
		return 0;
	}
	if (!bm_squashfs_is(bytes->data, bytes->len)) {
		list->squash.why = bm_streq(squash->name, "erofs-root.img")
					   ? "it is an erofs filesystem, which is not read"
					   : "it is no squashfs filesystem";
		return 0;
	}
	for (size_t i = 0; i < BM_ARRAY_SIZE(places); i++)
		if (bm_streq(places[i].name, squash->name))
			return places[i].below ? read_below(list) : read_apart(list);
	return 0;
}

const struct bm_image_list *bm_image_list_booted(const struct bm_image_list *list)
{
	return list->inner ? list->inner : list;
}
