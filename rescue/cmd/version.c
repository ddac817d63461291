/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "version.h"

#include "../report/report.h"
#include "cmd.h"
#include "versions.h"

static const struct {
	const char *name, *version;
} libraries[] = {
	{"util-linux", BM_VERSION_UTIL_LINUX},
	{"zlib", BM_VERSION_ZLIB},
	{"xz", BM_VERSION_XZ},
	{"zstd", BM_VERSION_ZSTD},
	{"lz4", BM_VERSION_LZ4},
	{"bzip2", BM_VERSION_BZIP2},
	{"lzo", BM_VERSION_LZO},
};

int bm_cmd_version(bool json)
{
	_cleanup_buf_ struct bm_buf out = {0};

	if (json) {
		struct bm_json doc;

		bm_report_json_begin(&doc, &out, BM_VERSION, "version");
		bm_json_object(&doc, "libraries");
		for (size_t i = 0; i < BM_ARRAY_SIZE(libraries); i++)
			bm_json_str(&doc, libraries[i].name, libraries[i].version);
		bm_json_end(&doc);
		bm_report_json_end(&doc);
	} else {
		bm_buf_addf(&out, "bootmend %s\n", BM_VERSION);
		for (size_t i = 0; i < BM_ARRAY_SIZE(libraries); i++)
			bm_buf_addf(&out, "%s %s\n", libraries[i].name, libraries[i].version);
	}
	return bm_cmd_print(&out, BM_EXIT_OK);
}
