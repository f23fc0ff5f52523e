# deploy/lib/packages.sh: find out which system packages are missing, name them, install them.
# The lists are deploy/packages/*.txt; their README has the format.
# shellcheck shell=bash

# Which list fits this system: debian-12, debian-13, ubuntu-24.04; "" when none does.
# A derivative or a later release gets the nearest one: names rarely change, and apt-get tells when one did.
package_list() {
  local id='' like='' version='' codename='' file
  if [[ -r /etc/os-release ]]; then
    # A subshell keeps the file's variables out of ours.
    # shellcheck source=/dev/null
    IFS='|' read -r id like version codename < <(
      . /etc/os-release
      printf '%s|%s|%s|%s\n' "${ID:-}" "${ID_LIKE:-}" "${VERSION_ID:-}" "${UBUNTU_CODENAME:-}")
  fi
  file=$id-$version
  if [[ ! -f $PROJECT/deploy/packages/$file.txt ]]; then
    case "$id $like $codename" in
      *ubuntu*) file=ubuntu-24.04 ;;
      *debian*) file=debian-13 ;;
      *) file='' ;;
    esac
  fi
  printf '%s' "$file"
}

# wanted_packages LIST SECTION...: the lines of these sections, alternatives as "a|b".
wanted_packages() {
  local file=$PROJECT/deploy/packages/$1.txt section='' line name
  shift
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%%#*}
    line=${line//[[:space:]]/}
    case $line in
      '') ;;
      '['*']') section=${line:1:-1} ;;
      *) for name in "$@"; do if [[ $name == "$section" ]]; then printf '%s\n' "$line"; fi; done ;;
    esac
  done <"$file"
}

# Of the lines on standard input, those of which no alternative is installed. One call to dpkg for all: this runs each time.
missing_of() {
  local lines names installed line name found
  mapfile -t lines
  if [[ ${#lines[@]} -eq 0 ]]; then return; fi
  mapfile -t names < <(printf '%s\n' "${lines[@]}" | tr '|' '\n')
  installed=" $(dpkg-query -W -f '${Package}=${db:Status-Status} ' "${names[@]}" 2>/dev/null || true)"
  for line in "${lines[@]}"; do
    found=no
    for name in ${line//|/ }; do
      if [[ $installed == *" $name=installed "* ]]; then found=yes; fi
    done
    if [[ $found == no ]]; then printf '%s\n' "$line"; fi
  done
}

# Of "a|b" the first that apt knows, or the first at all, so that apt-get's own message names it.
choose_alternative() {
  local name
  for name in ${1//|/ }; do
    if apt-cache show "$name" >/dev/null 2>&1; then
      printf '%s\n' "$name"
      return
    fi
  done
  printf '%s\n' "${1%%|*}"
}

# need_packages INSTALL SECTION...: afterwards the packages of `build` and these sections are there.
# INSTALL is yes, or no: then missing ones are only named, and the script ends with 1.
# Sets PACKAGES_CHANGED=yes when something was installed: a build tree must then look for it again.
need_packages() {
  local install=$1 list missing chosen=() as_root=() line
  shift
  PACKAGES_CHANGED=no
  list=$(package_list)
  if [[ -z $list ]] || ! command -v dpkg-query >/dev/null; then
    say "This is no Debian or Ubuntu: see deploy/packages/debian-13.txt for what the build needs. Going on with what is here."
    return
  fi
  mapfile -t missing < <(wanted_packages "$list" build "$@" | missing_of)
  if [[ ${#missing[@]} -eq 0 ]]; then return; fi

  say "Missing system packages (deploy/packages/$list.txt):"
  printf '  %s\n' "${missing[@]}"
  if [[ $EUID -ne 0 ]]; then as_root=(sudo); fi
  if [[ $install == no ]]; then
    die 'they are not installed, as --no-install asks' "install them with: ${as_root[*]:+sudo }apt-get install ${missing[*]%%|*}"
  fi
  if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    die 'installing needs root, and there is no sudo' "as root: apt-get install ${missing[*]%%|*}"
  fi
  # ccache comes along: it is what makes the next change of a header cheap. It alone is no reason to call apt.
  while IFS= read -r line; do missing+=("$line"); done < <(wanted_packages "$list" ccache | missing_of)

  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q)
  "${apt[@]}" update
  for line in "${missing[@]}"; do chosen+=("$(choose_alternative "$line")"); done
  "${apt[@]}" install -y --no-install-recommends "${chosen[@]}" ||
    die 'apt-get could not install them all' 'its own message is above; the names stand in deploy/packages'
  # Read by need_tree in build.sh.
  # shellcheck disable=SC2034
  PACKAGES_CHANGED=yes
}
