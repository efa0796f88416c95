// How much work something is, on a machine that may be busy with other work.

/** Processor time of this thread, which does not grow when other programs wait for the same processor. */
export function processorMilliseconds(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
