import { copyFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import v8 from 'node:v8'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { loadProgram } from '../src/load-program.ts'
import { firstExamples, partExamples } from './part-examples.ts'

const require = createRequire(import.meta.url)

export const GRAMMARS = [
  'web-tree-sitter/web-tree-sitter.wasm',
  'tree-sitter-bash/tree-sitter-bash.wasm',
  'tree-sitter-python/tree-sitter-python.wasm',
]

const COMMON = {
  bundle: true,
  platform: 'node',
  target: 'node18.19',
  // Short names are a tenth of the time of a small audit; `tools/read-stack.ts` reads what a crash prints.
  minify: true,
  legalComments: 'linked',
  logLevel: 'warning',
} satisfies BuildOptions

/** A script imports nothing, and knows its place by another name; Node.js starts one sooner than a module. */
const AS_SCRIPT = {
  format: 'cjs',
  supported: { 'dynamic-import': false },
  banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': '__url' },
} satisfies BuildOptions

/**
 * Bundles the program into a directory: all of it as one script, which is run from V8's own code where the build
 * left that beside it, the two that run it, the examples of the rules, which `explain` prints, and the grammars, which
 * are loaded only where a shell or Python file is read.
 */
export async function bundle(directory: string): Promise<void> {
  writeFileSync(join(directory, 'program.cjs'), inAscii((await buildProgram()).script))
  writeFileSync(join(directory, 'examples.json'), await firstExamples())
  const { run: _, ...library } = await import('../src/program.ts')
  const starters = { 'deploy-audit': 'src/cli/main.ts', index: 'index' }
  await build({
    ...COMMON,
    entryPoints: starters,
    outdir: directory,
    plugins: [loading({ './run.ts': ['run'], index: Object.keys(library) })],
    ...AS_SCRIPT,
  })
  writeFileSync(join(directory, 'package.json'), '{"type": "commonjs"}\n')
  copyGrammars(directory)
}

/** Puts the grammars where a bundle in this directory looks for them. */
export function copyGrammars(directory: string): void {
  for (const grammar of GRAMMARS) copyFileSync(require.resolve(grammar), join(directory, basename(grammar)))
}

/** Bundles a module and all that it imports as one script. */
export async function bundleScript(entryPoint: string, outfile: string): Promise<void> {
  const { script } = await buildScript(entryPoint)
  writeFileSync(outfile, inAscii(script))
}

/** A script before it is made ASCII, and the source map of that. */
interface BuiltScript {
  readonly script: string
  readonly sourceMap: string
}

/** The program, within the function that Node.js, too, puts around a script that is a module. */
export function buildProgram(): Promise<BuiltScript> {
  return buildScript('src/program.ts', {
    banner: { js: `(function (exports, require, module, __filename, __dirname) {${AS_SCRIPT.banner.js}` },
    footer: { js: '})' },
  })
}

async function buildScript(
  entryPoint: string,
  around: Pick<BuildOptions, 'banner' | 'footer'> = {},
): Promise<BuiltScript> {
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: [entryPoint],
    outdir: '.',
    write: false,
    sourcemap: 'external',
    sourcesContent: false,
    ...AS_SCRIPT,
    ...around,
    plugins: [partExamples(), lateSegmenter(), lateModules(), untoldColors()],
    // The module of web-tree-sitter for `import` does that in more ways than one.
    alias: { 'web-tree-sitter': join(dirname(require.resolve('web-tree-sitter')), 'web-tree-sitter.cjs') },
  })
  const textOf = (extension: string): string => {
    const file = outputFiles.find(({ path }) => path.endsWith(extension))
    if (file === undefined) throw new Error(`esbuild wrote no ${extension}`)
    return file.text
  }
  return { script: textOf('.js'), sourceMap: textOf('.map') }
}

/**
 * A script in ASCII, which V8 keeps in half of the memory. esbuild escapes what stands in texts; what it leaves as it
 * is are regular expressions, for which an escape means the same, and comments.
 */
