// Keeps the insights up to date: periodically sends one prompt to a model, or without a model writes a table.
import {
  decidedCount,
  insightsAreDue,
  insightsPrompt,
  readInsights,
  renewInsights,
  tabulateInsights,
  withoutMarks,
} from '../core/propose/insights.ts'
import { NO_USAGE } from '../core/record/candidate.ts'
import type { InsightsStore } from '../ports/ledger.ts'
import type { Proposer } from '../ports/proposer.ts'
import type { Session } from './session.ts'

/** The insights as shown to proposers; undefined while there are none. */
export async function readPresentInsights(store: InsightsStore): Promise<string | undefined> {
  const text = await store.read()
  return text === undefined ? undefined : withoutMarks(text)
}

/** True when enough candidates were decided since the last insights, and a model may still be paid. */
export function shouldRenewInsights({ state, config, spending }: Session): boolean {
  // At a limit they wait: a table written now would replace what a model could say later.
  return insightsAreDue(state, config.search.insightsEvery) && spending.limitReached === undefined
}

/** The first proposer with a model; without one the insights are a table. */
export function insightsAuthor(proposers: readonly Proposer[]): Proposer | undefined {
  return proposers.find(({ sumUp }) => sumUp !== undefined)
}

/** Writes new insights when they are due. Their cost is in the ledger. */
export async function renewInsightsWhenDue(
  session: Session,
  store: InsightsStore,
  proposers: readonly Proposer[],
  signal: AbortSignal,
): Promise<'renewed' | 'not due'> {
  if (!shouldRenewInsights(session)) return 'not due'
  const { state, ports } = session
  const author = insightsAuthor(proposers)
  const prompt = insightsPrompt(state, await store.read())
  const answer = (await author?.sumUp?.(prompt, signal)) ?? { text: '', usage: NO_USAGE }
  if (signal.aborted) return 'not due'
  const lines = readInsights(answer.text, state, await session.archivedIdeas())
  const written = lines.length > 0 ? lines : tabulateInsights(state)
  await session.flushed()
  await store.update((present) => renewInsights(present, written))
  const proposer = lines.length > 0 && author ? author.name : 'table'
  session.record([{ kind: 'insights', decided: decidedCount(state), proposer, usage: answer.usage }])
  ports.log.info(`wrote ${written.length} insights`)
  return 'renewed'
}
