/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An installed system: its root, where its other filesystems are, its kernels, its boot entries and its tools.
 * Facts only; what is wrong with them is check/'s business. Every array is sorted and deterministic.
 */
#ifndef BM_SYSTEM_SYSTEM_H
#define BM_SYSTEM_SYSTEM_H

#include "../fmt/boot/entry.h"
#include "../fmt/boot/grubstub.h"
#include "../fmt/etc/fstab.h"
#include "device.h"
#include "hibernation.h"
#include "history.h"
#include "machine.h"
#include "orphans.h"
#include "renamed.h"
#include "source.h"
#include "start.h"
#include "userland.h"
#include "volume.h"

/* How it is known which filesystem belongs at a mount point. */
enum bm_mount_source {
	BM_MOUNT_IS_ROOT, /* the root itself */
	BM_MOUNT_FSTAB,	  /* fstab names it, and it is there */
	BM_MOUNT_FAMILY,  /* fstab names a disk of another family, the same partition of the only disk */
	BM_MOUNT_RENAMED, /* fstab names the volume by the name that it had before */
	BM_MOUNT_CONTENT, /* recognised by what lies on it */
	BM_MOUNT_TYPE,	  /* by its partition's type in the GPT, as systemd does; never written to */
	BM_MOUNT_MISSING, /* fstab names it, and it is not there */
};

/* Which subvolume of a btrfs is mounted where no option names one. */
enum bm_subvolume_default {
	BM_SUBVOLUME_UNKNOWN, /* nobody knows, or it is no btrfs */
	BM_SUBVOLUME_SAME,    /* the one that is seen */
	BM_SUBVOLUME_TOP,     /* the top of the filesystem, and that is not what is seen */
	BM_SUBVOLUME_OTHER,   /* another one */
};

struct bm_mount {
	char *target;	 /* /, /boot, /boot/efi, /usr, /var */
	char *spec;	 /* as fstab writes it, or NULL */
	char *fstype;	 /* as fstab writes it, or NULL */
	char *options;	 /* as fstab writes them, or NULL */
	char *subvolume; /* btrfs: what of the filesystem is there, from its top ("/@"), where that is seen; or NULL */
	enum bm_subvolume_default subvolume_default;
	unsigned int line; /* of fstab, 0 where it has none */
	int device;	   /* index into the devices, BM_DEVICE_NONE where it is missing or not asked for */
	int volume;	   /* index into the volumes, or -1 */
	enum bm_mount_source source;
	bool optional;			  /* nofail or noauto */
	bool looked;			  /* mounted below the root for looking */
	bool space_known;		  /* it was mounted, and the two below are true */
	uint64_t free_bytes, total_bytes; /* what root may still write; of the filesystem */
};

/* A file below /boot that belongs to a kernel. */
struct bm_boot_file {
	char *path; /* in the system */
	uint64_t size_bytes;
};

struct bm_kernel {
	char *version;
	char *image;			/* path of the kernel image, or NULL */
	char *image_problem;		/* why the image is no kernel, or NULL */
	char *modules_dir;		/* /lib/modules/VER or /usr/lib/modules/VER, or NULL */
	bool modules_dep;		/* modules.dep is there and not empty */
	bool modules_dep_stale;		/* a module is newer than it */
	struct bm_boot_file *initramfs; /* the files that are named for it */
	size_t n_initramfs, cap_initramfs;
	char *initramfs_path; /* what its boot entry loads, else where the distribution puts it; always set */
	bool initramfs_by_entry;
	bool initramfs_exists;
	bool initramfs_inside; /* its boot entry loads a unified image, which has one inside: it needs none beside */
	uint64_t initramfs_size;
	char *config;			 /* path of its configuration, or NULL */
	bool config_known;		 /* that could be read, and what follows is true */
	bool config_initrd;		 /* CONFIG_BLK_DEV_INITRD */
	unsigned int config_initrd_line; /* where its configuration says so */
	bool config_modules;		 /* CONFIG_MODULES */
	bool config_inner;		 /* CONFIG_INITRAMFS_SOURCE: it brings an initramfs inside itself */
	bool config_root;		 /* CONFIG_CMDLINE names a root= */
	struct bm_strv lack;		 /* options that the root needs and that are not set: "CONFIG_EXT4_FS" */
	unsigned int lack_line;		 /* of the first of them */
	struct bm_strv modular;		 /* those that are modules, so that only an initramfs can load them */
	struct bm_strv fs_builtin;	 /* filesystems that it mounts without any module, by type: "ext4" */
	struct bm_strv fs_modular;	 /* those that it mounts only with a module, or not at all */
	/* Of the default entry's kernel, by its index of modules, where that is known: */
	struct bm_strv fs_loadable; /* types for which it has a module */
	struct bm_strv fs_none;	    /* types that nothing in it serves */
	bool rescue;		    /* an entry's "0-rescue" image */
};

