/** Faults a test injects into a route: errors, delays, answers that are lost before or after the effect. */
import type { Answer } from './answers.ts'
import { secretOf } from './tokens.ts'

export interface Fault {
  /** Default: any. */
  method?: string
  /** Without query and without `/api/v3`: `/repos/acme/x/pulls`, `/acme/x.git/git-receive-pack`. A string must be equal. */
  path: string | RegExp
  /** What the body of the request contains: a full ref name picks a push of that ref. Default: anything. */
  containing?: string
  /** How many matching requests it hits; default 1. */
  times?: number
  /** Answers with this status and no effect, unless `effect` is true. */
  status?: number
  body?: unknown
  headers?: Record<string, string>
  /** The effect happens although the answer says otherwise (a 502 from a proxy). */
  effect?: boolean
  delayMs?: number
  /** Closes the socket without an answer, before or after the effect. */
  dropResponse?: 'before' | 'after'
  /** Of an answer to git: sends so many bytes of it, and breaks the connection in the middle. */
  cutAfterBytes?: number
  /** Runs just before the effect: what someone else does at the worst moment. */
  meanwhile?: () => Promise<void> | void
}

/** A request as whoever chooses faults sees it. */
interface FaultableRequest {
  readonly method: string
  readonly path: string
  /** The token's secret; undefined without a token. */
  readonly secret: string | undefined
}

/** Decides for each request that no injected fault hits. */
export type ChooseFault = (request: FaultableRequest) => Omit<Fault, 'path' | 'times'> | undefined

export class Faults {
  readonly #waiting: { fault: Fault; left: number }[] = []
  readonly #choose: ChooseFault

  constructor(choose: ChooseFault = () => undefined) {
    this.#choose = choose
  }

  inject(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1 })
  }

  /** The oldest fault that matches; each call uses it up once. */
  take(
    method: string,
    path: string,
    body: string | Buffer,
    authorization: string | null | undefined,
  ): Omit<Fault, 'path'> | undefined {
    const index = this.#waiting.findIndex(
      ({ fault }) => matches(fault, method, path) && body.includes(fault.containing ?? ''),
    )
    const found = this.#waiting[index]
    if (found === undefined)
      return this.#choose({ method, path, secret: secretOf(authorization ?? undefined) })
    found.left -= 1
    if (found.left <= 0) this.#waiting.splice(index, 1)
    return found.fault
  }

  clear(): void {
    this.#waiting.length = 0
  }
}

function matches(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false
  return typeof fault.path === 'string' ? fault.path === path : new RegExp(fault.path).test(path)
}

/** Runs the effect as the fault has it; `undefined` means: close the socket without an answer. */
export async function duringFault(
  fault: Omit<Fault, 'path'> | undefined,
  effect: () => Promise<Answer>,
): Promise<Answer | undefined> {
  if (fault === undefined) return effect()
  if (fault.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
  await fault.meanwhile?.()
  if (fault.dropResponse === 'before') return undefined
  const isInstead = fault.status !== undefined && fault.effect !== true
  const answer = isInstead ? undefined : await effect()
  if (fault.dropResponse === 'after') return undefined
  if (fault.status === undefined && answer !== undefined) return answer
  const status = fault.status ?? 500
  const body = 'body' in fault ? fault.body : { message: `Injected fault ${status}` }
  return { status, body, headers: fault.headers ?? {} }
}
