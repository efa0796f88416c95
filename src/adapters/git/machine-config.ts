// What of the machine's git configuration holds for us: how to reach the network, and nothing else. Rewritten URLs, signing,
// hooks and credential helpers of the person who set the machine up must not change what this program does.
import { execa } from 'execa'
import { inheritedEnvironment } from './own-repository.ts'

const NETWORK =
  /^http\.(.+\.)?(proxy|proxyauthmethod|proxyssl\w+|sslcainfo|sslcapath|sslcert|sslkey|sslverify|sslversion|sslbackend)$/i

type Setting = readonly [name: string, value: string]

/** Environment variables that keep git from reading the configuration of the machine. */
export const WITHOUT_MACHINE_CONFIG = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
}

let read: Promise<Setting[]> | undefined

/** The machine's settings for proxies and certificates; read once. */
export function networkSettings(): Promise<Setting[]> {
  read ??= Promise.all([settingsOf('--system'), settingsOf('--global')]).then((all) => all.flat())
  return read
}

async function settingsOf(scope: '--system' | '--global'): Promise<Setting[]> {
  const args = ['config', scope, '--includes', '--null', '--get-regexp', '^http\\.']
  const { stdout } = await execa('git', args, {
    env: inheritedEnvironment(),
    extendEnv: false,
    reject: false,
  })
  return stdout.split('\0').flatMap((entry): Setting[] => {
    const [name = '', ...value] = entry.split('\n')
    return NETWORK.test(name) ? [[name, value.join('\n')]] : []
  })
}
