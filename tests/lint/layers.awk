# Who may include whom, as docs/ARCHITECTURE.md has it. Reads C files named rescue/FOLDER/FILE, rescue/FOLDER/WING/FILE
# (or rescue/main.c). A folder with wings has no files of its own, and a wing may use the wings of its row.
# The law "one door" is here too: os/root/rootw.h, which changes the patient, is for apply and cmd.

BEGIN {
	may["base"] = "base"
	may["fmt"] = "base fmt"
	may["os"] = "base os"
	may["system"] = "base fmt os system"
	may["proof"] = "base fmt os system proof"
	may["check"] = "base fmt system proof check"
	may["plan"] = "base fmt system proof check plan"
	may["apply"] = "base fmt os system proof plan apply"
	may["report"] = "base fmt system proof check plan apply report"
	may["cmd"] = may["main"] = "base fmt os system proof check plan apply report cmd"

	wing["fmt/boot"] = wing["fmt/disk"] = wing["fmt/etc"] = wing["fmt/log"] = wing["fmt/own"] = ""
	wing["fmt/kernel"] = "fmt/etc"
	wing["fmt/image"] = "fmt/kernel"
	wing["os/root"] = ""
	wing["os/run"] = "os/root"
	wing["os/mount"] = wing["os/block"] = "os/root os/run"
	wing["os/hold"] = "os/block os/mount os/root os/run"
	for (name in wing)
		winged[substr(name, 1, index(name, "/") - 1)] = 1

	# libraries from elsewhere, by the folder that wraps them
	library["blkid/blkid.h"] = library["libmount/libmount.h"] = "os"
	library["zlib.h"] = library["lzma.h"] = library["bzlib.h"] = library["zstd.h"] = library["lz4.h"] = "fmt"
	library["lzo/lzo1x.h"] = library["lzo/lzoconf.h"] = "fmt"
	library["versions.h"] = "cmd main"
	reserved["os/root/rootw.h"] = reserved["os/root/rootw_xattr.h"] = "os apply cmd"
}

function allows(list, word) {
	return index(" " list " ", " " word " ") > 0
}

function complain(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what
	bad = 1
}

FNR == 1 {
	split(substr(FILENAME, index(FILENAME, "rescue/") + 7), part, "/")
	folder = part[2] == "" ? "main" : part[1]
	here = folder
	if (part[3] != "")
		here = folder "/" part[2]
	if (!(folder in may))
		complain("folder " folder " has no row in the table of layers")
	if ((folder in winged || here != folder) && !(here in wing))
		complain("wing " here " has no row in the table of wings")
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
	name = $0
	sub(/^[^<"]*[<"]/, "", name)
	sub(/[>"].*/, "", name)
	while (sub(/^\.\.\//, "", name) || sub(/^\.\//, "", name))
		;
	if (name in library) {
		if (!allows(library[name], folder))
			complain(folder " includes <" name ">, which is for " library[name])
		next
	}
	if (index($0, "\"") == 0)
		next
	split(name, piece, "/")
	target = piece[2] == "" ? folder : piece[1]
	if (!allows(may[folder], target))
		complain(folder " includes " name ": it may use " may[folder])
	else if (name in reserved && !allows(reserved[name], folder))
		complain(folder " includes " name ", which is for " reserved[name])
	else if (here in wing && piece[3] != "" && target == folder && here != target "/" piece[2] &&
		!allows(wing[here], target "/" piece[2]))
		complain(here " includes " name ": of its folder it may use " (wing[here] == "" ? "nothing" : wing[here]))
}

END { exit bad }