export function inAscii(script: string): string {
  return script.replace(/[^\0-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * Makes the segmenter of `string-width` where the first text needs it, which few do: its tables take a tenth of the
 * time of auditing a fragment.
 */
function lateSegmenter(): Plugin {
  const eager = 'const segmenter = new Intl.Segmenter();'
  const late =
    'let made; const segmenter = { segment: text => (made ??= new Intl.Segmenter()).segment(text) };'
  return {
    name: 'late-segmenter',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]string-width[\\/]index\.js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (!text.includes(eager)) throw new Error(`${path} makes no segmenter when it is loaded`)
        return { contents: text.replace(eager, late) }
      })
    },
  }
}

/** Modules of Node.js that take a while to load, and of which a tree without findings needs nothing. */
const LATE = /^node:(?:crypto|v8)$/

/** Loads a module of Node.js where the first of its functions and classes is called. */
function lateModules(): Plugin {
  return {
    name: 'late-modules',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: LATE, namespace: 'file' }, ({ path }) => ({
        path,
        namespace: 'late',
        sideEffects: false,
      }))
      onLoad({ filter: /./, namespace: 'late' }, async ({ path }) => {
        const names = Object.keys((await import(path)) as object).filter(name => name !== 'default')
        const real = (name: string): string => `(loaded ??= require('${path}')).${name}`
        const lines = names.map(name =>
          /^[A-Z]/.test(name)
            ? `export class ${name} { constructor(...given) { return new (${real(name)})(...given) } }`
            : `export const ${name} = (...given) => ${real(name)}(...given)`,
        )
        return { contents: ['let loaded', ...lines].join('\n') }
      })
    },
  }
}

/** What `chalk` finds out of the screen when it is loaded; here it is told how many colours to write. */
function untoldColors(): Plugin {
  return {
    name: 'untold-colors',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]chalk[\\/]source[\\/]vendor[\\/]supports-color[\\/]index\.js$/ }, () => ({
        contents: 'export default { stdout: false, stderr: false }',
      }))
    },
  }
}

/** What the bundle exports, in the place of the modules that it comes from. */
function loading(names: Readonly<Record<string, readonly string[]>>): Plugin {
  return {
    name: 'loading',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/run\.ts$|^index$/ }, ({ path }) => ({ path, namespace: 'loading' }))
      onLoad({ filter: /./, namespace: 'loading' }, ({ path }) => ({
        contents: `import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadProgram } from './src/load-program.ts'
export const { ${names[path]?.join(', ')} } = loadProgram(dirname(fileURLToPath(import.meta.url))).exports`,
        resolveDir: resolve('.'),
      }))
    },
  }
}

/** Lines that a main file includes, which a hook is often given alone. */
const FRAGMENT = 'examples/broken/etc/nginx/sites-enabled/shop.example.org.conf'

/** Leaves beside the bundle what V8 makes of it while it audits a small deployment and a fragment. */
export async function writeCache(directory: string): Promise<void> {
  // V8 takes no code that was made under other flags than its own, and a flag is set for the grammars.
  const setFlag = v8.setFlagsFromString
  v8.setFlagsFromString = () => {}
  // What its baseline compiler was busy with here it would compile again at each start.
  setFlag('--no-sparkplug')
  const { exports, cache } = loadProgram(directory)
  const { run } = exports as Pick<typeof import('../src/program.ts'), 'run'>
  const terminal = {
    workingDirectory: resolve('.'),
    environment: {},
    isInteractive: false,
    columns: undefined,
    readInput: async () => ({ bytes: Buffer.alloc(0), isWhole: true }),
    print() {},
    warn() {},
  }
  for (const format of ['text', 'json'])
    for (const path of ['examples/broken', 'examples/broken/etc/nginx/nginx.conf', FRAGMENT]) {
      const status = await run(['--no-config', '--format', format, path], terminal)
      // What did not run is not compiled, and nothing else would show why each start is slower.
      if (status !== 0 && status !== 1) throw new Error(`auditing ${path} for the cache ended with ${status}`)
    }
  setFlag('--sparkplug')
  writeFileSync(join(directory, 'program.cache'), cache())
}
