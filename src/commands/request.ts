// The `request` job: records a person's idea at once, beside a job that is active. It does nothing else on GitHub.
import { dispatchedRequest } from '../core/propose/requests.ts'
import { ConfigError } from '../errors.ts'
import { Journal } from '../session/journal.ts'
import { openSession } from '../session/opening.ts'
import type { Ports } from '../session/ports.ts'
import type { SessionSettings } from '../session/settings.ts'

/** @throws ConfigError without an idea */
export async function request(ports: Ports, settings: SessionSettings): Promise<void> {
  const { id = '', hypothesis = '' } = settings.dispatch ?? {}
  const personRequest = dispatchedRequest(id, hypothesis)
  if (!personRequest)
    throw new ConfigError('the command `request` has no idea to record', {
      hint: 'Write the idea into the input `hypothesis`.',
    })
  const journal = await Journal.open(ports.ledger, ports.clock)
  if (journal.isEmpty) await (await openSession(ports, settings)).flushed()
  else if (!journal.state.requests.has(personRequest.id)) {
    journal.record([{ kind: 'requested', request: personRequest }])
    await journal.flushed()
  }
  ports.log.info('The idea is in the ledger: the next proposal tests it')
}
