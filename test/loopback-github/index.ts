/** What others use of the loopback GitHub. `fixtures.ts` has what only tests need. */
export { type GitHub, startGitHub } from './server.ts'
export type { Permissions } from './tokens.ts'
