#!/bin/sh
# git's update hook: refuses one ref of a push for the reasons GitHub refuses it. git-http.ts tells the reasons through
# LOOPBACK_RULES (lines "kind ref sentence"), LOOPBACK_SIGNED and LOOPBACK_LINEAR (lines "ref sentence"),
# LOOPBACK_WORKFLOW_REFUSAL (empty: workflow files may be pushed) and LOOPBACK_DEFAULT (the default branch), and
# pkt-line.ts moves what follows LOOPBACK-NG into the push report.
ref=$1 before=$2 after=$3
zero=0000000000000000000000000000000000000000

refuse() {
  printf 'LOOPBACK-NG %s %s\n' "$ref" "$1" >&2
  exit 1
}

violation() {
  printf 'error: GH013: Repository rule violations found for %s.\nReview all repository rules at %s\n\n- %s\n\n' \
    "$ref" "$LOOPBACK_RULES_PAGE" "$1" >&2
  refuse 'push declined due to repository rule violations'
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
    violation "$sentence"
  fi
done <<RULES
$LOOPBACK_RULES
RULES

[ "$kind" = delete ] && exit 0

while read -r rule_ref sentence; do
  [ "$rule_ref" = "$ref" ] || continue
  for commit in $(git rev-list "$after" --not --all); do
    git cat-file commit "$commit" | sed '/^$/q' | grep -qE 'LoopbackGitHubSigned|^committer GitHub <noreply@github.com>' ||
      violation "$sentence
  Found 1 violation:

  $commit"
  done
done <<RULES
$LOOPBACK_SIGNED
RULES

while read -r rule_ref sentence; do
  if [ "$rule_ref" = "$ref" ] && [ -n "$(git rev-list --merges "$after" --not --all)" ]; then
    violation "$sentence"
  fi
done <<RULES
$LOOPBACK_LINEAR
RULES

if [ -n "$LOOPBACK_WORKFLOW_REFUSAL" ] && [ "${ref#refs/heads/}" != "$ref" ]; then
  path=$(git log --format= --name-only "$after" --not --all -- .github/workflows | head -n 1)
  # A new branch is compared with the default branch too, though none of its commits need touch a workflow.
  if [ -z "$path" ] && [ "$kind" = create ] && git rev-parse --quiet --verify "$LOOPBACK_DEFAULT" >/dev/null; then
    path=$(git diff --name-only --diff-filter=AM "$LOOPBACK_DEFAULT" "$after" -- .github/workflows | head -n 1)
  fi
  if [ -n "$path" ]; then
    refuse "$(printf '%s' "$LOOPBACK_WORKFLOW_REFUSAL" | sed "s|PATH|$path|")"
  fi
fi
