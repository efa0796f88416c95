// What only the server's API knows or can do for git: the rules on branches, and signatures.

/** What the rules on a branch forbid or demand. */
export interface PushRules {
  forcePush: 'allowed' | 'forbidden'
  mergeCommits: 'allowed' | 'forbidden'
  /** Only signed commits may be pushed. */
  signatures: boolean
}

export interface NewCommit {
  tree: string
  parents: readonly string[]
  message: string
}

export interface Host {
  rules(branch: string): Promise<PushRules>
  /** Creates a commit of objects that the server has. `signed` is absent when the server did not sign it. */
  createCommit(request: NewCommit): Promise<{ commit: string; signed?: SignedText }>
}

/** The text of a commit, and the signature of that text. */
export interface SignedText {
  payload: string
  signature: string
}
