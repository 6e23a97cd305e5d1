/**
 * Writes `dist-executable/deploy-audit`: Node.js, the program and its grammars in one file, for machines without
 * Node.js. It is made of the Node.js that runs this, which has to be 20.12 or newer and hold all of itself.
 * https://nodejs.org/api/single-executable-applications.html
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { GRAMMARS } from './bundle.ts'
import { partExamples } from './part-examples.ts'

const DIRECTORY = 'dist-executable'
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const EMBEDDED = `import { getAsset } from 'node:sea'
export const embedded = name => new Uint8Array(getAsset(name))`

rmSync(DIRECTORY, { recursive: true, force: true })
mkdirSync(DIRECTORY)
await build({
  entryPoints: ['src/cli/main.ts'],
  outfile: join(DIRECTORY, 'main.cjs'),
  bundle: true,
  plugins: [
    partExamples(),
    {
      name: 'embedded',
      setup: ({ onLoad }) => {
        onLoad({ filter: /[\\/]src[\\/]files[\\/]embedded\.ts$/ }, () => ({
          contents: EMBEDDED,
          loader: 'js',
        }))
      },
    },
  ],
  format: 'cjs',
  platform: 'node',
  target: 'node20.12',
  minify: true,
  keepNames: true,
  legalComments: 'linked',
  logLevel: 'error',
  // Nothing is found by where the program lies: it lies in itself.
  define: { 'import.meta.url': '"file:///deploy-audit"' },
})

const require = createRequire(import.meta.url)
const assets = Object.fromEntries(GRAMMARS.map(grammar => [basename(grammar), require.resolve(grammar)]))
writeFileSync(
  join(DIRECTORY, 'sea.json'),
  JSON.stringify({
    main: join(DIRECTORY, 'main.cjs'),
    output: join(DIRECTORY, 'sea.blob'),
    disableExperimentalSEAWarning: true,
    assets: {
      ...assets,
      'package.json': resolve('package.json'),
      'examples.json': resolve('dist/examples.json'),
    },
  }),
)
run(process.execPath, ['--experimental-sea-config', join(DIRECTORY, 'sea.json')])

const program = join(DIRECTORY, 'deploy-audit')
copyFileSync(process.execPath, program)
chmodSync(program, 0o755)
run('npx', ['postject', program, 'NODE_SEA_BLOB', join(DIRECTORY, 'sea.blob'), '--sentinel-fuse', FUSE])
for (const name of ['main.cjs', 'sea.json', 'sea.blob']) rmSync(join(DIRECTORY, name))

// Where there is no Node.js, and nothing else of this directory.
const alone = spawnSync(resolve(program), ['--no-config', '--format', 'json', 'examples/broken'], {
  env: { PATH: '/nonexistent' },
  encoding: 'utf8',
  maxBuffer: 1 << 26,
})
const built = spawnSync(
  process.execPath,
  ['dist/deploy-audit.js', '--no-config', '--format', 'json', 'examples/broken'],
  {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  },
)
if (!existsSync('dist/deploy-audit.js') || built.stdout === '')
  throw new Error('dist/ is not built: npm run build')
if (alone.stdout !== built.stdout || alone.status !== built.status)
  throw new Error(`the executable says something else than the program that it is made of:\n${alone.stderr}`)
console.log(
  `${program}: ${(statSync(program).size / 1e6).toFixed(0)} MB, says what dist/deploy-audit.js says`,
)

function run(command: string, words: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, [...words], { encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`)
}
