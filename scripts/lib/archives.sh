# shellcheck shell=bash
# Sourced by scripts/package, with the repository as the current directory. Both take the folder of the unpacked npm
# package and the one for the result, whose name they print. $version and $SOURCE_DATE_EPOCH are set, $work is scratch.

COMMANDS=(sluice kafka-rest-start kafka-rest-stop)

# link_commands BIN LIBRARY: the launchers find their own place through the link, so the whole may be moved.
link_commands() {
  local name
  mkdir -p "$1"
  for name in "${COMMANDS[@]}"; do ln -s "$2/bin/$name" "$1/$name"; done
}

# unpacked_anywhere LIBRARY OUT
unpacked_anywhere() {
  local library=$1 out=$2 platform name root
  platform=$(node -p '`${process.platform}-${process.arch}`')
  name=sluice-$version-$platform
  root=$work/unpacked/$name
  mkdir -p "$root/lib/systemd" "$root/etc"
  cp -R "$library" "$root/lib/sluice"
  cp -R deploy/etc/kafka-rest "$root/etc/"
  cp deploy/systemd/sluice.service "$root/lib/systemd/"
  cp LICENSE CHANGELOG.md SECURITY.md "$root/"
  link_commands "$root/bin" ../lib/sluice
  chmod -R u=rwX,go=rX "$root"
  tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu \
    -C "$work/unpacked" -cf - "$name" | gzip -9n > "$out/$name.tar.gz"
  printf '%s\n' "$name.tar.gz"
}

# debian_dependencies LIBRARY: what the compiled parts are linked with, as this machine's Debian calls it.
debian_dependencies() {
  local build=$1/node_modules/node-rdkafka/build
  if ! command -v dpkg-shlibdeps > /dev/null; then
    say "NO DPKG-SHLIBDEPS (Debian's package dpkg-dev): the .deb names no versions of the libraries that it needs"
    printf '%s\n' 'libc6, libssl3 | libssl3t64, libstdc++6, libzstd1, zlib1g'
    return
  fi
  # It insists on a source package around it.
  mkdir -p "$work/shlibdeps/debian"
  printf 'Source: sluice\n\nPackage: sluice\nArchitecture: any\n' > "$work/shlibdeps/debian/control"
  (cd "$work/shlibdeps" && dpkg-shlibdeps -O --ignore-missing-info "-l$build/deps" \
    "$build/Release/node-librdkafka.node" "$build/deps/librdkafka.so.1" "$build/deps/librdkafka++.so.1" \
    2> "$work/shlibdeps/messages") | sed 's/^shlibs:Depends=//'
}

# debian_package LIBRARY OUT
debian_package() {
  local library=$1 out=$2 root=$work/debian architecture name script line from
  architecture=$(dpkg --print-architecture)
  name=sluice_${version}_$architecture.deb
  mkdir -p "$root/usr/lib/systemd/system" "$root/etc" "$root/usr/share/doc/sluice" "$root/DEBIAN"
  cp -R "$library" "$root/usr/lib/sluice"
  link_commands "$root/usr/bin" ../lib/sluice
  cp -R deploy/etc/kafka-rest "$root/etc/"
  cp deploy/systemd/sluice.service "$root/usr/lib/systemd/system/"
  cp LICENSE "$root/usr/share/doc/sluice/copyright"
  cp packages/cli/README.md CHANGELOG.md SECURITY.md "$root/usr/share/doc/sluice/"
  printf '/etc/kafka-rest/kafka-rest.properties\n' > "$root/DEBIAN/conffiles"
  line=$(cat "$library/bin/node-line")
  from=$line
  [ "$line" != 20 ] || from=20.19
  for script in postinst prerm postrm; do cp "deploy/debian/$script" "$root/DEBIAN/"; done
  sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
    -e "s/@SIZE@/$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)/" \
    -e "s/@NODE_LINE@/$line/" -e "s/@NODE_FROM@/$from/" -e "s/@NODE_BELOW@/$((line + 1))/" \
    -e "s/@DEPENDS@/$(debian_dependencies "$library")/" deploy/debian/control > "$root/DEBIAN/control"
  chmod -R u=rwX,go=rX "$root"
  chmod 755 "$root"/DEBIAN/postinst "$root"/DEBIAN/prerm "$root"/DEBIAN/postrm
  (cd "$root" && find etc usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
  # dpkg-deb takes over SOURCE_DATE_EPOCH as the latest time of all files.
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  # With several threads xz cuts its input into other pieces.
  DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz --build "$root" "$out/$name" > /dev/null
  printf '%s\n' "$name"
}
