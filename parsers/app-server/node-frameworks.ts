import { posix } from 'node:path'
import { known } from '../text/fact.ts'
import type { Source } from '../text/source.ts'
import { placeOf, type WrittenText } from '../text/written-text.ts'
import type { AppBind, AppCommand, AppFiles, AppServer } from './app-server.ts'
import { HTTP, hostPortBind, httpOrHttps, pathAddress } from './binds.ts'
import { numberSetting, prefixedLayer, layered, textSetting } from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'

/** A framework whose build is a program of Node.js that opens an address of its own. */
interface Framework {
  readonly name: string
  /** The whole path of what is started. */
  readonly script: RegExp
  /** From its directory to that of the project. */
  readonly project: string
  /** The file in which the project chooses it, without its ending; null where the path alone tells it. */
  readonly configuration: string | null
  /** Variables by which it is told where to listen, the one that counts first. */
  readonly host: readonly string[]
  readonly port: readonly string[]
  readonly socket: string | null
  /** The variable with which it speaks TLS. */
  readonly certificate: string | null
  /** Where it listens where nobody tells it. */
  readonly listens: (configuration: string) => Listens | null
}

interface Listens {
  readonly host: string
  readonly port: number
}

const FRAMEWORKS: readonly Framework[] = [
  {
    // https://svelte.dev/docs/kit/adapter-node
    name: 'SvelteKit',
    script: /\/build(?:\/(?:index(?:\.js)?)?)?$/,
    project: '..',
    configuration: 'svelte.config',
    host: ['host'],
    port: ['port'],
    socket: 'SOCKET_PATH',
    certificate: null,
    listens: text =>
      /['"]@sveltejs\/adapter-node['"]/.test(text) && !/\benvPrefix\b/.test(text)
        ? { host: '0.0.0.0', port: 3000 }
        : null,
  },
  {
    // https://nitro.build/deploy/runtimes/node
    name: 'Nitro',
    script: /\/\.output\/server\/index\.mjs$/,
    project: '../..',
    configuration: null,
    host: ['nitro_host', 'host'],
    port: ['nitro_port', 'port'],
    socket: 'NITRO_UNIX_SOCKET',
    certificate: 'NITRO_SSL_CERT',
    listens: () => ({ host: '::', port: 3000 }),
  },
  {
    // https://docs.astro.build/en/guides/integrations-guide/node/
    name: 'Astro',
    script: /\/dist\/server\/entry\.mjs$/,
    project: '../..',
    configuration: 'astro.config',
    host: ['host'],
    port: ['port'],
    socket: null,
    certificate: 'SERVER_CERT_PATH',
    listens: listensOfAstro,
  },
]

/** Its default is the loopback; in another mode than `standalone` something else listens. */
function listensOfAstro(text: string): Listens | null {
  if (!/\bmode\s*:\s*['"]standalone['"]/.test(text)) return null
  const server = /\bserver\s*:\s*(\{[^{}]*\}|\S)/.exec(text)?.[1] ?? '{}'
  if (!server.startsWith('{')) return null
  const host = /\bhost\s*:\s*([^\s,}]+)/.exec(server)?.[1] ?? 'false'
  const port = /\bport\s*:\s*([^\s,}]+)/.exec(server)?.[1] ?? '4321'
  const named = /^(['"])(.+)\1$/.exec(host)?.[2]
  if (!/^\d+$/.test(port) || (named === undefined && !/^(?:true|false)$/.test(host))) return null
  return { host: named ?? (host === 'true' ? '0.0.0.0' : 'localhost'), port: Number(port) }
}

/**
 * `node build`, `node .output/server/index.mjs` and their like: the environment says where it listens, else what the
 * project says to its framework. Null for any other script, and where the project is not in the audit.
 */
export function readBuiltByFramework(
  word: WrittenText,
  program: WrittenText,
  command: AppCommand,
  files: AppFiles,
): AppServer | null {
  const home = command.directory?.known === true ? command.directory.value : '/'
  const path = posix.resolve(home, word.text)
  const framework = FRAMEWORKS.find(({ script }) => script.test(path))
  if (framework === undefined) return null
  const directory = posix.join(/\.\w+$/.test(path) ? posix.dirname(path) : path, framework.project)
  const source = configurationOf(framework, directory, files)
  if (source === null && framework.configuration !== null) return null
  const listens = framework.listens(source?.code ?? '')
  if (listens === null) return null
  return {
    ...NOTHING_SAID,
    program: 'node',
    at: placeOf(program),
    application: null,
    binds: [bindOf(framework, listens, command)],
    directory: command.directory,
    settings: new Map([['framework', known(framework.name)]]),
    sources: source === null ? [] : [source],
  }
}

/** `remix-serve` and `react-router-serve`. https://remix.run/docs/en/main/other-api/serve */
export function readRemixServe(command: AppCommand): AppServer | null {
  const [program] = command.words
  if (program === undefined) return null
  const get = layered([prefixedLayer('', ['port', 'host'], command)])
  return {
    ...NOTHING_SAID,
    program: 'node',
    at: placeOf(program),
    application: null,
    binds: [hostPortBind(textSetting(get('host')), numberSetting(get('port')), HTTP, '::', 3000)],
    directory: command.directory,
  }
}

function bindOf(
  { host, port, socket, certificate }: Framework,
  listens: Listens,
  command: AppCommand,
): AppBind {
  const protocol = httpOrHttps(certificate === null ? null : command.environment(certificate))
  const path = socket === null ? null : command.environment(socket)
  if (path !== null && !(path.known && path.value === ''))
    return { at: path.at, protocol, address: pathAddress(path, command.directory) }
  const get = layered([prefixedLayer('', [...host, ...port], command)])
  const first = (names: readonly string[]) => names.map(get).find(each => each !== null) ?? null
  return hostPortBind(
    textSetting(first(host)),
    numberSetting(first(port)),
    protocol,
    listens.host,
    listens.port,
  )
}

/** The file of the project that chooses the framework, beside what is started or where the image is built. */
function configurationOf(
  { configuration }: Framework,
  directory: string,
  { read, built }: AppFiles,
): Source | null {
  if (configuration === null) return null
  for (const end of ['js', 'mjs', 'ts', 'cjs', 'mts']) {
    const source = read(posix.join(directory, `${configuration}.${end}`))
    if (source !== null && source !== 'missing') return source
  }
  const [only = null, ...others] = (built?.() ?? []).filter(({ path }) =>
    posix.basename(path).startsWith(`${configuration}.`),
  )
  return others.length === 0 ? only : null
}
