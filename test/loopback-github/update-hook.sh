#!/bin/sh
# git's update hook: refuses one ref of a push for the reasons GitHub refuses it. git-http.ts tells the reasons through
# LOOPBACK_RULES (lines "kind ref sentence") and LOOPBACK_WORKFLOW_REFUSAL (empty: workflow files may be pushed), and
# pkt-line.ts moves what follows LOOPBACK-NG into the push report.
ref=$1 before=$2 after=$3
zero=0000000000000000000000000000000000000000

refuse() {
  printf 'LOOPBACK-NG %s %s\n' "$ref" "$1" >&2
  exit 1
}

if [ "$after" = "$zero" ]; then
  kind=delete
elif [ "$before" = "$zero" ]; then
  kind=create
elif git merge-base --is-ancestor "$before" "$after"; then
  kind=fast-forward
else
  kind=force
fi

while read -r rule_kind rule_ref sentence; do
  if [ "$rule_kind" = "$kind" ] && [ "$rule_ref" = "$ref" ]; then
    printf 'error: GH013: Repository rule violations found for %s.\n\n- %s\n\n' "$ref" "$sentence" >&2
    refuse 'push declined due to repository rule violations'
  fi
done <<RULES
$LOOPBACK_RULES
RULES

if [ -n "$LOOPBACK_WORKFLOW_REFUSAL" ] && [ "$kind" != delete ]; then
  path=$(git log --format= --name-only "$after" --not --all -- .github/workflows | head -n 1)
  if [ -n "$path" ]; then
    refuse "$(printf '%s' "$LOOPBACK_WORKFLOW_REFUSAL" | sed "s|PATH|$path|")"
  fi
fi
