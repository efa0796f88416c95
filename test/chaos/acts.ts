// All that people may do in a night, and whether a verdict may differ because of it.
import { BASELINE, type People } from './people.ts'
import { choose } from './random.ts'

/** `harmless`: no verdict may differ because of it. */
interface Act {
  name: string
  harmless: boolean
  perform(people: People, draw: (name: string) => number): Promise<void>
}

const ACTS: readonly Act[] = [
  { name: 'comments', harmless: true, perform: (people, draw) => people.comment(draw('which')) },
  { name: 'edits the configuration of main', harmless: true, perform: (people) => people.configure('main') },
  { name: 'renames', harmless: true, perform: (people, draw) => people.rename(draw('which')) },
  { name: 'turns draft on or off', harmless: true, perform: (people, draw) => people.draft(draw('which')) },
  {
    name: 'deletes a comment',
    harmless: true,
    perform: (people, draw) => people.deleteComment(draw('which')),
  },
  { name: 'pauses or resumes', harmless: true, perform: (people) => people.pauseOrResume() },
  { name: 'closes', harmless: false, perform: (people, draw) => people.close(draw('which')) },
  { name: 'reopens', harmless: false, perform: (people, draw) => people.reopen(draw('which')) },
  { name: 'merges', harmless: false, perform: (people, draw) => people.merge(draw('which')) },
  { name: 'changes a base', harmless: false, perform: (people, draw) => people.changeBase(draw('which')) },
  {
    name: 'updates a branch',
    harmless: false,
    perform: (people, draw) => people.updateBranch(draw('which')),
  },
  {
    name: 'pushes to a candidate',
    harmless: false,
    perform: (people, draw) => people.pushToCandidate(draw('which'), false),
  },
  {
    name: 'force-pushes a candidate',
    harmless: false,
    perform: (people, draw) => people.pushToCandidate(draw('which'), true),
  },
  {
    name: 'deletes a branch',
    harmless: false,
    perform: (people, draw) => people.deleteBranch(draw('which')),
  },
  {
    name: 'pushes to the baseline',
    harmless: false,
    perform: (people) => people.person.commitTo(BASELINE, 'README.md', '# Changed by a person\n'),
  },
  { name: 'edits the configuration', harmless: false, perform: (people) => people.configure(BASELINE) },
]

/** Something that a person does now. */
export async function actAsPerson(people: People, draw: (name: string) => number): Promise<void> {
  const { name, harmless, perform } = choose(draw('act'), ACTS)
  people.isHarmless &&= harmless
  await perform(people, draw)
  people.acts.push(name)
}
