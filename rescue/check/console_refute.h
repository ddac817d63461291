/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guess of a console against the disk: what is seen there to be otherwise is not spoken. Pure.
 */
#ifndef BM_CHECK_CONSOLE_REFUTE_H
#define BM_CHECK_CONSOLE_REFUTE_H

#include "console.h"

/* Whether the device that words are about is on the disks. */
enum bm_presence { BM_PRESENCE_UNKNOWN, BM_PRESENCE_YES, BM_PRESENCE_NO };

/* Whether the disk shows that the finding is not so: the proof has the driver inside, the device or the file is there.
 * facts->system is set; findings are those of the disk; presence is that of the device that the words name. */
bool bm_console_refuted(const struct bm_console_facts *facts, const struct bm_findings *findings,
	enum bm_presence presence, enum bm_finding_id id);

#endif
