#!/bin/sh
# Installs the program from this folder, without network: sudo ./install.sh [FOLDER]
# The folder gets a name with the version in it, and /opt/monitor points to it; docs/upkeep.md changes that link.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
version=$(cat "$here/VERSION")
target=${1:-/opt/monitor-$version}
python=${PYTHON:-/usr/bin/python3}

cd "$here"
sha256sum --check --quiet SHA256SUMS || { echo "install: a file of $here is damaged; copy the folder again." >&2; exit 1; }
[ ! -e "$target" ] || { echo "install: $target exists already; remove it or name another folder." >&2; exit 2; }
wanted=$(cat "$here/PYTHON")
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || {
  echo "install: $python does not start; apt install python3-venv." >&2; exit 2; }
[ "$found" = "$wanted" ] || {
  echo "install: these wheels are for Python $wanted, $python is $found; make the wheelhouse on such a machine." >&2; exit 2; }

case $("$python" -c 'import sys; print(sys.base_prefix)') in
/root* | /home*) echo "install: the service cannot read a Python below /root or /home; use Debian's." >&2; exit 2 ;;
esac

mkdir -p "$target"
tar -xzf source.tar.gz -C "$target"
"$python" -m venv "$target/.venv"
pip="$target/.venv/bin/python -m pip --isolated --quiet --disable-pip-version-check install --no-index"
$pip --find-links "$here/wheels" --require-hashes -r "$here/requirements.txt"
(cd "$target" && $pip --no-build-isolation --no-deps -e .)
"$target/.venv/bin/python" -m compileall -q "$target/monitor" "$target/spiders" "$target/pipelines" "$target/exports"
(cd "$target" && .venv/bin/python -m monitor --help >/dev/null)
echo "Installed in $target. To use it: ln -sfn $target /opt/monitor"
