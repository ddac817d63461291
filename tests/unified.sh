# shellcheck shell=bash
# Sourced by suites: makes unified kernel images.

# le32 NUMBER: four bytes, the lowest first
le32() { printf "%b" "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24)))"; }
# unified NAME=FILE...: a PE file with these sections, each at a multiple of 512 bytes
unified() {
	local offset=4096 part size section
	{
		printf 'MZ' && head -c 58 /dev/zero && le32 128 && head -c 64 /dev/zero
		printf 'PE\0\0\x64\x86' && printf "%b" "\\x$(printf %02x $#)\\x00" && head -c 12 /dev/zero
		printf '\xf0\0\x22\0\x0b\x02' && head -c 238 /dev/zero
		for part in "$@"; do
			size=$(stat -c %s "${part#*=}") section=${part%%=*}
			printf '%s' "$section" && head -c $((8 - ${#section})) /dev/zero
			le32 "$size" && le32 $offset && le32 $(((size + 511) / 512 * 512)) && le32 $offset && head -c 16 /dev/zero
			offset=$((offset + (size + 511) / 512 * 512))
		done
	} | cat - <(head -c 4096 /dev/zero) | head -c 4096
	for part in "$@"; do
		cat "${part#*=}" && head -c $(((512 - $(stat -c %s "${part#*=}") % 512) % 512)) /dev/zero
	done
}
