# Sourced by the launchers beside it. What is set here is read before the first line of JavaScript runs: no program can
# set it for itself. A value from outside wins.

# An older Node does not know the flags below and says only that (5 ms).
found=$(node --version 2> /dev/null) || found=
case $found in
  '') echo 'Node.js 20.19 or later is needed, and there is no node on the PATH (https://nodejs.org).' >&2; exit 127 ;;
  v[0-9].* | v1[0-9].* | v20.[0-9].* | v20.1[0-8].*)
    echo "Node.js 20.19 or later is needed; $(command -v node) is $found." >&2; exit 1 ;;
esac
# In what was installed from a package: the compiled part runs with the line of Node.js that it was compiled for.
if [ -r "$bin/node-line" ]; then
  read -r line < "$bin/node-line"
  case $found in
    "v$line".*) ;;
    *) echo "This package of Sluice was made for Node.js $line; $(command -v node) is $found." >&2; exit 1 ;;
  esac
fi

# libuv's pool: each Kafka client that connects or closes holds a thread meanwhile, and libuv's default is 4.
export UV_THREADPOOL_SIZE="${UV_THREADPOOL_SIZE:-32}"

# glibc: records are allocated by librdkafka's threads and freed by Node's; with an arena for each thread that left a
# third of the memory unused (DECISIONS.md). Other C libraries do not know the variable.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-4}"

# V8: objects of a request die young. Half of the usual nursery collects them as cheaply and is 16 MB smaller.
export NODE_OPTIONS="--max-semi-space-size=8 ${NODE_OPTIONS:-}"

# V8: it begins to look for garbage among old objects when there is less room left for them than its nursery holds, and
# with a heap as small as ours that is always so: up to two full collections a second that found nothing, a sixth of all
# CPU time of a read. With room for half as much again as is alive, beside the nursery, there are next to none. And threads
# that help with a small job cost more than the job: the nursery is collected, and what buffers held is freed, where
# JavaScript runs (DECISIONS.md).
# Not allowed in NODE_OPTIONS, so they stand on the command line.
collector="--heap-growing-percent=50 --no-parallel-scavenge --no-concurrent-array-buffer-sweeping"

# launch NAME [ARGUMENT...]: becomes the command of that name in src/bin.
launch() {
  name=$1
  shift
  # shellcheck disable=SC2086 # several flags
  exec node $collector "$bin/../dist/bin/$name.js" "$@"
}
