import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { fromBytes, toBytes } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { effective } from './effective.ts'
import { interpolate, type Variables } from './interpolate.ts'
import { readLocation } from './locations.ts'
import { argumentPlace } from './places.ts'
import { enclosingServer } from './servers.ts'

/** Where a block's files lie: its `root` or `alias` in force. */
export interface FileBase {
  readonly kind: 'root' | 'alias'
  /** As written. */
  readonly path: string
  /**
   * For an alias, the location whose name it replaces: the one it is written in, though a nested one
   * inherits it. Null where that is an expression, and the alias is the whole path.
   */
  readonly prefix: string | null
  readonly directive: NginxDirective
}

/** The directory behind a block; unknown where only the build's own default holds. */
export function fileBase(configuration: NginxConfiguration, scope: NginxDirective): Fact<FileBase> {
  const fact = effective(configuration, scope, 'root')
  if (!fact.known) return unknown(fact.reason)
  const directive = fact.value.directives.at(-1)
  const path = directive?.args[0]?.value
  if (directive === undefined || path === undefined)
    return unknown('no `root` is written, and the default lies where nginx was built for')
  const at = argumentPlace(directive, 0)
  if (directive.name !== 'alias') return known({ kind: 'root', path, prefix: null, directive }, at)
  return known({ kind: 'alias', path, prefix: aliasPrefix(fact.value.level), directive }, at)
}

/** The part of a URI that an alias written in this block replaces. */
function aliasPrefix(level: NginxDirective | null): string | null {
  for (let at = level; at !== null && at !== enclosingServer(at); at = at.parent) {
    if (at.name !== 'location') continue
    const { modifier, name } = readLocation(at)
    return modifier === '~' || modifier === '~*' ? null : name
  }
  return null
}

/**
 * The directory itself as bytes, as `$document_root` holds it; unknown for a relative one, and for a template's
 * placeholder unless that is to be kept as it is.
 */
export function baseDirectory(base: FileBase, variables: Variables, keepsPlaceholders = false): Fact<string> {
  const at = argumentPlace(base.directive, 0)
  // nginx drops one last slash of what is written for a root.
  const written = base.kind === 'root' && base.path.endsWith('/') ? base.path.slice(0, -1) : base.path
  // What a placeholder stands for begins at the root of the machine wherever it begins the path.
  const isKept = keepsPlaceholders && isUnknownWord(written) && !written.includes('$')
  const directory = isKept ? known(toBytes(written)) : interpolate(written, variables)
  if (!directory.known) return unknown(directory.reason, at)
  if (!isKept && !directory.value.startsWith('/') && base.path !== '/')
    return unknown(`\`${base.path}\` lies below the directory that nginx was built or started for`, at)
  return known(directory.value, at)
}

/**
 * The path of the file that a URI (decoded bytes) means: `root` and the whole URI, or `alias` and what is
 * behind the location's name (all of it behind the alias of an expression where `try_files` put it there,
 * `addsUri`). Unknown for a relative directory, or variables that are; a placeholder is kept as it is on demand.
 */
export function filePath(
  base: FileBase,
  uri: string,
  variables: Variables,
  addsUri = false,
  keepsPlaceholders = false,
): Fact<string> {
  const directory = baseDirectory(base, variables, keepsPlaceholders)
  const { at } = directory
  if (!directory.known) return directory
  if (base.kind === 'alias') {
    if (base.prefix === null) return known(fromBytes(addsUri ? directory.value + uri : directory.value), at)
    return known(fromBytes(directory.value + uri.slice(toBytes(base.prefix).length)), at)
  }
  return known(fromBytes(directory.value + uri), at)
}
