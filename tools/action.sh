#!/usr/bin/env bash
# The audit of the GitHub Action: SARIF for code scanning, annotations in the log, and the outputs. It does not fail by
# what it finds: the last step of the action does, after the upload.
set -uo pipefail

action=${AUDIT_ACTION:?}
program=$action/dist/deploy-audit.js
sarif=deploy-audit.sarif

if [ ! -e "$program" ]; then
  (cd "$action" && npm ci --no-audit --no-fund) >&2 || exit 2
fi

read -r -a paths <<<"${AUDIT_PATH:-.}"
read -r -a words <<<"${AUDIT_ARGS:-}"
category=()
if [ -n "${AUDIT_CATEGORY:-}" ]; then category=(--category "$AUDIT_CATEGORY"); fi

node "$program" --format github --fail-on "${AUDIT_FAIL_ON:-warning}" "${words[@]}" -- "${paths[@]}"
code=$?
findings=
if [ "$code" != 2 ]; then
  node "$program" --format sarif --output "$sarif" --fail-on never "${category[@]}" "${words[@]}" -- "${paths[@]}" 2>/dev/null
  findings=$(node -e 'console.log(JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).runs[0].results.filter(r => !(r.suppressions || []).length).length)' "$sarif")
fi

{
  echo "exit-code=$code"
  echo "findings=$findings"
  if [ -e "$sarif" ]; then echo "sarif-file=$sarif"; fi
} >>"${GITHUB_OUTPUT:-/dev/stdout}"
