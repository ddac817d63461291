# tests/repair/order.awk: reads what record.c has recorded of one run of bootmend, and prints what stands in a wrong order.
#
#	-v ended=1	the run came to its end: what it did is durable then
#	-v faulty=1	an effect was made to fail, which may have been a folder's sync
#	-v settles=0	the system lies with /, so that its filesystem cannot be settled
#
# What must hold, whatever failed on the way:
#   - a file is synced between its last write and the rename that puts it in its place;
#   - before a path of the patient changes, the journal says so, durably: its record is synced, its name, and (the first
#     time) its filesystem settled;
#   - what was there is kept durably, its name too, before the path changes;
#   - a folder in which a name changed is synced before the journal goes on, and before the end.

function wrong(text) {
	if (!(text in said)) {
		said[text] = 1
		print "line " NR " (" $0 "): " text
	}
}
function folder(path) {
	sub(/\/[^\/]*$/, "", path)
	return path == "" ? "/" : path
}
# Ours: the journal's folder and those above it, the record for people, work folders and probes, and what is below the
# places where only the tool's room has anything (os/root/fence.h keeps everything else out of them).
function ours(path) {
	return path ~ /^\/var(\/lib(\/bootmend(\/.*)?)?|\/log(\/bootmend(\/.*)?)?)?$/ ||
		path ~ /\/bootmend-[0-9a-f]+(\/|$)/ || path ~ /\/\.bootmend-probe\./ || path ~ /^\/(dev|run|proc|sys)\/./
}
# The name that the journal knows a path by.
function known(path) {
	sub(/\.bootmend-new$/, "", path)
	return path
}
function is_kept(path) {
	return path ~ /\.bootmend-[0-9]/ || path ~ /^\/var\/lib\/bootmend\/[^\/]*\/[0-9]+\.pre$/
}
# Something happens to a path of the patient.
function effect(path, replaces,    name) {
	if (ours(path))
		return
	if (!begun)
		wrong(path " changes before the journal's begin is durable")
	if (!undoing && !resuming && !(known(path) in durable))
		wrong(path " changes before the journal durably says so")
	if (unnamed)
		wrong(path " changes before the journal's name is durable")
	if (settles && made_journal && !settled)
		wrong(path " changes before the journal's filesystem is settled")
	if (replaces)
		for (name in keeping)
			wrong(path " changes before " name ", which keeps what was there, is durable")
}
# A name in a folder has changed.
function named(path) {
	if (is_kept(path))
		keeping[path] = folder(path)
	if (!ours(path))
		open_names[folder(path)] = path
}
function synced(dir,    name) {
	if (dir == journal_folder)
		unnamed = 0
	delete open_names[dir]
	for (name in keeping)
		if (keeping[name] == dir && !(name in dirty))
			delete keeping[name]
}

$1 == "create" { dirty[$2] = created[$2] = 1; effect($2, 0); named($2) }
$1 == "create" && $2 ~ /\/journal$/ { made_journal = unnamed = 1; journal_folder = folder($2) }
$1 == "write" || $1 == "truncate" {
	dirty[$2] = 1
	if ($2 ~ /^\/var\/lib\/bootmend\/.*\/journal$/) {
		for (dir in open_names)
			if (!faulty)
				wrong("the journal goes on before the folder of " open_names[dir] " is synced")
	} else if ($1 == "write" && !($2 in created)) {
		effect($2, 1)
	}
}
$1 == "note" && $2 == "intent" { noted["number " $3] = noted[$4] = 1 }
$1 == "note" && NF > 4 { noted[$5] = 1 }
# What a tool changed (depmod) is not seen here, but when that is noted.
$1 == "note" && $2 == "done" && !resuming && !(("number " $3) in durable) {
	wrong("change " $3 " is done before the journal durably says so")
}
$1 == "note" && $2 ~ /^(begin|undo-begin|resume)$/ { will_begin = 1 }
$1 == "note" && $2 == "undo-begin" { undoing = 1 }
$1 == "note" && $2 == "resume" { resuming = 1 }
$1 == "fsync" {
	delete dirty[$2]
	if ($2 ~ /^\/var\/lib\/bootmend\/.*\/journal$/) {
		begun = begun || will_begin
		for (path in noted)
			durable[path] = 1
	}
}
$1 == "fsync-dir" { synced($2) }
frozen && $1 != "thaw" { wrong("something comes between freezing and thawing") }
$1 == "freeze" || $1 == "no-freeze" { if (made_journal && begun) settled = 1 }
$1 == "freeze" { frozen = 1 }
$1 == "thaw" { frozen = 0 }
$1 == "rename" || $1 == "exchange" {
	if ($2 in dirty)
		wrong($2 " takes its place before it is synced")
	if ($1 == "exchange" && $3 in dirty)
		wrong($3 " takes its place before it is synced")
	effect($2, 0)
	# What moves away under the name by which it is kept needs no other, and what comes back from there replaces what
	# is bootmend's own.
	effect($3, !is_kept($3) && !is_kept($2))
	named($2)
	named($3)
	delete keeping[$2]
	delete created[$2]
}
$1 == "link" { effect($3, 0); named($3) }
$1 == "symlink" || $1 == "mkdir" { effect($2, 0); named($2) }
$1 == "unlink" { effect($2, known($2) == $2 && !is_kept($2)); named($2); delete dirty[$2]; delete created[$2]; delete keeping[$2] }
END {
	if (frozen)
		wrong("a filesystem stays frozen")
	if (!ended)
		exit
	for (path in dirty)
		if (path !~ /\/bootmend-[0-9a-f]+\//)
			wrong(path " was written and never synced")
	for (dir in open_names)
		wrong("the folder of " open_names[dir] " was never synced")
}