/* How an entry's paths begin, and how they had to: the loader counts them from the top of a filesystem. */
enum bm_boot_prefix {
	BM_BOOT_PREFIX_RIGHT,
	BM_BOOT_PREFIX_EXTRA, /* "/boot/vmlinuz", where /boot is that filesystem */
	BM_BOOT_PREFIX_LACKS, /* "/vmlinuz", where /boot is a folder of it */
};
/* The path with the right beginning, for free(); NULL when memory is short. */
char *bm_boot_prefix_mend(enum bm_boot_prefix prefix, const char *path);

/* A boot entry with its paths as the system's own. */
struct bm_boot_entry {
	struct bm_entry entry; /* as the loader writes it */
	char *kernel;	       /* path in the system, or NULL */
	bool kernel_exists;
	char *kernel_problem;		/* why that is no kernel, or NULL */
	bool place_unknown;		/* it lies on a filesystem or partition that is none of the system's */
	struct bm_strv initrds;		/* paths in the system */
	struct bm_strv initrds_missing; /* those of them that are not there */
	char *initramfs;		/* that of initrds which is the initramfs, links followed; or NULL */
	bool initramfs_exists;
	uint64_t initramfs_size;
	char *from_top;		    /* btrfs: its kernel's path should begin with the subvolume, so; or NULL */
	enum bm_boot_prefix prefix; /* not RIGHT: the files are there, and the loader does not find them */
	bool foreign; /* its root= is another and its kernel has no modules here, or its machine-id is another: another
			 system's */
	bool unified; /* its kernel is a unified image; initramfs is the same file where it has one inside */
	bool kernelopts_lost; /* its options are $kernelopts, which has no value */
	char *version;	      /* of its kernel: from the image, else from its name; or NULL */
};

/* A BLS file of which GRUB reads only the beginning. */
struct bm_loader_cut {
	char *id;		   /* of the entry */
	char *file;		   /* path in the system */
	unsigned int line;	   /* at which GRUB stops */
	bool kernel, initrd, root; /* they stand behind it, and not before */
	bool options;		   /* so does a part of the options */
};

enum bm_loader_kind {
	BM_LOADER_NONE,
	BM_LOADER_GRUB2,
	BM_LOADER_GRUB2_BLS,
	BM_LOADER_GRUB_LEGACY,
	BM_LOADER_BLS,	    /* systemd-boot */
	BM_LOADER_FIRMWARE, /* unified kernel images that the firmware starts by itself */
};

/* The grub.cfg on the ESP that should lead to the configuration in /boot, where it does not. */
struct bm_loader_stub {
	char *path;		  /* /boot/efi/EFI/rocky/grub.cfg; NULL: nothing is wrong, or there should be none */
	char *problem;		  /* a sentence without its subject: "does not exist" */
	unsigned int search_line; /* where it searches; 0 where nothing is there */
	char *wrong;		  /* the UUID that is on none of the disks, or NULL */
	char *uuid, *dir;	  /* what it should lead to: the filesystem, GRUB's folder there */
	enum bm_grubstub_style style;
	bool btrfs;    /* that filesystem is one */
	bool doubtful; /* it may be that nothing reads it: GRUB for BIOS or another loader is installed, too */
};

