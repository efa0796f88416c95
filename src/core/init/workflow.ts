// Adapts the workflow template to a repository. Nothing that a repository contains gets into it: an expression there would run
// with the job's token.
import type { InitPlan } from './plan.ts'

/** The action that `init` runs as, so that the workflow uses the same one. */
export interface ActionReference {
  /** `owner/name`. */
  repository: string
  /** Commit, tag or branch. */
  ref: string
}

const TEMPLATE_ACTION =
  /uses: autoresearch-action\/autoresearch-action@v1( # zizmor: ignore\[unpinned-uses\].*)?/g
const OWN_MACHINE = 'runs-on: [self-hosted, gpu]'
const MACHINE_WITHOUT_GPU = 'runs-on: self-hosted'
const HOSTED_MACHINE = 'runs-on: ubuntu-latest'
const ONE_DEVICE = 'devices-per-trial: 1\n'
const ALL_DEVICES = 'devices-per-trial: all\n'
/** Launchers that start a process for each device. */
const LAUNCHER = /\b(torchrun|torch\.distributed\.(run|launch)|accelerate launch|deepspeed|mpirun|srun)\b/
const FIRST_STEP = '    steps:\n'
/** GitHub's machines have no bubblewrap, and Ubuntu 24.04 lets only programs with a profile create user namespaces. */
const INSTALL_SANDBOX = `      # The sandbox in which candidates run.
      - run: |
          sudo apt-get update && sudo apt-get install -y bubblewrap
          sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0

`

/**
 * @param template text of `templates/solo.yml`
 * @param action undefined when it is not known: the workflow then says what to fill in
 */
export function renderWorkflow(
  template: string,
  { machine, config }: Pick<InitPlan, 'machine' | 'config'>,
  action: ActionReference | undefined,
): string {
  const divided = LAUNCHER.test(withoutComments(config))
    ? template.replace(ONE_DEVICE, ALL_DEVICES)
    : template
  const text = isPlain(action)
    ? divided
        .replace(TEMPLATE_ACTION, `uses: ${action.repository}@${action.ref}`)
        .replace(/^ +# Replace v1 with .*\n( +# .*\n)*/m, '')
    : divided
  if (machine === 'gpu') return text
  if (machine === 'processor') return text.replace(OWN_MACHINE, MACHINE_WITHOUT_GPU)
  return text.replace(OWN_MACHINE, HOSTED_MACHINE).replace(FIRST_STEP, `${FIRST_STEP}${INSTALL_SANDBOX}`)
}

function withoutComments(yaml: string): string {
  return yaml.replace(/^\s*#.*$/gm, '')
}

function isPlain(action: ActionReference | undefined): action is ActionReference {
  return action !== undefined && /^[\w.-]+\/[\w.-]+$/.test(action.repository) && /^[\w./-]+$/.test(action.ref)
}
