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
  read ??= readSettings()
  return read
}

async function readSettings(): Promise<Setting[]> {
  const args = ['config', '--show-scope', '--includes', '--null', '--get-regexp', '^http\\.']
  const { stdout } = await execa('git', args, {
    env: inheritedEnvironment(),
    extendEnv: false,
    reject: false,
  })
  const settings = stdout.matchAll(/([^\0]*)\0([^\0\n]*)(?:\n([^\0]*))?\0/g)
  return Array.from(settings, ([, scope = '', name = '', value = '']) => ({ scope, name, value }))
    .filter(({ scope, name }) => (scope === 'system' || scope === 'global') && NETWORK.test(name))
    .map(({ name, value }): Setting => [name, value])
}
