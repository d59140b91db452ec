#!/usr/bin/env bash
# Installs the real programs our tests run against ("peers"), outside the tree.
#
#   tools/install-peers.sh          installs what is missing; prints name, version and seconds of each
#   tools/install-peers.sh --list   prints name, version and path of each
#
# They land in ${COUNTERSIGN_PEERS:-${XDG_CACHE_HOME:-~/.cache}/countersign/peers}; test/support/peers.ts reads
# peers.tsv there. Debian's programs come from other suites through apt lists of our own, so this system's apt and
# dpkg state stays as it is; Go programs come at the versions of tools/peers/go.mod,
# Python programs with the hashes of tools/peers/*.txt.
# A peer that cannot be had is named with the reason, the rest is installed, and the exit status is 1.
set -uo pipefail

sources=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers=${COUNTERSIGN_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/countersign/peers}
peers=$(realpath -m "$peers")
records=$peers/records

main() {
  case ${1-} in
    --list) list ;;
    '') install_all ;;
    *) sed -n '4,5p' "$0" >&2; exit 2 ;;
  esac
}

list() {
  [ -s "$peers/peers.tsv" ] || { echo "no peers installed in $peers: run tools/install-peers.sh" >&2; exit 1; }
  awk -F'\t' '{ printf "%-16s %-8s %-36s %s\n", $1, $2, $3, $4 }' "$peers/peers.tsv"
  ! grep -q $'\tmissing\t' "$peers/peers.tsv"
}

