import { posix } from 'node:path'
import { memo } from '../collections/memo.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import { isUnknownWord } from '../text/source.ts'
import { factOf, placeOf, sliceWritten, type WrittenText } from '../text/written-text.ts'
import type { AppAddress, AppBind, AppCommand, AppFiles, AppServer } from './app-server.ts'
import { HTTP } from './binds.ts'
import { NOTHING_SAID } from './no-server.ts'

/** What a program is built of that may say where it listens. */
export const BUILT_OF =
  /(?:^|\/)(?:Dockerfile[\w.-]*|(?:Program|Startup)\.cs|appsettings(?:\.\w+)?\.json|hosting\.json|go\.mod|[\w-]+\.go|(?:svelte|astro)\.config\.[cm]?[jt]s|pom\.xml|build\.gradle(?:\.kts)?|application(?:-[\w-]+)?\.(?:properties|ya?ml))$/

/** Lines of C# and JSON by which an application names its own address. */
const OWN_URLS =
  /\bUseUrls\b|\bUrls\.Add\b|\bListen(?:AnyIP|Localhost|UnixSocket)?\(|\bConfigureKestrel\b|\bUseKestrel\b|"Kestrel"|"urls"|\bapp\.Run(?:Async)?\(\s*["$]/i

/**
 * `dotnet Shop.dll`: the addresses of its `--urls`, else of its environment. Null where neither says any, or where
 * what it is built of says others.
 */
export function readDotnet(command: AppCommand, { built }: AppFiles): AppServer | null {
  const [program, library, ...rest] = command.words
  if (program === undefined || library === undefined || !library.text.endsWith('.dll')) return null
  const sources = built?.() ?? []
  if (sources.some(({ path, code }) => /\.(?:cs|json)$/.test(path) && OWN_URLS.test(code))) return null
  const urls =
    givenValue(rest, 'urls') ?? command.environment('ASPNETCORE_URLS') ?? command.environment('DOTNET_URLS')
  const ports = command.environment('ASPNETCORE_HTTP_PORTS') ?? command.environment('HTTP_PORTS')
  const binds =
    urls !== null && !isEmpty(urls) ? bindsOfUrls(urls) : ports === null ? [] : bindsOfPorts(ports)
  const [first] = binds
  if (first === undefined) return null
  // What the image brings holds where the application says nothing itself, which its source tells.
  if (first.at === null && !sources.some(({ path }) => path.endsWith('.cs'))) return null
  return {
    ...NOTHING_SAID,
    program: 'dotnet',
    at: placeOf(program),
    application: null,
    binds,
    directory: command.directory,
    complete: command.environment('ASPNETCORE_HTTPS_PORTS') === null,
  }
}

function isEmpty(fact: Fact<string>): boolean {
  return fact.known && fact.value === ''
}

function bindsOfUrls(urls: Fact<string>): readonly AppBind[] {
  if (!urls.known) return [{ at: urls.at ?? null, protocol: HTTP, address: urls }]
  return urls.value
    .split(';')
    .filter(each => each.trim() !== '')
    .map(each => {
      const [, scheme, host = '', port] =
        /^\s*(https?):\/\/(\[[\d:a-f]*\]|[^:/\s]+)(?::(\d{1,5}))?\/?\s*$/i.exec(each) ?? []
      const address: Fact<AppAddress> =
        scheme === undefined || host === 'unix'
          ? unknown('no plain URL', urls.at)
          : known(
              {
                kind: 'ip',
                // Kestrel takes every name but `localhost` for all addresses.
                host: /^(?:localhost|[\d.]+|\[.*\])$/i.test(host) ? host.replace(/^\[|\]$/g, '') : '::',
                port: Number(port ?? (scheme.toLowerCase() === 'https' ? 443 : 80)),
              },
              urls.at,
            )
      return {
        at: urls.at,
        protocol: /^https/i.test(scheme ?? '') ? known('https', urls.at) : HTTP,
        address,
      }
    })
}

function bindsOfPorts(ports: Fact<string>): readonly AppBind[] {
  if (!ports.known) return [{ at: ports.at ?? null, protocol: HTTP, address: ports }]
  return ports.value
    .split(';')
    .filter(each => /^\d{1,5}$/.test(each))
    .map(each => ({
      at: ports.at,
      protocol: HTTP,
      address: known({ kind: 'ip', host: '::', port: Number(each) }, ports.at),
    }))
}

/** `--name=value`, `--name value`, or `-Dname=value`; null for none. */
function givenValue(words: readonly WrittenText[], name: string): Fact<string> | null {
  for (const [at, word] of words.entries()) {
    const head = [`--${name}=`, `-D${name}=`].find(each => word.text.startsWith(each))
    if (head !== undefined) return factOf(sliceWritten(word, head.length))
    const next = words[at + 1]
    if (word.text === `--${name}` && next !== undefined) return factOf(next)
  }
  return null
}

/**
 * `java -jar shop.jar` of Spring Boot: its arguments, its environment, else the `application` files that it is built
 * of or that lie beside it. Null where nothing tells that it is one.
 */
export function readSpring(command: AppCommand, { built, read }: AppFiles): AppServer | null {
  const [program, ...words] = command.words
  const { environment, directory } = command
  if (program === undefined || words.some(({ text }) => isUnknownWord(text))) return null
  if (['SPRING_APPLICATION_JSON', 'SPRING_CONFIG_LOCATION'].some(name => environment(name) !== null))
    return null
  const home = directory?.known === true ? directory.value : null
  // One that is named takes the place of all others.
  const location = givenValue(words, 'spring.config.location')
  if (location !== null && !(location.known && /^(?:file:)?\/[^,]*[^/,]$/.test(location.value))) return null
  const named = location?.known === true ? [location.value.replace(/^file:/, '')] : null
  const beside = (named ?? (home === null ? [] : placesOfSettings(home))).flatMap(path => {
    const source = read(path)
    return source === null || source === 'missing' ? [] : [source]
  })
  if (named !== null && beside.length === 0) return null
  const profiles = givenValue(words, 'spring.profiles.active') ?? environment('SPRING_PROFILES_ACTIVE')
  if (profiles !== null && !profiles.known) return null
  const names = (profiles?.value ?? '').split(',').map(each => each.trim())
  const sources = built?.() ?? projectOfJar(words, home, names, read)
  const inside = sources.filter(
    ({ path }) => named === null && /\/src\/main\/resources\/(?:config\/)?application[^/]*$/.test(path),
  )
  const isSpring = sources.some(
    ({ path, code }) => OF_BUILD.test(path) && /spring-boot[\w-]*-(?:web|webflux|jersey)/.test(code),
  )
  const plain = (each: Source): boolean => /\/application\.\w+$/.test(each.path)
  // Of several projects in one directory nobody knows which it is.
  if (inside.filter(plain).length > 1 || beside.length > 1) return null
  const others = inside.filter(each => !plain(each))
  const active = others.filter(({ path }) => names.some(name => path.includes(`/application-${name}.`)))
  const files = [...beside, ...active.reverse(), ...inside.filter(plain)]
  const get = (name: string, variable: string): Fact<string> | null => {
    const given = givenValue(words, name) ?? environment(variable)
    if (given !== null) return given
    for (const source of files) {
      const found = propertyOf(source, name, environment)
      if (found !== null) return found
    }
    return null
  }
  const port = get('server.port', 'SERVER_PORT')
  const host = get('server.address', 'SERVER_ADDRESS')
  if (port === null && !(isSpring && files.length > 0)) return null
  if (files.some(({ code }) => /\bssl\b|^[ \t]*management:|management\.server\.port/m.test(code))) return null
  const isInside = host?.known === true && /^(?:localhost|127\.|::1$)/.test(host.value)
  const at = (isInside ? host.at : null) ?? port?.at ?? host?.at ?? null
  const lost = [port, host].find(fact => fact?.known === false)
  const isPort = port === null || (port.known && /^\d{1,5}$/.test(port.value))
  const address: Fact<AppAddress> =
    lost?.known === false
      ? lost
      : isPort
        ? known(
            {
              kind: 'ip',
              host: host?.known === true ? host.value : '::',
              port: port?.known === true ? Number(port.value) : 8080,
            },
            at,
          )
        : unknown('no number', at)
  const limits = multipartLimits(get, sources)
  return {
    ...NOTHING_SAID,
    program: 'spring',
    bodyLimit: limits.get('max-request-size') ?? limits.get('max-file-size') ?? null,
    settings: new Map<string, Fact<string | number>>([
      ...limits,
      ...forwardedSettings(get, sources, files),
      ...contextPath(get, files),
    ]),
    at: placeOf(program),
    application: null,
    binds: [{ at, protocol: HTTP, address }],
    directory,
    // gRPC and its like have a server and a port of their own.
    complete: !sources.some(({ path, code }) => OF_BUILD.test(path) && OTHER_SERVERS.test(code)),
    sources: files,
  }
}

/** Where Spring Boot looks beside a jar. */
function placesOfSettings(home: string): readonly string[] {
  return ['application.properties', 'application.yml', 'application.yaml'].flatMap(name => [
    posix.join(home, name),
    posix.join(home, 'config', name),
  ])
}

const OF_BUILD = /(?:pom\.xml|\.gradle|\.kts)$/
const OTHER_SERVERS =
  /\bgrpc-(?:all|netty|server|spring)|\bnetty-socketio\b|\brsocket\b|\bxxl-job-core\b|\bdubbo\b/

/** Where Maven and Gradle put what they make of a project. */
const MADE = /\/(?:target|build\/libs)\/[^/]+$/

/** What the project of a jar says, where the jar lies in it as it was built. */
function projectOfJar(
  words: readonly WrittenText[],
  home: string | null,
  profiles: readonly string[],
  read: AppFiles['read'],
): readonly Source[] {
  const jar = words[words.findIndex(({ text }) => text === '-jar') + 1]?.text
  if (jar?.endsWith('.jar') !== true || (home === null && !jar.startsWith('/'))) return []
  const path = posix.resolve(home ?? '/', jar)
  const project = MADE.test(path) ? path.replace(MADE, '') : posix.dirname(path)
  const at = (name: string): readonly Source[] => {
    const source = read(posix.join(project, name))
    return source === null || source === 'missing' ? [] : [source]
  }
  const build = ['pom.xml', 'build.gradle', 'build.gradle.kts'].flatMap(at)
  if (build.length === 0) return []
  const files = ['', ...profiles.filter(each => /^[\w-]+$/.test(each)).map(each => `-${each}`)].flatMap(
    name =>
      ['config/', ''].flatMap(inside =>
        ['properties', 'yml', 'yaml'].map(kind => `src/main/resources/${inside}application${name}.${kind}`),
      ),
  )
  return [...build, ...[...files, '../pom.xml', 'gradle.properties'].flatMap(at)]
}

/** The path below which everything is answered: before Spring Boot 2, and of WebFlux, the name is another one. */
function* contextPath(
  get: (name: string, variable: string) => Fact<string> | null,
  files: readonly Source[],
): Iterable<readonly [string, Fact<string>]> {
  const found = get('server.servlet.context-path', 'SERVER_SERVLET_CONTEXT_PATH')
  const isOther = files.some(({ code }) => /spring\.(?:mvc|webflux)|dispatcher/i.test(code))
  if (found !== null && !isOther) yield ['context-path', found]
}

/** Properties by which Spring Boot takes the scheme from a header, of this release and of former ones. */
const OF_FORWARDED = [
  'forward-headers-strategy',
  'use-forward-headers',
  'tomcat.remoteip.protocol-header',
  'tomcat.remoteip.remote-ip-header',
  'tomcat.protocol-header',
  'tomcat.remote-ip-header',
]
/** What sets one of them for whom nobody here knows, or takes the former ones for the new. */
const MAY_FORWARD =
  /forward-?_?headers-?_?strategy|remoteip\b|properties-migrator|cloud-platform|config\.import/i

/** Those that are set, without `server.`, and the `release` of Spring Boot. */
function forwardedSettings(
  get: (name: string, variable: string) => Fact<string> | null,
  sources: readonly Source[],
  files: readonly Source[],
): ReadonlyMap<string, Fact<string>> {
  const settings = new Map<string, Fact<string>>()
  for (const name of OF_FORWARDED) {
    const found = spellingsOf(`server.${name}`)
      .map(([spelling, variable]) => get(spelling, variable))
      .find(fact => fact !== null)
    if (found != null) settings.set(name, found)
  }
  if (
    !settings.has('forward-headers-strategy') &&
    [...sources, ...files].some(({ code }) => MAY_FORWARD.test(code.replace(/^[ \t]*#.*$/gm, '')))
  )
    settings.set('forward-headers-strategy', unknown('a part that may be used sets it'))
  const release = releaseOfSpringBoot(sources)
  if (release !== null) settings.set('release', release)
  return settings
}

/** `server.use-forward-headers`, `server.useForwardHeaders`, each with a variable that stands for it. */
function spellingsOf(name: string): readonly (readonly [string, string])[] {
  const variable = name.replace(/\./g, '_').toUpperCase()
  return [
    [name, variable.replace(/-/g, '')],
    [name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()), variable.replace(/-/g, '_')],
  ]
}

const RELEASES = [
  /<artifactId>\s*spring-boot-(?:starter-parent|dependencies)\s*<\/artifactId>\s*<version>\s*([^<\s]+)/g,
  /['"]org\.springframework\.boot['"]\s*\)?\s*version\s*\(?\s*['"]([^'"]+)/g,
  /\bspring-boot-(?:gradle-plugin|dependencies):([^'"\s]+)/g,
  /\bspringBootVersion\s*=\s*['"]?([^'"\s]+)/g,
]

/** The release of Spring Boot that a project is built with; null where it says none, or several. */
function releaseOfSpringBoot(sources: readonly Source[]): Fact<string> | null {
  const builds = sources.filter(({ path }) => /(?:pom\.xml|\.gradle|\.kts|gradle\.properties)$/.test(path))
  const found = builds.flatMap(source =>
    RELEASES.flatMap(pattern =>
      // What a name of Maven stands for is a placeholder, too, and blank in the code.
      [...source.text.matchAll(pattern)].flatMap(match => {
        const [whole, text = ''] = match
        const start = match.index + whole.length - text.length
        const written = { text, at: { source, start, end: start + text.length } }
        const name = /^\$\{([\w.-]+)\}$/.exec(text)?.[1]
        return name === undefined ? written : (propertyOfMaven(builds, name) ?? [])
      }),
    ),
  )
  const numbers = found.filter(({ text }) => /^\d+\.\d+/.test(text))
  const [first] = numbers
  return first !== undefined && numbers.every(({ text }) => text === first.text)
    ? known(first.text, first.at)
    : null
}

function propertyOfMaven(builds: readonly Source[], name: string): Written | null {
  const pattern = new RegExp(`<${name.replace(/\./g, '\\.')}>\\s*([^<\\s]+)`)
  for (const source of builds) {
    const match = pattern.exec(source.text)
    const text = match?.[1]
    if (match === null || text === undefined) continue
    const start = match.index + match[0].length - text.length
    return { text, at: { source, start, end: start + text.length } }
  }
  return null
}

/** Since Spring Boot 2, and before. */
const MULTIPART = ['spring.servlet.multipart', 'spring.http.multipart']

/**
 * `max-file-size` and `max-request-size`, in bytes, where something sets them. None where a part of the application that
 * may be started otherwise, or its code, has to do with them.
 */
function multipartLimits(
  get: (name: string, variable: string) => Fact<string> | null,
  sources: readonly Source[],
): ReadonlyMap<string, Fact<number>> {
  const limits = new Map<string, Fact<number>>()
  for (const key of ['max-file-size', 'max-request-size']) {
    const spellings = [key, key.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
    const found = MULTIPART.flatMap(prefix => spellings.map(spelling => `${prefix}.${spelling}`))
      .map(name => get(name, name.replace(/\./g, '_').replace(/-/g, '').toUpperCase()))
      .find(fact => fact !== null)
    if (found === undefined || found === null) continue
    const bytes = found.known ? dataSize(found.value) : null
    limits.set(
      key,
      bytes === null ? unknown('no size', found.at) : known(bytes, found.known ? found.at : null),
    )
  }
  const isElsewhere = sources.some(({ code }) =>
    /max-?request-?size|MultipartConfigElement|config\.(?:import|additional-location)/i.test(code),
  )
  if (isElsewhere && !limits.has('max-request-size'))
    limits.set('max-request-size', unknown('set elsewhere', null))
  return limits
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB']

/** Bytes of `50MB`; null for what is none, and -1 for no limit. */
function dataSize(text: string): number | null {
  const [, digits, unit = ''] = /^(-1|\d{1,9})([KMGT]?B)?$/.exec(text.trim()) ?? []
  if (digits === undefined) return null
  return digits === '-1' ? Infinity : Number(digits) * 1024 ** Math.max(0, UNITS.indexOf(unit))
}

/** A key of a `.properties` file, or of the blocks of a YAML file; null where none is written. */
export function propertyOf(
  source: Source,
  name: string,
  environment: AppCommand['environment'],
): Fact<string> | null {
  const found = source.path.endsWith('.properties') ? propertyLine(source, name) : yamlLine(source, name)
  if (found === null) return null
  if (found === 'several') return unknown('it is written several times')
  const { text, at } = found
  const value = text.replace(
    /\$\{(\w[\w.]*)(?::([^}]*))?\}/g,
    (whole, variable: string, fallback?: string) => {
      const set = environment(variable)
      if (set === null) return fallback ?? whole
      return set.known ? set.value : whole
    },
  )
  return /[${}]/.test(value) ? unknown('a variable', at) : known(value, at)
}

interface Written {
  readonly text: string
  readonly at: Place
}

function propertyLine(source: Source, name: string): Written | 'several' | null {
  const lines = [...source.code.matchAll(/^[ \t]*([\w.-]+)[ \t]*[=:][ \t]*(.*?)[ \t\r]*$/gm)]
  const own = lines.filter(match => match[1] === name)
  const [only] = own
  if (only === undefined) return null
  return own.length > 1 ? 'several' : written(source, only)
}

/** A key by the blocks around it, each of which may be of several words: `spring.servlet.multipart:`. */
function yamlLine(source: Source, name: string): Written | 'several' | null {
  const found: RegExpMatchArray[] = []
  const around: { readonly indent: number; readonly path: string }[] = []
  for (const match of source.code.matchAll(/^( *)([\w.-]+):[ \t]*(.*?)[ \t\r]*(?:#.*)?$/gm)) {
    const [, { length: indent } = '', word = '', value] = match
    while ((around.at(-1)?.indent ?? -1) >= indent) around.pop()
    const outer = around.at(-1)
    const path = outer === undefined ? word : `${outer.path}.${word}`
    if (path === name && value !== '') found.push(match)
    around.push({ indent, path })
  }
  const [only] = found
  if (only === undefined) return null
  return found.length > 1 ? 'several' : written(source, only)
}

function written(source: Source, match: RegExpMatchArray): Written {
  const value = match.at(-1) ?? ''
  const text = value.replace(/^(["'])(.*)\1$/, '$2')
  const start = (match.index ?? 0) + match[0].indexOf(value, match[0].search(/[=:]/))
  return { text, at: { source, start, end: start + value.length } }
}

/** Calls of Go by which a program listens, each with its address. */
const LISTENS = [
  /\bListenAndServe(?:TLS)?\([ \t\n]*([^,)\s][^,)\n]*)/g,
  /\bnet\.Listen\([ \t\n]*"tcp[46]?"[ \t\n]*,[ \t\n]*([^,)\n]+)/g,
  /\bhttp\.Server\{[^{}]*?\bAddr:[ \t]*([^,\n}]+)/g,
  /\.(?:Run|Start|Listen)\([ \t\n]*("[\w.]*:\d{1,5}")/g,
]

/** A server that is made elsewhere, with an address of its own: `srv.ListenAndServe()`, `srv.Serve(listener)`. */
const SERVES = /\.(?:ListenAndServe(?:TLS)?\([ \t\n]*\)|Serve\([ \t\n]*\w+[ \t\n]*\))/
const MAKES_SERVER = /\bhttp\.Server\{[^{}]*?\bAddr:|\bnet\.Listen\(/

/** True for a listener of a package in the background, such as that of its metrics: what the program serves is another's. */
function isBeside({ source: { code }, start }: Place): boolean {
  return (
    !/^package main\b/m.test(code) && /\bgo func\([^)]*\) \{(?:(?!\n\}).){0,600}$/s.test(code.slice(0, start))
  )
}

/** Every command of a container is asked whether they build it. */
const goBuilds = memo((sources: readonly Source[]) =>
  sources.filter(
    ({ path, code }) =>
      /(?:^|\/)Dockerfile[\w.-]*$/.test(path) && /\bgo[ \t]+(?:build|install|run)\b/.test(code),
  ),
)

/**
 * A program of Go, by the one address in the source that its Dockerfile builds. Null where it is another program, or
 * where nobody knows where it listens.
 */
export function readGo(command: AppCommand, { built }: AppFiles): AppServer | null {
  const [program] = command.words
  const sources = program === undefined ? [] : (built?.() ?? [])
  const name = posix.basename(program?.text ?? '')
  const isBuilt = goBuilds(sources).some(({ code }) => name === 'go' || code.includes(`/${name}`))
  if (program === undefined || !isBuilt || name === '') return null
  const found: Written[] = []
  const programs = sources.filter(({ path }) => path.endsWith('.go') && !path.endsWith('_test.go'))
  const serves = programs.some(({ code }) => SERVES.test(code))
  if (serves && !programs.some(({ code }) => MAKES_SERVER.test(code))) return null
  for (const source of programs) {
    for (const pattern of LISTENS)
      for (const match of source.code.matchAll(pattern)) {
        const text = match[1] ?? ''
        const start = (match.index ?? 0) + match[0].length - text.length
        found.push({ text: text.trim(), at: { source, start, end: start + text.length } })
      }
  }
  const [only] = found
  const parts = /^"([\w.]*|\[[\d:a-f]*\]):(\d{1,5})"$/.exec(only?.text ?? '')
  if (only === undefined || found.length > 1 || parts === null || isBeside(only.at)) return null
  const [, host = '', port = ''] = parts
  return {
    ...NOTHING_SAID,
    program: 'go',
    at: placeOf(program),
    application: null,
    binds: [
      {
        at: only.at,
        protocol: HTTP,
        address: known(
          { kind: 'ip', host: host === '' ? '::' : host.replace(/^\[|\]$/g, ''), port: Number(port) },
          only.at,
        ),
      },
    ],
    directory: command.directory,
    sources: [only.at.source],
  }
}
