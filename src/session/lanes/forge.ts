// The forge lane: does what the state requires on GitHub, one write after the other, as GitHub's API guidelines require.
import { dueAnswers } from '../../core/propose/requests.ts'
import type { Session } from '../session.ts'
import { giveAnswer, performStep } from '../steps.ts'

/**
 * Carries out the steps due on GitHub until none is left, or the job is cancelled.
 *
 * @param mayGrow while it returns true, the lane waits for more to do; by default it never waits
 */
export async function forgeLane(session: Session, mayGrow = () => false): Promise<void> {
  while (!session.ports.cancelled.aborted) {
    session.decide()
    // Planned on what the remote has: the push may have brought lines of another job.
    await session.flushed()
    const [step] = session.steps
    const [answer] = dueAnswers(session.state)
    if (!step && !answer) {
      if (!mayGrow()) return
      await session.changed()
      continue
    }
    session.isOnGitHub = true
    try {
      if (step) await performStep(session, step)
      else if (answer) await giveAnswer(session, answer)
    } finally {
      session.isOnGitHub = false
      // Whoever waits for an end of all work looks again.
      session.wake()
    }
  }
}

/** True while there is something left to do on GitHub. */
export function hasForgeWork({ state, steps, isOnGitHub }: Session): boolean {
  return isOnGitHub || steps.length > 0 || dueAnswers(state).length > 0
}
