import { posix } from 'node:path'
import { type JsLiteral, memberOfScript } from '../../parsers/javascript/literal.ts'
import { jsTokens } from '../../parsers/javascript/tokens.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** Where a tool puts the pages that it builds. */
export interface Output {
  readonly tool: string
  readonly path: string
  readonly at: Place
  /** True where the tool has a directory of its own for the pages, below the one that it is told. */
  readonly isNested: boolean
}

/** What is run to build a project: one of its scripts, or the tool itself. */
export type BuildCommand =
  | { readonly script: string; readonly options: string }
  | { readonly command: string; readonly at: Place }

const BY_SCRIPT =
  /^(?:npm run|pnpm(?: run)?|yarn(?: run)?|bun run) ([\w:.-]*build[\w:.-]*)(?: --(?= ))?((?: .*)?)$/
const BY_TOOL =
  /^(?:(?:npx|bunx|yarn|pnpm(?: exec)?) |(?:\.\/)?node_modules\/\.bin\/)?((?:ng|vite|vue-cli-service) build.*)$/

/** The command of a shell that builds a project; null for every other one. */
export function buildCommandOf(part: string, at: Place): BuildCommand | null {
  const [, script, options = ''] = BY_SCRIPT.exec(part) ?? []
  if (script !== undefined) return { script, options }
  const [, command] = BY_TOOL.exec(part) ?? []
  return command === undefined ? null : { command, at }
}

export function outputOf(
  project: string,
  files: FileSystem,
  build: BuildCommand = { script: 'build', options: '' },
): Output | null {
  const source = sourceAt(files, posix.join(project, 'package.json'))
  const written = source === null || !('script' in build) ? null : scriptOf(source, build.script)
  const script =
    'command' in build
      ? { text: build.command, at: build.at }
      : written === null
        ? null
        : { text: `${written.text}${build.options}`, at: written.at }
  if (script === null) return null
  const { at } = script
  // What is built, and for which URL, changes no path.
  const text = script.text.replace(
    /\s(?:--(?:configuration|base-href|deploy-url|mode|base)[= ]|-c )\S+|\s--(?:prod(?:uction)?|aot|no-progress|progress(?:=\w+)?|source-map(?:=\w+)?|output-hashing(?:=| )\w+|verbose)(?=\s|$)/g,
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
    return isPlain ? { tool: 'Vite', path: 'dist', at, isNested: false } : null
  }
  if (last === 'react-scripts build') {
    const isPlain = ['.env', '.env.production'].every(
      name => !/BUILD_PATH/.test(sourceAt(files, posix.join(project, name))?.text ?? ''),
    )
    return isPlain ? { tool: 'Create React App', path: 'build', at, isNested: false } : null
  }
  const known = Object.hasOwn(DEFAULTS, last) ? DEFAULTS[last] : undefined
  if (known !== undefined) {
    const isPlain = ['js', 'ts', 'mjs', 'mts', 'cjs'].every(
      ending =>
        !known.moved.test(sourceAt(files, posix.join(project, `${known.file}.${ending}`))?.text ?? ''),
    )
    return isPlain ? { tool: known.tool, path: known.path, at, isNested: false } : null
  }
  return last === 'ng build' ? ofAngular(sourceAt(files, posix.join(project, 'angular.json'))) : null
}

/**
 * The `application` builder writes the pages to a directory `browser` below what it is told, or to another one that the
 * workspace names; without `outputPath` below `dist` and the name of the project.
 */
function ofAngular(workspace: Source | null): Output | null {
  if (workspace === null) return null
  const { code } = workspace
  const builders = [...code.matchAll(/"builder"\s*:\s*"([^"]*)"/g)].map(([, name = '']) => name)
  const isApplication =
    builders.filter(name => /:application$/.test(name)).length === 1 &&
    !builders.some(name => /:(?:browser(?:-esbuild)?|ng-packagr|packager)$/.test(name))
  if (!isApplication) return null
  const written = memberOfScript(workspace, 'outputPath')
  const [base, own] = written === null ? [unnamedOutput(workspace), 'browser'] : directoriesOf(written)
  if (base == null || own == null || (code.match(/"outputPath"/g) ?? []).length > 1) return null
  const [builder] = code.matchAll(/"builder"\s*:\s*"[^"]*:application"/g)
  return {
    tool: 'Angular',
    path: posix.join(base, own),
    at: written?.at ?? { source: workspace, start: builder!.index, end: builder!.index + builder![0].length },
    isNested: own !== '',
  }
}

/** What is written as `outputPath`, and the directory below it. */
function directoriesOf(written: JsLiteral): readonly [string | null, string | null] {
  if (written.kind === 'text') return [written.text.text, 'browser']
  if (written.kind !== 'object' || written.open) return [null, null]
  const textOf = (name: string, other: string | null): string | null => {
    const member = written.members.get(name)
    return member === undefined ? other : member.kind === 'text' ? member.text.text : null
  }
  return [textOf('base', null), textOf('browser', 'browser')]
}

/** Of the one project that the workspace has. */
function unnamedOutput(workspace: Source): string | null {
  const projects = memberOfScript(workspace, 'projects')
  if (projects?.kind !== 'object' || projects.open || projects.members.size !== 1) return null
  return posix.join('dist', ...projects.members.keys())
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

/** A script of a package. */
function scriptOf(source: Source, name: string): { readonly text: string; readonly at: Place } | null {
  const tokens = jsTokens(source.code)
  const scripts = tokens.findIndex(({ kind, text }) => kind === 'string' && text === 'scripts')
  for (let at = scripts + 1; scripts !== -1 && at < tokens.length && tokens[at]!.text !== '}'; at++) {
    const value = tokens[at + 2]
    if (tokens[at]!.text !== name || tokens[at + 1]?.text !== ':' || value?.kind !== 'string') continue
    return { text: value.text, at: { source, start: value.start + 1, end: value.end - 1 } }
  }
  return null
}
