/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a system's own programs can start: its init, what loads it, the libraries, what processor they ask for, and
 * SELinux's policy and labels. Facts; check/userland.c judges.
 */
#ifndef BM_SYSTEM_USERLAND_H
#define BM_SYSTEM_USERLAND_H

#include "../base/util.h"
#include "../base/vec.h"

enum bm_userland_lack {
	BM_LACK_NONE,
	BM_LACK_INIT,	 /* init is missing, empty, or can't be executed */
	BM_LACK_LOADER,	 /* its program loader (PT_INTERP) is missing */
	BM_LACK_LIBRARY, /* a library of it, or of the loader, is missing */
};

enum bm_setting {
	BM_SETTING_DEFAULT, /* nothing says */
	BM_SETTING_OFF,
	BM_SETTING_ON,
};

struct bm_userland {
	bool os_release;	    /* os-release is in /etc or /usr/lib */
	bool known;		    /* it was looked at: all filesystems that hold it were seen */
	char *init;		    /* what the kernel or the initramfs will start: /sbin/init or init=, as asked for */
	char *init_real;	    /* where that leads; NULL where nowhere */
	enum bm_userland_lack lack; /* the first thing that is missing on the way */
	char *missing;		    /* its path or name, or NULL */
	char *missing_for;	    /* the file that needs it, or NULL */
	char *missing_why;	    /* what is wrong with it: "is empty", "does not exist" ...; NULL where nothing is */
	bool init_named;	    /* the boot entry's init= says so */
	char *init_candidate;	/* BM_LACK_INIT: a systemd or init that is whole, to which a link would lead; or NULL */
	unsigned int isa_level; /* x86-64 level that its C library or loader is marked as needing, 0 unknown */
	char *isa_file;		/* which file says so, or NULL */
	bool selinux_enforcing; /* /etc/selinux/config says enforcing */
	char *selinux_type;	/* targeted, mls ...; or NULL */
	bool selinux_policy;	/* a policy file of that type is there */
	bool selinux_relabels;	/* /.autorelabel is there: the next boot labels everything */
	struct bm_strv lost_links;     /* /sbin ...: links into a merged /usr that are not there, or lead nowhere */
	struct bm_strv unlabeled;      /* files that the boot needs and that have no label */
	bool labels_none;	       /* none of the files that were looked at has one */
	struct bm_strv mislabeled;     /* those that have the label of another place, from where they were moved */
	struct bm_strv mislabeled_why; /* a clause each: "/etc/passwd has user_tmp_t, and the policy says ..." */
	bool mislabeled_dirs;	       /* one of unlabeled and mislabeled is a folder */
	char *oom_file;		       /* where vm.panic_on_oom is set last, other than to 0; or NULL */
	unsigned int oom_line;
	char *oom_text;			 /* that line */
	char *kdump_unit;		 /* the link by which systemd starts kdump, or NULL; masked, it does not */
	bool kdump_asks;		 /* the unit is passed over where the kernel has no crashkernel= */
	bool kdump_image;		 /* some kernel has an image for kdump */
	enum bm_setting lvm_devicesfile; /* use_devicesfile of lvm.conf */
};

void bm_userland_done(struct bm_userland *userland);

#endif
