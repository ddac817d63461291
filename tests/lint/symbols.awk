# What each folder may call outside bootmend. Reads lines `FOLDER FILE SYMBOL`: the undefined symbols of its objects.
# os is where effects live and may call anything that is not banned (banned.awk); the others only what is named here.

BEGIN {
	pure = "abort bsearch calloc fnmatch free malloc qsort realloc reallocarray secure_getenv snprintf vsnprintf " \
		"strerror strerror_r __errno_location __assert_fail __stack_chk_fail _GLOBAL_OFFSET_TABLE_"
	pattern["pure"] = "^(mem(chr|cmp|cpy|mem|move|pcpy|rchr|set)|str(casecmp|chr|chrnul|cmp|cspn|dup|len|ncasecmp|ncmp|ndup|nlen|pbrk|rchr|sep|spn|str|casestr|verscmp)|stpcpy|is[a-z]+|to(lower|upper)|strto(l|ul|ll|ull|imax|umax))$"
	# the decoders' libraries, and no more of them than decoding
	pattern["fmt"] = "^(inflate[A-Za-z0-9_]*|crc32|adler32|lzma_[a-z0-9_]+|BZ2_bzDecompress[A-Za-z]*|ZSTD_[A-Za-z_]+|LZ4_(decompress_[a-z_]+|compressBound)|lzo1x_decompress_safe|lzo_[a-z0-9_]+|__lzo_init_v2)$"
	clock = "clock_gettime gmtime_r localtime_r strftime time timegm difftime"
	stdio = "printf fprintf vfprintf vprintf puts putchar putc fputs fputc fwrite fread fflush ferror feof fileno getline fgets getc getchar perror stdin stdout stderr setvbuf open_memstream fclose"
	terminal = "isatty read write poll tcgetattr tcsetattr tcflush cfmakeraw signal sigaction sigemptyset getenv exit atexit nanosleep getopt_long optarg optind opterr geteuid setlocale"
	also["base"] = ""
	also["apply"] = clock
	also["cmd"] = also["main"] = clock " " stdio " " terminal
}

function allows(list, word) {
	return index(" " list " ", " " word " ") > 0
}

$3 ~ /^bm_/ || $1 == "os" || allows(pure, $3) || $3 ~ pattern["pure"] { next }
($1 in pattern) && $3 ~ pattern[$1] { next }
allows(also[$1], $3) { next }
{
	printf "%s: calls %s, which is not for %s\n", $2, $3, $1
	bad = 1
}

END { exit bad }
