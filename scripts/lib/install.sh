# shellcheck shell=bash
# Sourced after prerequisites.sh, with the repository as the current directory. Installs what the lock file says, with
# the native addon from a cache: compiling librdkafka takes minutes, putting three files back takes none.

ADDON=node_modules/node-rdkafka/build
ADDON_FILES=(Release/node-librdkafka.node deps/librdkafka.so.1 deps/librdkafka++.so.1)

addon_complete() { node scripts/lib/addon-complete.mjs; }

# What the compiled files depend on. A copy that does not load all the same (another OpenSSL) is built anew.
addon_cache() {
  local key
  key=$(node -p '`${require("./node_modules/node-rdkafka/package.json").version}-abi${process.versions.modules}-${process.platform}-${process.arch}-ssl-zstd`')
  printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/sluice/addon/$key"
}

restore_addon() {
  local cache file
  cache=$(addon_cache)
  [ -d "$cache" ] || return 1
  for file in "${ADDON_FILES[@]}"; do
    mkdir -p "$ADDON/$(dirname "$file")"
    # A new file, never new bytes in the old one: a running proxy may have it mapped.
    rm -f "$ADDON/$file"
    cp "$cache/$file" "$ADDON/$file"
  done
  addon_complete
}

save_addon() {
  local cache partial file
  cache=$(addon_cache)
  mkdir -p "$(dirname "$cache")"
  # Renamed into place: a second installation at the same time sees all of it or nothing.
  partial=$(mktemp -d "$cache.XXXXXX")
  for file in "${ADDON_FILES[@]}"; do
    mkdir -p "$partial/$(dirname "$file")"
    cp -L "$ADDON/$file" "$partial/$file"
    strip --strip-unneeded "$partial/$file" 2> /dev/null || true
  done
  rm -rf "$cache"
  mv -T "$partial" "$cache" 2> /dev/null || rm -rf "$partial"
}

# node-gyp downloads Node's headers unless it is told where they are; Node's own packages bring them along.
local_node_headers() {
  node -p 'const { existsSync, readFileSync, realpathSync } = require("node:fs");
    const { dirname, join } = require("node:path");
    const prefix = dirname(dirname(realpathSync(process.execPath)));
    const header = join(prefix, "include/node/node_version.h");
    const text = existsSync(header) ? readFileSync(header, "utf8") : "";
    const part = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
    const version = [part("MAJOR"), part("MINOR"), part("PATCH")].join(".");
    version === process.versions.node ? prefix : ""'
}

build_addon() {
  local headers
  require_build_tools || return 1
  headers=$(local_node_headers)
  if [ -n "$headers" ] && [ -z "${npm_config_nodedir:-}" ]; then export npm_config_nodedir=$headers; fi
  say 'compiling librdkafka; this takes some minutes, once'
  # Its makefiles fail when they run in parallel.
  env -u JOBS -u MAKEFLAGS npm rebuild node-rdkafka --foreground-scripts > node_modules/.sluice-addon.log 2>&1 \
    || { tail -n 30 node_modules/.sluice-addon.log >&2; return 1; }
  addon_complete
}

require_addon() {
  addon_complete 2> /dev/null && return 0
  restore_addon 2> /dev/null && return 0
  build_addon && save_addon
}

# install_dependencies: npm ci, skipped when node_modules holds what the lock file says.
install_dependencies() {
  if ! node scripts/lib/packages-current.mjs; then
    say 'installing packages (npm ci)'
    npm ci --ignore-scripts --loglevel=error >&2 || return 1
  fi
  require_addon
}

# build_packages: compiles what runs (not the tests), skipped when nothing changed since. tsc finds that out too, but takes two seconds for it.
build_packages() {
  local stamp=node_modules/.cache/sluice-build manifest
  for manifest in packages/*/package.json; do
    [ -d "${manifest%/package.json}/dist" ] || rm -f "$stamp"
  done
  # A deleted file shows in the time of its directory.
  if [ -e "$stamp" ] && [ -z "$(find packages/*/src packages/*/tsconfig.json packages/*/package.json \
    tsconfig.base.json package-lock.json -newer "$stamp" -print -quit)" ]; then return 0; fi
  say 'building'
  mkdir -p "$(dirname "$stamp")"
  # The time of the start: what is edited while the compiler runs counts as newer.
  touch "$stamp.started"
  node_modules/.bin/tsc -b packages/*/ || return 1
  mv "$stamp.started" "$stamp"
}
