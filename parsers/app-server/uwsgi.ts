import { type Fact, known, unknown } from '../text/fact.ts'
import { type Place, type Source, UNKNOWN } from '../text/source.ts'
import {
  factOf,
  placeOf,
  sliceWritten,
  splitWritten,
  trimWritten,
  type WrittenText,
} from '../text/written-text.ts'
import { addressOf, hostAndPort, socketPath } from './address.ts'
import type { AppBind, AppCommand, AppFiles, AppProtocol, AppServer, AppValue } from './app-server.ts'
import { modeSetting, numberSetting, textSetting, variableSetting } from './layers.ts'
import { NOTHING_SAID } from './no-server.ts'
import {
  readUwsgiFile,
  readUwsgiOptions,
  type UwsgiConfiguration,
  type UwsgiOption,
} from './uwsgi-configuration.ts'
import { UWSGI_SOCKETS } from './uwsgi-options.ts'

/** A uWSGI: what every application server has, and its options in their order. */
export interface UwsgiServer extends AppServer {
  readonly program: 'uwsgi'
  readonly options: readonly UwsgiOption[]
  /** `mount`: a path and the application below it. */
  readonly mounts: readonly {
    readonly path: Fact<string>
    readonly application: Fact<string>
    readonly at: Place
  }[]
  /** True where it also sets variables whose names nobody knows: in a loop over a file, or by a directory of them. */
  readonly setsOthers: boolean
  /** `emperor`: directories or patterns of files that each start a uWSGI of their own. */
  readonly emperors: readonly Fact<string>[]
  /** True where all files and words are read, whatever variables of the environment say besides. */
  readonly readsAll: boolean
}

export function isUwsgi(server: AppServer): server is UwsgiServer {
  return server.program === 'uwsgi'
}

/** The uWSGI that a command starts. */
export function readUwsgi(command: AppCommand, files: AppFiles): UwsgiServer {
  return serverOf(readUwsgiOptions(command, files), placeOf(command.words[0]!), command)
}

/** The uWSGI that a configuration file describes when it is started with it alone. */
export function readUwsgiVassal(source: Source, command: AppCommand, files: AppFiles): UwsgiServer {
  return serverOf(readUwsgiFile(source, command, files), uwsgiSection(source), command)
}

/** The `[uwsgi]` of a file, or its beginning. */
export function uwsgiSection(source: Source): Place {
  const header = /^[ \t]*\[uwsgi\]/m.exec(source.code)
  const start = header === null ? 0 : header.index + header[0].indexOf('[')
  return { source, start, end: header === null ? start : header.index + header[0].length }
}

function serverOf(
  { options, sources, complete, readsAll }: UwsgiConfiguration,
  at: Place,
  { directory: start }: AppCommand,
): UwsgiServer {
  const settings = settingsOf(options)
  const get = (name: string): Fact<AppValue> | null =>
    settings.get(name) ?? (complete ? null : unknown('it may be set where this audit does not see it'))
  const all = (name: string): readonly UwsgiOption[] => options.filter(option => option.name === name)
  const directory = textSetting(get('chdir')) ?? start
  const protocol = textSetting(get('protocol'))
  return {
    ...NOTHING_SAID,
    program: 'uwsgi',
    at,
    application: applicationOf(get),
    binds: options.flatMap(option => bindOf(option, protocol, start)),
    workers: numberSetting(get('workers')),
    threads: numberSetting(get('threads')),
    timeout: numberSetting(get('harakiri')),
    keepAlive: null,
    headerLimit: numberSetting(get('buffer-size')),
    bodyLimit: numberSetting(get('limit-post')),
    directory,
    pythonPath: all('pythonpath').map(({ value }) => factOf(value)),
    user: textSetting(get('uid')),
    group: textSetting(get('gid')),
    umask: modeSetting(get('umask')),
    socketMode: socketMode(options),
    socketOwner: textSetting(get('chown-socket')),
    environment: variableSetting(all('env').map(({ value }) => value)),
    setsOthers: options.some(setsAnyVariable),
    settings,
    complete,
    readsAll,
    sources,
    options,
    mounts: all('mount').map(({ value, at: place }) => {
      const equals = value.text.indexOf('=')
      const path = factOf(trimWritten(sliceWritten(value, 0, equals === -1 ? undefined : equals)))
      const application = factOf(
        trimWritten(sliceWritten(value, equals === -1 ? value.text.length : equals + 1)),
      )
      return { path, application, at: place }
    }),
    emperors: all('emperor').map(({ value }) => factOf(value)),
  }
}

