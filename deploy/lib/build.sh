# deploy/lib/build.sh: configure a preset when needed, and build.
#
# tests/run and deploy/demo share one tree, build/release, so that whoever ran one has most of the other. CI builds the
# preset `ci` instead (the same code, warnings are errors): IRO_PRESET=ci. Needs common.sh and packages.sh.
# shellcheck shell=bash

# Compilers of the sanitizer builds take up to 1.5 GB each: a small machine gets fewer jobs than it has cores.
build_jobs() {
  local cores memory_kb jobs
  cores=$(nproc)
  memory_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  jobs=$((memory_kb / 1500000))
  if ((jobs > cores)); then jobs=$cores; fi
  if ((jobs < 1)); then jobs=1; fi
  printf '%s' "$jobs"
}

# need_tree PRESET: build/PRESET is configured. Ninja notices changed CMake files by itself; what it cannot notice is
# a changed preset or a package that appeared.
need_tree() {
  local tree=$PROJECT/build/$1
  if [[ -f $tree/build.ninja && ! $PROJECT/CMakePresets.json -nt $tree/build.ninja && ${PACKAGES_CHANGED:-no} == no ]]; then
    return
  fi
  if command -v ccache >/dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_C_COMPILER_LAUNCHER=ccache
  fi
  step "configure build/$1" cmake -S "$PROJECT" --preset "$1" --log-level=WARNING ||
    die "configuring the preset $1 failed" "the message is above; after a change of system, delete build/$1 and try again"
  # An unchanged file is not rewritten, and would look older than the preset for ever.
  touch "$tree/build.ninja"
}

# build PRESET [TARGET...]: everything, or these targets.
build() {
  local preset=$1 targets=()
  shift
  if [[ $# -gt 0 ]]; then targets=(--target "$@"); fi
  step "build build/$preset" cmake --build "$PROJECT/build/$preset" --parallel "$(build_jobs)" "${targets[@]}" ||
    die 'the build failed' 'the first error above is the one to read'
}
