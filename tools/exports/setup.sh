# shellcheck shell=bash disable=SC2154  # 'root' and 'start' are lib.sh's
# Shared by the checks of exports: finds or makes a Python with what a check needs, builds the
# programs and runs the check. Sourced, not run, after lib.sh.

# need_python MODULE,… : sets python to $PYTHON or that of .venv-exports, with these modules.
need_python() {
  python=${PYTHON:-$root/.venv-exports/bin/python}
  "$python" -c "import ${1//,/, }" 2>/dev/null && return 0
  [ -z "${PYTHON-}" ] || fail 69 "$PYTHON cannot import $1. Install them, or leave PYTHON out."
  if [ ! -x "$python" ]; then
    python3 -c 'import ensurepip' 2>/dev/null || need_packages python3 python3-venv
    python3 -m venv "${python%/bin/python}"
  fi
  say "Installing ${1//,/ }"
  # shellcheck disable=SC2086  # one word each
  "$python" -m pip install --quiet --disable-pip-version-check ${1//,/ } >&2 ||
    fail 69 "pip could not install ${1//,/ }; its message is above."
}

# run_check CHECK MODULE,… WORD…: the check with the words that follow.
run_check() {
  local check=$1 modules=$2
  shift 2
  need_swift
  need_libraries
  need_python "$modules"
  build_benchmarks
  PYTHONPATH=$root/tools exec "$python" -m "exports.$check" --phidias "$program" "$@"
}

# check_model CHECK MODULE,… [MODEL DATA]
check_model() {
  case ${3-} in -h | --help) usage ;; esac
  case $# in
    2) run_check "$@" ;;
    4) run_check "$1" "$2" "$(absolute "$3")" "$(absolute "$4")" ;;
    *) fail 64 "Usage: tools/${0##*/} [MODEL DATA]" ;;
  esac
}
