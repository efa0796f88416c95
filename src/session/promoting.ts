// Carries out what a promotion needs: builds the code that is trained at the larger scale, records the outcome together with the
// tag and the branch of what was promoted, and shows it on GitHub. Every action may be repeated.
import { parseConfig } from '../core/config/config.ts'
import { measurementHash } from '../core/config/measurement.ts'
import { configAt } from '../core/config/scale.ts'
import type { PromotionAction } from '../core/ladder/ladder.ts'
import type { LedgerEvent } from '../core/record/events.ts'
import type { PromotionName, Stack } from '../core/record/promotion.ts'
import { describeMerge } from '../core/report/describe.ts'
import { describeOutcome, renderPromotion } from '../core/report/promotion.ts'
import type { BranchUpdate } from '../ports/repository.ts'
import type { Session } from './session.ts'

type Action<Kind> = Extract<PromotionAction, { kind: Kind }>

export async function climb(session: Session, action: PromotionAction): Promise<void> {
  if (action.kind === 'begin-promotion') await begin(session, action)
  else if (action.kind === 'build-stack') await build(session, action)
  else if (action.kind === 'conclude-promotion') await conclude(session, action)
  else await publish(session, action)
}

async function begin(session: Session, action: Action<'begin-promotion'>): Promise<void> {
  const { rung, number, waiting } = action
  const { scale, config } = rung
  const { base, members, follows } = waiting
  const merges = members.map(({ merge }) => merge)
  const whole = await stackUp(session, base, follows, merges)
  if ((await configHash(session, whole.commit, scale)) !== config)
    return hold(
      session,
      action,
      `the promoted code together with the waiting merges has another configuration than the baseline; make ${session.settings.configPath} equal in both`,
    )
  const stands = new Set(whole.applied)
  const name = { scale, number }
  const aside = merges
    .filter((merge) => !stands.has(merge))
    .map((merge) => ({ merge, reason: 'it does not apply without changes that were not promoted' }))
  const tested = members.filter(({ merge }) => stands.has(merge))
  const promotion = { ...name, config, base, members: tested, follows, aside }
  const events: LedgerEvent[] = [{ kind: 'promotion', promotion }]
  if (tested.length === 0) {
    const reason = 'no waiting merge applies without changes that were not promoted'
    const outcome = { reason, sigma: 0, members: [], runs: [] }
    return session.record([...events, { kind: 'promoted', ...name, outcome }])
  }
  const bare = await stackUp(session, base, follows, [])
  const ends = [bare, whole].map(({ applied, commit, tree }) => ({ members: applied, commit, tree }))
  await recordStacks(session, name, ends, 0, events)
  session.ports.log.info(
    `Promotion ${number} to ${scale} begins: ${tested.map(({ merge }) => describeMerge(session.state, merge)).join(', ')}`,
  )
}

async function build(session: Session, { promotion, members }: Action<'build-stack'>): Promise<void> {
  const { base, follows, stacks } = promotion
  const { applied, commit, tree } = await stackUp(session, base, follows, members)
  const stack: Stack = { members, ...(applied.length < members.length && { applied }), commit, tree }
  await recordStacks(session, promotion, [stack], stacks.length)
}

/** Code that is not part of the baseline gets a branch, from which other machines fetch it. */
async function recordStacks(
  session: Session,
  { scale, number }: PromotionName,
  stacks: readonly Stack[],
  before: number,
  events: readonly LedgerEvent[] = [],
): Promise<void> {
  const { commits } = await session.ports.repository.remoteBranches()
  const there = new Set(session.state.baselines.map(({ commit }) => commit))
  const moves = stacks.flatMap(({ commit }, index): BranchUpdate[] => {
    const branch = `${branchesOf(scale)}${number}-${before + index}`
    return there.has(commit) ? [] : [{ branch, from: commits.get(branch) ?? null, to: commit }]
  })
  const built = stacks.map((stack) => ({ kind: 'stack', scale, number, stack }) as const)
  session.record([...events, ...built], moves)
}

function branchesOf(scale: string): string {
  return `autoresearch/s/${scale}-`
}

