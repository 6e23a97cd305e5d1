import { realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { decodeText, displayPath } from '../../files/disk-file-system.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import { systemReason } from '../../files/system-reason.ts'
import { InputError } from '../../files/input-error.ts'
import { type Refusal, readBounded } from '../../files/read-bounded.ts'
import { type Auditrc, EMPTY_AUDITRC } from './auditrc.ts'
import { AUDITRC, findAuditrc, isThere } from './find-auditrc.ts'

/** A `.auditrc` and where it came from. */
export interface LoadedAuditrc {
  readonly auditrc: Auditrc
  /** Absolute; its paths are relative to it. */
  readonly directory: string
  /** As messages name it; null where there is none. */
  readonly name: string | null
  /**
   * True where it was found beside the audited files, whose author may be anybody: what it names lies in
   * its own directory. Only the command line leads out of it.
   */
  readonly isFound: boolean
  /** Those that it extends, as written. */
  readonly bases: readonly LoadedAuditrc[]
}

/** Bytes of the largest `.auditrc`: a hundred times what anybody writes. */
const MAXIMUM_SIZE = 250_000

export interface AuditrcSearch {
  readonly config: { readonly kind: 'search' | 'none' } | { readonly kind: 'file'; readonly path: string }
  /** Absolute: from where it is searched upwards. */
  readonly start: string
  readonly workingDirectory: string
  /** Ids and groups of rules. */
  readonly knownRules: readonly string[]
}

/**
 * The `.auditrc` of one of several machines, which lies in its root; null where it has none. Throws
 * {@link InputError} where it cannot be read, or is wrong.
 *
 * @param root absolute directory of this machine
 */
export async function loadMachineAuditrc(
  root: string,
  search: Pick<AuditrcSearch, 'workingDirectory' | 'knownRules'>,
): Promise<LoadedAuditrc | null> {
  const file = join(root, AUDITRC)
  if (!isThere(file)) return null
  const loaded = await loadFile(file, true, search, [])
  const own = rootOfAuditrc(loaded)
  if (own !== null && own !== realpathSync(root))
    throw new InputError(`${loaded.name}: \`root\`: this file lies in the root of its machine already`)
  return loaded
}

/** Finds and reads `.auditrc`. Throws {@link InputError} where it cannot be read, or is wrong. */
export async function loadAuditrc(search: AuditrcSearch): Promise<LoadedAuditrc> {
  const { config, workingDirectory } = search
  const isFound = config.kind !== 'file'
  const file =
    config.kind === 'file'
      ? resolve(workingDirectory, config.path)
      : config.kind === 'none'
        ? null
        : findAuditrc(search.start)
  if (file === null)
    return { auditrc: EMPTY_AUDITRC, directory: workingDirectory, name: null, isFound, bases: [] }
  return loadFile(file, isFound, search, [])
}

/** As many extend each other at most. */
const MOST_LAYERS = 20

/** @param above real paths of the files that extend this one */
async function loadFile(
  file: string,
  isFound: boolean,
  search: Pick<AuditrcSearch, 'workingDirectory' | 'knownRules'>,
  above: readonly string[],
): Promise<LoadedAuditrc> {
  const { workingDirectory } = search
  const name = displayPath(file, workingDirectory)
  const text = readAuditrc(file, name, isFound)
  const { parseAuditrc } = await import('./parse-auditrc.ts')
  const auditrc = parseAuditrc(text, name, search.knownRules)
  const own: LoadedAuditrc = { auditrc, directory: dirname(file), name, isFound, bases: [] }
  if (auditrc.extends.length === 0) return own
  const chain = [...above, realpathSync(file)]
  if (chain.length > MOST_LAYERS) throw new InputError(`${name}: \`extends\`: more than ${MOST_LAYERS} files`)
  const bases: LoadedAuditrc[] = []
  for (const path of auditrc.extends) {
    const base = namedBy(own, path, 'extends')
    if (chain.includes(realpathSync(base)))
      throw new InputError(`${name}: \`extends\`: ${path} extends this file in turn`)
    bases.push(await loadFile(base, isFound, search, chain))
  }
  return { ...own, bases }
}

function readAuditrc(file: string, name: string, isFound: boolean): string {
  try {
    if (isFound && !isBelow(realpathSync(file), realpathSync(dirname(file)))) {
      throw new InputError(`${name}: a link that leads out of its directory; name the file with --config`)
    }
    // Whoever names a device, or what the shell made of `<(…)`, gets what is in it.
    const read =
      file === '/dev/null' ? Buffer.alloc(0) : readBounded(file, { maximum: MAXIMUM_SIZE, fifo: !isFound })
    if (!Buffer.isBuffer(read)) throw new InputError(`${name}: ${REFUSALS[read]}`)
    return decodeText(read).text
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${name}: cannot be read: ${systemReason(error)}`)
  }
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  'not-regular': 'no regular file',
  'too-large': `larger than ${MAXIMUM_SIZE / 1000} kB`,
}

/**
 * The path on this machine that a key of `.auditrc` names. Throws {@link InputError} where nothing is
 * there, or where a found `.auditrc` leads out of its directory.
 *
 * @param path absolute on this machine, or relative to the file's directory
 * @param key as the message names it
 */
export function namedBy({ directory, name, isFound }: LoadedAuditrc, path: string, key: string): string {
  const absolute = resolve(directory, path)
  const fail = (reason: string): never => {
    throw new InputError(`${name ?? '.auditrc'}: \`${key}\`: ${reason}`)
  }
  let real = ''
  try {
    real = realpathSync(absolute)
  } catch (error) {
    // Of a path that leads out, not even whether something is there is told.
    if (isFound && !isBelow(absolute, directory)) fail(`${path} ${LEADS_OUT}`)
    fail(`${path}: ${systemReason(error)}`)
  }
  if (isFound && !isBelow(real, realpathSync(directory))) fail(`${path} ${LEADS_OUT}`)
  return absolute
}

const LEADS_OUT = 'leads out of the directory of this file, which only --root and --config may'

/** The directory that `root:` names, links resolved; null where it names none. */
export function rootOfAuditrc(loaded: LoadedAuditrc): string | null {
  const { root } = loaded.auditrc
  if (root === null) return null
  const real = realpathSync(namedBy(loaded, root, 'root'))
  if (!statSync(real).isDirectory()) throw new InputError(`${loaded.name}: \`root\`: ${root} is no directory`)
  return real
}

/**
 * The targets of `include.map` as paths inside the root: a relative one is relative to the file's
 * directory, an absolute one is a path of the server.
 */
export function includeMapOfAuditrc(loaded: LoadedAuditrc, root: string): Auditrc['includeMap'] {
  return loaded.auditrc.includeMap.map(({ from, to }) => {
    const key = `include.map.${from}`
    const onDisk = namedBy(loaded, isAbsolute(to) ? join(root, to) : to, key)
    if (!isBelow(onDisk, root))
      throw new InputError(`${loaded.name}: \`${key}\`: ${to} is outside the root ${root}`)
    return { from, to: root === '/' ? onDisk : onDisk.slice(root.length) || '/' }
  })
}
