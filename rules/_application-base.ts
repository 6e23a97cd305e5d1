import { posix } from 'node:path'
import { type JsLiteral, memberOfScript } from '../parsers/javascript/literal.ts'
import { readPackageJson } from '../parsers/javascript/package-json.ts'
import { jsTokens } from '../parsers/javascript/tokens.ts'
import type { Place, Source } from '../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../src/files/file-system.ts'

/** What a build writes before the URLs of its scripts. */
export interface ApplicationBase {
  readonly tool: string
  /** Where it is written, or would be. */
  readonly at: Place
  /** The path, with a slash at both ends. */
  readonly path: string
  readonly isWritten: boolean
  /** A script of the build, in the directory that it writes. */
  readonly asset: string
  /** The directory that it writes, in that of the project. */
  readonly output: string
  /** The line that sets it, for a prefix. */
  readonly settingFor: (prefix: string) => string
}

/**
 * The base for which a project is built by one of its scripts; null where anything but plain files of the project may
 * decide it.
 */
export function applicationBase(
  files: FileSystem,
  directory: string,
  script = 'build',
): ApplicationBase | null {
  const manifest = sourceAt(files, posix.join(directory, 'package.json'))
  if (manifest === null) return null
  const command = buildCommand(readPackageJson(manifest).scripts, script)
  const at = command === null ? null : memberOfScript(manifest, command.script)
  if (command === null || at?.kind !== 'text' || at.text.text !== command.written) return null
  const project: Project = { files, directory, manifest, script: at.at, options: command.options }
  switch (command.tool) {
    case 'vite':
      return ofVite(project)
    case 'react-scripts':
      return ofCreateReactApp(project)
    case 'vue-cli-service':
      return ofVueCli(project)
    default:
      return ofAngular(project)
  }
}

interface Project {
  readonly files: FileSystem
  readonly directory: string
  readonly manifest: Source
  /** The script that builds it. */
  readonly script: Place
  readonly options: string
}

interface BuildCommand {
  readonly tool: string
  readonly options: string
  /** The script in which it stands, and all of its text. */
  readonly script: string
  readonly written: string
}

/** What checks a project, and writes nothing of what is served. */
const CHECKS =
  /^(?:npx )?(?:(?:vue-)?tsc\b|eslint\b|prettier\b|rimraf\b|vitest run\b|(?:npm run|yarn|pnpm) (?:run )?(?:lint|type-?check|clean|test)$)/
const BUILDS =
  /^(?:npx )?(vite|react-scripts|vue-cli-service|ng) build((?: --(?:mode|base|configuration|emptyOutDir|sourcemap|minify|modern|prod|production|aot|output-hashing)(?:[= ](?!-)\S+)?)*)$/
const LEVELS = 3

/** The one command of a script that builds the project; null where a script does more than to check and build. */
function buildCommand(
  scripts: ReadonlyMap<string, string>,
  name: string,
  levels = LEVELS,
): BuildCommand | null {
  const written = scripts.get(name)
  if (written === undefined || levels === 0 || scripts.has(`post${name}`)) return null
  let found: BuildCommand | null = null
  for (const part of written.split('&&').flatMap(each => scriptsOf(each.trim(), scripts))) {
    if (CHECKS.test(part)) continue
    const [, tool, options = ''] = BUILDS.exec(part) ?? []
    const [, other] = /^(?:npm run|yarn(?: run)?|pnpm(?: run)?) ([\w:-]+)$/.exec(part) ?? []
    const next: BuildCommand | null =
      tool !== undefined
        ? { tool, options, script: name, written }
        : other === undefined
          ? null
          : buildCommand(scripts, other, levels - 1)
    if (next === null || found !== null) return null
    found = next
  }
  return found
}

