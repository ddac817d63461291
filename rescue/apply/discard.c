/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "discard.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/disk/swaphdr.h"
#include "../os/block/blockw.h"
#include "fsck_int.h"
#include "run.h"

/* The header's page as the disk has it, and its hash. */
static int read_page(const char *path, const struct bm_step *step, uint8_t *bytes, char ret_hash[BM_SHA256_TEXT])
{
	size_t len = 0;
	int r = bm_block_read_back(path, step->offset_bytes, bytes, step->page_bytes, &len);

	if (r < 0)
		return r;
	if (len < step->page_bytes)
		return bm_err(-ENODATA, "%s ends before the swap header", path);
	bm_sha256_text(bytes, len, ret_hash);
	return 0;
}

/* What would be there with the change, and that it is what was planned. */
static int check_change(const struct bm_step *step, const struct bm_swaphdr *header, uint8_t *bytes, const char *path)
{
	char hash[BM_SHA256_TEXT];

	if (!header->restorable || header->page_bytes > step->page_bytes)
		return bm_err(-ESTALE, "the swap header of %s is not what the plan was made for", path);
	memcpy(bytes + header->change_at, header->change, header->change_len);
	bm_sha256_text(bytes, step->page_bytes, hash);
	if (!bm_streq(hash, step->after))
		return bm_err(-ESTALE, "the swap header of %s would not become what was planned", path);
	return 0;
}

/* Whether the step is about one of the images that are known of the system: a plan may come from the patient's disk. */
static bool is_known(const struct bm_survey *survey, const struct bm_hibernations *images, const struct bm_step *step,
	const struct bm_device *device)
{
	for (size_t i = 0; i < images->n; i++)
		if (images->items[i].device >= 0 && &survey->devices.items[images->items[i].device] == device &&
			images->items[i].placed && images->items[i].offset_bytes == step->offset_bytes)
			return true;
	return false;
}

static int discard(const char *path, const struct bm_step *step, bool known, uint8_t *bytes, bool *ret_was)
{
	char hash[BM_SHA256_TEXT];
	struct bm_swaphdr header;
	int r = read_page(path, step, bytes, hash);

	if (r < 0)
		return r;
	/* A step that was taken before, or swap that was made anew. */
	bm_swaphdr_parse(bytes, step->page_bytes, &header);
	*ret_was = !header.image;
	if (*ret_was)
		return 0;
	if (!known)
		return bm_err(-ESTALE, "%s holds no hibernation image of this system there", path);
	if (!bm_streq(hash, step->before))
		return bm_err(-ESTALE, "the swap header of %s has changed since the plan was made", path);
	r = check_change(step, &header, bytes, path);
	if (r == 0)
		r = bm_block_write(path, step->offset_bytes + header.change_at, header.change, header.change_len);
	if (r == 0)
		r = read_page(path, step, bytes, hash);
	if (r == 0 && !bm_streq(hash, step->after))
		r = bm_err(-EIO, "%s does not give back what was written to its swap header", path);
	return r;
}

int bm_discard_run(const struct bm_step *step, struct bm_survey *survey, const struct bm_guard *guard,
	const struct bm_hibernations *images, char **ret_text)
{
	struct bm_fsck device = {.step = step, .guard = guard, .loop = BM_LOOP_NONE};
	_cleanup_free_ uint8_t *bytes = malloc(BM_SWAPHDR_BYTES);
	bool was = false;
	int r;

	if (!bytes)
		return -ENOMEM;
	if (step->page_bytes == 0 || step->page_bytes > BM_SWAPHDR_BYTES)
		return bm_err(-EINVAL, "a swap header of %llu bytes", (unsigned long long)step->page_bytes);
	r = bm_run_note_irreversible(step);
	if (r == 0)
		r = bm_fsck_find_device(survey, step, &device.device);
	if (r == 0)
		r = bm_fsck_open_device(&device, survey);
	if (r == 0)
		r = discard(device.path, step, is_known(survey, images, step, device.device), bytes, &was);
	bm_fsck_close_device(&device);
	if (r < 0)
		return r;
	*ret_text = bm_strf("%s: %s", device.device->name,
		was ? "there was no hibernation image any more" : "the hibernation image is discarded");
	return *ret_text ? 0 : -ENOMEM;
}

int bm_discard_take(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done)
{
	_cleanup_free_ char *text = NULL;
	int r = bm_discard_run(step, run->survey, &run->guard, &run->view.hibernations, &text);

	if (r < 0)
		return r;
	bm_run_say(done, bm_strf("%s", text));
	return bm_strv_addf(&run->irreversible, "%s, which nothing takes back", text);
}
