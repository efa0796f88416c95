import {
  greedy,
  noiseFloor,
  ours,
  pairedFloor,
  type Rule,
  screened,
  threeSeeds,
  threeSeedsTested,
} from './rules.ts'
import { type Mix, RICH, SPARSE, type Trouble, World } from './world.ts'

const reps = Number(process.argv[2] ?? 60),
  BUDGET = 700
function playAll(rule: Rule, mix: Mix, trouble: Trouble) {
  let gain = 0,
    claimed = 0,
    merges = 0,
    wrong = 0,
    cost = 0,
    cands = 0
  for (let i = 0; i < reps; i++) {
    const w = new World(1000 + i, mix, trouble)
    const p = rule(w, BUDGET, trouble)
    cost += w.cost
    cands += p.candidates
    for (const m of p.merges) {
      gain += m.gain
      claimed += m.claimed
      merges++
      if (m.gain <= 0) wrong++
    }
  }
  return {
    per100: (100 * gain) / cost,
    fms: (100 * wrong) / merges,
    merges: merges / reps,
    rpc: cost / cands,
    claim: claimed / gain,
  }
}
const want = process.argv[3]
const RULES: Record<string, Rule> = want
  ? { greedy: greedy(), ...Object.fromEntries(want.split(';').map((w) => [w, ours(eval('({' + w + '})'))])) }
  : {
      greedy: greedy(),
      'greedy + 2σ': greedy(2),
      noiseFloor,
      threeSeeds,
      threeSeedsTested,
      pairedFloor,
      screened,
      ours: ours(),
    }
const TROUBLES: Record<string, Trouble> = process.argv[4] ? eval('({' + process.argv[4] + '})') : { none: {} }
for (const [tn, trouble] of Object.entries(TROUBLES)) {
  console.log('--', tn)
  const g: Record<string, number> = {}
  for (const [name, rule] of Object.entries(RULES)) {
    let out = name.padEnd(30)
    for (const [mn, mix] of Object.entries({ rich: RICH, sparse: SPARSE })) {
      const t0 = performance.now()
      const r = playAll(rule, mix, trouble)
      g[mn] ??= r.per100
      out += ` | ${mn} ${r.per100.toFixed(2)} (${((100 * r.per100) / (g[mn] ?? 1)).toFixed(1)}%) fms ${r.fms.toFixed(1)}% mrg ${r.merges.toFixed(1)} r/c ${r.rpc.toFixed(2)} cl ${r.claim.toFixed(2)} ${((performance.now() - t0) / reps).toFixed(0)}ms`
    }
    console.log(out)
  }
}
