// Collects the checks of `doctor`: a look that fails becomes a line with its remedy, and the next look follows.
import { type Area, type Check, problem } from '../../core/doctor/check.ts'
import { UserFacingError } from '../../errors.ts'

export class Diagnosis {
  readonly checks: Check[] = []

  /** @param id of the line if `look` fails */
  async attempt(area: Area, id: string, look: () => Promise<Check | readonly Check[]>): Promise<void> {
    try {
      this.checks.push(...[await look()].flat())
    } catch (error) {
      this.checks.push({ area, id, ...explained(error) })
    }
  }

  hasProblem(id: string): boolean {
    return this.checks.some((check) => check.id === id && check.state === 'problem')
  }
}

function explained(error: unknown) {
  if (error instanceof UserFacingError) return problem(error.message, error.hint)
  const message = error instanceof Error ? error.message : String(error)
  return problem(message, 'Run again. If this line stays, please report it with this message.')
}
