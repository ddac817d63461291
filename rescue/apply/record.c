/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <errno.h>

#include "../base/err.h"
#include "../base/json.h"
#include "../base/str.h"
#include "../os/root/rootw.h"
#include "../os/run/system.h"

static void write_list(struct bm_json *json, const char *key, const struct bm_strv *list)
{
	bm_json_array(json, key);
	for (size_t i = 0; i < list->n; i++)
		bm_json_str(json, NULL, list->items[i]);
	bm_json_end(json);
}

static void write_steps(struct bm_json *json, const struct bm_plan *plan, const struct bm_result *result)
{
	bm_json_array(json, "steps");
	for (size_t i = 0; i < plan->n_steps && i < result->n_steps; i++) {
		const struct bm_step *step = &plan->steps[i];

		bm_json_object(json, NULL);
		bm_json_str(json, "step", bm_step_kind_text(step->kind));
		bm_json_str(json, "text", step->text);
		bm_json_str(json, "kernel", step->version);
		bm_json_str(json, "filesystem", step->filesystem);
		bm_json_str(json, "target", step->target);
		write_list(json, "command", &step->argv);
		bm_json_bool(json, "done", result->steps[i].done);
		bm_json_str(json, "result", result->steps[i].text);
		bm_json_u64(json, "seconds", result->steps[i].seconds);
		bm_json_end(json);
	}
	bm_json_end(json);
}

static void write_images(struct bm_json *json, const struct bm_result *result)
{
	bm_json_array(json, "images");
	for (size_t i = 0; i < result->images.n; i++) {
		bm_json_object(json, NULL);
		bm_json_str(json, "path", result->images.items[i]);
		bm_json_str(json, "sha256", result->hashes.items[i]);
		bm_json_str(json, "previous", result->backups.items[i][0] ? result->backups.items[i] : NULL);
		bm_json_end(json);
	}
	bm_json_end(json);
}

int bm_record_write(const struct bm_root *root, const char *dir, const struct bm_plan *plan,
	const struct bm_result *result, char **ret_path)
{
	const struct bm_rootw_attr attr = {.mode = 0600};
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_free_ char *path = NULL;
	char time[BM_TIME_TEXT], id[9];
	struct bm_json json;
	int r;

	bm_time_text(bm_time_now(), time);
	r = bm_system_random_hex(4, id);
	if (r < 0)
		return r;
	path = bm_strf("%s/repair-%s-%s.json", dir, time, id);
	if (!path)
		return -ENOMEM;
	bm_json_init(&json, &text);
	bm_json_object(&json, NULL);
	bm_json_str(&json, "time", time);
	bm_json_str(&json, "system", plan->system_id);
	bm_json_str(&json, "kernel", plan->kernel);
	bm_json_str(&json, "outcome", bm_outcome_text(result->outcome));
	bm_json_str(&json, "error", result->error);
	write_images(&json, result);
	write_steps(&json, plan, result);
	bm_json_end(&json);
	if (text.failed)
		return -ENOMEM;
	r = bm_rootw_mkdir_p(root, dir, 0750);
	if (r == 0)
		r = bm_rootw_write(root, path, text.data, text.len, &attr);
	if (r == 0)
		r = bm_rootw_sync_dir(root, dir);
	if (r < 0)
		return r;
	*ret_path = path;
	path = NULL;
	return 0;
}
