// Mistakes in the set-up of a repository, recognised by what the training command printed, and the setting that fixes each.

interface Mistake {
  /** Its first group, if there is one, is quoted. */
  pattern: RegExp
  advice(found: string): string
}

const MISTAKES: readonly Mistake[] = [
  {
    pattern: /(?:ModuleNotFoundError|ImportError): No module named '?([\w.-]+)/,
    advice: (module) =>
      `Python found no module ${module}. Install it in \`setup\`, and call the Python that it was installed for in \`train\` (docs/configuration.md, "Python packages").`,
  },
  {
    pattern: /Cannot find (?:module|package) '([^']+)'/,
    advice: (module) => `Node found no ${module}. Install it in \`setup\`, or correct the path in \`train\`.`,
  },
  {
    pattern: /can't open file '([^']+)'|python\S*: can't find '([^']+)'/,
    advice: (path) =>
      `There is no file ${path}. Correct the path in \`train\`: it starts at the root of the repository.`,
  },
  {
    pattern: /(?:sh|bash)(?:: line)?:? ?\d*:? ([^\s:]+): (?:command )?not found/,
    advice: (program) =>
      `The program ${program} is not on the PATH of the job. Name its full path in \`train\`, or install it for the runner.`,
  },
  {
    pattern: /([^\s:]+): Permission denied/,
    advice: (path) =>
      `${path} may not be executed or written. Commit it with its executable bit, or write to $AUTORESEARCH_OUT.`,
  },
  {
    pattern:
      /Temporary failure in name resolution|Name or service not known|getaddrinfo|ENOTFOUND|Network is unreachable|Connection(?:Error| refused)|LocalEntryNotFoundError|couldn't connect to/,
    advice: () =>
      'Training has no network. Download what it needs in `setup`, and set what makes it work offline, such as HF_HUB_OFFLINE=1, in `train`.',
  },
  {
    pattern: /(?:No such file or directory|ENOENT)[^'"]*['"]([^'"]+)['"]/,
    advice: (path) =>
      `There is no ${path}. Prepare data in \`setup\`, below $AUTORESEARCH_DATA, or list the folder in \`sandbox.read\`.`,
  },
  {
    pattern:
      /No CUDA GPUs are available|Torch not compiled with CUDA|no CUDA-capable device|NVIDIA driver on your system/,
    advice: () =>
      'Training found no GPU. If this machine has one, check `nvidia-smi` and that `setup` installs a build for CUDA; otherwise let `train` use the processor, often with `--device=cpu`. For a repository with a recipe, remove the configuration and run `init --without-gpu`.',
  },
  {
    pattern: /error: unrecognized arguments: (.+)|error: (the following arguments are required: .+)/,
    advice: (what) => `The script does not accept the arguments in \`train\`: ${what}.`,
  },
]

/** What to do about the last known mistake in an output; undefined when there is none. */
export function explainMistake(output: string): string | undefined {
  const lines = output.split(/[\r\n]/).toReversed()
  for (const line of lines)
    for (const { pattern, advice } of MISTAKES) {
      const match = pattern.exec(line)
      if (match) return advice((match.slice(1).find((group) => group !== undefined) ?? '').slice(0, 200))
    }
  return undefined
}
