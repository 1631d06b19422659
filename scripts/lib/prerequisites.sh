# shellcheck shell=bash
# Sourced. What the machine must have, and how it gets there: by apt-get where we may, else by naming the packages.

say() { printf 'sluice: %s\n' "$*" >&2; }

# require_node: Node >= 20.19, which runs ECMAScript modules from require() and is the oldest line that we test.
require_node() {
  command -v node > /dev/null || { say 'Node.js >= 20.19 is needed (https://nodejs.org)'; return 1; }
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
    || { say "Node.js >= 20.19 is needed; this is $(node --version)"; return 1; }
}

# has_header HEADER: whether the C compiler finds a development header.
has_header() { printf '#include <%s>\n' "$1" | cc -E -xc - > /dev/null 2>&1; }

java_major() { java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1; }

has_java() {
  local major
  command -v java > /dev/null && command -v keytool > /dev/null || return 1
  major=$(java_major)
  [ "${major:-0}" -ge 17 ]
}

# missing_build_packages: the Debian packages without which librdkafka does not build, or builds without TLS or zstd
# and says nothing about it.
missing_build_packages() {
  { command -v g++ && command -v make; } > /dev/null || echo build-essential
  command -v python3 > /dev/null || echo python3
  has_header openssl/ssl.h || echo libssl-dev
  has_header zlib.h || echo zlib1g-dev
  has_header zstd.h || echo libzstd-dev
}

# missing_test_packages: what the servers under test need, and the commands that tests paste as they are printed.
missing_test_packages() {
  has_java || echo default-jre-headless
  command -v mvn > /dev/null || echo maven
  command -v redis-server > /dev/null || echo redis-server
  command -v openssl > /dev/null || echo openssl
  # For the serializers of another implementation. Debian has the module for environments in a package of its own.
  python3 -c 'import ensurepip, venv' > /dev/null 2>&1 || echo python3-venv
  command -v curl > /dev/null || echo curl
  # Debian puts it where only root looks.
  { command -v haproxy || [ -x /usr/sbin/haproxy ]; } > /dev/null || echo haproxy
}

# missing_packaging_packages: what `npm run package` makes a .deb with, and what its tests try it with. Not needed for the
# rest: where they cannot be had, the tests say aloud what they leave out.
missing_packaging_packages() {
  command -v dpkg-deb > /dev/null || echo dpkg
  # Knows the names and versions of the libraries that a compiled file needs.
  command -v dpkg-shlibdeps > /dev/null || echo dpkg-dev
  command -v systemd-analyze > /dev/null || echo systemd
}

# as_root COMMAND ...: fails when that would need a password.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# require_packages PURPOSE LISTER: LISTER prints the names of the packages that are missing.
require_packages() {
  local purpose=$1 lister=$2 missing
  missing=$("$lister")
  [ -n "$missing" ] || return 0
  missing=${missing//$'\n'/ }
  if ! command -v apt-get > /dev/null || ! as_root true 2> /dev/null; then
    say "$purpose needs these packages (Debian's names): $missing"
    say 'install them and run this again: there is no apt-get here, or it needs a password'
    return 1
  fi
  say "$purpose needs packages that are missing; installing with apt-get: $missing"
  # Package names hold no blanks: the words are meant to be split.
  # shellcheck disable=SC2086
  as_root apt-get update -qq >&2 \
    && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null \
    || return 1
  missing=$("$lister")
  [ -z "$missing" ] || { say "still missing or too old: ${missing//$'\n'/ }"; return 1; }
}

require_build_tools() { require_packages 'compiling librdkafka' missing_build_packages; }
require_test_tools() {
  require_packages 'the tests (a real Kafka, a real Redis, a real balancer, certificates, curl)' missing_test_packages || return 1
  require_packages 'the tests of the .deb' missing_packaging_packages || say 'NOT ALL OF THE PACKAGES ARE TRIED'
}
