/** Every REST operation this server knows, by the id GitHub's description gives it. */
import type { Route } from '../call.ts'
import { actionRoutes } from './actions.ts'
import { checkRoutes } from './checks.ts'
import { commitRoutes } from './commits.ts'
import { contentRoutes } from './contents.ts'
import { issueRoutes } from './issues.ts'
import { labelRoutes } from './labels.ts'
import { mergeRoutes } from './merge.ts'
import { pullRoutes } from './pulls.ts'
import { refRoutes } from './refs.ts'
import { repositoryRoutes } from './repository.ts'
import { updateBranchRoutes } from './update-branch.ts'

export const routes: Readonly<Record<string, Route>> = {
  ...actionRoutes,
  ...checkRoutes,
  ...commitRoutes,
  ...contentRoutes,
  ...issueRoutes,
  ...labelRoutes,
  ...mergeRoutes,
  ...pullRoutes,
  ...refRoutes,
  ...repositoryRoutes,
  ...updateBranchRoutes,
}
