// The issues and comments of GitHub in memory. Ada and Bo may write.

import { type LabelledIssue, REQUEST_LABEL } from '../../src/core/propose/requests.ts'
import type { Person, Remark } from '../../src/core/record/people.ts'
import type { Discussion } from '../../src/ports/forge.ts'

export const person = (login: string): Person => ({ login, isBot: false })

interface FakeIssue extends LabelledIssue {
  label: string
  labeller: Person
}

export class FakeDiscussion implements Discussion {
  readonly writers = new Set(['ada', 'bo'])
  readonly issues = new Map<number, FakeIssue>()
  readonly said = new Map<number, Remark[]>()
  readonly answers = new Map<number, string[]>()
  /** Whose permission was asked for, in order. */
  readonly permissionQueries: string[] = []
  /** Why the token may not read or answer issues. */
  refusal: string | undefined

  /** Ada opens and labels an issue, unless the fields say otherwise. */
  ask(number: number, title: string, fields: Partial<FakeIssue> = {}): void {
    const issue = {
      number,
      title,
      body: '',
      author: person('ada'),
      updatedAt: 't1',
      isPullRequest: false,
      labeller: person('ada'),
      label: REQUEST_LABEL,
    }
    this.issues.set(number, { ...issue, ...fields })
  }

  say(number: number, login: string, body: string): void {
    this.said.set(number, [...(this.said.get(number) ?? []), { author: person(login), body }])
  }

  async labelledIssues(label: string) {
    if (this.refusal !== undefined) return { kind: 'refused', explanation: this.refusal } as const
    return {
      kind: 'issues',
      issues: [...this.issues.values()].filter((issue) => issue.label === label),
    } as const
  }

  async labeller(number: number) {
    return this.issues.get(number)?.labeller
  }

  async remarks(number: number) {
    return this.said.get(number) ?? []
  }

  async mayWrite(login: string) {
    this.permissionQueries.push(login)
    return this.writers.has(login)
  }

  async answer(issue: number, marker: string, body: string) {
    if (this.refusal !== undefined) return { kind: 'refused', explanation: this.refusal } as const
    this.answers.set(issue, [...(this.answers.get(issue) ?? []), body.replace(marker, '').trim()])
    return { kind: 'answered' } as const
  }
}
