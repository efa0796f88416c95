// One line of `doctor`: what was checked, what was found, and the one thing to do.

export const AREAS = ['GitHub', 'machine', 'configuration', 'training', 'proposers'] as const
export type Area = (typeof AREAS)[number]

export interface Check {
  area: Area
  /** Stable name for programs, such as `pull-request-setting`. */
  id: string
  /** `problem`: the night would stop or be wasted. `skipped`: it could not be checked here, for the reason in `text`. */
  state: 'ok' | 'problem' | 'skipped'
  /** What was found, without markdown. */
  text: string
  /** The one thing to do; for a problem always, for others when something could be better. */
  remedy?: string
}

type Found = Omit<Check, 'area' | 'id'>

export function ok(text: string, remedy?: string): Found {
  return { state: 'ok', text, ...(remedy === undefined ? {} : { remedy }) }
}

export function problem(text: string, remedy: string): Found {
  return { state: 'problem', text, remedy }
}

export function skipped(text: string): Found {
  return { state: 'skipped', text }
}

/** By area, in the order of the list. */
export function inOrder(checks: readonly Check[]): Check[] {
  return checks.toSorted((a, b) => AREAS.indexOf(a.area) - AREAS.indexOf(b.area))
}

/** Whether the night can begin. */
export function isReady(checks: readonly Check[]): boolean {
  return checks.every(({ state }) => state !== 'problem')
}

/** The last sentence of `doctor`. */
export function conclusionOf(checks: readonly Check[]): string {
  const first = checks.find(({ state }) => state === 'problem')
  return first ? `Not ready. First: ${first.remedy}` : 'Ready.'
}
