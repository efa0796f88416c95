import { defineConfig } from 'rolldown'
import { licences } from './scripts/bundle/licences.ts'
import { withoutHttpClient } from './scripts/bundle/without-http-client.ts'

/** White space goes and names stay, so that the stack trace in a bug report still says where it was. */
export const MINIFY = { compress: false, mangle: false, codegen: { removeWhitespace: true } }

/** Otherwise a file with several packages gets the name of whichever of our modules comes first. */
const NAMED_PACKAGES = ['zod', 'yaml', 'openai', 'execa']

export default defineConfig({
  input: { index: 'src/main.ts' },
  platform: 'node',
  plugins: [withoutHttpClient, licences],
  output: {
    dir: 'dist',
    format: 'esm',
    // Without hashes, so that a changed file keeps its name.
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    minify: MINIFY,
    minifyInternalExports: false,
    codeSplitting: {
      groups: NAMED_PACKAGES.map((name) => ({ name, test: new RegExp(`/node_modules/${name}/`) })),
    },
  },
})
