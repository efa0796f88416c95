// Opening a sandbox: it fails closed, and says what to do about it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { SandboxError } from '../../src/adapters/sandbox/error.ts'
import { openSandbox } from '../../src/adapters/sandbox/sandbox.ts'
import { toolMounts } from '../../src/adapters/sandbox/tool-mounts.ts'
import { trainingEnvironment } from '../../src/adapters/trainer/environment.ts'
import { inSandbox, SKIP, scratch, somePlaces, unprotected } from './sandbox-lab.ts'

afterEach(() => vi.unstubAllEnvs())

/** Puts a program called bwrap on PATH that is some version and then fails with these words. */
function withBubblewrap(words: string, version = '0.8.0'): void {
  const folder = scratch()
  const script = `#!/bin/sh\n[ "$1" = --version ] && echo "bubblewrap ${version}" && exit\necho "${words}" >&2\nexit 1\n`
  writeFileSync(join(folder, 'bwrap'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`)
}

async function refusal(): Promise<SandboxError> {
  const error: unknown = await openSandbox('bubblewrap').catch((reason: unknown) => reason)
  if (error instanceof SandboxError) return error
  throw new Error('the sandbox was opened')
}

test('F69 bubblewrap missing: refused, with the command that installs it', async () => {
  vi.stubEnv('PATH', scratch())
  const { message, hint } = await refusal()
  expect(message).toContain('bubblewrap is not installed')
  expect(hint).toContain('sudo apt-get install -y bubblewrap')
  expect(hint).toContain('sandbox: none')
})

test('F69 removed: where no sandbox is asked for, nothing is held back for the lack of one', async () => {
  withBubblewrap('bwrap: No permissions to create new namespace')
  expect((await unprotected({ command: 'echo it runs' })).output).toBe('it runs\n')
})

test.each([
  ['bwrap: setting up uid map: Permission denied', 'apparmor_parser -r /etc/apparmor.d/bwrap'],
  [
    'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted',
    'kernel.apparmor_restrict_unprivileged_userns=0',
  ],
  [
    'bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces. See <https://deb.li/bubblewrap> or <file:///usr/share/doc/bubblewrap/README.Debian.gz>.',
    'kernel.unprivileged_userns_clone=1',
  ],
  ['bwrap: Creating new namespace failed: Operation not permitted', 'seccomp=unconfined'],
  ["bwrap: Can't mount proc on /newroot/proc: Operation not permitted", 'systempaths=unconfined'],
  [
    'bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)',
    'user.max_user_namespaces',
  ],
  ['bwrap: something new', 'bwrap --unshare-all'],
])('F69 user namespaces forbidden, $0: refused, with the remedy', async (words, remedy) => {
  withBubblewrap(words)
  const { message, hint } = await refusal()
  expect(message).toContain(words)
  expect(hint).toContain(remedy)
})

/** A machine in a user namespace of its own, in which the kernel really refuses; not every machine permits one. */
const MAY_UNSHARE = !SKIP && spawnSync('unshare', ['-Urm', 'true']).status === 0

function refusedAfter(preparation: string, env: Record<string, string> = {}): string {
  const command = `${preparation} && exec "$0" "$1"`
  const program = join(import.meta.dirname, 'sandbox-program.ts')
  const args = ['-Urm', '--propagation', 'private', '/bin/sh', '-c', command, process.execPath, program]
  const asked = { env: { ...process.env, ...env }, input: '{}', encoding: 'utf8' } as const
  return spawnSync('unshare', args, asked).stderr
}

test.skipIf(!MAY_UNSHARE).each<[string, string, Record<string, string>, string]>([
  [
    'no user namespaces are left',
    'echo 0 > /proc/sys/user/max_user_namespaces',
    {},
    'user.max_user_namespaces=15000',
  ],
  ['a container hides parts of /proc', 'mount -t tmpfs none /proc/fs', {}, 'systempaths=unconfined'],
  [
    'a pod hides parts of /proc',
    'mount -t tmpfs none /proc/fs',
    { KUBERNETES_SERVICE_HOST: '1' },
    'procMount: Unmasked',
  ],
])('F114 %s: the kernel refuses, and the message names the setting', (_, preparation, env, setting) => {
  expect(refusedAfter(preparation, env)).toContain(setting)
})

test('F69 bubblewrap too old: refused', async () => {
  withBubblewrap('', '0.6.1')
  expect((await refusal()).message).toContain('0.8.0 or newer')
})

test('another system: refused, and told about `sandbox: none`', async () => {
  const platform = vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin')
  const { message, hint } = await refusal()
  platform.mockRestore()
  expect(message).toContain('darwin')
  expect(hint).toContain('sandbox: none')
})

test('no sandbox says so, and runs with the same names for the same places', async () => {
  const sandbox = await openSandbox('none')
  expect(sandbox).toMatchObject({ level: 'none', description: expect.stringContaining('no sandbox') })
  const places = somePlaces()
  const command = 'pwd; echo $AUTORESEARCH_DATA $AUTORESEARCH_OUT $PYTHONPATH; test -d $HOME && exit 3'
  const { exit, output } = await unprotected({ command, places })
  expect(output).toBe(`${places.source}\n${places.data} ${places.out} ${places.shim}\n`)
  expect(exit).toEqual({ code: 3, signal: null, timedOut: false })
})

test.skipIf(SKIP)('bubblewrap says which limits are in force', async () => {
  const { level, description } = await openSandbox('bubblewrap')
  expect(level).toBe('bubblewrap')
  expect(description).toMatch(/^bubblewrap \d.*disk watched.*(control group|systemd|rlimit|watched)/)
})

test.each([
  ['a home', ['home/.ssh/id'], 'home', 'holds .ssh'],
  ['a checkout', ['repo/.git/config'], 'repo', 'holds .git'],
  ['a runner', ['runner/.credentials'], 'runner', 'holds .credentials'],
  ['keys', ['home/.aws/credentials'], 'home/.aws', 'is private'],
  ['what is not there', [], 'gone', 'is not an existing'],
])('`sandbox.read` may not name %s', (_what, files, path, reason) => {
  const folder = scratch()
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    writeFileSync(join(folder, file), '')
  }
  expect(() => toolMounts({}, [join(folder, path)])).toThrow(reason)
})

test.skipIf(SKIP)('a private folder on PATH is left out, and what lies beside it is not', async () => {
  const home = scratch()
  vi.stubEnv('HOME', home)
  for (const folder of ['.ssh', '.config/gh', '.local/bin', '.local/lib/python3.12', '.local/share/keyrings'])
    mkdirSync(join(home, folder), { recursive: true })
  const command = `cd ${home} && ls -A . .local`
  const environment = { PATH: `${home}:${home}/.local/bin:/usr/bin:/bin` }
  expect((await inSandbox({ command, environment })).output).toBe('.:\n.local\n\n.local:\nbin\nlib\n')
})

test.skipIf(SKIP)('the launchers of rustup find the compiler, which lies in the home', async () => {
  const home = scratch()
  vi.stubEnv('HOME', home)
  const [launchers, compiler] = ['.cargo/bin', '.rustup/toolchains/stable/bin'].map((path) =>
    join(home, path),
  )
  for (const folder of [launchers, compiler]) mkdirSync(folder ?? '', { recursive: true })
  const launcher = '#!/bin/sh\nexec "$RUSTUP_HOME/toolchains/stable/bin/cargo"\n'
  writeFileSync(join(launchers ?? '', 'cargo'), launcher, { mode: 0o755 })
  writeFileSync(join(compiler ?? '', 'cargo'), '#!/bin/sh\necho compiled\n', { mode: 0o755 })
  writeFileSync(join(home, '.cargo/credentials.toml'), 'token')
  const environment = trainingEnvironment({ PATH: `${launchers}:/usr/bin:/bin` }, 1)
  const command = `cargo && ls -A ${home}/.cargo`
  expect((await inSandbox({ command, environment })).output).toBe('compiled\nbin\n')
})
