/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "fmt/image/dracut.h"
#include "harness.h"

BM_TEST(dracut_what_hooks_do_by_themselves)
{
	static const struct {
		const char *script;
		enum bm_dracut_default is;
	} rows[] = {
		/* A blank stands between the two: it is never empty. */
		{"#!/bin/sh\nVOLS=\"$(getargs rd.lvm.vg -d x=) $(getargs rd.lvm.lv)\"\n"
		 "if ! getargbool 1 rd.lvm \\\n  || ( [ -z \"$VOLS\" ] && ! getargbool 0 rd.auto ); then\n",
			BM_DRACUT_ALL},
		{"VOLS=\"$(getargs a)$(getargs b)\"\nif [ -z \"$VOLS\" ] && ! getargbool 0 rd.auto; then\n",
			BM_DRACUT_NOTHING},
		{"VOLS=\"$(getargs a) $(getargs b)\"\nif [ -z \"${VOLS# }\" ] && ! getargbool 0 rd.auto; then\n",
			BM_DRACUT_NOTHING},
		{"VOLS=\"$(getargs a) $(getargs b)\"\nif [ -z $VOLS ] && ! getargbool 0 rd.auto; then\n",
			BM_DRACUT_NOTHING},
		{"ARRAYS=$(getargs rd.md.uuid -d rd_MD_UUID=)\nARRAYS=$(replace \"$ARRAYS\" - \"\")\n"
		 "if ( ! [ -n \"$ARRAYS\" ] && ! getargbool 0 rd.auto ) || ! getargbool 1 rd.md; then\n",
			BM_DRACUT_NOTHING},
		{"if [ -n \"$LUKS\" ]; then\n\tx\nelif getargbool 0 rd.auto; then\n", BM_DRACUT_NOTHING},
		{"if ! getargbool 1 rd.auto; then\n", BM_DRACUT_ALL},
		{"if ! getargbool 1 rd.lvm -d -n rd_NO_LVM; then\n", BM_DRACUT_ALL},
		{"# rd.auto is not asked for\nif getarg rd_NO_LVM; then\n", BM_DRACUT_ALL},
		/* Not understood. */
		{"", BM_DRACUT_UNKNOWN},
		{"rd.auto", BM_DRACUT_UNKNOWN},
		{"getargbool $x rd.auto\n", BM_DRACUT_UNKNOWN},
		{"if ! getarg rd.auto; then\n", BM_DRACUT_UNKNOWN},
		{"VOLS=$OTHERS\nif [ -z \"$VOLS\" ] && ! getargbool 0 rd.auto; then\n", BM_DRACUT_UNKNOWN},
		{"VOLS=$(getargs a\nif [ -z \"$VOLS\" ] && ! getargbool 0 rd.auto; then\n", BM_DRACUT_UNKNOWN},
		{"if [ -z \"$VOLS\" ] && ! getargbool 0 rd.auto; then\n", BM_DRACUT_UNKNOWN},
	};
	static const char program[] = "\177ELF\0getargbool 0 rd.auto";

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		BM_CHECK_INT(bm_dracut_default_of(rows[i].script, strlen(rows[i].script)), rows[i].is);
	BM_CHECK_INT(bm_dracut_default_of(program, sizeof(program)), BM_DRACUT_UNKNOWN);
	/* Cut at every byte it is read within its bounds. */
	for (size_t n = strlen(rows[0].script); n > 0; n--) {
		_cleanup_free_ char *cut = malloc(n);

		memcpy(cut, rows[0].script, n);
		bm_dracut_default_of(cut, n);
	}
}

BM_TEST(dracut_what_a_hook_waits_for)
{
	static const struct {
		const char *name, *path;
	} rows[] = {
		{"devexists-\\x2fdev\\x2fdisk\\x2fby-uuid\\x2f7043-1.sh", "/dev/disk/by-uuid/7043-1"},
		{"devexists-\\x2fdev\\x2fmapper\\x2fa--b-c\\x5cx.sh", "/dev/mapper/a--b-c\\x5cx"},
		{"devexists-.sh", NULL},
		{"devexists-\\x2f", NULL},
		{"devexists-dev.sh", NULL},
		{"wait-\\x2fdev.sh", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *path = bm_dracut_wait_of(rows[i].name);

		BM_CHECK_STR(path, rows[i].path);
		BM_CHECK_INT(errno, 0);
	}
}