/** The scripts that `run-p type-check "build-only {@}" --` starts, as commands of their own; else the command itself. */
function scriptsOf(command: string, scripts: ReadonlyMap<string, string>): readonly string[] {
  const [, rest] = /^(?:run-[ps]|npm-run-all(?: --?\w+)*) (.+)$/.exec(command) ?? []
  if (rest === undefined) return [command]
  const names = rest.replaceAll(/["'\\]|\{@\}|(?:^| )--(?= |$)/g, ' ').split(/\s+/)
  return names.flatMap(name => (name === '' ? [] : scripts.has(name) ? [`npm run ${name}`] : [command]))
}

/** Plugins that write no URLs of their own; what others do with `base`, nobody knows here. */
const PLAIN_IMPORT =
  /^(?:node:\w+|path|url|fs|os|process|vite|vitest\/config|@vitejs\/[\w-]+|@tailwindcss\/(?:vite|postcss)|tailwindcss|autoprefixer|vite-tsconfig-paths|vite-svg-loader|vite-plugin-(?:pwa|svgr|vue-devtools|vuetify|eslint|checker|compression|solid|node-polyfills|mkcert|environment)|unplugin-[\w-]+(?:\/\w+)*|rollup-plugin-visualizer|@sveltejs\/vite-plugin-svelte|@intlify\/unplugin-vue-i18n(?:\/vite)?|lovable-tagger|@vue\/cli-service|webpack|compression-webpack-plugin|next|@next\/[\w-]+|next-intl\/plugin|next-pwa)$/

/** The settings of a configuration in a script; null where something else than what stands in it may set them. */
class Settings {
  readonly source: Source
  private readonly names: ReadonlyMap<string, number>

  private constructor(source: Source, names: ReadonlyMap<string, number>) {
    this.source = source
    this.names = names
  }

  static of(source: Source): Settings | null {
    const tokens = jsTokens(source.code)
    const names = new Map<string, number>()
    for (const [index, { kind, text }] of tokens.entries()) {
      const next = tokens[index + 1]
      if (text === '...' && next?.kind === 'name') return null
      if (kind !== 'name' && kind !== 'string') continue
      names.set(text, (names.get(text) ?? 0) + 1)
      if (kind !== 'name' || !/^(?:from|require|import)$/.test(text)) continue
      const imported = next?.text === '(' ? tokens[index + 2] : next
      if (next?.text === '.' || (text === 'import' && imported?.kind !== 'string' && next?.text !== '('))
        continue
      if (imported?.kind !== 'string' || !PLAIN_IMPORT.test(imported.text)) return null
    }
    return new Settings(source, names)
  }

  has(...names: readonly string[]): boolean {
    return names.some(name => this.names.has(name))
  }

  /** The text of a setting, null where it has none, and undefined where it is computed or written twice. */
  text(name: string): (JsLiteral & { readonly kind: 'text' }) | null | undefined {
    const times = this.names.get(name) ?? 0
    if (times === 0) return null
    const value = times > 1 ? null : memberOfScript(this.source, name)
    return value?.kind === 'text' ? value : undefined
  }

  /** Where the object begins in which a setting would stand. */
  get start(): Place | null {
    const tokens = jsTokens(this.source.code)
    const token =
      tokens.findLast(({ text }) => /^define(?:Nuxt)?Config$/.test(text)) ??
      tokens.findLast(({ kind, text }) => kind === 'name' && (text === 'default' || text === 'exports'))
    if (token === undefined) return null
    // `module.exports = nextConfig`: the object stands where that name is given to it.
    const at = tokens.indexOf(token) + 1
    const named = tokens[at]?.text === '=' ? tokens[at + 1] : tokens[at]
    const own = tokens.find(
      ({ kind, text }, index) =>
        kind === 'name' && text === named?.text && /^(?:const|let|var)$/.test(tokens[index - 1]?.text ?? ''),
    )
    const { start, end } = own ?? token
    return { source: this.source, start, end }
  }
}

/** A framework that answers by a program of its own, and the base that its configuration gives it; null where nobody knows. */
export function frameworkBase(
  files: FileSystem,
  directory: string,
  framework: 'Next.js' | 'Nuxt',
): ApplicationBase | null {
  const manifest = sourceAt(files, posix.join(directory, 'package.json'))
  if (manifest === null) return null
  const project = { files, directory }
  return framework === 'Next.js' ? ofNext(project, manifest) : ofNuxt(project, manifest)
}

/** https://nextjs.org/docs/app/api-reference/config/next-config-js/basePath */
function ofNext(project: Pick<Project, 'files' | 'directory'>, manifest: Source): ApplicationBase | null {
  const source = configurationIn(project, 'next.config')
  const settings = source == null ? null : Settings.of(source)
  if (source === undefined || (source !== null && settings === null)) return null
  if (settings?.has('assetPrefix')) return null
  const base = settings === null ? null : settings.text('basePath')
  if (base === undefined) return null
  const at = base?.at ?? settings?.start ?? dependencyAt(manifest, 'next')
  const path = pathOf(base?.text.text || '/')
  if (path === null || at === null) return null
  return {
    tool: 'Next.js',
    at,
    path,
    isWritten: base !== null,
    asset: '_next/static/chunks/main-4f1c2d3e.js',
    output: '.next',
    settingFor: prefix => `basePath: '${prefix.replace(/\/$/, '')}'`,
  }
}

/** https://nuxt.com/docs/api/nuxt-config#baseurl */
function ofNuxt(project: Pick<Project, 'files' | 'directory'>, manifest: Source): ApplicationBase | null {
  const source = configurationIn(project, 'nuxt.config')
  const settings = source == null ? null : Settings.of(source)
  if (source === undefined || (source !== null && settings === null)) return null
  if (settings?.has('cdnURL', 'buildAssetsDir', 'extends', 'router', 'nitro')) return null
  const base = settings === null ? null : settings.text('baseURL')
  const at = base?.at ?? settings?.start ?? dependencyAt(manifest, 'nuxt')
  const path = base === undefined ? null : pathOf(base?.text.text || '/')
  if (path === null || at === null) return null
  return {
    tool: 'Nuxt',
    at,
    path,
    isWritten: base !== null,
    asset: '_nuxt/4f1c2d3e.js',
    output: '.output',
    settingFor: prefix => `app: { baseURL: '${prefix}' }`,
  }
}

/** Where a project says that it wants a package. */
function dependencyAt(manifest: Source, name: string): Place | null {
  const value = memberOfScript(manifest, name)
  return value?.kind === 'text' ? value.at : null
}

/** The configuration of a project; undefined where there are several. */
function configurationIn(
  { files, directory }: Pick<Project, 'files' | 'directory'>,
  name: string,
): Source | null | undefined {
  const found = ['js', 'ts', 'mjs', 'mts', 'cjs', 'cts'].flatMap(
    ending => sourceAt(files, posix.join(directory, `${name}.${ending}`)) ?? [],
  )
  return found.length > 1 ? undefined : (found[0] ?? null)
}

function ofVite(project: Project): ApplicationBase | null {
  const source = configurationIn(project, 'vite.config')
  if (source === undefined || project.files.kind(posix.join(project.directory, 'index.html')) !== 'file')
    return null
  const settings = source === null ? null : Settings.of(source)
  const [, option] = /--base[= ](\S+)/.exec(project.options) ?? []
  if (source !== null && settings === null) return null
  if (
    settings?.has(
      'root',
      'mergeConfig',
      'renderBuiltUrl',
      'lib',
      'ssr',
      'input',
      'entryFileNames',
      'chunkFileNames',
    )
  )
    return null
  // The pages are those of a backend, which reads the manifest of the build.
  const list = source === null ? null : memberOfScript(source, 'manifest')
  if (list?.kind === 'boolean' || list?.kind === 'text') return null
  const [base, output, assets] = ['base', 'outDir', 'assetsDir'].map(name =>
    settings === null ? null : settings.text(name),
  )
  if (base === undefined || output === undefined || assets === undefined) return null
  const written = option ?? base?.text.text
  const path = pathOf(written ?? '/')
  const at = option !== undefined ? project.script : (base?.at ?? settings?.start ?? project.script)
  if (path === null || (settings !== null && settings.start === null)) return null
  return {
    tool: 'Vite',
    at,
    path,
    isWritten: written !== undefined,
    asset: posix.join(assets?.text.text ?? 'assets', 'index-4f1c2d3e.js'),
    output: posix.normalize(output?.text.text ?? 'dist').replace(/\/$/, ''),
    settingFor: prefix => `base: '${prefix}'`,
  }
}

function ofVueCli(project: Project): ApplicationBase | null {
  const source = configurationIn(project, 'vue.config')
  const settings = source == null ? null : Settings.of(source)
  if (source === undefined || (source !== null && settings === null)) return null
  if (settings?.has('baseUrl', 'chainWebpack', 'filename')) return null
  const [base, output, assets] = ['publicPath', 'outputDir', 'assetsDir'].map(name =>
    settings === null ? null : settings.text(name),
  )
  if (base === undefined || output === undefined || assets === undefined) return null
  const path = pathOf(base?.text.text ?? '/')
  if (path === null || (settings !== null && settings.start === null)) return null
  return {
    tool: 'Vue CLI',
    at: base?.at ?? settings?.start ?? project.script,
    path,
    isWritten: base !== null,
    asset: posix.join(assets?.text.text ?? '', 'js/app.4f1c2d3e.js'),
    output: posix.normalize(output?.text.text ?? 'dist').replace(/\/$/, ''),
    settingFor: prefix => `publicPath: '${prefix}'`,
  }
}

/** Variables that Create React App reads. */
export const REACT_VARIABLES = /\b(?:PUBLIC_URL|BUILD_PATH)\b/

function ofCreateReactApp({ files, directory, manifest, script }: Project): ApplicationBase | null {
  const isGiven = ['.env', '.env.local', '.env.production', '.env.production.local'].some(name =>
    REACT_VARIABLES.test(sourceAt(files, posix.join(directory, name))?.text ?? ''),
  )
  const homepage = memberOfScript(manifest, 'homepage')
  if (isGiven || (homepage !== null && homepage.kind !== 'text')) return null
  const path = pathOf(homepage?.text.text ?? '/')
  return path === null
    ? null
    : {
        tool: 'Create React App',
        at: homepage?.at ?? script,
        path,
        isWritten: homepage !== null,
        asset: 'static/js/main.4f1c2d3e.js',
        output: 'build',
        settingFor: prefix => `"homepage": "${prefix.replace(/\/$/, '')}"`,
      }
}

/** Angular writes what `<base href>` says, and names its scripts relative to it. */
function ofAngular({ files, directory }: Project): ApplicationBase | null {
  const workspace = sourceAt(files, posix.join(directory, 'angular.json'))
  const page = sourceAt(files, posix.join(directory, 'src/index.html'))
  if (workspace === null || page === null || /baseHref|deployUrl|"ssr"|"server"/.test(workspace.text))
    return null
  const bases = [...page.code.matchAll(/<base\s+href=(["'])([^"']*)\1/g)]
  const [base] = bases
  const path = bases.length === 1 ? pathOf(base?.[2] ?? '') : null
  if (base === undefined || path === null) return null
  const start = base.index + base[0].length - 1 - (base[2]?.length ?? 0)
  return {
    tool: 'Angular',
    at: { source: page, start, end: start + (base[2]?.length ?? 0) },
    path,
    isWritten: true,
    asset: 'main-4F1C2D3E.js',
    output: 'dist',
    settingFor: prefix => `<base href="${prefix}">`,
  }
}

/** The path of a base; null for a relative one, which is right below every prefix. */
function pathOf(base: string): string | null {
  const [, path] = /^(?:https?:\/\/[\w.:-]+(?=\/|$))?(\/[\w./~-]*)?$/.exec(base) ?? []
  if (base === '' || (path === undefined && !base.includes('://'))) return null
  return path === undefined || path.endsWith('/') ? (path ?? '/') : `${path}/`
}