function setsAnyVariable({ name, value }: UwsgiOption): boolean {
  if (/^(?:early-)?envdirs?$/.test(name)) return true
  return /^(?:early-)?env$/.test(name) && value.text.split('=')[0]?.includes(UNKNOWN) === true
}

/** The last value of each option; unknown where a condition stands before it. */
function settingsOf(options: readonly UwsgiOption[]): ReadonlyMap<string, Fact<AppValue>> {
  const settings = new Map<string, Fact<AppValue>>()
  for (const { name, value, at, conditional } of options)
    settings.set(name, conditional ? unknown('a condition decides', at) : factOf(value))
  return settings
}

/** `module` with its `callable`, else `wsgi-file`. */
function applicationOf(get: (name: string) => Fact<AppValue> | null): Fact<string> | null {
  const module = textSetting(get('module'))
  const callable = textSetting(get('callable'))
  const file = textSetting(get('wsgi-file'))
  const base = module ?? file
  if (base === null || !base.known || callable === null || base.value.includes(':')) return base
  return callable.known ? known(`${base.value}:${callable.value}`, base.at) : callable
}

/** Without a number on the command line it is 666. */
function socketMode(options: readonly UwsgiOption[]): Fact<number> | null {
  const option = options.findLast(({ name }) => name === 'chmod-socket')
  if (option === undefined) return null
  if (option.conditional) return unknown('a condition decides', option.at)
  return option.value.text === '' ? known(0o666, option.at) : modeSetting(factOf(option.value))
}

function bindOf(
  { name, value, at, conditional }: UwsgiOption,
  protocol: Fact<string> | null,
  directory: Fact<string> | null,
): readonly AppBind[] {
  const spoken = UWSGI_SOCKETS.get(name)
  if (spoken === undefined || value.text === '') return []
  const place = placeOf(value)
  const bind = (address: AppBind['address']): readonly AppBind[] => [
    { at: place, protocol: protocolOf(spoken, protocol, at), address },
  ]
  if (conditional) return bind(unknown('a condition decides', place))
  // Routers take certificates and more behind the address.
  const [address = value] = spoken === 'https' || name === 'http' ? splitWritten(value, ',') : [value]
  return bind(addressIn(trimWritten(address), directory))
}

function protocolOf(
  spoken: ReturnType<typeof UWSGI_SOCKETS.get>,
  protocol: Fact<string> | null,
  at: Place,
): Fact<AppProtocol> {
  if (spoken === 'other') return unknown('its protocol is none of the usual ones', at)
  if (spoken !== null && spoken !== undefined) return known(spoken, at)
  if (protocol === null || (!protocol.known && protocol.at === null)) return known('uwsgi', at)
  if (!protocol.known) return protocol
  const { value } = protocol
  if (value === 'uwsgi' || value === 'http' || value === 'https' || value === 'scgi')
    return known(value, protocol.at)
  return value === 'fastcgi' || value === 'fastcgi-nph'
    ? known('fastcgi', protocol.at)
    : unknown('its protocol is none of the usual ones', protocol.at)
}

function addressIn(written: WrittenText, directory: Fact<string> | null): AppBind['address'] {
  const { text } = written
  const descriptor = /^fd:\/\/(\d{1,4})$/.exec(text)?.[1]
  if (descriptor !== undefined)
    return known({ kind: 'inherited', descriptor: Number(descriptor) }, placeOf(written))
  // `=0` is a shared socket, `@name` an abstract one.
  if (/^[=@]/.test(text) || text.includes('://')) return unknown('it is no plain address', placeOf(written))
  if (text.includes(':')) return addressOf(written, each => hostAndPort(each, null))
  return socketPath(written, directory)
}
