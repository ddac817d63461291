# Who may include whom, as docs/ARCHITECTURE.md has it. Reads C files named rescue/FOLDER/FILE (or rescue/main.c).
# The law "one door" is here too: os/rootw.h, which changes the patient, is for apply and cmd.

BEGIN {
	may["base"] = "base"
	may["fmt"] = "base fmt"
	may["os"] = "base os"
	may["system"] = "base fmt os system"
	may["check"] = "base fmt system check"
	may["plan"] = "base fmt system check plan"
	may["apply"] = "base fmt os system plan apply"
	may["report"] = "base fmt system check plan apply report"
	may["cmd"] = may["main"] = "base fmt os system check plan apply report cmd"

	# libraries from elsewhere, by the folder that wraps them
	library["blkid/blkid.h"] = library["libmount/libmount.h"] = "os"
	library["zlib.h"] = library["lzma.h"] = library["bzlib.h"] = library["zstd.h"] = library["lz4.h"] = "fmt"
	library["lzo/lzo1x.h"] = library["lzo/lzoconf.h"] = "fmt"
	library["versions.h"] = "cmd main"
	reserved["os/rootw.h"] = reserved["os/rootw_xattr.h"] = "os apply cmd"
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
	if (!(folder in may))
		complain("folder " folder " has no row in the table of layers")
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
}

END { exit bad }
