#!/bin/sh
# packages.sh GROUP...: installs what packages.list names for these groups (or for "all") and is not there.
#
# As root on Debian apt does it, and what it installs is said first; elsewhere the missing packages are named
# and the exit status is 1. Nothing that is there is touched; with nothing missing this takes a few milliseconds.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

wanted=$(awk -v groups="$*" '
	BEGIN { count = split(groups, list, " "); for (i = 1; i <= count; i++) want[list[i]] = 1 }
	/^#/ || NF < 2 { next }
	{
		split($1, own, ",")
		for (i in own)
			if (own[i] in want || "all" in want)
				take[$2] = 1
	}
	END { for (name in take) print name }' "$here/packages.list" | sort)

[ -n "$wanted" ] || {
	echo "packages: packages.list has no group $*" >&2
	exit 1
}

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "packages: this is not Debian; these must be there, under whatever names this system has for them:" >&2
	# shellcheck disable=SC2086 # a list of names
	echo "  "$wanted >&2
	echo "packages: going on; a missing one shows as an error of the step that needs it" >&2
	exit 0
fi

# shellcheck disable=SC2016,SC2086 # dpkg's variables; a list of names
there=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' | sort -u)
missing=$(printf '%s\n' "$wanted" | while read -r name; do
	printf '%s\n' "$there" | grep -qxF -- "$name" || echo "$name"
done)
[ -n "$missing" ] || exit 0

missing=$(printf '%s' "$missing" | tr '\n' ' ')
if [ "$(id -u)" != 0 ]; then
	echo "packages: these packages are missing (as root, make installs them by itself):" >&2
	echo "  apt-get install --no-install-recommends $missing" >&2
	exit 1
fi

echo "packages: installing $missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of names
{
	apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update &&
		apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install -y --no-install-recommends $missing
} >"$log" 2>&1 </dev/null || {
	tail -n 20 "$log" >&2
	echo "packages: installing failed" >&2
	exit 1
}
