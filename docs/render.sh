#!/usr/bin/env bash
# Pictures of every file of a report, for docs/reports.md and for looking. The bulletin is drawn for the three situations of
# the wording (invented figures) and for the finished report of a practice week, whose other files are drawn as well.
# Usage: docs/render.sh data/reports/2026-W47 [target folder, default docs/images]
# Needs LibreOffice, Chromium and poppler.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
report=$(cd "$1" && pwd)
target=${2:-$here/images}
mkdir -p "$target"
target=$(cd "$target" && pwd)
for tool in soffice chromium pdftoppm; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 1; }
done
python=$here/../.venv/bin/python
[ -x "$python" ] || python=python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
browser=(chromium --headless --no-sandbox --disable-gpu --hide-scrollbars "--user-data-dir=$work/browser")

# $1: folder with a bulletin; $2: beginning of the names of its pictures
bulletin() {
  local page
  pdftoppm -r 60 -png "$1"/buletin-*.pdf "$target/$2-halaman"
  page=$(echo "$1"/buletin-*.html)
  # Chromium writes no window narrower than 500 points, about the width of a large phone.
  "${browser[@]}" "--screenshot=$target/$2-laptop.png" --window-size=1100,1500 "file://$page" >/dev/null 2>&1
  "${browser[@]}" "--screenshot=$target/$2-ponsel.png" --window-size=500,1100 "file://$page" >/dev/null 2>&1
  "${browser[@]}" "--print-to-pdf=$work/print.pdf" --no-pdf-header-footer "file://$page" >/dev/null 2>&1
  pdftoppm -gray -r 50 -f 1 -l 1 -singlefile -png "$work/print.pdf" "$target/$2-cetak-kelabu"
  cp "$1"/sekilas-*.png "$target/$2-sekilas.png"
  cp "$1"/pesan-*.txt "$target/$2-pesan.txt"
  chmod 644 "$target/$2-sekilas.png" "$target/$2-pesan.txt"  # reports are for their owner only, pictures are not
}

# $1: workbook; $2: name of the picture of its first page
workbook() {
  soffice "-env:UserInstallation=file://$work/profile" --headless --convert-to pdf --outdir "$work" "$1" >/dev/null 2>&1
  pdftoppm -r 60 -f 1 -l 1 -singlefile -png "$work/$(basename "${1%.xlsx}").pdf" "$target/$2"
}

"$python" "$here/situations.py" "$work/situasi"
for folder in "$work"/situasi/*/; do
  bulletin "$folder" "situasi-$(basename "$folder")"
done
if compgen -G "$report/buletin-*.pdf" >/dev/null; then
  bulletin "$report" latihan
fi
workbook "$(echo "$report"/kehadiran-*.xlsx)" buku-kerja
for kind in kabkota periksa publik; do
  first=$(find "$report" -path "*$kind*" -name '*.xlsx' | sort | head -n 1)
  [ -z "$first" ] || workbook "$first" "$kind"
done
ls -l "$target"
