# Sourced by the launchers beside it. What is set here is read before the first line of JavaScript runs: no program can
# set it for itself. A value from outside wins.

# libuv's pool: each Kafka client that connects or closes holds a thread meanwhile, and libuv's default is 4.
export UV_THREADPOOL_SIZE="${UV_THREADPOOL_SIZE:-32}"

# glibc: records are allocated by librdkafka's threads and freed by Node's; with an arena for each thread that left a
# third of the memory unused (DECISIONS.md). Other C libraries do not know the variable.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-4}"

# V8: objects of a request die young. Half of the usual nursery collects them as cheaply and is 16 MB smaller.
export NODE_OPTIONS="--max-semi-space-size=8 ${NODE_OPTIONS:-}"

# launch NAME [ARGUMENT...]: becomes the command of that name in src/bin.
launch() {
  name=$1
  shift
  exec node "$bin/../dist/bin/$name.js" "$@"
}
