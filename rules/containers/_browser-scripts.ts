import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { readPackageJson } from '../../parsers/javascript/package-json.ts'
import { isPutTogether, scriptsOf } from '../../parsers/javascript/scripts-of.ts'
import { type JsToken, jsTokens } from '../../parsers/javascript/tokens.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'

/** An address that a script of the browser connects to, whatever it is told. */
export interface WrittenAddress {
  readonly host: string
  /** The text between its quotes. */
  readonly at: Place
}

/** Tools that put scripts together for the browser. */
const TOOLS =
  /^(?:react-scripts|vite|@vue\/cli-service|@angular\/cli|@angular\/build|@angular-devkit\/build-angular|parcel|parcel-bundler|@craco\/craco)$/
/** What runs the same scripts on a server, or in a program of its own. */
const OF_SERVERS =
  /^(?:next|nuxt\w*|gatsby|astro|express|koa|fastify|hono|electron|expo|react-native|vike|vite-plugin-ssr|solid-start|ws|socket\.io|http-proxy(?:-middleware)?|@(?:sveltejs\/kit|angular\/ssr|angular\/platform-server|builder\.io\/qwik|react-router\/(?:node|serve|dev)|vue\/server-renderer)|@(?:remix-run|nestjs|nguniversal|solidjs|tanstack\/\w*start)\/.*)$/

/** Where the images of web servers have the pages that they serve. */
const PAGES = /^\/(?:usr\/share\/nginx\/html|usr\/local\/apache2\/htdocs)\/?$/

/** Addresses in the scripts that a container serves as they are, or builds for browsers, and that no server runs. */
export function writtenAddresses(container: Container): readonly WrittenAddress[] {
  const { mounts, hostFiles } = container
  const served = mounts.flatMap(({ path, target }) => (path !== null && PAGES.test(target) ? [path] : []))
  return [
    ...homesOf(container).flatMap(home => addressesOf(hostFiles, home)),
    ...served.flatMap(home => addressesOfPages(hostFiles, home)),
  ]
}

const addressesOfPages = memoByKey((files: FileSystem, home: string): readonly WrittenAddress[] => {
  const sources = scriptsBelow(files, home, /\.(?:m?js|html?)$/)
  const loaded = sources.filter(({ path }) => {
    if (/\.html?$/.test(path)) return true
    const name = posix.basename(path)
    return sources.some(page => /\.html?$/.test(page.path) && page.text.includes(name))
  })
  return loaded.flatMap(addressesIn)
})

/** A path of its own site that a script of the browser asks for, whatever it is told. */
export interface WrittenPath {
  readonly path: string
  /** The text between its quotes. */
  readonly at: Place
}

/** The directories of projects that a container may build for browsers. */
export function homesOf({ service, image, mounts }: Container): readonly string[] {
  const context = service.build?.context
  const root = context?.known === true && context.value.startsWith('/') ? context.value : null
  const copied =
    root === null
      ? []
      : (image?.stages ?? []).flatMap(({ copies }) =>
          copies.flatMap(({ from, sources }) =>
            from === null ? sources.flatMap(each => (each.known ? [posix.join(root, each.value)] : [])) : [],
          ),
        )
  const mounted = mounts.flatMap(({ path }) => (path === null ? [] : [path]))
  const homes = new Set(
    [...(root === null ? [] : [root]), ...copied, ...mounted].map(each =>
      posix.join(each, '.').replace(/(.)\/$/, '$1'),
    ),
  )
  return [...homes]
}

const addressesOf = memoByKey((files: FileSystem, home: string): readonly WrittenAddress[] =>
  projectScripts(files, home).flatMap(addressesIn),
)

/** The paths that the scripts of a project ask for; where its `package.json` is not here, those of Vite’s directory. */
export const writtenPaths = memoByKey((files: FileSystem, home: string): readonly WrittenPath[] => {
  const has = (name: string): boolean => files.kind(posix.join(home, name)) === 'file'
  const isCut = !has('package.json') && ['js', 'ts', 'mjs'].some(ending => has(`vite.config.${ending}`))
  const scripts = isCut ? scriptsBelow(files, posix.join(home, 'src'), SCRIPT) : projectScripts(files, home)
  return scripts.flatMap(pathsIn)
})

/** The scripts of a project that a tool builds for browsers, and nothing runs on a server. */
const projectScripts = memoByKey((files: FileSystem, home: string): readonly Source[] => {
  if (!isBuiltForBrowsers(files, home)) return []
  const sources = scriptsBelow(files, posix.join(home, 'src'), SCRIPT)
  return sources.filter(source => isLoaded(source, sources) && isBuilt(source, files, home))
})

function isBuiltForBrowsers(files: FileSystem, home: string): boolean {
  const manifest = sourceAt(files, posix.join(home, 'package.json'))
  if (manifest === null) return false
  const { dependencies, devDependencies, scripts } = readPackageJson(manifest)
  const names = [...dependencies, ...devDependencies.keys()]
  return (
    names.some(name => TOOLS.test(name)) &&
    !names.some(name => OF_SERVERS.test(name)) &&
    ![...scripts.values()].some(script => /--ssr\b|\bnode (?!.*node_modules)\S+\.[cm]?js\b/.test(script))
  )
}

