# shellcheck shell=bash disable=SC2154  # 'root' and 'start' are lib.sh's
# Shared by the compare tools: builds phidias and finds or makes a Python that has the opponent.
# Sourced, not run, after lib.sh. From here on paths are relative to where the user is.
cd "$start" || exit

# The Python to use: $PYTHON, or that of .venv-compare in the project.
find_python() {
  if [ -n "${PYTHON-}" ]; then
    python=$PYTHON
    return
  fi
  python=$root/.venv-compare/bin/python
  [ -x "$python" ] && "$python" -m pip --version >/dev/null 2>&1 && return
  say "Making the virtual environment .venv-compare"
  command -v python3 >/dev/null || need_packages python3 python3-venv
  python3 -m venv --clear "$root/.venv-compare" >&2 ||
    fail 69 "python3 cannot make a virtual environment (on Debian: apt-get install python3-venv)." \
      "Or name a Python that has what is needed: PYTHON=/path/to/python $0"
}

has() { "$python" -c "import ${1//,/, }" 2>/dev/null; }

install() {
  say "Installing $*"
  "$python" -m pip install -q --disable-pip-version-check "$@" >&2
}

# need_modules MODULE,… PACKAGE…: installs the packages unless the modules can be imported.
need_modules() {
  local modules=$1
  shift
  has "$modules" && return
  [ -z "${PYTHON-}" ] ||
    fail 69 "$PYTHON cannot import $modules. Install $*, or leave PYTHON out."
  install "$@" || fail 69 "pip could not install $*; its message is above."
}

# The comparison proper: compare OPPONENT OPTION…
compare() {
  local build=(swift build -c release --package-path "$root")
  say "Building phidias"
  "${build[@]}" --product phidias >&2
  "${build[@]}" --product phidias-bench >&2
  PYTHONPATH=$root/tools exec "$python" -m compare "$@" \
    --phidias "$("${build[@]}" --show-bin-path)/phidias"
}

# Help needs neither build nor opponent.
for argument in "$@"; do
  case $argument in
    -h | --help)
      usage
      PYTHONPATH=$root/tools exec python3 -m compare "${0##*/compare-}" --help
      ;;
  esac
done
need_swift
need_libraries
find_python