struct bm_loader {
	enum bm_loader_kind kind;
	char *config;		      /* path of grub.cfg, grub.conf, loader.conf */
	char *environment;	      /* path of grubenv, or NULL */
	char *env_damage;	      /* what is wrong with that, or NULL */
	unsigned int env_damage_line; /* 0: the file as a whole */
	bool env_refused;	      /* GRUB sets nothing from it */
	struct bm_boot_entry *entries;
	size_t n_entries, cap_entries;
	int default_entry;    /* index, or -1 */
	char *default_wanted; /* what the configuration asks for: an id, a title, a number, a pattern; or NULL */
	char *default_text;   /* what the configuration says the default is, or why there is none */
	bool default_lost;    /* it names what the menu does not have: the first entry boots instead */
	char *saved_entry, *next_entry, *kernelopts;
	struct bm_loader_cut *cuts;
	size_t n_cuts, cap_cuts;
	char *config_problem; /* GRUB is installed, and why config is no menu ("does not exist"); else NULL */
	struct bm_loader_stub stub;
	bool started;		 /* it was seen that the machine starts this one (bm_system.start) */
	char *unread;		 /* a configuration, or a part of it, that was not understood; or NULL */
	char *grub;		 /* a file that shows GRUB to be installed in /boot or on the ESP, or NULL */
	char *systemd_boot;	 /* likewise systemd-boot */
	char *unified;		 /* a file on the ESP where unified kernel images lie; or NULL */
	struct bm_strv others;	 /* loaders whose configuration is not read: "Limine (/boot/limine.conf)" */
	struct bm_strv rivals;	 /* further loaders that have a menu for this system: "GRUB (/boot/grub/grub.cfg)" */
	bool rival_boots;	 /* that of one of them leads to a kernel, as this one's does or does not */
	bool rival_leftover;	 /* they are all GRUB legacy, which GRUB 2 has taken the place of */
	struct bm_strv warnings; /* "FILE:LINE: what" */
};

/* A tool of the system that builds an initramfs; the adapters stand in plan/. */
struct bm_tools {
	char *dracut; /* path, or NULL */
	char *dracut_version;
	char *mkinitramfs; /* of initramfs-tools */
	char *depmod;
	char *grub_mkconfig;   /* grub-mkconfig or grub2-mkconfig, which writes grub.cfg */
	bool mkconfig_spares;  /* it knows --no-grubenv-update, and without that it writes more than its output */
	bool dracut_preferred; /* both are there and dracut owns the hooks */
	/* One that bootmend does not call, where neither is there: static texts, NULL where there is none. */
	const char *foreign;	     /* "mkinitcpio" */
	const char *foreign_command; /* that builds its images: "mkinitcpio -P" */
};

struct bm_system {
	char *id;	/* unique prefix of the root filesystem's UUID, or "root" */
	char *hostname; /* or NULL */
	char *machine_id;
	/* By which kernel-install may name the system's folders on $BOOT: entry-token, machine-id, IMAGE_ID, ID ... */
	struct bm_strv entry_tokens;
	char *os_id, *os_name, *os_version;
	char *os_id_like; /* the ids of the distributions that it comes from, as os-release has them; or NULL */
	char *arch;	  /* x86_64, aarch64, ... of its shell or init, or NULL */
	unsigned int score;
	char *subvolume;      /* of a btrfs root that a mount without options does not show: "@"; else NULL */
	int root_device;      /* index, BM_DEVICE_NONE for --root on something that is no block device */
	struct bm_root *root; /* handle through which everything is read; /boot and the others are mounted below */
	char *dir;	      /* where it is mounted for looking */
	bool given;	      /* by --root: somebody else mounted it */
	bool selinux;
	bool uefi;		 /* it has an ESP */
	struct bm_start start;	 /* which loader the machine starts, where that is seen */
	struct bm_mount *mounts; /* "/" first, then by depth */
	size_t n_mounts, cap_mounts;
	struct bm_fstab fstab;
	bool fstab_exists;
	struct bm_renames renames; /* volumes that it knows by another name */
	struct bm_kernel *kernels; /* newest first */
	size_t n_kernels, cap_kernels;
	struct bm_loader loader;
	struct bm_tools tools;
	struct bm_sources sources;	     /* the text files that the judgement rests on, as they are */
	struct bm_orphans orphans;	     /* files of /boot that nobody owns */
	struct bm_strv boot_hidden;	     /* versions of kernels in the root's own /boot, which a mount hides */
	struct bm_userland userland;	     /* whether its own programs can start */
	struct bm_history history;	     /* what bootmend did to it before */
	struct bm_hibernations hibernations; /* images of its memory, or of what else lies on its disks */
	struct bm_strv problems;	     /* what could not be read, a sentence each */
};

struct bm_systems {
	struct bm_system *items; /* best score first, then by id */
	size_t n, capacity;
};

/* The whole survey: what one run of bootmend knows. */
struct bm_survey {
	struct bm_devices devices;
	struct bm_volumes volumes;
	struct bm_systems systems;
	struct bm_machine machine;
	struct bm_strv in_use;		     /* who else uses the disks, a sentence each: what is seen may be torn */
	struct bm_hibernations hibernations; /* on all swap devices */
	bool partial; /* only devices that were named were looked at; images that are named count as all disks of a
			 machine */
};

