# shellcheck shell=sh
# Why: scripts/run and scripts/test share one .venv, and nobody who has Python should need to
# make it, refresh it or repair it by hand. Sourced with $root set; call ensure_venv EXTRA.

venv=${root:?}/.venv
# One line naming the extra, pyproject.toml's checksum and this directory (a copied .venv still
# points at its old place). It reads "installing" while pip works, so a killed install shows.
stamp=$venv/chatd-installed

say() { printf '%s\n' "$*" >&2; }
die() { say "scripts/${0##*/}: $*"; exit 1; }

# Are all of the extras $1 installed, as pyproject.toml stands now? (test includes all others)
is_ready() {
    [ -x "$venv/bin/python" ] && [ -x "$venv/bin/chatd" ] && [ -f "$stamp" ] || return 1
    sum=$(cksum <"$root/pyproject.toml")
    # Of these three the later ones include the earlier ones.
    case $(cat "$stamp") in
        "$1 $sum $root" | "client,ops,plots $sum $root" | "test $sum $root") return 0 ;;
        *) return 1 ;;
    esac
}

# Can pip go on in the .venv that is there, or must it be made anew?
is_sound() {
    if [ -f "$stamp" ]; then
        case $(cat "$stamp") in *" $root") ;; *) return 1 ;; esac
    fi
    "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Sets $python and $version, or ends with the first thing found wrong. Each candidate is asked
# rather than trusted by name, as version managers leave commands behind that start nothing.
find_python() {
    probe='import sys
try:
    import ensurepip, venv
    state = "ready"
except ImportError:
    state = "bare"
if sys.version_info < (3, 11):
    state = "old"
print("%d.%d %s" % (sys.version_info[0], sys.version_info[1], state))'
    problem=
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.11 python3.12 python3.13 python3.14 python3
    fi
    for python in "$@"; do
        facts=$("$python" -c "$probe" 2>/dev/null) || continue
        version=${facts% *}
        case $facts in
            *ready) return ;;
            *bare) problem=${problem:-"$python ($version) lacks the venv module: on Debian or Ubuntu, install it with 'apt-get install python$version-venv' and start this again."} ;;
            *old) problem=${problem:-"chatd needs Python 3.11 or newer, but $python is $version: install a newer one, or name one in the variable PYTHON."} ;;
        esac
    done
    [ -z "$problem" ] || die "$problem"
    [ -z "${PYTHON:-}" ] || die "the variable PYTHON names '$PYTHON', which does not start as Python: correct it or unset it."
    die "chatd needs Python 3.11 or newer, and no python3 was found: install one (on Debian or Ubuntu, 'apt-get install python3 python3-venv'), or name one in the variable PYTHON."
}

make_venv() {
    find_python
    # Else what is there would be half deleted before it shows.
    [ -w "$root" ] && { [ ! -e "$venv" ] || [ -w "$venv" ]; } ||
        die "$root is not yours to write: make a clone of your own."
    say "making .venv (once, about a minute)…"
    # Stamped before anything else is in it, so that being killed in between is seen as well.
    { rm -rf "$venv" && mkdir "$venv" && echo installing >"$stamp"; } ||
        die "cannot write to $venv: check the permissions and the free space there."
    if ! output=$("$python" -m venv "$venv" 2>&1); then
        rm -rf "$venv"
        die "$python could not make .venv ($(printf '%s\n' "$output" | tail -n 1)): if its venv module is missing, on Debian or Ubuntu 'apt-get install python$version-venv' brings it."
    fi
}

install_extra() {
    before=
    if is_sound; then
        say "refreshing .venv…"
        [ ! -f "$stamp" ] || before=$(cat "$stamp")
    else
        make_venv
    fi
    echo installing >"$stamp" || die "cannot write to $venv: check the permissions and the free space there."
    if ! output=$(cd "$root" && "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e ".[$1]" 2>&1); then
        # pip ended by itself, so .venv is as it was: what worked before (run, when only test failed)
        # still does, and the next start goes on from here.
        if [ -n "$before" ]; then echo "$before" >"$stamp"; else rm -f "$stamp"; fi
        say "$output"
        die "pip could not install chatd[$1] into .venv (its words are above): this needs the network once, and running it again continues."
    fi
    echo "$1 $(cksum <"$root/pyproject.toml") $root" >"$stamp"
}

ensure_venv() {
    if is_ready "$1"; then return; fi
    trap 'die "interrupted while making .venv; running it again starts that anew."' INT
    # Two first starts at once must not clear away each other's .venv.
    exec 9<"$root/pyproject.toml"
    if command -v flock >/dev/null && ! flock -n 9; then
        say "waiting for another start to finish with .venv…"
        flock 9
    fi
    is_ready "$1" || install_extra "$1"
    exec 9<&-
    trap - INT
}
