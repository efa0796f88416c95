// Kills a job at an effect: fakes run every effect through one shared fuse.

/** Thrown in the place of the effect at which the job is killed. */
export class Killed extends Error {}

export class Fuse {
  /** Effects until the job is killed; `after` lets the last one happen. Undefined kills nothing. */
  left: { effects: number; after: boolean } | undefined

  async effect<T>(act: () => T): Promise<T> {
    const { left } = this
    if (left && left.effects <= 0) throw new Killed()
    if (left) left.effects -= 1
    if (left && left.effects <= 0 && !left.after) throw new Killed()
    const result = act()
    if (left && left.effects <= 0) throw new Killed()
    return result
  }
}