/*
 * Looks at disks (all, or those named) and finds the systems on them; with a root_dir, only at that system. Nothing is
 * written to any disk. survey is initialised by the call and released by bm_survey_done(). Returns 0 or a negative
 * errno (finding no system is no error).
 */
int bm_survey_run(const struct bm_strv *disks, const char *root_dir, struct bm_survey *ret_survey) BM_MUST_CHECK;
void bm_survey_done(struct bm_survey *survey);
/*
 * Lets go of the disks: closes every handle, unmounts what was mounted for looking, deactivates volumes. The facts
 * stay; nothing can be read through them any more (system->root is NULL). May be called again.
 */
void bm_survey_release(struct bm_survey *survey);

/*
 * The system that id names: a prefix of its UUID, its host name; NULL id: the only one. Returns 0, -ENOENT (none, or no
 * such), -EEXIST (several: name one).
 */
int bm_survey_choose(const struct bm_survey *survey, const char *id, struct bm_system **ret_system) BM_MUST_CHECK;

/* The mount at exactly this target, or NULL. */
const struct bm_mount *bm_system_mount(const struct bm_system *system, const char *target);
/* The mount on which the path lies (the longest target that is a prefix of it). */
const struct bm_mount *bm_system_mount_of(const struct bm_system *system, const char *path);

/* The BLS file that an entry of the kernel has where GRUB reads those: /boot/loader/entries/MACHINE-ID-VERSION.conf,
 * for free(). NULL where the system has no machine id, or memory is short. */
char *bm_system_bls_path(const struct bm_system *system, const char *version);

/* The kernel of this exact version, or NULL. */
struct bm_kernel *bm_system_kernel(const struct bm_system *system, const char *version);
/* The kernel of the default boot entry; where that is unknown, NULL. */
struct bm_kernel *bm_system_default_kernel(const struct bm_system *system);
/* The boot entry (default first) that loads this version's kernel, or NULL. */
const struct bm_boot_entry *bm_system_entry_of(const struct bm_system *system, const char *version);

/*
 * The version in what somebody typed: 6.1.0-9-amd64, initramfs-6.1.0-9-amd64.img, /boot/vmlinuz-6.1.0-9-amd64,
 * initrd.img-..., initrd-...; for free(); NULL when memory is short.
 */
char *bm_kernel_version_of(const char *typed);

/* The stages of bm_survey_run(), each testable alone. */
int bm_system_read_mounts(
	struct bm_system *system, const struct bm_devices *devices, const struct bm_volumes *volumes) BM_MUST_CHECK;
/* Fills boot_hidden from what is in /boot, before that is mounted. */
int bm_system_read_hidden_boot(struct bm_system *system) BM_MUST_CHECK;
int bm_system_read_identity(struct bm_system *system) BM_MUST_CHECK;
/* Whether the distribution is that of the id, or comes from it ("rhel" and "rocky" are like "fedora"). */
bool bm_system_is_like(const struct bm_system *system, const char *id);
int bm_system_read_kernels(struct bm_system *system) BM_MUST_CHECK;
/* Before the loader, after mounts and identity. */
int bm_system_read_start(
	struct bm_system *system, const struct bm_devices *devices, const struct bm_firmware *firmware) BM_MUST_CHECK;
int bm_system_read_loader(struct bm_system *system, const struct bm_devices *devices) BM_MUST_CHECK;
/* The same, as if the grub.cfg at path (links followed; NULL: none) held text. */
int bm_system_read_loader_as(struct bm_system *system, const struct bm_devices *devices, const char *path,
	const struct bm_buf *text) BM_MUST_CHECK;
int bm_system_read_tools(struct bm_system *system) BM_MUST_CHECK;
/* The files that a judgement or a repair may need as text: fstab, crypttab, the loader's ... After the loader. */
int bm_system_read_sources(struct bm_system *system) BM_MUST_CHECK;
/* Files of /boot without an owner. After kernels and loader. */
int bm_system_read_orphans(struct bm_system *system) BM_MUST_CHECK;
int bm_system_read_userland(struct bm_system *system) BM_MUST_CHECK;
/* Sets each kernel's initramfs_path from the entries or the distribution's habit. After kernels and loader. */
int bm_system_place_initramfs(struct bm_system *system) BM_MUST_CHECK;
void bm_system_done(struct bm_system *system);

const char *bm_mount_source_text(enum bm_mount_source source);
const char *bm_loader_kind_text(enum bm_loader_kind kind);

#endif
