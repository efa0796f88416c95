/** git's packet lines, as far as a push shows them: which refs go from where to where, and why some were refused. */
export interface RefCommand {
  readonly ref: string
  readonly before: string
  readonly after: string
}

/** How `update-hook.sh` passes a reason through receive-pack, which itself only knows "hook declined". */
const MARK = 'LOOPBACK-NG'
const PROGRESS = 2
const REPORT = 1

/** The payloads of a packet stream; `undefined` is a flush. */
function* packetsOf(stream: Buffer): Generator<Buffer | undefined> {
  for (let at = 0; at + 4 <= stream.length; ) {
    const length = Number.parseInt(stream.toString('latin1', at, at + 4), 16)
    if (Number.isNaN(length)) return
    yield length < 4 ? undefined : stream.subarray(at + 4, at + length)
    at += Math.max(4, length)
  }
}

const packet = (payload: Buffer) =>
  Buffer.concat([Buffer.from((payload.length + 4).toString(16).padStart(4, '0')), payload])

const FLUSH = Buffer.from('0000')

/** Reads the commands before the first flush packet; a probe without any gives an empty list. */
export function readRefCommands(body: Buffer): RefCommand[] {
  const commands: RefCommand[] = []
  for (const line of packetsOf(body)) {
    if (line === undefined) break
    const [text = ''] = line.toString('utf8').split('\0')
    const [before = '', after = '', ...ref] = text.trimEnd().split(' ')
    if (before !== 'shallow') commands.push({ ref: ref.join(' '), before, after })
  }
  return commands
}

/** Puts the hook's own reasons where GitHub has them: in the brackets behind `[remote rejected]`. */
export function explainRefusals(answer: Buffer): Buffer {
  if (!answer.includes(MARK)) return answer
  const packets = [...packetsOf(answer)].filter((one) => one !== undefined)
  const band = (number: number) =>
    Buffer.concat(packets.filter((one) => one[0] === number).map((one) => one.subarray(1)))
  const progress = band(PROGRESS).toString('utf8')
  const reasons = new Map(
    [...progress.matchAll(/^LOOPBACK-NG (\S+) (.+)$/gm)].map(([, ref, why]) => [ref, why]),
  )
  const shown = progress.replace(/^(?:LOOPBACK-NG|error: hook declined to update) .*\n/gm, '')
  const report = [...packetsOf(band(REPORT))].map((line) =>
    line === undefined ? FLUSH : packet(explained(line, reasons)),
  )
  return Buffer.concat([onBand(PROGRESS, Buffer.from(shown)), onBand(REPORT, Buffer.concat(report)), FLUSH])
}

function explained(line: Buffer, reasons: ReadonlyMap<string | undefined, string | undefined>): Buffer {
  const ref = /^ng (\S+) hook declined/.exec(line.toString('utf8'))?.[1]
  const reason = reasons.get(ref)
  return reason === undefined ? line : Buffer.from(`ng ${ref} ${reason}\n`)
}

const onBand = (band: number, payload: Buffer) =>
  payload.length === 0 ? payload : packet(Buffer.concat([Buffer.from([band]), payload]))
