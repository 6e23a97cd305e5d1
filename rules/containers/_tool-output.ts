import { posix } from 'node:path'
import { jsTokens } from '../../parsers/javascript/tokens.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** Where a tool puts the pages that it builds. */
export interface Output {
  readonly tool: string
  readonly path: string
  readonly at: Place
  readonly isAngular: boolean
}

export function outputOf(project: string, files: FileSystem): Output | null {
  const source = sourceAt(files, posix.join(project, 'package.json'))
  const script = source === null ? null : buildScript(source)
  if (source === null || script === null) return null
  const { at } = script
  // What is built, and for which URL, changes no path.
  const text = script.text.replace(
    /\s(?:--(?:configuration|base-href|deploy-url|mode|base)[= ]|-c )\S+|\s--prod(?:uction)?\b/g,
    '',
  )
  // An environment or an option may name another place.
  if (/[$|]|--|BUILD_PATH|cross-env|dotenv|turbo|nx\b|(?:mv|cp|rm)\s|\bcopy/.test(text)) return null
  const last = text.split(/\s*(?:&&|;)\s*/).at(-1) ?? ''
  if (last === 'vite build') {
    const configuration = ['js', 'ts', 'mjs', 'mts', 'cjs', 'cts'].flatMap(
      ending => sourceAt(files, posix.join(project, `vite.config.${ending}`)) ?? [],
    )
    // Without a configuration all is as Vite has it, where its page is beside it.
    const isBare = configuration.length === 0 && files.kind(posix.join(project, 'index.html')) === 'file'
    const isPlain =
      isBare ||
      (configuration.length === 1 &&
        !/outDir|root\s*:|\.\.\.|sveltekit|remix|reactRouter|solidStart|tanstackStart|nitro|laravel|mergeConfig/.test(
          configuration[0]!.text,
        ))
    return isPlain ? { tool: 'Vite', path: 'dist', at, isAngular: false } : null
  }
  if (last === 'react-scripts build') {
    const isPlain = ['.env', '.env.production'].every(
      name => !/BUILD_PATH/.test(sourceAt(files, posix.join(project, name))?.text ?? ''),
    )
    return isPlain ? { tool: 'Create React App', path: 'build', at, isAngular: false } : null
  }
  const known = Object.hasOwn(DEFAULTS, last) ? DEFAULTS[last] : undefined
  if (known !== undefined) {
    const isPlain = ['js', 'ts', 'mjs', 'mts', 'cjs'].every(
      ending =>
        !known.moved.test(sourceAt(files, posix.join(project, `${known.file}.${ending}`))?.text ?? ''),
    )
    return isPlain ? { tool: known.tool, path: known.path, at, isAngular: false } : null
  }
  if (last !== 'ng build') return null
  const workspace = sourceAt(files, posix.join(project, 'angular.json'))
  const builders = [...(workspace?.text.matchAll(/"builder"\s*:\s*"([^"]*)"/g) ?? [])].map(
    ([, name = '']) => name,
  )
  const outputs = [...(workspace?.text.matchAll(/"outputPath"\s*:\s*"([^"]*)"/g) ?? [])]
  const isApplication =
    builders.some(name => /:application$/.test(name)) &&
    !builders.some(name => /:browser(?:-esbuild)?$/.test(name))
  const [only] = outputs
  const all = workspace?.text.match(/"outputPath"/g) ?? []
  if (!isApplication || only === undefined || all.length !== 1 || workspace === null) return null
  const start = only.index
  return {
    tool: 'Angular',
    path: posix.join(only[1] ?? '', 'browser'),
    at: { source: workspace, start, end: start + only[0].length },
    isAngular: true,
  }
}

/** Tools with one directory for what they build, and what moves it in their configuration. */
const DEFAULTS: Readonly<
  Record<
    string,
    { readonly tool: string; readonly path: string; readonly file: string; readonly moved: RegExp }
  >
> = {
  'vue-cli-service build': {
    tool: 'Vue CLI',
    path: 'dist',
    file: 'vue.config',
    moved: /outputDir|require\(/,
  },
  'astro build': { tool: 'Astro', path: 'dist', file: 'astro.config', moved: /outDir|adapter|\.\.\./ },
  'docusaurus build': { tool: 'Docusaurus', path: 'build', file: 'docusaurus.config', moved: /outDir/ },
  'gatsby build': { tool: 'Gatsby', path: 'public', file: 'gatsby-config', moved: /outDir|assetPrefix/ },
}

/** `scripts.build` of a package. */
function buildScript(source: Source): { readonly text: string; readonly at: Place } | null {
  const tokens = jsTokens(source.code)
  const scripts = tokens.findIndex(({ kind, text }) => kind === 'string' && text === 'scripts')
  for (let at = scripts + 1; scripts !== -1 && at < tokens.length && tokens[at]!.text !== '}'; at++) {
    const value = tokens[at + 2]
    if (tokens[at]!.text !== 'build' || tokens[at + 1]?.text !== ':' || value?.kind !== 'string') continue
    return { text: value.text, at: { source, start: value.start + 1, end: value.end - 1 } }
  }
  return null
}
