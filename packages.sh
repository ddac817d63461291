#!/bin/sh
# packages.sh GROUP...: installs what packages.list names for these groups ("all": for every group) and is not there.
#
# As root on Debian apt does it, and what it installs is said first; elsewhere the missing packages are named
# and the exit status is 1. Nothing that is there is touched; with nothing missing this takes a few milliseconds.
set -eu

list=$(dirname "$0")/packages.list

# Lines `PACKAGE PROOF` of the groups, each once.
wanted() {
	awk -v groups="$*" '
		BEGIN { count = split(groups, name, " "); for (i = 1; i <= count; i++) want[name[i]] = 1 }
		/^#/ || NF < 3 || !($1 in want || "all" in want) || $2 in seen { next }
		{ seen[$2] = 1; print $2, $3 }' "$list"
}

# Takes the packages that are installed out of the list on standard input.
missing_on_debian() {
	# shellcheck disable=SC2016 # dpkg's variables
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
		awk 'NR == FNR { if ($1 == "installed") there[$2] = 1; next } !($1 in there) { print $1 }' - "$1"
}

missing_elsewhere() {
	while read -r package proof; do
		case $proof in
		/*) [ -e "$proof" ] ;;
		pc:*) pkg-config --exists "${proof#pc:}" 2>/dev/null ;;
		*) PATH=$PATH:/usr/sbin:/sbin command -v "$proof" >/dev/null 2>&1 ;;
		esac || echo "$package"
	done <"$1"
}

# `make -j` may call this for several groups at once, and apt runs once at a time.
exec 9<"$list"
! command -v flock >/dev/null 2>&1 || flock 9
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
wanted "$@" >"$temporary/wanted"
[ -s "$temporary/wanted" ] || {
	echo "packages.sh: packages.list has no group $*" >&2
	exit 1
}

debian=yes
command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 || debian=no
if [ $debian = yes ]; then
	missing=$(missing_on_debian "$temporary/wanted" | tr '\n' ' ')
else
	missing=$(missing_elsewhere "$temporary/wanted" | tr '\n' ' ')
fi
[ -n "$missing" ] || exit 0

if [ $debian = no ]; then
	echo "packages.sh: missing, by the names that Debian has for them: $missing" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "packages.sh: missing (as root, make installs them by itself):" >&2
	echo "  apt-get install --no-install-recommends $missing" >&2
	exit 1
fi

echo "packages.sh: installing $missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of names
{
	apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update &&
		apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install -y --no-install-recommends $missing
} >"$temporary/log" 2>&1 </dev/null || {
	tail -n 20 "$temporary/log" >&2
	echo "packages.sh: installing failed" >&2
	exit 1
}
