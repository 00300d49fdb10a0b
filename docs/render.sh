#!/usr/bin/env bash
# Pictures of a finished report, for docs and for looking: workbook by LibreOffice, page by Chromium.
# Usage: docs/render.sh data/reports/2026-W47 [target folder, default docs/images]
set -euo pipefail
report=$(cd "$1" && pwd)
target=${2:-$(dirname "$0")/images}
mkdir -p "$target"
target=$(cd "$target" && pwd)
for tool in soffice chromium pdftoppm; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

soffice "-env:UserInstallation=file://$work/profile" --headless --convert-to pdf --outdir "$work" \
  "$report"/kehadiran-*.xlsx >/dev/null 2>&1
pdftoppm -r 90 -png "$work"/kehadiran-*.pdf "$work/sheet"
first=$(find "$work" -name 'sheet-*.png' | sort | head -n 1)
cp "$first" "$target/workbook.png"

browser=(chromium --headless --no-sandbox --disable-gpu --hide-scrollbars)
page=$(echo "$report"/kehadiran-*.html)
# Chromium writes no window narrower than 500 points, about the width of a large phone.
"${browser[@]}" "--screenshot=$target/page.png" --window-size=1100,1500 "file://$page" >/dev/null 2>&1
"${browser[@]}" "--screenshot=$target/page-phone.png" --window-size=500,1500 "file://$page" >/dev/null 2>&1
"${browser[@]}" "--print-to-pdf=$work/page.pdf" --no-pdf-header-footer "file://$page" >/dev/null 2>&1
pdftoppm -r 60 -f 1 -l 1 -singlefile -png "$work/page.pdf" "$target/page-print"
ls -l "$target"