const SCRIPT = /\.(?:[cm]?[jt]sx?|vue|svelte)$/
const REACH = {
  levels: 7,
  skipped:
    /^(?:node_modules|\..*|tests?|__tests__|__mocks__|mocks?|e2e|cypress|stories|server|ssr|api-server)$/,
}
const MOST = 800
const NOT_LOADED = /\.(?:test|spec|stories|d|config|server|mock)\.\w+$|\/setup(?:Proxy|Tests)\.\w+$/

function scriptsBelow(files: FileSystem, directory: string, isScript: RegExp): readonly Source[] {
  const sources: Source[] = []
  for (const path of filesBelow(files, directory, REACH)) {
    if (!isScript.test(path) || NOT_LOADED.test(path)) continue
    const source = sourceAt(files, path)
    if (source !== null) sources.push(source)
    if (sources.length > MOST) return []
  }
  return sources
}

/** True for the first script, and for one that another imports. */
function isLoaded({ path }: Source, sources: readonly Source[]): boolean {
  const file = posix.basename(path).replace(/(?:\.(?:[cm]?[jt]sx?|vue|svelte))$/, '')
  if (posix.basename(posix.dirname(path)) === 'src' && /^(?:main|index|app|bootstrap)$/i.test(file))
    return true
  const name = file === 'index' ? posix.basename(posix.dirname(path)) : file
  const written = new RegExp(
    `['"/\`]${name.replaceAll(/[^\w-]/g, '.')}(?:/index)?(?:\\.[cm]?[jt]sx?|\\.vue|\\.svelte)?['"\`]`,
  )
  return sources.some(other => other.path !== path && written.test(other.code))
}

/** Of the environments of Angular that of production is built, which takes the place of `environment.ts`. */
function isBuilt({ path }: Source, files: FileSystem, home: string): boolean {
  const [, directory = '', kind] = /^(.*\/environments?)\/environment(?:\.([\w-]+))?\.ts$/.exec(path) ?? []
  if (directory === '') return true
  if (kind !== undefined)
    return (
      /^prod(?:uction)?$/.test(kind) &&
      sourceAt(files, posix.join(home, 'angular.json'))?.text.includes(posix.basename(path)) === true
    )
  return !(files.list(directory) ?? []).some(({ name }) => /^environment\.prod(?:uction)?\.ts$/.test(name))
}

/** What says that a script looks at where it runs, or how it was built, before it takes an address. */
const CHOOSES =
  /\bNODE_ENV\b|\bimport\.meta\.env\.(?:PROD|DEV|MODE|SSR)\b|\btypeof (?:window|document|process)\b|\bisDevMode\b|\bisPlatform(?:Browser|Server)\b|\bprocess\.(?:server|client|browser)\b|\blocation\.(?:host|hostname|origin)\b/
const ADDRESS = /^(?:https?|wss?):\/\/([a-z0-9_-]+)(?::\d+)?(?:[/?]|$|(?=\$\{))/i
/** What takes an address: a call, or a name that is given one. */
const CALLS =
  /^(?:fetch|axios|get|post|put|patch|delete|head|request|ajax|io|connect|WebSocket|EventSource|ReconnectingWebSocket|create|useFetch|ky|superagent)$/
const NAMES =
  /(?:api|url|uri|base|host|endpoint|server|backend|socket|origin|gateway|domain|prefix|root|service|ws)/i

function addressesIn(source: Source): readonly WrittenAddress[] {
  const code = scriptsOf(source)
  if (!/:\/\/[\w-]+(?:[:/'"`?]|\$)/.test(code) || isPutTogether(code) || CHOOSES.test(code)) return []
  const tokens = jsTokens(code)
  return tokens.flatMap((token, index): WrittenAddress[] => {
    if (token.kind !== 'string' && token.kind !== 'template') return []
    const host = ADDRESS.exec(token.text)?.[1]
    if (host === undefined || !isTaken(tokens, index)) return []
    return [{ host, at: { source, start: token.start + 1, end: token.end - 1 } }]
  })
}

const PATH = /^\/[\w-]+(?:\/[\w/-]*)?/

function pathsIn(source: Source): readonly WrittenPath[] {
  const code = scriptsOf(source)
  if (isPutTogether(code) || CHOOSES.test(code)) return []
  const tokens = jsTokens(code)
  return tokens.flatMap((token, index): WrittenPath[] => {
    if (token.kind !== 'string' && token.kind !== 'template') return []
    const path = PATH.exec(token.text.replace(/^`/, ''))?.[0]
    if (path === undefined || !isTaken(tokens, index)) return []
    return [{ path, at: { source, start: token.start + 1, end: token.end - 1 } }]
  })
}

/** True for a whole value, and for no part of a choice. */
function isTaken(tokens: readonly JsToken[], index: number): boolean {
  const before = tokens[index - 1]?.text ?? ''
  const behind = tokens[index + 1]?.text ?? ''
  if (/^(?:[?:]|\?\?|\|\||&&|===?|!==?)$/.test(behind)) return false
  const name = tokens[index - 2]
  if (before === '(') return name?.kind === 'name' && CALLS.test(name.text)
  if (before === '=') return name?.kind === 'name' && NAMES.test(name.text)
  return (
    before === ':' &&
    (name?.kind === 'name' || name?.kind === 'string') &&
    isKey(tokens, index - 2) &&
    NAMES.test(name.text)
  )
}

/** `{ name:` and `, name:`, where a choice has a value before its colon. */
function isKey(tokens: readonly JsToken[], index: number): boolean {
  return /^[{,]$/.test(tokens[index - 1]?.text ?? '')
}
