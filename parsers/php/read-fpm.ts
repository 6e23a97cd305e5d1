import { posix } from 'node:path'
import { type Fact, known, unknown } from '../text/fact.ts'
import { type Place, type Source, UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import {
  factOf,
  finishWritten,
  placeOf,
  readFact,
  type WrittenText,
  writtenFor,
} from '../text/written-text.ts'
import { matchesName } from '../wildcard/libc-fnmatch.ts'
import { hasWildcard } from '../wildcard/tokens.ts'
import type { FpmAddress, FpmConfiguration, FpmFiles, FpmPhpSetting, FpmPool } from './fpm.ts'
import { readPhpIniLines } from './ini-settings.ts'
import { fpmMode, fpmSeconds, phpBoolean, phpNumber } from './values.ts'

/** FPM itself follows no more includes than this. */
const DEEPEST = 5
/** No configuration has more files. */
const MOST_FILES = 2000

interface OpenPool {
  readonly name: string
  readonly headers: Place[]
  readonly settings: Map<string, WrittenText>
  readonly environment: Map<string, WrittenText>
  readonly phpSettings: Map<string, FpmPhpSetting>
  complete: boolean
}

/**
 * Reads FPM's main file with its includes, or pools alone where the main file is not in the audit.
 *
 * @param mains one main file, or the pool files in the order of their names
 */
export function readFpm(mains: readonly Source[], files: FpmFiles): FpmConfiguration {
  const reading = new Reading(files)
  for (const main of mains) reading.file(main, 0)
  return reading.finish()
}

class Reading {
  private readonly sources = new Set<Source>()
  private readonly global = new Map<string, WrittenText>()
  /** By the name in lower case: FPM finds a pool again whatever the case. */
  private readonly pools = new Map<string, OpenPool>()
  /** The section in which the next line stands: an included file leaves its own behind. */
  private current: OpenPool | null = null
  private complete = true

  constructor(private readonly files: FpmFiles) {}

  finish(): FpmConfiguration {
    return {
      sources: [...this.sources],
      global: this.global,
      pools: [...this.pools.values()].map(finishPool),
      complete: this.complete,
    }
  }

  file(source: Source, depth: number): void {
    if (depth > DEEPEST || this.sources.size >= MOST_FILES) {
      this.complete = false
      return
    }
    this.sources.add(source)
    for (const line of readPhpIniLines(source)) {
      if (line.kind === 'section') {
        this.current = line.name.toLowerCase() === 'global' ? null : this.pool(line.name, line.at)
      } else if (line.kind === 'bare') continue
      else if (line.name === 'include' && line.index === null) this.include(line.value, depth)
      else this.set(line.name, line.index, line.value, line.at)
    }
  }

  private pool(name: string, at: Place): OpenPool {
    const key = name.toLowerCase()
    let pool = this.pools.get(key)
    if (pool === undefined) {
      pool = {
        name,
        headers: [],
        settings: new Map(),
        environment: new Map(),
        phpSettings: new Map(),
        complete: true,
      }
      this.pools.set(key, pool)
    }
    pool.headers.push(at)
    return pool
  }

  private set(name: string, index: string | null, value: WrittenText, at: Place): void {
    const { current } = this
    if (current === null) {
      if (index === null) this.global.set(name, value)
      return
    }
    const filled = fillPool(value, current.name)
    const php = /^php_(admin_)?(value|flag)$/.exec(name)
    if (index === null) current.settings.set(name, filled)
    // Of two lines for one name FPM applies the first one last: it holds.
    else if (name === 'env') {
      if (!current.environment.has(index)) current.environment.set(index, fromEnvironment(filled))
    } else if (php !== null) {
      const admin = php[1] !== undefined
      const former = current.phpSettings.get(index)
      // An administrator's setting wins whatever the order.
      if (former !== undefined && (former.admin || !admin)) return
      current.phpSettings.set(index, { value: filled, at, admin, flag: php[2] === 'flag' })
    }
  }

  private include(value: WrittenText, depth: number): void {
    const pattern = factOf(value)
    if (!pattern.known || !pattern.value.startsWith('/')) {
      this.leaveOut()
      return
    }
    const directory = posix.dirname(pattern.value)
    const name = posix.basename(pattern.value)
    if (!hasWildcard(pattern.value)) {
      this.included(pattern.value, depth)
      return
    }
    const names = hasWildcard(directory) ? null : this.files.list(directory)
    if (names === null) this.leaveOut()
    const matches = names?.filter(each => matchesName(name, each)) ?? []
    for (const each of matches.sort()) this.included(posix.join(directory, each), depth)
  }

  /** What is included inside of a pool sets it, too. */
  private leaveOut(): void {
    this.complete = false
    if (this.current !== null) this.current.complete = false
  }

  private included(path: string, depth: number): void {
    const source = this.files.read(path)
    if (source === null) this.leaveOut()
    else if (!this.sources.has(source)) this.file(source, depth + 1)
  }
}

/** `$pool` stands for the pool's name in every value. */
function fillPool(value: WrittenText, name: string): WrittenText {
  const { text } = value
  if (!text.includes('$pool')) return value
  const into = new MappedText(text, value.map, 0)
  let at = 0
  for (const { index } of text.matchAll(/\$pool/g)) {
    into.copy(at, index)
    into.replace(index, index + 5, name)
    at = index + 5
  }
  into.copy(at, text.length)
  return finishWritten(into, value)
}

/** `$NAME` is taken from the environment of FPM. */
function fromEnvironment(value: WrittenText): WrittenText {
  if (!value.text.startsWith('$')) return value
  const { source, start, end } = placeOf(value)
  return writtenFor(source, UNKNOWN, start, end)
}

function finishPool({ name, headers, settings, environment, phpSettings, complete }: OpenPool): FpmPool {
  const read = <T>(key: string, reader: (written: WrittenText) => Fact<T>): Fact<T> | null => {
    const value = settings.get(key)
    return value === undefined || value.text === '' ? null : reader(value)
  }
  const listen = settings.get('listen')
  const prefix = read('prefix', factOf)
  return {
    name,
    headers,
    listen: listen === undefined ? null : { at: placeOf(listen), address: addressOf(listen, prefix) },
    listenOwner: read('listen.owner', factOf),
    listenGroup: read('listen.group', factOf),
    listenMode: read('listen.mode', fpmMode),
    listenAclUsers: read('listen.acl_users', namesOf),
    listenAclGroups: read('listen.acl_groups', namesOf),
    listenAllowedClients: read('listen.allowed_clients', listOf),
    user: read('user', factOf),
    group: read('group', factOf),
    prefix,
    chroot: read('chroot', factOf),
    chdir: read('chdir', factOf),
    processManager: read('pm', factOf),
    maxChildren: read('pm.max_children', phpNumber),
    requestTerminateTimeout: read('request_terminate_timeout', fpmSeconds),
    statusPath: read('pm.status_path', factOf),
    pingPath: read('ping.path', factOf),
    limitExtensions: extensionsOf(settings.get('security.limit_extensions')),
    clearEnvironment: read('clear_env', phpBoolean),
    environment,
    phpSettings,
    settings,
    complete,
  }
}

function extensionsOf(value: WrittenText | undefined): Fact<readonly string[]> | null {
  if (value === undefined) return null
  return readFact(value, text => (/^(?:false|off|no)?$/i.test(text) ? [] : text.split(/[ \t]+/)))
}

/** FPM cuts account names at commas alone. */
function namesOf(value: WrittenText): Fact<readonly string[]> {
  return readFact(value, text => text.split(',').filter(each => each !== ''))
}

function listOf(value: WrittenText): Fact<readonly string[]> {
  return readFact(value, text => text.split(/[, \t]+/).filter(each => each !== ''))
}

/** A port, an address with one, else the path of a socket: relative to the prefix. */
function addressOf(value: WrittenText, prefix: Fact<string> | null): Fact<FpmAddress> {
  const fact = factOf(value)
  if (!fact.known) return fact
  const text = fact.value
  const ip = /^(?:(.*):)?(\d{1,5})$/.exec(text)
  if (ip !== null && !text.includes('/')) {
    const port = Number(ip[2])
    const host = ip[1]?.replace(/^\[(.*)\]$/, '$1')
    if (port === 0 || port > 65535) return unknown(`\`${text}\` is no address`, fact.at)
    return known(
      { kind: 'ip', host: host === undefined || host === '*' || host === '' ? null : host, port },
      fact.at,
    )
  }
  if (text.startsWith('/')) return known({ kind: 'unix', path: text }, fact.at)
  if (prefix?.known === true) return known({ kind: 'unix', path: posix.join(prefix.value, text) }, fact.at)
  return unknown('it depends on how FPM was built', fact.at)
}
