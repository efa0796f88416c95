// What a failed git command means: a failure that passes by itself, or a refusal in the words of git or GitHub, and what a
// person can do about it.

/** What git printed. */
interface Printed {
  stderr: string
}

/** Temporary failures of the network, the server or a transfer, as opposed to refusals. */
const TEMPORARY = [
  /error: (5\d\d|408|429)|HTTP (5\d\d|408|429)/i,
  /resolve host|connect to|connection|timed out|empty reply|recv failure|send failure|ssl_\w+|gnutls/i,
  // A transfer that was cut in the middle.
  /RPC failed|early EOF|hung up|disconnect|transfer closed|bytes (of body )?(are )?(still )?(expected|remaining|missing)|curl \d+/i,
  /(index|unpack)-pack.* (failed|output)|pack has bad object|expected flush|bad line length|invalid pack|protocol error/i,
  /cannot lock ref|failed to (update|lock) ref|fatal error in commit_refs|internal server error/i,
  // Another git program of this machine holds the file for a moment.
  /\.lock': File exists|shallow file has changed/i,
]

/** True for a failure after which the same command may succeed. */
export function passesByItself({ stderr }: Printed): boolean {
  return !REFUSALS.some(([pattern]) => pattern.test(stderr)) && TEMPORARY.some((one) => one.test(stderr))
}

const RESUMES = 'Run the workflow again: it resumes where it stopped.'

/** GitHub's refusals, and what a person can do. The first that fits counts. */
const REFUSALS: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /refusing to allow .*workflow|without `?workflows?`? (permission|scope)/i,
    'A workflow file on the default branch differs from the one on the baseline, and this token may not push workflow files. ' +
      'Bring the baseline up to date by hand: `git fetch origin`, `git switch autoresearch/baseline`, ' +
      '`git checkout origin/HEAD -- .github/workflows`, `git commit -m "Update workflows"`, `git push`. ' +
      'Or use the token of an App with `workflows: write`. Then run again: it resumes where it stopped.',
  ],
  [
    /verified signatures|signed commits|must be signed/i,
    'A rule of the repository requires signed commits, and this action did not see the rule: it sees rulesets, and no classic branch protection. ' +
      'Make it a ruleset (then GitHub signs the commits), or exclude autoresearch/ledger and autoresearch/c/** from it (Settings → Branches).',
  ],
  [
    /must not contain merge commits/i,
    'A rule of the repository requires a linear history. Exclude autoresearch/** from it (Settings → Rules).',
  ],
  [
    /cannot force-push/i,
    'A rule of the repository forbids force-pushes, and this action did not see the rule: it sees rulesets, and no classic branch protection. ' +
      'Make it a ruleset (then candidates move without force), or exclude autoresearch/c/** from it (Settings → Branches).',
  ],
  [
    /required status check|through a pull request|merge queue|creations being restricted|cannot update this protected|rule violations|protected branch/i,
    'A rule of the repository forbids this push. Exclude autoresearch/** from it (Settings → Rules); only deletion and force-push of autoresearch/ledger may be forbidden.',
  ],
  [
    /authentication failed|invalid username or (password|token)|could not read username|error: 401/i,
    `The token has expired or was revoked: an App's token lives one hour, GITHUB_TOKEN as long as its job, at most 24 hours. ${RESUMES}`,
  ],
  [
    /repository was archived/i,
    'Unarchive the repository (Settings → General), or delete the workflow file so that it is not started again.',
  ],
  [
    /permission to .* denied|write access .* not granted|error: 403|repository not found|error: 404/i,
    'Give the job `contents: write` and let it push to autoresearch/**.',
  ],
  [/no space left|disk quota exceeded/i, `The machine's disk is full: free some space. ${RESUMES}`],
]

/** What a person can do about a refusal; undefined when it is none that is known. */
export function adviceFor({ stderr }: Printed): string | undefined {
  return REFUSALS.find(([pattern]) => pattern.test(stderr))?.[1]
}

/** True when a rule forbids deleting a branch: everything else in the push may still be done. */
export function forbidsDeletion({ stderr }: Printed): boolean {
  return /cannot delete|refusing to delete|deletion (is )?(not allowed|prohibited|restricted)|denying ref deletion|deletion of .* prohibited/i.test(
    stderr,
  )
}
