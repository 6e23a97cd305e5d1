import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'

/** Variables that hold the path of the request. */
const PATH = /^\(?\$(?:uri|document_uri|request_uri|fastcgi_script_name)$/

/**
 * True where a location of scripts looks for those below another location's path where that has its files: an `if` or
 * a `map` asks for the path and names the directory.
 */
export function isSentThere(
  configuration: NginxConfiguration,
  location: NginxDirective,
  other: NginxDirective,
): boolean {
  const directory = directoryOf(configuration, location)
  const { name } = readLocation(location)
  if (directory === null) return false
  const isThere = (root: string | undefined): boolean =>
    root !== undefined && withoutSlash(`${withoutSlash(root)}${name}`) === directory
  const asksFor = (pattern: string): boolean => {
    const path = pattern.replace(/^\^|\\(?=[-./])/g, '')
    return path.startsWith(withoutSlash(name)) && !/^[\w-]/.test(path.slice(withoutSlash(name).length))
  }
  const byIf = other.children.some(
    child =>
      child.name === 'if' &&
      asksForPath(child, asksFor) &&
      child.children.some(
        ({ name: set, args }) =>
          (set === 'root' && isThere(args[0]?.value)) || (set === 'set' && isThere(args[1]?.value)),
      ),
  )
  return byIf || mapsOf(configuration, other).some(map => leadsBy(map, asksFor, isThere))
}

function directoryOf(configuration: NginxConfiguration, location: NginxDirective): string | null {
  const base = fileBase(configuration, location)
  if (!base.known || base.value.path.includes('$')) return null
  const { kind, path } = base.value
  return withoutSlash(kind === 'alias' ? path : `${withoutSlash(path)}${readLocation(location).name}`)
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

/** `if ($uri ~ ^/phpmyadmin/)`. */
function asksForPath({ args }: NginxDirective, asksFor: (pattern: string) => boolean): boolean {
  const [variable = '', operator = '', pattern = ''] = args.map(({ value }) => value)
  return PATH.test(variable) && /^~\*?$/.test(operator) && asksFor(pattern)
}

/** The maps of the path whose variable a location has in its lines. */
function mapsOf({ occurrences }: NginxConfiguration, other: NginxDirective): readonly NginxDirective[] {
  const words = other.children.flatMap(({ args }) => args.map(({ value }) => value))
  return (occurrences.get('map') ?? []).filter(({ args }) => {
    const [source = '', variable = ''] = args.map(({ value }) => value)
    return PATH.test(source) && words.some(word => word.startsWith(variable))
  })
}

function leadsBy(
  map: NginxDirective,
  asksFor: (pattern: string) => boolean,
  isThere: (root: string | undefined) => boolean,
): boolean {
  return map.children.some(
    ({ name, args }) => name.startsWith('~') && asksFor(name.replace(/^~\*?/, '')) && isThere(args[0]?.value),
  )
}
