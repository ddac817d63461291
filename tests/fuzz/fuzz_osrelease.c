/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shell assignments, release files, machine-id and bootmend.conf: the first byte chooses.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "fmt/etc/keyval.h"
#include "fmt/etc/osrelease.h"
#include "fmt/own/bmconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_keyval(const char *text, size_t len)
{
	struct bm_keyval keyval;

	if (bm_keyval_parse(text, len, &keyval) < 0)
		return;
	for (size_t i = 0; i < keyval.n; i++)
		if (!bm_keyval_get(&keyval, keyval.pairs[i].key) || strlen(keyval.pairs[i].value) > BM_KEYVAL_VALUE_MAX)
			abort();
	bm_keyval_done(&keyval);
}

static void read_release(unsigned int which, const char *text, size_t len)
{
	static const char *const files[] = {
		"os-release", "lsb-release", "SuSE-release", "debian_version", "redhat-release"};
	struct bm_osrelease release;

	if (bm_osrelease_parse(files[which % BM_ARRAY_SIZE(files)], text, len, &release) < 0)
		return;
	if (!release.pretty)
		abort();
	bm_osrelease_done(&release);
}

static void read_bmconf(bool file, const char *text, size_t len)
{
	struct bm_bmconf conf = {0};
	int r = file ? bm_bmconf_read_file(&conf, text, len) : bm_bmconf_read_cmdline(&conf, text, len);

	if (r == 0 && conf.token && (!*conf.token || strlen(conf.token) > BM_BMCONF_TOKEN_MAX))
		abort();
	for (size_t i = 0; i < conf.problems.n; i++)
		for (const char *p = conf.problems.items[i]; *p; p++)
			if ((unsigned char)*p < 0x20)
				abort();
	bm_bmconf_done(&conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	char id[BM_MACHINE_ID_TEXT];

	if (size == 0)
		return 0;
	size--;
	if (data[0] == 'k')
		read_keyval(text, size);
	else if (data[0] == 'm' && bm_machine_id_parse(text, size, id) == 0 && strlen(id) != 32)
		abort();
	else if (data[0] == 'c' || data[0] == 'f')
		read_bmconf(data[0] == 'f', text, size);
	else
		read_release(data[0], text, size);
	return 0;
}