interface Built {
  commit: string
  tree: string
  /** The members that apply. */
  applied: string[]
}

/**
 * Applies changes of the baseline's history in their order. As long as nothing is left out, the result is the baseline's own
 * commit.
 *
 * @param base what they are applied to
 * @param follows applied wherever they apply
 * @param members left out when they conflict
 */
async function stackUp(
  { state, ports: { repository } }: Session,
  base: string,
  follows: readonly string[],
  members: readonly string[],
): Promise<Built> {
  const wanted = new Set([...follows, ...members])
  const applied: string[] = []
  let commit = base
  for (const [index, { commit: to }] of state.baselines.entries()) {
    const from = state.baselines[index - 1]?.commit
    if (from === undefined || !wanted.has(to)) continue
    const next =
      commit === from
        ? { kind: 'rebased' as const, commit: to }
        : await repository.reapply({ from, to, onto: commit })
    if (next.kind === 'conflict') continue
    commit = next.commit
    if (members.includes(to)) applied.push(to)
  }
  return { commit, tree: await repository.treeOf(commit), applied }
}

async function configHash({ ports, settings }: Session, commit: string, scale: string) {
  const parsed = parseConfig((await ports.repository.readFile(commit, settings.configPath)) ?? '')
  const config = parsed.kind === 'config' ? configAt(parsed.config, scale) : undefined
  return config && measurementHash(config)
}

/** Records the outcome in one push with the tag and the branch of what was promoted. */
async function conclude(session: Session, action: Action<'conclude-promotion'>): Promise<void> {
  const { promotion, outcome } = action
  const { scale, number } = promotion
  const { commits, tags } = await session.ports.repository.remoteBranches()
  const moves: BranchUpdate[] = [...commits]
    .filter(([branch]) => branch.startsWith(branchesOf(scale)))
    .map(([branch, from]) => ({ branch, from, to: null }))
  const to = outcome.promoted?.commit
  if (to !== undefined) {
    const branch = promotedBranch(scale)
    const tag = `autoresearch/${scale}/${number}`
    moves.push(
      { branch, from: commits.get(branch) ?? null, to },
      // A tag of this name belongs to a ledger that was lost.
      { branch: tag, isTag: true, from: tags.get(tag) ?? null, to },
    )
  }
  session.record([{ kind: 'promoted', scale, number, outcome }], moves)
  session.ports.log.info(describeOutcome(session.state, promotion, outcome))
}

/** Holds the code that was promoted to a scale last. */
function promotedBranch(scale: string): string {
  return `autoresearch/promoted/${scale}`
}

async function publish(session: Session, action: Action<'publish-promotion'>): Promise<void> {
  const { promotion } = action
  const { scale, number } = promotion
  const { forge, log } = session.ports
  const { promote } = session.config
  const commit = promotion.outcome?.promoted?.commit
  if (!promote || commit === undefined) return
  if (promote.as === 'push') {
    const moved = await forge.fastForward({ branch: promote.to, commit })
    if (moved.kind === 'refused')
      return hold(
        session,
        action,
        `GitHub does not move ${promote.to} to ${commit.slice(0, 7)}: ${moved.explanation}`,
      )
    log.info(`Moved ${promote.to} to ${commit.slice(0, 7)}`)
    return session.record([{ kind: 'published', scale, number }])
  }
  const text = renderPromotion(session.state, promotion, session.config)
  const opened = await forge.putPullRequest({ branch: promotedBranch(scale), base: promote.to, ...text })
  if (opened.kind === 'refused') return hold(session, action, opened.explanation)
  if (opened.kind === 'impossible') {
    log.info(`No pull request into ${promote.to}: ${opened.explanation}`)
    return session.record([{ kind: 'published', scale, number }])
  }
  log.info(`#${opened.number} proposes the promoted code to ${promote.to}`)
  session.record([{ kind: 'published', scale, number, pullRequest: opened.number }])
}

function hold(session: Session, action: PromotionAction, reason: string): void {
  session.holdPromotion(action)
  session.ports.log.warn(`The promotion waits for the next job: ${reason}`)
}