install_all() {
  mkdir -p "$peers/bin" "$records" || exit 1
  exec 9>"$peers/lock" && flock 9 || exit 1
  forget_other_recipes

  provide cosign-2 from_debian trixie '2.*' cosign
  provide cosign-3 from_debian forky '3.*' cosign
  provide oras from_debian forky '1.*' oras
  # Debian 12's own skopeo has sigstore compiled out; this one brings the C library it was linked with.
  provide skopeo from_debian trixie '1.18.*' skopeo libc6 libgpgme11t64 libassuan9 libgpg-error0 libsqlite3-0
  provide docker-registry from_debian bookworm '2.8.*' docker-registry
  provide ggcr-registry from_go github.com/google/go-containerregistry ./ggcr-registry
  provide olareg from_go github.com/olareg/olareg github.com/olareg/olareg/cmd/olareg
  provide oci-conformance from_go github.com/opencontainers/distribution-spec/conformance \
    github.com/opencontainers/distribution-spec/conformance
  provide sigstore-python from_python sigstore
  provide rekor-cli from_debian forky '1.*' rekor
  provide gitsign from_debian forky '0.*' gitsign
  provide ctclient from_go github.com/google/certificate-transparency-go \
    github.com/google/certificate-transparency-go/client/ctclient
  provide tlog-fsck from_go github.com/transparency-dev/tessera github.com/transparency-dev/tessera/cmd/fsck
  provide log-reader from_go golang.org/x/mod ./log-reader
  provide ct-audit from_go github.com/google/certificate-transparency-go ./ct-audit

  provide chromium from_system chromium

  # One rename, so a test run beside us reads the old table or the new one.
  cat "$records"/* >"$peers/peers.tsv.new" && mv "$peers/peers.tsv.new" "$peers/peers.tsv"
  echo "peers: $(grep -c $'\tpresent\t' "$peers/peers.tsv") installed in $peers, ${SECONDS} s"
  ! grep -q $'\tmissing\t' "$peers/peers.tsv"
}

# What another version of this script or of its lists installed does not count as installed.
forget_other_recipes() {
  local recipe
  recipe=$(cat "$sources/install-peers.sh" "$sources"/peers/go.* "$sources"/peers/*.txt "$sources"/peers/*/*.go | sha256sum)
  [ "$recipe" = "$(cat "$peers/recipe" 2>/dev/null)" ] || rm -f "$records"/*
  echo "$recipe" >"$peers/recipe"
}

# provide NAME STEP ARGS...: runs `STEP NAME ARGS...`, which leaves bin/NAME and sets version.
provide() {
  local name=$1 step=$2 program=$peers/bin/$1 log=$peers/$1.log started=$SECONDS version=
  shift 2
  if grep -qs $'\tpresent\t' "$records/$name" && [ -x "$program" ]; then
    echo "  $name $(cut -f3 "$records/$name"), already there"
  elif "$step" "$name" "$@" >"$log" 2>&1 && [ -x "$program" ]; then
    printf '%s\tpresent\t%s\t%s\n' "$name" "$version" "$program" >"$records/$name"
    echo "  $name $version, $((SECONDS - started)) s"
  else
    printf '%s\tmissing\t-\t%s\n' "$name" "$(reason "$log")" >"$records/$name"
    echo "  $name MISSING: $(reason "$log")" >&2
  fi
}

reason() { grep -v '^ *$' "$1" | tail -1 | tr '\t' ' ' | grep . || echo "no program came out"; }

# from_debian NAME SUITE VERSION-PATTERN PACKAGE LIBRARY...: dependencies are not resolved, so each one is named.
from_debian() {
  local name=$1 suite=$2 wanted=$3 package=$4 folder=$peers/debian/$1
  shift 3
  open_suite "$suite" && rm -rf "$folder" && mkdir -p "$folder/debs" || return
  (cd "$folder/debs" && apt_in "$suite" download "$@") || { echo "$suite lacks one of: $*"; return 1; }
  version=$(dpkg-deb --field "$folder/debs/${package}"_*.deb Version) || return
  # shellcheck disable=SC2053  # the right side is a pattern
  [[ ${version#*:} == $wanted ]] || { echo "$suite has $package $version, wanted $wanted"; return 1; }
  for deb in "$folder"/debs/*.deb; do dpkg-deb --extract "$deb" "$folder" || return; done
  rm -r "$folder/debs"
  # Most programs are called like their package, some like the peer.
  [ ! -x "$folder/usr/bin/$name" ] || package=$name
  if [ $# -eq 1 ]; then ln -sfn "$folder/usr/bin/$package" "$peers/bin/$name"; else wrap "$name" "$package"; fi
}

# Runs a program with the dynamic loader and libraries unpacked beside it, whatever this system's C library is.
wrap() {
  local name=$1 folder=$peers/debian/$1 loader
  loader=$(find "$folder/usr/lib" -name 'ld-linux*.so.*' -type f | head -1)
  [ -n "$loader" ] || { echo "no dynamic loader in libc6"; return 1; }
  rm -f "$peers/bin/$name"
  printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' \
    "$loader" "$(dirname "$loader")" "$folder/usr/bin/$2" >"$peers/bin/$name"
  chmod +x "$peers/bin/$name"
}

# Reads a suite's package list once a run, from the mirror this system's apt already uses, checked by Debian's keyring.
open_suite() {
  local view=$peers/apt/$1 mirror
  case " ${opened-} " in *" $1 "*) return ;; esac
  command -v apt-get >/dev/null || { echo "no apt-get on this machine"; return 1; }
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Component: main' | grep -v security | head -1)
  [ -n "$mirror" ] || { echo "this machine's apt lists no Debian mirror"; return 1; }
  mkdir -p "$view"/{etc/apt.conf.d,etc/preferences.d,etc/sources.list.d,state/lists/partial,cache/archives/partial} &&
    touch "$view/state/status" &&
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$view/etc/sources.list" &&
    apt_in "$1" update && opened+=" $1"
}

# A mirror may be frozen at a date for reproducible builds, hence no check of the lists' age.
apt_in() {
  local view=$peers/apt/$1
  shift
  apt-get -q -o "Dir::Etc=$view/etc" -o "Dir::State=$view/state" -o "Dir::State::lists=$view/state/lists" \
    -o "Dir::State::status=$view/state/status" -o "Dir::Cache=$view/cache" -o APT::Sandbox::User=root \
    -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none "$@"
}

# from_go NAME MODULE PACKAGE: built at the version of go.mod, every byte checked against go.sum.
from_go() {
  command -v go >/dev/null || { echo "no go on this machine"; return 1; }
  (cd "$sources/peers" && go build -mod=readonly -buildvcs=false -trimpath -o "$peers/bin/$1" "$3") &&
    version=$(cd "$sources/peers" && go list -mod=readonly -m -f '{{.Version}}' "$2")
}

# from_system NAME: a program with too many libraries to unpack beside it. Installed by this machine's package manager
# where that is allowed: as root, which a build machine's user is and a developer's is not.
from_system() {
  local program
  if ! command -v "$1" >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$1"
  fi
  program=$(command -v "$1") || { echo "not on this machine: install its package $1"; return 1; }
  ln -sfn "$program" "$peers/bin/$1" && version=$("$program" --version | grep -o '[0-9][0-9.]*' | head -1)
}

# from_python NAME DISTRIBUTION: an environment of its own, every file checked against the hashes of peers/NAME.txt.
# The program is that environment's Python.
from_python() {
  local name=$1 folder=$peers/python/$1
  command -v python3 >/dev/null || { echo "no python3 on this machine"; return 1; }
  rm -rf "$folder" "$peers/bin/$name" && mkdir -p "$peers/python" && python3 -m venv "$folder" &&
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
      --require-hashes --requirement "$sources/peers/$name.txt" &&
    printf '#!/bin/sh\nexec "%s" -I "$@"\n' "$folder/bin/python" >"$peers/bin/$name" && chmod +x "$peers/bin/$name" &&
    version=$("$peers/bin/$name" -c "from importlib.metadata import version; print(version('$2'))")
}

main "$@"
