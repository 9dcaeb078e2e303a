# Shared by the tools: where the project is, and what it needs. Sourced, not run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '%s\n' "$*" >&2; }

need_swift() {
  if ! command -v swift >/dev/null; then
    say "Swift 6.2 or later is needed and was not found. https://www.swift.org/install tells how to get it."
    exit 69
  fi
}

# Installs the Debian packages of the given names that are missing.
need_packages() {
  local missing=() name sudo=()
  for name in "$@"; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  say "installing ${missing[*]}"
  if ! { "${sudo[@]}" apt-get update -qq &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"; } >&2; then
    say "These Debian packages could not be installed: ${missing[*]}. Install them and run this again."
    exit 69
  fi
}

need_libraries() { need_packages libomp-dev libpng-dev zlib1g-dev pkg-config; }
