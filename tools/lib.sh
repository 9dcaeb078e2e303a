# shellcheck shell=bash
# Shared by the tools: where the project is, and what it needs. Sourced, not run.
set -euo pipefail
start=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# absolute PATH: the path as seen from where the tool was started.
absolute() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$start/$1" ;;
  esac
}

say() { printf '%s\n' "$*" >&2; }

# list PATTERN…: the existing files that git tracks or would add.
list() {
  local file
  git ls-files -co --exclude-standard -- "$@" | while IFS= read -r file; do
    if [ -f "$file" ]; then printf '%s\n' "$file"; fi
  done
}

# fail CODE MESSAGE…: ends the tool, with a code after sysexits.h.
fail() {
  local code=$1
  shift
  say "$@"
  exit "$code"
}

# usage: prints the calling script's opening comment, and ends the tool.
usage() {
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$root/tools/${0##*/}"
  exit 0
}

# Swift, at least 6.2. If the version cannot be read, the package manager decides.
need_swift() {
  local version get="https://www.swift.org/install tells how to get it."
  command -v swift >/dev/null ||
    fail 69 "Swift 6.2 or later is needed, and there is no 'swift' in PATH. $get"
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')
  version=${version%%$'\n'*}
  if [ -n "$version" ] && [ "$(printf '%s\n' 6.2 "$version" | sort -V | head -n 1)" != 6.2 ]; then
    fail 69 "Swift 6.2 or later is needed; this is Swift $version. $get"
  fi
}

# Installs those of the named Debian packages that are missing.
need_packages() {
  local name missing=() become=()
  for name in "$@"; do
    dpkg-query -W -f='${Status}\n' "$name" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    fail 69 "These Debian packages, or their equivalents on this system, are needed: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail 69 "As root, install these packages, and run this again: apt-get install ${missing[*]}"
    become=(sudo)
  fi
  say "Installing ${missing[*]}"
  # A failed update, offline or because of another repository, need not stop the installation.
  "${become[@]}" apt-get update -qq </dev/null >&2 || say "apt-get update failed; continuing"
  "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    -o DPkg::Lock::Timeout=120 "${missing[@]}" </dev/null >&2 ||
    fail 69 "These Debian packages could not be installed: ${missing[*]}." \
      "Install them, and run this again."
}

need_libraries() { need_packages libomp-dev libjpeg-dev libpng-dev libssl-dev zlib1g-dev pkg-config; }

# The program of a release build, in $program.
build_phidias() {
  swift build -c release --product phidias >&2
  # shellcheck disable=SC2034
  program=$(swift build -c release --show-bin-path)/phidias
}

# The same, with phidias-bench beside it.
build_benchmarks() {
  build_phidias
  swift build -c release --product phidias-bench >&2
}

# swift_clang: prints the path of the clang that comes with Swift.
swift_clang() {
  local resources clang
  resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
  clang=${resources%/lib/swift}/bin/clang
  [ -x "$clang" ] || fail 69 "There is no clang next to Swift, at '$clang'."
  printf '%s\n' "$clang"
}

# build_fuzzing PRODUCT: a program of Tests/Fuzzing, in .build-fuzz/release.
build_fuzzing() {
  # Coverage for Swift, whose overflows end the process anyway; the checks of C for its shims.
  swift build --package-path Tests/Fuzzing --scratch-path .build-fuzz -c release --product "$1" \
    -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld \
    -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined >&2
}

# Sets python to one with numpy and safetensors, in the project's environment.
need_safetensors() {
  python=$root/.venv-check-model/bin/python
  "$python" -c 'import numpy, safetensors' 2>/dev/null && return 0
  python3 -c 'import ensurepip' 2>/dev/null || need_packages python3 python3-venv
  python3 -m venv --clear "${python%/bin/python}"
  "$python" -m pip install --quiet --disable-pip-version-check numpy safetensors >&2
}
