# A function is at most LIMIT lines long; the style puts its braces into the first column.

FNR == 1 { start = 0 }
/^\{/ { start = FNR }
/^\}/ {
	if (start && FNR - start - 1 > LIMIT) {
		printf "%s:%d: a function of %d lines (at most %d)\n", FILENAME, start, FNR - start - 1, LIMIT
		bad = 1
	}
	start = 0
}

END { exit bad }
